/* ledger_singles_times - a singleton with times: which of them it has missed,
 * and whether one is due.
 */
#include "io/events.h"
#include "roles/after.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

static void tell_missed(struct ledger *ledger,
			const struct ledger_single *single,
			const struct due_verdict *verdict)
{
	struct board_single *shown =
		&ledger->world.board->singles[single - ledger->singles];
	char time[40];
	struct out out = out_init(time, sizeof(time));

	if (verdict->missed == 0)
		return;
	atomic_fetch_add(&shown->missed, verdict->missed);
	out_time(&out, verdict->missed_ms);
	(void)out_end(&out);
	events_add(ledger->world.board, EVENT_UNIT_MISSED, single->name,
		   "%u%s of its times, the last %s: %s", verdict->missed,
		   verdict->missed == DUE_MISSED_MAX ? " or more" : "", time,
		   verdict->busy ? "an earlier run lasts" : "nothing ran it");
}

static struct due_verdict judge(struct ledger *ledger,
				struct ledger_single *single,
				struct ledger_now now)
{
	const struct due_policy policy = {
		.every_ms = single->unit->every_ms,
		.cron = &single->cron,
		.zone = ledger->world.ops->zone(ledger->world.arg,
						single->unit->time_zone),
		.missed = single->unit->missed,
	};
	struct due_verdict verdict = due_judge(&single->due, &policy,
					       single->kept.held, now.wall_ms);

	tell_missed(ledger, single, &verdict);
	single->judged_ms = now.wall_ms;
	single->look_ms = verdict.look_ms;
	single->next_ms = verdict.next_ms;
	return verdict;
}

static bool is_time_to_look(const struct ledger_single *single,
			    struct ledger_now now)
{
	return now.wall_ms >= single->look_ms ||
	       now.wall_ms < single->judged_ms;
}

/* What came before now is none of its.  Kept, so that it is no other after a
 * restart.
 */
static int begin_times(struct ledger *ledger, struct ledger_single *single,
		       struct ledger_now now)
{
	struct single next = single->kept;
	int rc;

	next.version = (struct version){ .token = ledger_token(ledger) };
	next.times = single->times;
	next.since_ms = now.wall_ms;
	if (single->rewind && next.slot_ms > now.wall_ms)
		next.slot_ms = now.wall_ms;
	rc = ledger_single_keep(ledger, single, &next);
	if (rc != 0) {
		single->not_before_ms = now.ms + LEDGER_RETRY_MS;
		return rc;
	}
	single->is_new = false;
	single->rewind = false;
	single->look_ms = 0;
	single->due = (struct due){ .slot_ms = next.slot_ms,
				    .from_ms = next.since_ms };
	return 0;
}

void ledger_single_turn_timed(struct ledger *ledger,
			      struct ledger_single *single,
			      struct ledger_now now)
{
	struct due_verdict verdict;

	if (single->kept.held) {
		if (is_time_to_look(single, now))
			(void)judge(ledger, single, now);
		return;
	}
	if (!ledger_single_is_enabled(single) || single->stopped) {
		single->is_new = true;
		single->next_ms = DUE_NEVER;
		return;
	}
	if (ledger_is_leaving(ledger) || now.ms < single->not_before_ms)
		return;
	if ((single->is_new || single->kept.times != single->times) &&
	    begin_times(ledger, single, now) != 0)
		return;
	if (!single->asked && !is_time_to_look(single, now))
		return;
	verdict = judge(ledger, single, now);
	if (verdict.slot_ms == 0 && !single->asked)
		return;
	single->waits = !after_is_ready(ledger->world.board, ledger->config,
					single->unit);
	single->look_ms = 0;
	if (!single->waits)
		ledger_single_assign(ledger, single, verdict.slot_ms, now);
}
