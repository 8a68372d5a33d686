#define _GNU_SOURCE
#include "roles/manager.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/out.h"

/* While we stop, the manager is asked for so much more time, so often: its own
 * limit is none of a node that knows each unit's. */
#define PATIENCE	  "EXTEND_TIMEOUT_USEC=30000000"
#define PATIENCE_EVERY_MS 5000
#define LOOK_BEYOND	  64 /* idle slots that end a look */
#define NAMED_MAX	  4

void manager_open(struct manager *manager)
{
	*manager = (struct manager){ .ready = false };
	notify_sender_open(&manager->sender);
}

/* ---- the status ---- */

struct counts {
	unsigned services; /* that should be up */
	unsigned up;
	unsigned failed;
};

static void count_services(const struct board *board, struct counts *counts)
{
	unsigned idle = 0;

	*counts = (struct counts){ .services = 0 };
	for (unsigned slot = 0; slot < BOARD_LEADER_FIRST && idle < LOOK_BEYOND;
	     slot++) {
		const struct board_unit *unit = &board->units[slot];
		uint32_t goal = unit->goal;

		idle = goal == GOAL_NONE ? idle + 1 : 0;
		counts->failed += goal == GOAL_FAILED;
		if (goal != GOAL_UP && goal != GOAL_WAITING)
			continue;
		counts->services++;
		counts->up += board->holdings[slot].token != 0 &&
			      unit->life == LIFE_READY;
	}
}

static void put_count(struct out *out, unsigned count, const char *what)
{
	if (count == 0)
		return;
	out_string(out, ", ");
	out_u64(out, count);
	out_char(out, ' ');
	out_string(out, what);
}

static void put_running(struct out *out, const struct manager *manager,
			const struct board *board)
{
	struct counts counts;

	count_services(board, &counts);
	out_string(out, manager->ready ? "ready" : "starting");
	if (counts.services > 0) {
		out_string(out, ", ");
		out_u64(out, counts.up);
		out_string(out, " of ");
		out_u64(out, counts.services);
		out_string(out, counts.services == 1 ? " service up"
						     : " services up");
	}
	put_count(out, counts.failed, "given up");
	put_count(out, board->running, "jobs running");
	put_count(out, board->pending, "jobs waiting");
	if (board->storage != 0)
		out_string(out, "; shared storage is not reachable");
	if (manager->refused)
		out_string(out, "; the latest reload was refused");
}

/* Whom it waits for, the first few by name. */
static void put_stopping(struct out *out, const struct board *board)
{
	char name[BOARD_NAME_MAX + 1];
	unsigned named = 0;
	unsigned more = 0;

	out_string(out, "stopping");
	for (unsigned slot = 0; slot < BOARD_HOLDINGS_MAX; slot++) {
		uint32_t phase = board->holdings[slot].phase;

		if (phase != PHASE_FORKED && phase != PHASE_RUNNING)
			continue;
		if (named >= NAMED_MAX) {
			more++;
			continue;
		}
		board_text_get(&board->units[slot].name, name, sizeof(name));
		out_string(out, named++ == 0 ? ", waits for " : ", ");
		out_string(out, name[0] != '\0' ? name : "a job");
	}
	put_count(out, more, "more");
}

static void tell_status(struct manager *manager, const struct board *board)
{
	static const char head[] = "STATUS=";
	char text[sizeof(head) + MANAGER_STATUS_MAX];
	struct out out = out_init(text, sizeof(text));

	out_string(&out, head);
	if (board->stopping != 0)
		put_stopping(&out, board);
	else
		put_running(&out, manager, board);
	out_end(&out);
	if (strcmp(manager->status, text + sizeof(head) - 1) == 0)
		return;
	memcpy(manager->status, text + sizeof(head) - 1,
	       strlen(text) + 1 - (sizeof(head) - 1));
	notify_send(&manager->sender, text);
}

/* ---- at every turn ---- */

void manager_turn(struct manager *manager, const struct board *board,
		  int64_t now_ms)
{
	if (manager->sender.fd == -1)
		return;
	if (manager->sender.watchdog_ms > 0 && now_ms >= manager->alive_ms) {
		notify_send(&manager->sender, "WATCHDOG=1");
		manager->alive_ms = now_ms + manager->sender.watchdog_ms / 4;
	}
	if (board->stopping != 0 && now_ms >= manager->patience_ms) {
		notify_send(&manager->sender, PATIENCE);
		manager->patience_ms = now_ms + PATIENCE_EVERY_MS;
	}
	tell_status(manager, board);
}

int64_t manager_deadline(const struct manager *manager)
{
	return manager->sender.fd != -1 && manager->sender.watchdog_ms > 0
		       ? manager->alive_ms
		       : INT64_MAX;
}

/* ---- once ---- */

void manager_ready(struct manager *manager)
{
	manager->ready = true;
	notify_send(&manager->sender, "READY=1");
}

void manager_reloading(struct manager *manager)
{
	char text[64];
	struct timespec now;

	/* Of this clock, whatever the node's own is. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
		 now.tv_sec * 1000000LL + now.tv_nsec / 1000);
	notify_send(&manager->sender, text);
}

void manager_reloaded(struct manager *manager, bool good)
{
	manager->refused = !good;
	/* Before it is ready for the first time this would say so. */
	if (manager->ready)
		notify_send(&manager->sender, "READY=1");
}

void manager_stopping(struct manager *manager)
{
	notify_send(&manager->sender, "STOPPING=1");
}
