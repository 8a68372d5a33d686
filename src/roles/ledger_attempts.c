/* ledger_attempts - jobs given away, what their workers say, how they end. */
#include "roles/jobspec.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

/* The job whose attempt speaks, or NULL when that attempt is over. */
static struct queue_entry *find_speaker(struct ledger *ledger,
					const struct message *message)
{
	struct queue_entry *entry;

	if (message->slot >= BOARD_HOLDINGS_MAX)
		return NULL;
	entry = ledger->slots[message->slot];
	if (entry == NULL || entry->token != message->token)
		return NULL;
	return entry;
}

static void next_step(struct queue_entry *entry, struct job *job,
		      struct ledger_now now)
{
	job->version.step += entry->skip ? VERSION_SKIP_STEPS : 1;
	entry->skip = false;
	job->updated_ms = now.wall_ms;
}

/* Shows a further step; into the journal only every few seconds. */
static void show(struct ledger *ledger, struct queue_entry *entry,
		 const struct job *job, bool durable, struct ledger_now now)
{
	if (ledger_store(ledger, job, durable) != 0)
		return;
	if (durable) {
		entry->unsynced_steps = 0;
		entry->synced_ms = now.ms;
	} else {
		entry->unsynced_steps++;
	}
	ledger_note_step(ledger, entry);
}

void ledger_started(struct ledger *ledger, const struct message *message,
		    struct ledger_now now)
{
	struct queue_entry *entry = find_speaker(ledger, message);
	struct job job;

	if (entry == NULL || ledger_load(ledger, entry->id, &job) != 0 ||
	    job.state == JOB_PROCESSING)
		return;
	next_step(entry, &job, now);
	job.state = JOB_PROCESSING;
	job.started_ms = now.wall_ms;
	entry->started = true;
	entry->synced_ms = now.ms;
	if (job.attempt > 1)
		ledger_sweep(ledger, job.id, 0);
	/* Other nodes are to show it, too. */
	show(ledger, entry, &job, ledger->in_cluster, now);
}

void ledger_progress(struct ledger *ledger, const struct message *message,
		     struct ledger_now now)
{
	struct queue_entry *entry = find_speaker(ledger, message);
	struct job job;

	if (entry == NULL || ledger_load(ledger, entry->id, &job) != 0)
		return;
	next_step(entry, &job, now);
	job.state = JOB_PROCESSING;
	job_advance(&job, message->percent);
	job.message = text_cut(message->text, JOB_MESSAGE_MAX);
	show(ledger, entry, &job, ledger_is_to_sync(ledger, entry, now), now);
}

void ledger_sync_progress(struct ledger *ledger, struct queue_entry *entry,
			  struct ledger_now now)
{
	struct job job;

	if (ledger_begin(ledger) == 0 &&
	    ledger_load(ledger, entry->id, &job) == 0)
		show(ledger, entry, &job, ledger_is_to_sync(ledger, entry, now),
		     now);
}

static void finish(const struct ledger *ledger, struct job *job,
		   enum job_state state, struct ledger_now now)
{
	const struct unit *unit = ledger_unit(ledger, job);

	job->state = state;
	job->cancelling = false;
	job->expires_ms = now.wall_ms +
			  (unit != NULL ? unit->keep_ms : LEDGER_HISTORY_MS);
}

static void finish_ready(struct ledger *ledger, struct job *job,
			 const struct message *message, struct out *words,
			 struct ledger_now now)
{
	const struct unit *unit = ledger_unit(ledger, job);

	finish(ledger, job, JOB_READY, now);
	job->percent = 10000;
	job->exit = message->exit;
	ledger_learn(ledger, job);
	if (!message->has_output)
		return;
	job->output_size = message->output_size;
	job->output_type = text_of("application/octet-stream");
	job->output_name = text_of("output");
	if (unit == NULL)
		return;
	if (unit->output_type != NULL)
		job->output_type = text_of(unit->output_type);
	if (unit->output != NULL &&
	    jobspec_expand(unit->output, job, words) == 0)
		job->output_name = (struct text){ words->buf, words->len };
}

static void put_title(struct out *words, const struct message *message,
		      const struct job *job)
{
	switch (message->how) {
	case HOW_TIMEOUT:
		out_string(words, "ran longer than its timeout");
		break;
	case HOW_LOST:
		out_string(words, "died with its node ");
		out_u64(words, job->losses);
		out_string(words, " times");
		break;
	default:
		if (message->exit < 0) {
			out_string(words, "could not be started");
			break;
		}
		if (message->exit > 128)
			out_string(words, "killed by signal ");
		else
			out_string(words, "failed with exit code ");
		out_i64(words, message->exit > 128 ? message->exit - 128
						   : message->exit);
	}
}

static void finish_error(const struct ledger *ledger, struct job *job,
			 const struct message *message, struct out *words,
			 struct ledger_now now)
{
	finish(ledger, job, JOB_ERROR, now);
	put_title(words, message, job);
	job->error_title = (struct text){ words->buf, words->len };
	job->error_detail = text_cut(message->text, JOB_DETAIL_MAX);
	job->exit = message->how == HOW_LOST ? -1 : message->exit;
}

/* Back in the line: the attempt is over, the job is not. */
static void send_back(struct job *job, int64_t not_before_ms)
{
	job->state = JOB_PENDING;
	job->node = text_of("");
	job->assigned = false;
	/* What was last heard of it may not be what was last shown. */
	job->percent = JOB_PERCENT_NONE;
	job->message = text_of("");
	job->not_before_ms = not_before_ms;
}

void ledger_withdraw(struct job *job)
{
	send_back(job, 0);
	if (job->attempt > 0)
		job->attempt--;
}

bool ledger_job_is_mine(const struct ledger *ledger, const struct job *job)
{
	return !ledger->in_cluster ||
	       (job->generation == ledger->generation &&
		text_is(job->node, ledger->world.place.node));
}

static int64_t retry_time(const struct unit *unit, uint32_t times,
			  struct ledger_now now)
{
	if (unit == NULL)
		return now.wall_ms;
	return now.wall_ms +
	       queue_backoff(unit->backoff_ms, unit->backoff_max_ms, times);
}

/* What a failed or lost attempt makes of its job. */
static void judge(const struct ledger *ledger, struct job *job,
		  const struct message *message, struct out *words,
		  struct ledger_now now)
{
	const struct unit *unit = ledger_unit(ledger, job);
	unsigned attempts = unit != NULL ? unit->attempts : 1;

	if (job->cancelling) {
		finish(ledger, job, JOB_CANCELLED, now);
		return;
	}
	switch (message->how) {
	case HOW_LOST:
		if (++job->losses >= LEDGER_LOSSES_MAX)
			finish_error(ledger, job, message, words, now);
		else
			send_back(job, 0);
		break;
	case HOW_STOPPED:
		send_back(job, 0);
		break;
	case HOW_LATER:
		send_back(job, retry_time(unit, job->attempt, now));
		break;
	default:
		if (++job->failures >= attempts)
			finish_error(ledger, job, message, words, now);
		else
			send_back(job, retry_time(unit, job->failures, now));
	}
}

static int64_t wait_of(const struct job *job, struct ledger_now now)
{
	return job->not_before_ms > now.wall_ms
		       ? job->not_before_ms - now.wall_ms
		       : 0;
}

/* The attempt of ENTRY is over and all it started is proven dead. */
static int end_attempt(struct ledger *ledger, struct queue_entry *entry,
		       const struct message *message, struct ledger_now now)
{
	char text[JOB_OUTPUT_NAME_MAX + 1];
	struct out words = out_init(text, sizeof(text));
	struct job job;
	int rc = ledger_load(ledger, entry->id, &job);

	if (rc != 0)
		return rc;
	next_step(entry, &job, now);
	if (message->how == HOW_DONE)
		finish_ready(ledger, &job, message, &words, now);
	else
		judge(ledger, &job, message, &words, now);
	rc = ledger_store(ledger, &job, true);
	if (rc != 0)
		return rc;
	if (!job_has_ended(&job)) {
		queue_return(ledger->queue, entry, now.wall_ms,
			     wait_of(&job, now));
		return 0;
	}
	/* What the only one left, its worker removes. */
	if (job.state != JOB_READY || job.attempt > 1)
		ledger_sweep(ledger, job.id, 0);
	queue_remove(ledger->queue, entry);
	return 0;
}

void ledger_outcome(struct ledger *ledger, const struct message *message,
		    struct ledger_now now)
{
	struct queue_entry *entry = find_speaker(ledger, message);

	/* Said again because its kept end was not seen yet: nothing to do,
	 * what is on the board will be seen. */
	if (entry == NULL) {
		(void)ledger_single_outcome(ledger, message, now);
		return;
	}
	if (end_attempt(ledger, entry, message, now) == 0)
		ledger_settle(ledger, message->slot, message->token);
}

void ledger_take_back(struct ledger *ledger, struct queue_entry *entry,
		      struct ledger_now now)
{
	struct message lost = { .how = HOW_LOST };
	char text[JOB_OUTPUT_NAME_MAX + 1];
	struct out words = out_init(text, sizeof(text));
	struct job job;

	if (ledger_load(ledger, entry->id, &job) != 0)
		return;
	if (ledger->leads)
		job.version = (struct version){ .token = ledger_token(ledger) };
	else
		job.version.step += VERSION_SKIP_STEPS;
	job.updated_ms = now.wall_ms;
	if (job.assigned)
		ledger_withdraw(&job);
	else
		judge(ledger, &job, &lost, &words, now);
	/* Users may have been shown that it was further than is known here. */
	if (job_has_ended(&job))
		job.percent = JOB_PERCENT_NONE;
	if (ledger_store(ledger, &job, true) != 0)
		return;
	ledger->world.ops->remove_spec(ledger->world.arg, entry->token);
	if (job_has_ended(&job)) {
		ledger_sweep(ledger, job.id, 0);
		queue_remove(ledger->queue, entry);
	} else {
		queue_return(ledger->queue, entry, now.wall_ms, 0);
	}
}

/* Alone: as many again as may run wait in the wings, so that no worker stands
 * idle while a sync is under way.
 */
static bool has_room(const struct ledger *ledger)
{
	const struct board *board = ledger->world.board;

	return ledger->queue->given < 2 * atomic_load(&board->workers) &&
	       ledger->queue->given < LEDGER_HOLDINGS_MAX &&
	       atomic_load(&board->stopping) == 0 &&
	       atomic_load(&board->drain) == 0;
}

static bool may_assign(const struct ledger *ledger)
{
	return ledger->given_count < LEDGER_GIVEN_MAX &&
	       ledger_has_room(ledger) &&
	       (ledger->in_cluster || has_room(ledger));
}

/* To NODE; NULL without a cluster. */
static int give_to(struct ledger *ledger, struct queue_entry *entry,
		   struct job *job, struct ledger_node *node,
		   struct ledger_now now)
{
	bool here = node == NULL || node->self;
	int rc;

	job->version = (struct version){ .token = ledger_token(ledger) };
	job->held = job->version.token;
	job->node =
		text_of(node != NULL ? node->name : ledger->world.place.node);
	job->generation = node != NULL ? node->generation : 0;
	job->assigned = !here;
	job->attempt++;
	job->percent = JOB_PERCENT_NONE;
	job->resumed = 0;
	job->message = text_of("");
	job->started_ms = 0;
	job->expected_ms = ledger_estimate(ledger, job);
	job->updated_ms = now.wall_ms;
	rc = ledger_store(ledger, job, true);
	if (rc != 0)
		return rc;
	queue_give(ledger->queue, entry, job->held);
	entry->synced_ms = now.ms;
	entry->assigned = !here;
	if (node != NULL)
		ledger_spread_note(ledger, entry, node, now);
	if (here)
		ledger->given[ledger->given_count++] =
			(struct ledger_given){ .entry = entry,
					       .token = job->held };
	return 0;
}

/* False: no more at present. */
static bool give(struct ledger *ledger, struct queue_entry *entry,
		 struct ledger_now now)
{
	struct ledger_node *node = NULL;
	struct job job;

	if (ledger_begin(ledger) != 0 ||
	    ledger_load(ledger, entry->id, &job) != 0)
		return false;
	if (ledger->in_cluster) {
		node = ledger_spread(ledger, entry->type, &job, now);
		if (node == NULL)
			return false;
	}
	return give_to(ledger, entry, &job, node, now) == 0;
}

void ledger_assign(struct ledger *ledger, struct ledger_now now)
{
	struct queue_entry *entry;

	if (ledger->in_cluster && !ledger_spread_begin(ledger, now))
		return;
	while (may_assign(ledger)) {
		entry = queue_pick(ledger->queue, now.wall_ms);
		if (entry == NULL || !give(ledger, entry, now))
			break;
	}
}
