/* ledger_asked - jobs asked for, or to be forgotten, on a node that does not
 * lead: kept in its journal, done by the leader, answered where they were asked
 * for.
 *
 * The request is the job itself, under a version below all that a leader
 * gives.  The leader writes it again under a token of its own: taken, or ended
 * since another job has its place.
 *
 * When that takes long, who asked is told that it will be taken: then it will.
 * The node says so in its journal first, in a further step: whatever has its
 * place, it waits until that has ended.  A leader that did not know, and wrote
 * that another has its place, is wrong, and whoever sees both mends it: who
 * follows asks again, who leads takes it.
 *
 *	node 1     asked ........ "taken!" .......... asked again
 *	leader         \.. another's ............../     \.. taken
 *
 * A node that stood still with its clocks may go on to keep requests when the
 * leader has read all of that generation.  Who followed it meanwhile tells them
 * again when it hears of that: they are taken, and what was wished of them is
 * done.
 */
#include <errno.h>

#include "io/log.h"
#include "roles/ledger_parts.h"

static void answer(struct ledger *ledger, const struct ledger_asker *asker,
		   const char *id, int32_t status, bool joined)
{
	const struct message message = { .request = asker->request };

	ledger_answer(ledger, asker->link, &message, id, status, joined);
}

static struct ledger_asker *add_asker(struct ledger *ledger, unsigned link,
				      const struct message *message,
				      struct ledger_now now)
{
	struct ledger_asker *asker = &ledger->askers[ledger->askers_count++];

	*asker = (struct ledger_asker){ .link = link,
					.request = message->request,
					.until_ms = now.ms + LEDGER_ASKED_MS };
	text_copy(text_of(message->id), asker->id, sizeof(asker->id));
	return asker;
}

void ledger_ask_forget(struct ledger *ledger, unsigned link,
		       const struct message *message, const struct job *job,
		       struct ledger_now now)
{
	struct ledger_asker *asker;

	if (ledger->askers_count == LEDGER_ASKERS_MAX) {
		ledger_answer(ledger, link, message, job->id, EINPROGRESS,
			      false);
		return;
	}
	asker = add_asker(ledger, link, message, now);
	asker->forgets = true;
	asker->round = job->round;
}

/* The first step above KNOWN that no other node takes. */
static uint32_t own_step(const struct ledger *ledger, uint32_t known)
{
	return (known + LEASE_SLOTS_MAX) / LEASE_SLOTS_MAX * LEASE_SLOTS_MAX +
	       ledger->own;
}

static struct version version_asked(const struct ledger *ledger,
				    struct version known)
{
	/* Others may know of it what has not been read here. */
	if (known.token == 0)
		return (struct version){ token_make(0, 1),
					 own_step(ledger, 0) };
	return (struct version){
		known.token, own_step(ledger, known.step + VERSION_SKIP_STEPS)
	};
}

void ledger_ask(struct ledger *ledger, unsigned link,
		const struct message *message, struct job *job,
		struct ledger_now now)
{
	uint32_t type = ledger_type(ledger, job->type);
	int32_t status =
		ledger_check_room(ledger, ledger_unit(ledger, job), type);
	struct queue_entry *entry = NULL;

	if (ledger->epoch == 0)
		status = EHOSTUNREACH; /* nobody ever led */
	else if (ledger->askers_count == LEDGER_ASKERS_MAX)
		status = EAGAIN;
	job->version = version_asked(ledger, job->version);
	job->asked = true;
	job->busy = message->busy;
	if (status == 0 && ledger_store(ledger, job, true) != 0)
		status = EIO;
	if (status == 0)
		entry = ledger_enqueue(ledger, job);
	if (entry == NULL) {
		ledger_answer(ledger, link, message, job->id,
			      status != 0 ? status : EAGAIN, false);
		return;
	}
	(void)add_asker(ledger, link, message, now);
}

void ledger_ask_along(struct ledger *ledger, unsigned link,
		      const struct message *message, struct ledger_now now)
{
	if (ledger->askers_count == LEDGER_ASKERS_MAX)
		ledger_answer(ledger, link, message, message->id, EAGAIN,
			      false);
	else
		add_asker(ledger, link, message, now)->joins = true;
}

/* Was it asked before, or of several nodes at once, and taken from another? */
static bool has_joined(const struct ledger *ledger,
		       const struct ledger_asker *asker, const struct job *job)
{
	return asker->joins ||
	       (job->origin.len > 0 &&
		!text_is(job->origin, ledger->world.place.node));
}

/* True when it was answered, as the next. */
static bool try_to_answer_forget(struct ledger *ledger,
				 const struct ledger_asker *asker,
				 struct ledger_now now)
{
	struct job job;
	int rc = ledger_load(ledger, asker->id, &job);
	bool gone = rc == -ENOENT ||
		    (rc == 0 && (job.forgotten || job.round != asker->round));

	/* The wish is on storage: whoever leads next will do it. */
	if (!gone && now.ms < asker->until_ms)
		return false;
	answer(ledger, asker, asker->id, gone ? 0 : EINPROGRESS, false);
	return true;
}

/* JOB will be taken, whatever comes; 0 or a negative errno. */
static int promise(struct ledger *ledger, struct job *job)
{
	if (job->busy == BUSY_QUEUE)
		return 0;
	job->version.step = own_step(ledger, job->version.step);
	job->busy = BUSY_QUEUE;
	return ledger_store(ledger, job, true);
}

/* Another job has its place: is that the answer?  It may itself be asked for
 * again by now, and then lose its place as well.
 */
static bool try_to_answer_joined(struct ledger *ledger,
				 const struct ledger_asker *asker,
				 const char *rival, struct ledger_now now)
{
	struct job job;
	bool asked = ledger_load(ledger, rival, &job) == 0 && job.asked;
	int rc = 0;

	if (asked && !ledger_is_promised(&job)) {
		if (now.ms < asker->until_ms)
			return false;
		rc = promise(ledger, &job);
	}
	answer(ledger, asker, rival, rc == 0 ? 0 : EIO, true);
	return true;
}

static bool try_to_answer(struct ledger *ledger,
			  const struct ledger_asker *asker,
			  struct ledger_now now)
{
	char id[JOB_ID_LEN + 1];
	struct job job;

	if (asker->forgets)
		return try_to_answer_forget(ledger, asker, now);
	if (ledger_load(ledger, asker->id, &job) != 0) {
		answer(ledger, asker, asker->id, EIO, false);
		return true;
	}
	if (job.asked) {
		if (now.ms < asker->until_ms)
			return false;
		answer(ledger, asker, asker->id,
		       promise(ledger, &job) == 0 ? 0 : EIO,
		       has_joined(ledger, asker, &job));
		return true;
	}
	text_copy(job.joined, id, sizeof(id));
	if (id[0] != '\0' && job.busy != BUSY_REJECT)
		return try_to_answer_joined(ledger, asker, id, now);
	if (id[0] != '\0')
		answer(ledger, asker, id, EEXIST, false);
	else
		answer(ledger, asker, asker->id, job.forgotten ? EAGAIN : 0,
		       has_joined(ledger, asker, &job));
	return true;
}

static void answer_askers(struct ledger *ledger, struct ledger_now now)
{
	unsigned left = 0;

	for (unsigned i = 0; i < ledger->askers_count; i++) {
		struct ledger_asker asker = ledger->askers[i];

		if (!ledger_has_room(ledger) || ledger_begin(ledger) != 0 ||
		    !try_to_answer(ledger, &asker, now))
			ledger->askers[left++] = asker;
	}
	ledger->askers_count = left;
}

/* ---- the leader ---- */

/* Another job has its place: it ends unseen. */
static int refuse(struct ledger *ledger, struct queue_entry *entry,
		  const char *rival, struct ledger_now now)
{
	struct job job;
	int rc = ledger_load(ledger, entry->id, &job);

	if (rc != 0)
		return rc;
	job.version = (struct version){ .token = ledger_token(ledger) };
	job.asked = false;
	job.state = JOB_CANCELLED;
	job.forgotten = true;
	job.joined = text_of(rival);
	job.updated_ms = now.wall_ms;
	job.expires_ms = now.wall_ms;
	rc = ledger_store(ledger, &job, true);
	if (rc == 0)
		queue_remove(ledger->queue, entry);
	return rc;
}

static int take(struct ledger *ledger, struct queue_entry *entry,
		struct ledger_now now)
{
	char type[JOB_NAME_MAX + 1];
	char unique[JOB_UNIQUE_MAX + 1];
	char rival[JOB_ID_LEN + 1] = "";
	const struct queue_entry *other = NULL;
	struct job job;
	int rc = ledger_load(ledger, entry->id, &job);

	/* Nodes that offer such jobs may come. */
	if (rc != 0 || entry->type == QUEUE_NONE)
		return rc;
	text_copy(job.type, type, sizeof(type));
	text_copy(job.unique, unique, sizeof(unique));
	if (job.busy != BUSY_QUEUE) {
		job = (struct job){ .type = text_of(type),
				    .unique = text_of(unique) };
		other = ledger_find_rival(ledger, &job);
	}
	if (other != NULL)
		text_copy(text_of(other->id), rival, sizeof(rival));
	rc = ledger_load(ledger, entry->id, &job);
	if (rc != 0)
		return rc;
	if (other != NULL)
		return refuse(ledger, entry, rival, now);
	job.version = (struct version){ .token = ledger_token(ledger) };
	job.asked = false;
	job.updated_ms = now.wall_ms;
	rc = ledger_store(ledger, &job, true);
	if (rc == 0)
		queue_set_asked(ledger->queue, entry, false);
	return rc;
}

static void take_all(struct ledger *ledger, struct ledger_now now)
{
	struct queue_entry *entry;
	struct queue_entry *next;

	for (entry = queue_each_asked(ledger->queue, NULL); entry != NULL;
	     entry = next) {
		next = queue_each_asked(ledger->queue, entry);
		if (!ledger_has_room(ledger) || ledger_begin(ledger) != 0 ||
		    take(ledger, entry, now) != 0)
			return;
	}
	ledger->asks = false;
}

bool ledger_is_promised(const struct job *job)
{
	return job->asked && job->busy == BUSY_QUEUE;
}

static struct version above(struct ledger *ledger, struct version known)
{
	if (ledger->leads)
		return (struct version){ .token = ledger_token(ledger) };
	return version_asked(ledger, known);
}

int ledger_ask_anew(struct ledger *ledger, struct job *job,
		    struct version known)
{
	int rc;

	job->version = above(ledger, known);
	rc = ledger_store(ledger, job, true);
	if (rc == 0)
		(void)ledger_enqueue(ledger, job);
	return rc;
}

int ledger_mend_promise(struct ledger *ledger, const char *id, uint32_t round)
{
	struct job job;
	int rc = ledger_load(ledger, id, &job);

	if (rc != 0 || job.round != round)
		return rc;
	if (job.asked && !ledger_is_promised(&job)) {
		job.version = above(ledger, job.version);
		job.busy = BUSY_QUEUE;
		return ledger_store(ledger, &job, true);
	}
	if (job.joined.len == 0)
		return 0;
	log_info("journal: job=%s was promised, and is taken after all", id);
	job.asked = true;
	job.busy = BUSY_QUEUE;
	job.state = JOB_PENDING;
	job.forgotten = false;
	job.joined = text_of("");
	job.expires_ms = 0;
	return ledger_ask_anew(ledger, &job, job.version);
}

/* ---- who follows ---- */

/* What was asked of ENTRY's node when that had ended already, for the leader,
 * which has read all it will ever read of it.  False: there is no room for more
 * in this batch.
 */
static bool retell(struct ledger *ledger, struct queue_entry *entry)
{
	const struct ledger_node *node;
	struct job job;

	if (!ledger_has_room(ledger) || ledger_begin(ledger) != 0 ||
	    ledger_load(ledger, entry->id, &job) != 0)
		return false;
	node = ledger_node_of(ledger, job.origin);
	return node == NULL || !node->retells ||
	       ledger_store(ledger, &job, true) == 0;
}

/* Of the ended generations of which was heard that a leader has read them: one
 * may have gone on for a while, on a machine that stood still with its clocks,
 * and have been followed by whoever did not know.
 */
static void retell_all(struct ledger *ledger)
{
	struct queue_entry *entry = NULL;
	bool retells = false;

	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		retells = retells || ledger->nodes[i].retells;
	if (!retells)
		return;
	while ((entry = queue_each_asked(ledger->queue, entry)) != NULL)
		if (!retell(ledger, entry))
			return;
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		ledger->nodes[i].retells = false;
}

void ledger_asked_turn(struct ledger *ledger, struct ledger_now now)
{
	if (!ledger->leads)
		retell_all(ledger);
	if (ledger->leads && ledger->asks)
		take_all(ledger, now);
	if (ledger->askers_count > 0)
		answer_askers(ledger, now);
}
