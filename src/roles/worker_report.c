/* worker_report - tells the journal role how the command fares. */
#define _GNU_SOURCE
#include <errno.h>

#include "core/tidy.h"
#include "io/channel.h"
#include "roles/worker_parts.h"

#define PROGRESS_EVERY_MS 100 /* at most ten a second */
#define REPEAT_MS	  500 /* the outcome, until it is kept */
#define RETRY_MS	  20  /* after a full channel */
/* How often the board is looked at for the outcome being kept: a sync takes
 * from a fraction of a millisecond to many. */
#define LOOK_MIN_MS 1
#define LOOK_MAX_MS 100

#define REPORT_BYTES 2048 /* of one encoded message */

void worker_set_outcome(struct worker *worker, enum message_how how,
			int32_t exit, const char *words)
{
	struct report *report = &worker->report;

	report->outcome.kind = MESSAGE_OUTCOME;
	report->outcome.token = worker->token;
	report->outcome.slot = worker->slot;
	report->outcome.percent = JOB_PERCENT_NONE;
	report->outcome.how = how;
	report->outcome.exit = exit;
	if (words != report->words)
		tidy_copy(text_of(words), report->words, sizeof(report->words));
	report->outcome.text = text_of(report->words);
	report->outcome_due = true;
	worker_show_outcome(worker);
}

/* Its owner is control, who sees all on the board. */
static bool is_service(const struct worker *worker)
{
	return (worker->token & BOARD_SERVICE_TOKEN) != 0;
}

/* False when the channel is full: later. */
static bool send_to(struct worker *worker, int link,
		    const struct message *message, int64_t now_ms)
{
	uint8_t bytes[REPORT_BYTES];
	int len = message_encode(message, bytes, sizeof(bytes));
	int rc;

	if (len < 0 || is_service(worker))
		return true;
	rc = channel_send(link, bytes, (size_t)len);
	worker->report.retry_ms = rc == 0 ? 0 : now_ms + RETRY_MS;
	return rc == 0;
}

static bool send_message(struct worker *worker, const struct message *message,
			 int64_t now_ms)
{
	const struct heritage *heritage = worker->heritage;

	if (!send_to(worker, heritage->worker_link[0], message, now_ms))
		return false;
	if (!is_service(worker))
		bell_ring(heritage->bells[ROLE_JOURNAL]);
	return true;
}

static bool send_started(struct worker *worker, int64_t now_ms)
{
	struct message message = { .kind = MESSAGE_STARTED,
				   .token = worker->token,
				   .slot = worker->slot,
				   .percent = JOB_PERCENT_NONE };

	return send_message(worker, &message, now_ms);
}

static bool send_progress(struct worker *worker, int64_t now_ms)
{
	struct report *report = &worker->report;
	struct message message = { .kind = MESSAGE_PROGRESS,
				   .token = worker->token,
				   .slot = worker->slot,
				   .percent = report->percent,
				   .text = text_of(report->message) };

	/* No bell: the journal listens to words when it has time for them. */
	if (!send_to(worker, worker->heritage->word_link[0], &message, now_ms))
		return false;
	report->next_ms = now_ms + PROGRESS_EVERY_MS;
	return true;
}

/* The slot is free for another once the outcome is on its way: if we die
 * before, the supervisor reports this attempt lost. */
static bool send_outcome(struct worker *worker, int64_t now_ms)
{
	struct report *report = &worker->report;

	if (!send_message(worker, &report->outcome, now_ms))
		return false;
	if (!report->stopped) {
		report->stopped = true;
		atomic_store(&worker->holding->phase_token, worker->token);
		atomic_store(&worker->holding->phase, PHASE_STOPPED);
		bell_ring(worker->heritage->bells[ROLE_SUPERVISOR]);
	}
	if (is_service(worker))
		bell_ring(worker->heritage->bells[ROLE_CONTROL]);
	report->repeat_ms = now_ms + REPEAT_MS;
	report->look_after = LOOK_MIN_MS;
	report->look_ms = now_ms + LOOK_MIN_MS;
	return true;
}

static void look_at_board(struct report *report, int64_t now_ms)
{
	if (now_ms < report->look_ms)
		return;
	if (report->look_after < LOOK_MAX_MS)
		report->look_after *= 2;
	report->look_ms = now_ms + report->look_after;
}

void worker_report_step(struct worker *worker, int64_t now_ms)
{
	struct report *report = &worker->report;

	if (worker->orphaned || now_ms < report->retry_ms)
		return;
	if (report->started_due) {
		if (!send_started(worker, now_ms))
			return;
		report->started_due = false;
		report->started = true;
	}
	if (report->progress_due &&
	    (now_ms >= report->next_ms || report->outcome_due)) {
		if (!send_progress(worker, now_ms))
			return;
		report->progress_due = false;
	}
	if (worker->stage != STAGE_REPORTING)
		return;
	if (report->outcome_due || now_ms >= report->repeat_ms)
		report->outcome_due = !send_outcome(worker, now_ms);
	look_at_board(report, now_ms);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t worker_report_deadline(const struct worker *worker)
{
	const struct report *report = &worker->report;

	if (worker->orphaned)
		return LOOP_NO_DEADLINE;
	if (report->retry_ms != 0)
		return report->retry_ms;
	if (worker->stage == STAGE_REPORTING)
		return report->outcome_due
			       ? 0
			       : earlier(report->repeat_ms, report->look_ms);
	if (report->started_due)
		return 0;
	return report->progress_due ? report->next_ms : LOOP_NO_DEADLINE;
}

bool worker_is_settled(const struct worker *worker)
{
	const struct holding *holding = worker->holding;

	if (worker->stage != STAGE_REPORTING)
		return false;
	return worker->orphaned ||
	       atomic_load(&holding->settled) == worker->token ||
	       atomic_load(&holding->token) != worker->token;
}
