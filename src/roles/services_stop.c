/* services_stop - the order in which services stop: the reverse of the order
 * in which they start, after all jobs and singletons.
 */
#include <string.h>

#include "roles/services.h"

#define LOOK_BEYOND 64 /* idle slots that end a look */

bool services_leader_works(const struct board *board)
{
	unsigned idle = 0;

	for (unsigned slot = BOARD_LEADER_FIRST;
	     slot < BOARD_HOLDINGS_MAX && idle < LOOK_BEYOND; slot++) {
		const struct holding *holding = &board->holdings[slot];
		uint32_t phase = atomic_load(&holding->phase);

		if (phase == PHASE_FORKED || phase == PHASE_RUNNING)
			return true;
		idle = atomic_load(&holding->token) == 0 && phase == PHASE_IDLE
			       ? idle + 1
			       : 0;
	}
	return false;
}

static bool starts_after(const struct unit *unit, const char *name)
{
	for (size_t i = 0; i < unit->after.count; i++)
		if (strcmp(unit->after.at[i], name) == 0)
			return true;
	return false;
}

bool services_has_dependent(const struct services *services, const char *name)
{
	for (unsigned slot = 0; slot < services->high; slot++) {
		const struct unit *unit = services->at[slot].unit;
		const struct holding *holding =
			services_holding(services, slot);

		if (unit != NULL && starts_after(unit, name) &&
		    (atomic_load(&holding->token) != 0 ||
		     atomic_load(&holding->phase) != PHASE_IDLE))
			return true;
	}
	return false;
}

static void tell(struct services *services, unsigned slot, enum wanted wanted)
{
	struct holding *holding = services_holding(services, slot);

	if (atomic_load(&holding->token) == 0 ||
	    atomic_load(&holding->wanted) == wanted)
		return;
	atomic_store(&holding->wanted, wanted);
	services->supervise = true;
}

void services_stop(struct services *services)
{
	bool at_once = atomic_load(&services->board->stopping) > 1;

	if (!at_once && services_leader_works(services->board))
		return;
	for (unsigned slot = 0; slot < services->high; slot++) {
		const struct unit *unit = services->at[slot].unit;

		if (at_once)
			tell(services, slot, WANTED_KILL);
		else if (unit == NULL ||
			 !services_has_dependent(services, unit->name))
			tell(services, slot, WANTED_STOP);
	}
}

/* The longest chain of those that start after one another: each pass carries
 * the sums one link further, and there are no cycles.
 */
int64_t services_stop_budget_ms(const struct services *services)
{
	static int64_t sums[SERVICES_MAX];
	int64_t longest_ms = 0;
	bool changed = true;

	memset(sums, 0, sizeof(sums[0]) * services->high);
	while (changed) {
		changed = false;
		for (unsigned slot = 0; slot < services->high; slot++) {
			const struct unit *unit = services->at[slot].unit;
			int64_t sum = unit != NULL ? unit->stop_timeout_ms : 0;
			int64_t before = 0;

			for (size_t i = 0;
			     unit != NULL && i < unit->after.count; i++) {
				int of = services_slot(services,
						       unit->after.at[i]);

				if (of >= 0 && sums[of] > before)
					before = sums[of];
			}
			if (sum + before <= sums[slot])
				continue;
			sums[slot] = sum + before;
			changed = true;
			if (sums[slot] > longest_ms)
				longest_ms = sums[slot];
		}
	}
	return longest_ms;
}
