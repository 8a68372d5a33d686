/* ledger_requests - what users ask for, and what they are answered. */
#include "roles/ledger_parts.h"

#include <errno.h>

void ledger_answer(struct ledger *ledger, unsigned link,
		   const struct message *message, const char *id,
		   int32_t status, bool joined)
{
	struct ledger_reply *reply = &ledger->replies[ledger->replies_count++];

	*reply = (struct ledger_reply){ .link = link,
					.request = message->request,
					.status = status,
					.joined = joined };
	text_copy(text_of(id), reply->id, sizeof(reply->id));
}

struct queue_entry *ledger_find_rival(struct ledger *ledger,
				      const struct job *wanted)
{
	uint64_t unique = ledger_unique(wanted);
	struct queue_entry *entry = NULL;
	struct job job;

	if (unique == 0)
		return NULL;
	while ((entry = queue_find_unique(ledger->queue, unique, entry)) !=
	       NULL) {
		if (!entry->asked &&
		    ledger_load(ledger, entry->id, &job) == 0 &&
		    text_equal(job.type, wanted->type) &&
		    text_equal(job.unique, wanted->unique))
			return entry;
	}
	return NULL;
}

int32_t ledger_check_room(struct ledger *ledger, const struct unit *unit,
			  uint32_t type)
{
	if (ledger->queue->types[type].waiting >= unit->max_pending ||
	    ledger->queue->count >= LEDGER_LIVE_MAX)
		return EAGAIN;
	/* The room that is left is for the ends of what runs. */
	return ledger->full ? ENOSPC : 0;
}

static struct job job_from(const struct ledger *ledger,
			   const struct message *message, struct ledger_now now)
{
	struct job job = { .type = message->type,
			   .user = message->user,
			   .key = message->key,
			   .unique = message->unique,
			   .params_count = message->params_count,
			   .created_ms = now.wall_ms,
			   .updated_ms = now.wall_ms,
			   .state = JOB_PENDING,
			   .percent = JOB_PERCENT_NONE,
			   .exit = -1 };

	if (ledger->in_cluster)
		job.origin = text_of(ledger->world.place.node);
	memcpy(job.id, message->id, sizeof(job.id));
	memcpy(job.params, message->params, sizeof(job.params));
	return job;
}

static int32_t admit(struct ledger *ledger, struct job *job,
		     const struct unit *unit, uint32_t type)
{
	int32_t status = ledger_check_room(ledger, unit, type);

	if (status != 0)
		return status;
	job->version = (struct version){ .token = ledger_token(ledger) };
	if (ledger_store(ledger, job, true) != 0)
		return EIO;
	(void)ledger_enqueue(ledger, job);
	return 0;
}

void ledger_submit(struct ledger *ledger, unsigned link,
		   const struct message *message, struct ledger_now now)
{
	struct job job = job_from(ledger, message, now);
	struct job known;
	const struct unit *unit = ledger_unit(ledger, &job);
	uint32_t type = ledger_type(ledger, job.type);
	const struct queue_entry *rival;
	int rc = ledger_load(ledger, job.id, &known);

	if (rc != 0 && rc != -ENOENT) {
		ledger_answer(ledger, link, message, job.id, EIO, false);
		return;
	}
	if (rc == 0)
		job.round = known.round + 1;
	if (unit == NULL || type == QUEUE_NONE) {
		ledger_answer(ledger, link, message, job.id, ENOENT, false);
		return;
	}
	/* The id is a hash of the key: asked again, the same job, as long as
	 * its result is kept. */
	if (rc == 0 && !known.forgotten &&
	    !(job_has_ended(&known) && known.expires_ms <= now.wall_ms)) {
		if (known.asked && !ledger_is_promised(&known))
			ledger_ask_along(ledger, link, message, now);
		else
			ledger_answer(ledger, link, message, job.id, 0, true);
		return;
	}
	/* With BUSY_QUEUE it waits until the other one has ended (queue_pick).
	 */
	rival = message->busy == BUSY_QUEUE ? NULL
					    : ledger_find_rival(ledger, &job);
	if (rival != NULL) {
		bool joins = message->busy != BUSY_REJECT;

		ledger_answer(ledger, link, message, rival->id,
			      joins ? 0 : EEXIST, joins);
		return;
	}
	if (!ledger->leads) {
		if (rc == 0)
			job.version = known.version;
		ledger_ask(ledger, link, message, &job, now);
		return;
	}
	ledger_answer(ledger, link, message, job.id,
		      admit(ledger, &job, unit, type), false);
}
