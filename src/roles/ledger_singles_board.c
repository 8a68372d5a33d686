/* ledger_singles_board - an assignment becomes a holding of this node. */
#include <errno.h>

#include "io/log.h"
#include "roles/ledger_parts.h"
#include "roles/unitspec.h"

int ledger_single_spec(struct ledger *ledger,
		       const struct ledger_single *single, uint64_t token)
{
	char dir[JOBSPEC_PATH_MAX];
	struct out out = out_init(dir, sizeof(dir));
	const struct unitspec_run run = {
		.token = token,
		.attempt = 1,
		.keep = !unit_is_timed(single->unit),
		.node = ledger->world.place.node,
		.work_dir = dir,
	};

	out_string(&out, ledger->world.place.shared);
	out_string(&out, "/units/");
	out_string(&out, single->name);
	out_char(&out, '/');
	out_hex(&out, token, 16);
	if (out_end(&out) != 0)
		return -ENAMETOOLONG;
	return unitspec_build(single->unit, &run,
			      out_init(ledger->words, sizeof(ledger->words)),
			      ledger->spec, sizeof(ledger->spec));
}

/* One that is configured no more is not started: an empty spec refuses it. */
static int write_spec(struct ledger *ledger, const struct ledger_single *single,
		      uint64_t token)
{
	int len = single->unit != NULL
			  ? ledger_single_spec(ledger, single, token)
			  : 0;

	if (len < 0)
		return len;
	return ledger->world.ops->write_spec(ledger->world.arg, token,
					     ledger->spec, (size_t)len);
}

bool ledger_single_publish(struct ledger *ledger,
			   const struct ledger_given *given)
{
	struct ledger_single *single = given->single;
	uint32_t slot = ledger_find_slot(ledger);
	struct board *board = ledger->world.board;
	struct board_unit *unit = &board->units[slot];
	int rc;

	if (slot == BOARD_HOLDINGS_MAX)
		return false;
	rc = write_spec(ledger, single, given->token);
	if (rc != 0) {
		log_err(rc, "journal: cannot write spec singleton=%s",
			single->name);
		return false;
	}
	board_text_set(&unit->name, text_of(single->name));
	atomic_store(&unit->goal, GOAL_UP);
	atomic_store(&unit->life, LIFE_NONE);
	atomic_store(&unit->how, 0);
	single->slot = slot;
	atomic_store(&board->singles[single - ledger->singles].slot, slot);
	ledger_use_slot(ledger, slot, UNIT_SINGLETON,
			ledger_single_wanted(ledger, single), given->token);
	return true;
}
