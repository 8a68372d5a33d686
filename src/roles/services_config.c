/* services_config - which services there are, and which have changed. */
#include "io/log.h"
#include "roles/services.h"
#include "roles/specfile.h"

/* A slot in which nothing runs and no name stands, -1 when there is none. */
static int free_slot(struct services *services)
{
	for (unsigned slot = 0; slot < SERVICES_MAX; slot++) {
		const struct holding *holding =
			services_holding(services, slot);

		if (slot < services->high &&
		    (services->at[slot].unit != NULL ||
		     atomic_load(&holding->token) != 0 ||
		     atomic_load(&holding->phase) != PHASE_IDLE))
			continue;
		if (slot >= services->high)
			services->high = slot + 1;
		return (int)slot;
	}
	return -1;
}

static int find_by_name(const struct services *services, const char *name)
{
	for (unsigned slot = 0; slot < services->high; slot++)
		if (services->at[slot].unit == NULL &&
		    services_has_name(services, slot, name))
			return (int)slot;
	return -1;
}

static uint64_t digest_of(struct services *services, const struct unit *unit)
{
	int len = services_build(services, unit, BOARD_SERVICE_TOKEN);

	return len > 0 ? board_hash((const char *)services->spec, (size_t)len)
		       : 0;
}

/* Is what runs in SLOT not what UNIT says now? */
static bool is_outdated(struct services *services, unsigned slot,
			const struct unit *unit)
{
	uint64_t token = atomic_load(&services_holding(services, slot)->token);
	int len;

	if (token == 0)
		return false;
	len = services_build(services, unit, token);
	return len > 0 && !specfile_is(services->work_dir, token,
				       services->spec, (size_t)len);
}

/* A slot of its own for one that had none. */
static void place(struct services *services, const struct unit *unit)
{
	int slot;

	if (services_slot(services, unit->name) >= 0)
		return;
	slot = free_slot(services);
	if (slot < 0) {
		log_err(0, "control: more than %d services, %s is not run",
			SERVICES_MAX, unit->name);
		return;
	}
	services->at[slot] = (struct service){ .unit = unit };
	board_text_set(&services_shown(services, (unsigned)slot)->name,
		       text_of(unit->name));
	services_set_goal(services, (unsigned)slot, GOAL_WAITING);
}

/* The slot whose name it has on the board. */
static void find_again(struct services *services, const struct unit *unit)
{
	int slot = find_by_name(services, unit->name);

	if (slot >= 0)
		services->at[slot].unit = unit;
}

typedef void each_fn(struct services *services, const struct unit *unit);

static void each(struct services *services, each_fn *fn)
{
	for (size_t i = 0; i < services->config->units_count; i++)
		if (services->config->units[i].kind == UNIT_SERVICE)
			fn(services, &services->config->units[i]);
}

/* UNIT is what slot holds from now on: is that something else? */
static void compare(struct services *services, unsigned slot)
{
	struct service *service = &services->at[slot];
	uint64_t digest = digest_of(services, service->unit);
	uint32_t goal = services_goal(services, slot);
	bool changed = service->digest != 0
			       ? digest != service->digest
			       : is_outdated(services, slot, service->unit);

	service->digest = digest;
	if (!changed)
		return;
	log_info("control: %s has changed", service->unit->name);
	service->losses = 0;
	service->not_before_ms = 0;
	if (goal == GOAL_DONE || goal == GOAL_FAILED)
		services_set_goal(services, slot, GOAL_UP);
	services_want(services, slot, WANTED_STOP);
}

void services_configure(struct services *services, const struct config *config,
			int64_t now_ms)
{
	services->config = config;
	/* The names on the board tell which slot is whose. */
	for (unsigned slot = 0; slot < services->high; slot++)
		services->at[slot].unit = NULL;
	each(services, find_again);
	each(services, place);
	for (unsigned slot = 0; slot < services->high; slot++)
		if (services->at[slot].unit != NULL)
			compare(services, slot);
	atomic_store(&services->board->stop_budget_ms,
		     services_stop_budget_ms(services));
	services_turn(services, now_ms);
}
