/* worker_show - what a service or a singleton shows of itself on the board. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/tidy.h"
#include "io/clock.h"
#include "io/log.h"
#include "roles/news.h"
#include "roles/worker_parts.h"

/* Of starts and ends; a ring of BOARD_EVENTS_MAX is for all units. */
#define EVENTS_S     5
#define EVENTS_BURST 100

static void set_text(struct board_text *into, struct text text)
{
	char tidy[BOARD_TEXT_MAX + 1];

	tidy_copy(text, tidy, sizeof(tidy));
	board_text_set(into, text_of(tidy));
}

void worker_show_begin(struct worker *worker)
{
	struct board_unit *unit;

	if (atomic_load(&worker->holding->kind) == UNIT_JOB)
		return;
	unit = &worker->heritage->board->units[worker->slot];
	worker->shown = unit;
	atomic_store(&unit->pid, 0);
	atomic_store(&unit->started_ms, 0);
	atomic_store(&unit->next_ms, 0);
	atomic_store(&unit->starts, 0);
	atomic_store(&unit->how, 0);
	atomic_store(&unit->exit, 0);
	board_text_set(&unit->status, text_of(""));
	board_text_set(&unit->words, text_of(""));
	board_text_set(&unit->address, text_of(""));
	worker_show_life(worker, LIFE_STARTING);
}

/* Who starts units after others looks at each change. */
void worker_show_life(struct worker *worker, enum life life)
{
	struct board_unit *unit = worker->shown;

	if (unit == NULL)
		return;
	atomic_store(&unit->since_ms, clock_wall_ms());
	atomic_store(&unit->life, life);
	bell_ring(worker->heritage->bells[ROLE_CONTROL]);
	news_tell(worker->heritage);
}

void worker_show_start(struct worker *worker)
{
	struct board_unit *unit = worker->shown;

	if (unit == NULL)
		return;
	atomic_store(&unit->pid, worker->pid);
	atomic_store(&unit->started_ms, clock_wall_ms());
	atomic_fetch_add(&unit->starts, 1);
	if (atomic_load(&unit->starts) > 1)
		worker_show_life(worker, LIFE_STARTING);
	worker_tell(worker, EVENT_UNIT_STARTED, "pid %d, start %u",
		    (int)worker->pid, atomic_load(&unit->starts));
}

void worker_show_end(struct worker *worker)
{
	struct board_unit *unit = worker->shown;

	if (unit == NULL)
		return;
	atomic_store(&unit->pid, 0);
	atomic_store(&unit->exit, worker->keep.not_started
					  ? worker->keep.exit
					  : worker_exit_of(worker->status));
	set_text(&unit->words, text_of(worker->report.words));
	board_text_set(&unit->status, text_of(""));
	board_text_set(&unit->address, text_of(""));
}

void worker_show_notice(struct worker *worker, const struct notice *notice)
{
	if (worker->shown == NULL)
		return;
	if (notice->has_status)
		set_text(&worker->shown->status, notice->status);
	if (notice->has_address)
		set_text(&worker->shown->address, notice->address);
	if (notice->has_status || notice->has_address)
		news_tell(worker->heritage);
}

void worker_show_outcome(struct worker *worker)
{
	struct board_unit *unit = worker->shown;
	const struct message *outcome = &worker->report.outcome;

	if (unit == NULL)
		return;
	atomic_store(&unit->how, outcome->how);
	atomic_store(&unit->exit, outcome->exit);
	atomic_store(&unit->next_ms, 0);
	if (outcome->text.len > 0)
		set_text(&unit->words, outcome->text);
	worker_show_life(worker, LIFE_ENDED);
}

/* One that crashes in a loop must not push what happened to the others off the
 * board, nor flood the log.  Ends for good are always told.
 */
static bool may_tell(struct worker *worker, enum event_kind kind)
{
	switch (kind) {
	case EVENT_UNIT_STARTED:
	case EVENT_UNIT_READY:
	case EVENT_UNIT_EXITED:
	case EVENT_UNIT_PAUSED:
	case EVENT_UNIT_SILENT:
		break;
	default:
		return true;
	}
	if (worker->events.per_s == 0)
		worker->events = rate_init(EVENTS_S, EVENTS_BURST, clock_ms());
	if (rate_take(&worker->events, 1, clock_ms()))
		return true;
	worker->untold++;
	return false;
}

/* Behind WORDS, as far as they leave room. */
static void put_untold(struct worker *worker, char words[BOARD_TEXT_MAX + 1])
{
	size_t len = strlen(words);

	if (worker->untold > 0)
		snprintf(words + len, BOARD_TEXT_MAX + 1 - len,
			 " (left out before: %u like it)", worker->untold);
	worker->untold = 0;
}

void worker_tell(struct worker *worker, enum event_kind kind,
		 const char *format, ...)
{
	char words[BOARD_TEXT_MAX + 1];
	va_list args;

	if (!worker->spec.keep || !may_tell(worker, kind))
		return;
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	put_untold(worker, words);
	events_add(worker->heritage->board, kind, worker->spec.unit, "%s",
		   words);
	news_tell(worker->heritage);
	if (kind == EVENT_UNIT_FAILED)
		log_err(0, "%s: %s: %s", worker->spec.unit, events_name(kind),
			words);
	else
		log_info("%s: %s: %s", worker->spec.unit, events_name(kind),
			 words);
}
