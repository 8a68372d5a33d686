/* worker_keep - keeps a unit up: what becomes of it when a run is over.
 *
 * core/life.h decides.  It is asked only once all that the run started is
 * dead, so no two runs ever overlap.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/random.h>
#include <sys/wait.h>

#include "core/out.h"
#include "core/signame.h"
#include "core/tidy.h"
#include "io/clock.h"
#include "roles/worker_parts.h"

#define WORDS_BYTES 160
#define SPAN_BYTES  32
#define SECOND_MS   1000

/* ---- in words ---- */

/* "500 ms", "2 s", "2.1 s" */
static const char *span_of(int64_t ms, char buf[SPAN_BYTES])
{
	struct out out = out_init(buf, SPAN_BYTES);

	if (ms < SECOND_MS) {
		out_i64(&out, ms);
		out_string(&out, " ms");
	} else {
		out_hundredths(&out, ms / 100 * 10);
		out_string(&out, " s");
	}
	out_end(&out);
	return buf;
}

static void name_signal(int number, char *words)
{
	const char *name = signame_of(number);

	if (name != NULL)
		snprintf(words, WORDS_BYTES, "killed by SIG%s", name);
	else
		snprintf(words, WORDS_BYTES, "killed by signal %d", number);
}

/* How the run ended. */
static void put_reason(const struct worker *worker, enum life_end end,
		       char words[WORDS_BYTES])
{
	char span[SPAN_BYTES];

	switch (end) {
	case LIFE_END_NO_START:
		text_copy(text_of(worker->report.words), words, WORDS_BYTES);
		break;
	case LIFE_END_SILENT:
		snprintf(words, WORDS_BYTES, "no sign of life for %s",
			 span_of(worker->spec.watchdog_ms, span));
		break;
	case LIFE_END_TIMEOUT:
		snprintf(words, WORDS_BYTES, "still running after %s",
			 span_of(worker->spec.timeout_ms, span));
		break;
	case LIFE_END_SIGNAL:
		name_signal(WTERMSIG(worker->status), words);
		break;
	default:
		if (WIFSIGNALED(worker->status))
			name_signal(WTERMSIG(worker->status), words);
		else
			snprintf(words, WORDS_BYTES, "exit code %d",
				 (int)worker_exit_of(worker->status));
		break;
	}
}

/* ---- what follows ---- */

static enum life_end end_of(const struct worker *worker)
{
	if (worker->keep.not_started)
		return LIFE_END_NO_START;
	if (worker->watch.silent)
		return LIFE_END_SILENT;
	if (worker->cause == HOW_TIMEOUT)
		return LIFE_END_TIMEOUT;
	if (WIFSIGNALED(worker->status))
		return LIFE_END_SIGNAL;
	return worker_is_ok(worker, worker_exit_of(worker->status))
		       ? LIFE_END_OK
		       : LIFE_END_CODE;
}

static uint32_t draw(void)
{
	uint32_t chance = 0;

	/* Without it the pause has no jitter, that is all. */
	(void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
	return chance;
}

static bool is_wanted(const struct worker *worker)
{
	return atomic_load(&worker->holding->wanted) == WANTED_RUN &&
	       atomic_load(&worker->holding->token) == worker->token;
}

static struct life_verdict judge(struct worker *worker, enum life_end end,
				 int64_t now_ms)
{
	const struct spec *spec = &worker->spec;
	const struct life_policy policy = {
		.restart = spec->restart,
		.max_restarts = spec->max_restarts,
		.max_seconds_ms = spec->max_seconds_ms,
		.backoff_ms = spec->backoff_ms,
		.backoff_max_ms = spec->backoff_max_ms,
	};
	bool stop = worker->keep.stop_asked || !is_wanted(worker);

	return life_ended(&worker->keep.record, &policy, end, stop,
			  policy.backoff_ms > 0 ? draw() : 0, now_ms);
}

static void pause_for(struct worker *worker, int64_t pause_ms, int64_t now_ms)
{
	char span[SPAN_BYTES];

	worker->stage = STAGE_PAUSING;
	worker->keep.pausing = true;
	worker->keep.start_ms = now_ms + pause_ms;
	if (worker->shown != NULL)
		atomic_store(&worker->shown->next_ms,
			     clock_wall_ms() + pause_ms);
	worker_show_life(worker, LIFE_PAUSING);
	worker_tell(worker, EVENT_UNIT_PAUSED, "for %s, ends in a row: %u",
		    span_of(pause_ms, span), worker->keep.record.row);
}

static void go_on(struct worker *worker, int64_t pause_ms, const char *reason,
		  int64_t now_ms)
{
	char span[SPAN_BYTES];

	if (pause_ms > 0) {
		worker_tell(worker, EVENT_UNIT_EXITED, "%s, restarts in %s",
			    reason, span_of(pause_ms, span));
		pause_for(worker, pause_ms, now_ms);
	} else {
		worker_tell(worker, EVENT_UNIT_EXITED, "%s, restarts at once",
			    reason);
		worker_start_again(worker);
	}
}

static void tell_given_up(struct worker *worker, const char *reason)
{
	char span[SPAN_BYTES];

	worker_tell(worker, EVENT_UNIT_FAILED,
		    "given up, more than %u restarts within %s; the last end: "
		    "%s%s%s",
		    worker->spec.max_restarts,
		    span_of(worker->spec.max_seconds_ms, span), reason,
		    worker->report.words[0] != '\0' && !worker->keep.not_started
			    ? ": "
			    : "",
		    worker->keep.not_started ? "" : worker->report.words);
}

static void end_unit(struct worker *worker, enum life_next next,
		     const char *reason)
{
	enum message_how how = HOW_FAILED;

	switch (next) {
	case LIFE_STOPPED:
		how = HOW_STOPPED;
		worker_tell(worker, EVENT_UNIT_STOPPED, "%s",
			    worker->keep.pausing ? "before its next start"
						 : reason);
		break;
	case LIFE_DONE:
		how = HOW_DONE;
		worker_tell(worker, EVENT_UNIT_DONE, "%s", reason);
		break;
	case LIFE_GIVEN_UP:
		tell_given_up(worker, reason);
		break;
	default:
		worker_tell(worker, EVENT_UNIT_FAILED, "%s", reason);
		break;
	}
	worker_set_outcome(worker, how, worker->keep.exit,
			   worker->report.words);
}

bool worker_keep_goes_on(struct worker *worker, int64_t now_ms)
{
	enum life_end end = end_of(worker);
	struct life_verdict verdict = { .next = LIFE_STOPPED };
	char reason[WORDS_BYTES];

	if (worker->report.outcome_due || worker->orphaned)
		return false;
	put_reason(worker, end, reason);
	if (!worker->keep.not_started)
		worker->keep.exit = worker_exit_of(worker->status);
	/* The end before a pause was judged then. */
	if (!worker->keep.pausing)
		verdict = judge(worker, end, now_ms);
	if (verdict.next != LIFE_AGAIN) {
		end_unit(worker, verdict.next, reason);
		return false;
	}
	go_on(worker, verdict.pause_ms, reason, now_ms);
	return true;
}

void worker_keep_refused(struct worker *worker, int32_t exit, const char *words)
{
	worker->keep.not_started = true;
	worker->keep.exit = exit;
	tidy_copy(text_of(words), worker->report.words,
		  sizeof(worker->report.words));
}

void worker_keep_step(struct worker *worker, int64_t now_ms)
{
	if (worker->stage != STAGE_PAUSING || now_ms < worker->keep.start_ms)
		return;
	/* Called off, and the signal that says so is still on its way. */
	if (!is_wanted(worker))
		worker->stage = STAGE_KILLING;
	else
		worker_start_again(worker);
}

int64_t worker_keep_deadline(const struct worker *worker)
{
	return worker->keep.start_ms;
}
