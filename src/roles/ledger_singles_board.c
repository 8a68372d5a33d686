/* ledger_singles_board - what the board shows of a singleton: an assignment
 * becomes a holding of this node, its life is there for all to see.
 */
#include <errno.h>

#include "io/log.h"
#include "roles/after.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"
#include "roles/unitspec.h"

uint64_t ledger_single_digest(struct ledger *ledger, const struct unit *unit)
{
	/* The same on all nodes. */
	const struct unitspec_run run = { .attempt = 1,
					  .keep = !unit_is_timed(unit),
					  .node = "",
					  .work_dir = "" };
	int len = unitspec_build(unit, &run,
				 out_init(ledger->words, sizeof(ledger->words)),
				 ledger->spec, sizeof(ledger->spec));

	return len > 0 ? board_hash((const char *)ledger->spec, (size_t)len)
		       : 0;
}

/* The spec of a run under TOKEN, in ledger->spec; its length or a negative
 * errno.
 */
static int build_spec(struct ledger *ledger, const struct ledger_single *single,
		      uint64_t token)
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
	int len = single->unit != NULL ? build_spec(ledger, single, token) : 0;

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

	/* Those of other nodes were not asked. */
	if (slot == BOARD_HOLDINGS_MAX ||
	    (ledger->in_cluster && single->unit != NULL &&
	     !after_is_ready(board, ledger->config, single->unit)))
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

enum wanted ledger_single_wanted(const struct ledger *ledger,
				 const struct ledger_single *single)
{
	if (atomic_load(&ledger->world.board->stopping) >= 2)
		return WANTED_KILL;
	if (!ledger_single_may_run(ledger, single) || single->asked ||
	    (single->move != 0 && single->move == single->kept.token))
		return WANTED_STOP;
	/* A run that will end takes no notice of a new definition. */
	if (single->kept.digest != single->digest &&
	    (!ledger_single_is_timed(single) || single->kept.times == 0))
		return WANTED_STOP;
	return WANTED_RUN;
}

static enum goal goal_of(const struct ledger *ledger,
			 const struct ledger_single *single,
			 struct ledger_now now)
{
	if (!ledger_single_is_enabled(single))
		return GOAL_DISABLED;
	if (single->stopped)
		return GOAL_STOPPED;
	if (single->kept.held)
		return GOAL_UP;
	/* Nothing will start it here. */
	if (ledger_is_leaving(ledger) && !ledger->in_cluster)
		return GOAL_STOPPED;
	if (ledger_single_is_timed(single))
		return GOAL_WAITING;
	if (single->kept.done && !single->asked)
		return single->kept.how == HOW_DONE ? GOAL_DONE : GOAL_FAILED;
	return now.ms < single->not_before_ms ? GOAL_FAILED : GOAL_WAITING;
}

static int64_t next_of(const struct ledger_single *single,
		       struct ledger_now now)
{
	if (ledger_single_is_timed(single))
		return single->next_ms == DUE_NEVER ? 0 : single->next_ms;
	if (!single->kept.held && now.ms < single->not_before_ms)
		return now.wall_ms + single->not_before_ms - now.ms;
	return 0;
}

#define SHOW(FIELD, VALUE)                              \
	do {                                            \
		if (atomic_load(&(FIELD)) != (VALUE)) { \
			atomic_store(&(FIELD), VALUE);  \
			ledger->news = true;            \
		}                                       \
	} while (0)

static void show_node(struct ledger *ledger, struct board_single *shown,
		      const char *node)
{
	if (strcmp(shown->node.at, node) == 0)
		return;
	board_text_set(&shown->node, text_of(node));
	ledger->news = true;
}

/* Of nodes that define it differently each runs its own. */
static void show_difference(struct ledger *ledger,
			    const struct ledger_single *single,
			    struct board_single *shown)
{
	uint32_t differs = 0;

	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		uint64_t digest =
			ledger_offered(ledger, &ledger->nodes[i], single);

		if (digest == 0 || digest == single->digest)
			continue;
		differs = 1;
		if (atomic_load(&shown->differs) == 0)
			log_warn(0,
				 "journal: singleton=%s is defined in another "
				 "way on node=%s",
				 single->name, ledger->nodes[i].name);
	}
	SHOW(shown->differs, differs);
}

void ledger_single_show(struct ledger *ledger,
			const struct ledger_single *single,
			struct ledger_now now)
{
	struct board_single *shown =
		&ledger->world.board->singles[single - ledger->singles];
	const struct single *kept = &single->kept;
	int64_t next_ms = next_of(single, now);
	bool pauses = !ledger_single_is_timed(single) && next_ms != 0;

	SHOW(shown->goal, (uint32_t)goal_of(ledger, single, now));
	SHOW(shown->slot, single->slot == QUEUE_NONE ? 0 : single->slot);
	/* Who sees the token finds its node. */
	show_node(ledger, shown, kept->held ? kept->node : "");
	SHOW(shown->token, kept->token);
	show_difference(ledger, single, shown);
	/* The same pause is the same, whatever the clocks do meanwhile. */
	if (!pauses || atomic_load(&shown->next_ms) == 0)
		SHOW(shown->next_ms, next_ms);
	SHOW(shown->slot_ms, kept->slot_ms);
	SHOW(shown->began_ms, kept->began_ms);
	SHOW(shown->ended_ms, kept->ended_ms);
	SHOW(shown->how, (uint32_t)kept->how);
	SHOW(shown->exit, kept->exit);
	atomic_store(&shown->ahead_ms,
		     ledger_single_is_timed(single)
			     ? due_ahead_ms(&single->due, now.wall_ms)
			     : 0);
}
