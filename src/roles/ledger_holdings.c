/* ledger_holdings - what was given away meets the board: its slot is found and
 * shown, what the supervisor proved dead is settled, and at the start the board
 * is matched with what the journal knows.
 */
#include <errno.h>

#include "io/log.h"
#include "roles/jobspec.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

uint32_t ledger_find_slot(const struct ledger *ledger)
{
	uint32_t slot = BOARD_LEADER_FIRST;

	for (; slot < BOARD_HOLDINGS_MAX; slot++) {
		struct holding *holding = &ledger->world.board->holdings[slot];

		if (ledger->slots[slot] == NULL &&
		    atomic_load(&holding->token) == 0 &&
		    atomic_load(&holding->phase) == PHASE_IDLE)
			break;
	}
	return slot;
}

void ledger_use_slot(struct ledger *ledger, uint32_t slot, enum unit_kind kind,
		     enum wanted wanted, uint64_t token)
{
	struct holding *holding = &ledger->world.board->holdings[slot];

	atomic_store(&holding->kind, kind);
	atomic_store(&holding->generation, ledger->generation);
	atomic_store(&holding->wanted, wanted);
	atomic_store(&holding->token, token);
	if (slot >= ledger->slots_high)
		ledger->slots_high = slot + 1;
}

void ledger_settle(struct ledger *ledger, uint32_t slot, uint64_t token)
{
	ledger->settled[ledger->settled_count++] =
		(struct ledger_given){ .token = token, .slot = slot };
	ledger->slots[slot] = NULL;
}

/* The supervisor proved it dead.  When it was told to stop, that is no loss:
 * it may not even have started.
 */
static void take_loss(struct ledger *ledger, uint32_t slot, uint64_t token,
		      struct ledger_now now)
{
	struct holding *holding = &ledger->world.board->holdings[slot];
	bool asked = atomic_load(&holding->wanted) != WANTED_RUN;
	struct message lost = { .kind = MESSAGE_OUTCOME,
				.token = token,
				.slot = slot,
				.how = asked ? HOW_STOPPED : HOW_LOST };

	if (ledger_begin(ledger) == 0)
		ledger_outcome(ledger, &lost, now);
}

static enum wanted wanted_of(const struct ledger *ledger,
			     const struct queue_entry *entry)
{
	uint32_t stopping = atomic_load(&ledger->world.board->stopping);

	if (stopping >= 2)
		return WANTED_KILL;
	if (stopping == 1 || entry->cancelling ||
	    atomic_load(&ledger->world.board->drain) != 0)
		return WANTED_STOP;
	return WANTED_RUN;
}

void ledger_look_at_holdings(struct ledger *ledger, struct ledger_now now)
{
	bool changed = false;

	ledger->unsynced = 0;
	ledger->running = 0;
	for (uint32_t i = BOARD_LEADER_FIRST; i < ledger->slots_high; i++) {
		struct holding *holding = &ledger->world.board->holdings[i];
		struct queue_entry *entry = ledger->slots[i];

		if (entry == NULL || !ledger_has_room(ledger))
			continue;
		if (atomic_load(&holding->phase) == PHASE_LOST &&
		    atomic_load(&holding->phase_token) == entry->token) {
			take_loss(ledger, i, entry->token, now);
			continue;
		}
		if (entry->started)
			ledger->running++;
		if (atomic_load(&holding->wanted) !=
		    (uint32_t)wanted_of(ledger, entry)) {
			atomic_store(&holding->wanted,
				     wanted_of(ledger, entry));
			changed = true;
		}
		if (entry->unsynced_steps == 0)
			continue;
		if (ledger_is_to_sync(ledger, entry, now))
			ledger_sync_progress(ledger, entry, now);
		else
			ledger->unsynced++;
	}
	if (changed)
		ledger->world.ops->ring(ledger->world.arg, false, true);
}

static int write_spec(struct ledger *ledger, const struct queue_entry *entry)
{
	struct job job;
	int rc = ledger_load(ledger, entry->id, &job);

	if (rc == 0)
		rc = jobspec_build(
			&ledger->world.place, ledger_unit(ledger, &job), &job,
			out_init(ledger->words, sizeof(ledger->words)),
			ledger->spec, sizeof(ledger->spec));
	if (rc >= 0)
		rc = ledger->world.ops->write_spec(ledger->world.arg,
						   entry->token, ledger->spec,
						   (size_t)rc);
	return rc;
}

/* False: try again later. */
static bool publish(struct ledger *ledger, struct queue_entry *entry)
{
	uint32_t slot = ledger_find_slot(ledger);
	struct board_unit *unit = &ledger->world.board->units[slot];
	int rc;

	if (slot == BOARD_HOLDINGS_MAX)
		return false;
	rc = write_spec(ledger, entry);
	if (rc != 0) {
		log_err(rc, "journal: cannot write spec job=%s", entry->id);
		return false;
	}
	/* Of a singleton that was here before. */
	if (unit->name.at[0] != '\0')
		board_text_set(&unit->name, text_of(""));
	entry->slot = slot;
	ledger->slots[slot] = entry;
	ledger_use_slot(ledger, slot, UNIT_JOB, wanted_of(ledger, entry),
			entry->token);
	return true;
}

/* Was it taken back before it was shown? */
static bool is_over(const struct ledger_given *given)
{
	if (given->single != NULL)
		return !given->single->kept.held ||
		       given->single->kept.token != given->token;
	return !given->entry->used || given->entry->token != given->token;
}

void ledger_publish_holdings(struct ledger *ledger)
{
	struct board *board = ledger->world.board;
	bool changed = ledger->settled_count > 0;
	unsigned left = 0;

	for (unsigned i = 0; i < ledger->settled_count; i++) {
		const struct ledger_given *end = &ledger->settled[i];

		ledger->world.ops->remove_spec(ledger->world.arg, end->token);
		atomic_store(&board->holdings[end->slot].settled, end->token);
		atomic_store(&board->holdings[end->slot].token, 0);
	}
	ledger->settled_count = 0;
	for (unsigned i = 0; i < ledger->given_count; i++) {
		struct ledger_given given = ledger->given[i];

		if (is_over(&given))
			continue;
		if (given.single != NULL ? ledger_single_publish(ledger, &given)
					 : publish(ledger, given.entry))
			changed = true;
		else
			ledger->given[left++] = given;
	}
	ledger->given_count = left;
	if (changed)
		ledger->world.ops->ring(ledger->world.arg, false, true);
}

/* Did this life of this node accept it? */
static bool is_job_here(struct ledger *ledger, const struct queue_entry *entry)
{
	struct job job;

	return !entry->assigned && ledger_load(ledger, entry->id, &job) == 0 &&
	       ledger_job_is_mine(ledger, &job);
}

static struct queue_entry *find_token(struct ledger *ledger, uint64_t token)
{
	struct queue_entry *entry = NULL;

	while ((entry = queue_each_given(ledger->queue, entry)) != NULL)
		if (entry->token == token && is_job_here(ledger, entry))
			return entry;
	return NULL;
}

static bool adopt_job(struct ledger *ledger, uint32_t slot, uint64_t token,
		      struct ledger_now now)
{
	struct queue_entry *entry = find_token(ledger, token);

	ledger->slots[slot] = entry;
	if (entry == NULL)
		return false;
	entry->slot = slot;
	entry->skip = true;
	entry->started = true;
	entry->synced_ms = now.ms;
	return true;
}

static bool runs_here(const struct ledger *ledger,
		      const struct ledger_single *single)
{
	return ledger_single_is_mine(ledger, single) && single->kept.accepted;
}

static bool adopt_single(struct ledger *ledger, uint32_t slot, uint64_t token)
{
	struct ledger_single *single = ledger_single_of(ledger, token);

	if (single == NULL || !runs_here(ledger, single))
		return false;
	single->slot = slot;
	single->skip = true;
	return true;
}

/* Nobody has it: its end is in the journal already.  Or the journal was lost
 * below us: then what runs is ended before it may run a second time.
 */
static bool is_stray(struct ledger *ledger, uint32_t slot, uint64_t token)
{
	struct holding *holding = &ledger->world.board->holdings[slot];
	const struct ledger_single *single = ledger_single_of(ledger, token);

	if (find_token(ledger, token) != NULL ||
	    (single != NULL && runs_here(ledger, single)) ||
	    atomic_load(&holding->settled) == token ||
	    (atomic_load(&holding->phase_token) == token &&
	     atomic_load(&holding->phase) >= PHASE_STOPPED))
		return false;
	atomic_store(&holding->wanted, WANTED_KILL);
	return true;
}

static int end_strays(struct ledger *ledger)
{
	const struct board *board = ledger->world.board;
	unsigned strays = 0;

	for (uint32_t i = BOARD_LEADER_FIRST; i < BOARD_HOLDINGS_MAX; i++) {
		uint64_t token = atomic_load(&board->holdings[i].token);

		if (token != 0 && is_stray(ledger, i, token))
			strays++;
	}
	if (strays == 0)
		return 0;
	log_err(0, "journal: ending %u runs the journal does not know", strays);
	ledger->world.ops->ring(ledger->world.arg, false, true);
	return -EAGAIN;
}

int ledger_adopt(struct ledger *ledger, struct ledger_now now)
{
	struct board *board = ledger->world.board;
	struct queue_entry *entry;
	struct queue_entry *next;
	int rc = end_strays(ledger);

	if (rc != 0)
		return rc;
	for (uint32_t i = BOARD_LEADER_FIRST; i < BOARD_HOLDINGS_MAX; i++) {
		uint64_t token = atomic_load(&board->holdings[i].token);

		if (token == 0)
			continue;
		ledger->slots_high = i + 1;
		if (!adopt_job(ledger, i, token, now) &&
		    !adopt_single(ledger, i, token))
			ledger_settle(ledger, i, token);
	}
	for (unsigned i = 0; i < ledger->singles_high; i++)
		if (runs_here(ledger, &ledger->singles[i]) &&
		    ledger->singles[i].slot == QUEUE_NONE)
			ledger_single_take_back(ledger, &ledger->singles[i],
						now);
	for (entry = queue_each_given(ledger->queue, NULL); entry != NULL;
	     entry = next) {
		next = queue_each_given(ledger->queue, entry);
		if (entry->slot == QUEUE_NONE && is_job_here(ledger, entry))
			ledger_take_back(ledger, entry, now);
	}
	return 0;
}
