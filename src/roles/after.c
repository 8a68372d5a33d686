#include "roles/after.h"

#include <string.h>

static bool is_named(const struct board_text *text, const char *name)
{
	char buf[BOARD_TEXT_MAX + 1];

	board_text_get(text, buf, sizeof(buf));
	return strcmp(buf, name) == 0;
}

int after_service(const struct board *board, const char *name)
{
	/* The first that was never used ends them. */
	for (int slot = 0; slot < BOARD_LEADER_FIRST; slot++) {
		if (atomic_load(&board->units[slot].name.seq) == 0)
			break;
		if (is_named(&board->units[slot].name, name))
			return slot;
	}
	return -1;
}

int after_single(const struct board *board, const char *name)
{
	for (int i = 0; i < BOARD_SINGLES_MAX; i++) {
		if (atomic_load(&board->singles[i].name.seq) == 0)
			break;
		if (is_named(&board->singles[i].name, name))
			return i;
	}
	return -1;
}

static bool is_over(uint32_t goal)
{
	return goal == GOAL_STOPPED || goal == GOAL_DISABLED ||
	       goal == GOAL_DONE;
}

static bool is_up(const struct board *board, unsigned slot)
{
	return atomic_load(&board->holdings[slot].token) != 0 &&
	       atomic_load(&board->units[slot].life) == LIFE_READY;
}

static bool service_is_ready(const struct board *board, int slot)
{
	return is_over(atomic_load(&board->units[slot].goal)) ||
	       is_up(board, (unsigned)slot);
}

static bool single_is_ready(const struct board *board, int at)
{
	const struct board_single *single = &board->singles[at];
	uint32_t slot = atomic_load(&single->slot);

	if (is_over(atomic_load(&single->goal)))
		return true;
	return slot != 0 &&
	       atomic_load(&board->holdings[slot].token) ==
		       atomic_load(&single->token) &&
	       is_up(board, slot);
}

static bool is_ready(const struct board *board, const struct config *config,
		     const char *name)
{
	const struct unit *unit =
		config_unit(config, UNIT_SERVICE, name, strlen(name));
	int at;

	if (unit != NULL) {
		at = after_service(board, name);
		return at >= 0 && service_is_ready(board, at);
	}
	unit = config_unit(config, UNIT_SINGLETON, name, strlen(name));
	if (unit == NULL || unit_is_timed(unit))
		return true;
	at = after_single(board, name);
	return at >= 0 && single_is_ready(board, at);
}

/* A reload may make a singleton of a service, or the contrary. */
static bool is_of_both(const struct board *board, const struct unit *unit)
{
	if (unit->kind == UNIT_SERVICE)
		return after_single(board, unit->name) >= 0;
	return after_service(board, unit->name) >= 0;
}

bool after_is_ready(const struct board *board, const struct config *config,
		    const struct unit *unit)
{
	if (is_of_both(board, unit))
		return false;
	for (size_t i = 0; i < unit->after.count; i++)
		if (!is_ready(board, config, unit->after.at[i]))
			return false;
	return true;
}
