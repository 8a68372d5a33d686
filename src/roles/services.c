#define _GNU_SOURCE
#include "roles/services.h"

#include <errno.h>
#include <string.h>

#include "io/clock.h"
#include "io/events.h"
#include "io/log.h"
#include "io/loop.h"
#include "roles/after.h"
#include "roles/news.h"
#include "roles/specfile.h"
#include "roles/unitspec.h"

struct holding *services_holding(const struct services *services, unsigned slot)
{
	return &services->board->holdings[slot];
}

struct board_unit *services_shown(const struct services *services,
				  unsigned slot)
{
	return &services->board->units[slot];
}

uint32_t services_goal(const struct services *services, unsigned slot)
{
	return atomic_load(&services_shown(services, slot)->goal);
}

void services_set_goal(struct services *services, unsigned slot, enum goal goal)
{
	struct board_unit *shown = services_shown(services, slot);

	if (atomic_load(&shown->goal) == (uint32_t)goal)
		return;
	atomic_store(&shown->goal, goal);
	services->goals_changed = true;
	news_tell(services->heritage);
}

bool services_is_enabled(const struct service *service)
{
	return service->enabled ||
	       (service->unit->enabled && !service->disabled);
}

/* ---- slots ---- */

bool services_has_name(const struct services *services, unsigned slot,
		       const char *name)
{
	char buf[BOARD_TEXT_MAX + 1];

	board_text_get(&services_shown(services, slot)->name, buf, sizeof(buf));
	return strcmp(buf, name) == 0;
}

int services_slot(const struct services *services, const char *name)
{
	for (unsigned slot = 0; slot < services->high; slot++)
		if (services->at[slot].unit != NULL &&
		    strcmp(services->at[slot].unit->name, name) == 0)
			return (int)slot;
	return -1;
}

/* What a control before this one left. */
static void find_used(struct services *services)
{
	if (atomic_load(&services->board->service_counter) == 0)
		return;
	for (unsigned slot = 0; slot < SERVICES_MAX; slot++)
		if (!services_has_name(services, slot, ""))
			services->high = slot + 1;
}

/* ---- specs ---- */

/* The spec of UNIT under TOKEN; its length or a negative errno. */
int services_build(struct services *services, const struct unit *unit,
		   uint64_t token)
{
	const struct unitspec_run run = {
		.token = token,
		.attempt = 1,
		.keep = true,
		.node = services->config->node,
		.work_dir = "",
	};

	return unitspec_build(
		unit, &run, out_init(services->words, sizeof(services->words)),
		services->spec, sizeof(services->spec));
}

/* ---- starting and stopping ---- */

void services_want(struct services *services, unsigned slot, enum wanted wanted)
{
	struct holding *holding = services_holding(services, slot);

	if (atomic_load(&holding->token) == 0 ||
	    atomic_load(&holding->wanted) >= (uint32_t)wanted)
		return;
	atomic_store(&holding->wanted, wanted);
	services->supervise = true;
}

static void assign(struct services *services, unsigned slot, int64_t now_ms)
{
	struct service *service = &services->at[slot];
	struct holding *holding = services_holding(services, slot);
	struct board_unit *shown = services_shown(services, slot);
	uint64_t token =
		BOARD_SERVICE_TOKEN |
		(atomic_fetch_add(&services->board->service_counter, 1) + 1);
	int rc = services_build(services, service->unit, token);

	if (rc > 0)
		rc = specfile_write(services->work_dir, token, services->spec,
				    (size_t)rc);
	if (rc != 0) {
		log_err(rc, "control: cannot write the spec of %s",
			service->unit->name);
		service->not_before_ms = now_ms + SERVICES_LOSS_MAX_MS;
		return;
	}
	atomic_store(&shown->life, LIFE_NONE);
	atomic_store(&shown->how, 0);
	atomic_store(&holding->kind, UNIT_SERVICE);
	atomic_store(&holding->wanted, WANTED_RUN);
	atomic_store(&holding->token, token);
	services->supervise = true;
}

static void settle(struct services *services, unsigned slot)
{
	struct holding *holding = services_holding(services, slot);
	uint64_t token = atomic_load(&holding->token);

	specfile_remove(services->work_dir, token);
	atomic_store(&holding->settled, token);
	atomic_store(&holding->token, 0);
	services->supervise = true;
	news_tell(services->heritage);
}

/* It ended for good, and the node with it. */
static void end_node(struct services *services, unsigned slot)
{
	struct board *board = services->board;
	const struct unit *unit = services->at[slot].unit;
	int32_t exit = atomic_load(&services_shown(services, slot)->exit);
	int32_t code = exit >= 0 && exit <= 255 ? exit : 1;

	if (atomic_load(&board->exit_set) != 0 ||
	    atomic_load(&board->stopping) != 0)
		return;
	if (services_goal(services, slot) == GOAL_FAILED && code == 0)
		code = 1;
	log_err(0, "control: %s is essential and has ended, so the node does",
		unit->name);
	events_add(board, EVENT_NODE_STOPPING, services->config->node,
		   "%s is essential and ended, exit code %d", unit->name,
		   (int)code);
	news_tell(services->heritage);
	atomic_store(&board->exit_code, code);
	atomic_store(&board->exit_set, 1);
	bell_ring(services->heritage->bells[ROLE_GUARDIAN]);
}

static void take_outcome(struct services *services, unsigned slot)
{
	struct service *service = &services->at[slot];
	uint32_t how = atomic_load(&services_shown(services, slot)->how);

	service->losses = 0;
	if (service->unit != NULL && services_goal(services, slot) == GOAL_UP &&
	    how != HOW_STOPPED) {
		services_set_goal(services, slot,
				  how == HOW_DONE ? GOAL_DONE : GOAL_FAILED);
		if (service->unit->essential)
			end_node(services, slot);
	}
	settle(services, slot);
}

/* Its worker died; all it had started is dead as well. */
static void take_loss(struct services *services, unsigned slot, int64_t now_ms)
{
	struct service *service = &services->at[slot];
	int64_t pause_ms = 0;

	for (uint32_t i = 0; i < service->losses; i++) {
		pause_ms = pause_ms == 0 ? SERVICES_LOSS_MS : 2 * pause_ms;
		if (pause_ms >= SERVICES_LOSS_MAX_MS)
			break;
	}
	service->losses++;
	service->not_before_ms = now_ms + pause_ms;
	settle(services, slot);
}

/* ---- what should run ---- */

static void decide(struct services *services, unsigned slot)
{
	const struct service *service = &services->at[slot];
	uint32_t goal = services_goal(services, slot);

	if (!services_is_enabled(service)) {
		services_set_goal(services, slot, GOAL_DISABLED);
		return;
	}
	if (goal == GOAL_STOPPED || goal == GOAL_DONE || goal == GOAL_FAILED)
		return;
	if (atomic_load(&services_holding(services, slot)->token) != 0 ||
	    after_is_ready(services->board, services->config, service->unit))
		services_set_goal(services, slot, GOAL_UP);
	else
		services_set_goal(services, slot, GOAL_WAITING);
}

static void look_at(struct services *services, unsigned slot, int64_t now_ms)
{
	struct service *service = &services->at[slot];
	struct holding *holding = services_holding(services, slot);
	uint64_t token = atomic_load(&holding->token);
	uint32_t phase = atomic_load(&holding->phase);

	if (token != 0 && atomic_load(&holding->phase_token) == token) {
		if (phase == PHASE_STOPPED)
			take_outcome(services, slot);
		else if (phase == PHASE_LOST)
			take_loss(services, slot, now_ms);
	}
	if (service->unit == NULL) {
		services_want(services, slot, WANTED_STOP);
		return;
	}
	if (atomic_load(&services->board->stopping) != 0)
		return;
	decide(services, slot);
	if (services_goal(services, slot) != GOAL_UP)
		services_want(services, slot, WANTED_STOP);
	else if (atomic_load(&holding->token) == 0 &&
		 atomic_load(&holding->phase) == PHASE_IDLE &&
		 (services->knows || now_ms >= services->patience_ms) &&
		 now_ms >= service->not_before_ms)
		assign(services, slot, now_ms);
}

/* The slot of one that is configured no more, once nothing of it is left. */
static void release(struct services *services, unsigned slot)
{
	const struct holding *holding = services_holding(services, slot);

	if (services->at[slot].unit != NULL ||
	    atomic_load(&holding->token) != 0 ||
	    atomic_load(&holding->phase) != PHASE_IDLE ||
	    services_goal(services, slot) == GOAL_NONE)
		return;
	board_text_set(&services_shown(services, slot)->name, text_of(""));
	services_set_goal(services, slot, GOAL_NONE);
}

/* True when a goal changed: others may wait for that. */
static bool look_at_all(struct services *services, int64_t now_ms)
{
	uint32_t failed = 0;

	services->goals_changed = false;
	for (unsigned slot = 0; slot < services->high; slot++) {
		look_at(services, slot, now_ms);
		release(services, slot);
		if (services_goal(services, slot) == GOAL_FAILED)
			failed++;
	}
	if (atomic_load(&services->board->services_failed) != failed)
		atomic_store(&services->board->services_failed, failed);
	return services->goals_changed;
}

void services_turn(struct services *services, int64_t now_ms)
{
	unsigned passes = 0;

	/* A chain is no longer than that. */
	while (look_at_all(services, now_ms) && passes < SERVICES_MAX)
		passes++;
	if (atomic_load(&services->board->stopping) != 0)
		services_stop(services);
	if (services->supervise)
		bell_ring(services->heritage->bells[ROLE_SUPERVISOR]);
	services->supervise = false;
}

int64_t services_deadline(const struct services *services, int64_t now_ms)
{
	int64_t deadline = SERVICES_NO_DEADLINE;

	if (atomic_load(&services->board->stopping) != 0)
		return now_ms + SERVICES_STOP_LOOK_MS;
	if (!services->knows && services->high > 0 &&
	    now_ms < services->patience_ms)
		deadline = services->patience_ms;
	for (unsigned slot = 0; slot < services->high; slot++)
		if (services->at[slot].not_before_ms > now_ms &&
		    services->at[slot].not_before_ms < deadline)
			deadline = services->at[slot].not_before_ms;
	return deadline;
}

/* ---- its life ---- */

int services_open(struct services *services, struct heritage *heritage,
		  const struct config *config)
{
	services->heritage = heritage;
	services->board = heritage->board;
	services->config = config;
	services->work_dir = specfile_open(config->state);
	if (services->work_dir < 0) {
		log_err(services->work_dir, "control: cannot open %s/work",
			config->state);
		return services->work_dir;
	}
	find_used(services);
	services->patience_ms = clock_ms() + SERVICES_PATIENCE_MS;
	return 0;
}
