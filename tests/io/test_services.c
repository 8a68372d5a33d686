#define _GNU_SOURCE
#include "roles/services.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/loop.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define STARTED_LATE_MS 1000000 /* no time to wait for a view */

static char state[TMP_DIR_MAX];
static char program[] = "/bin/true";
static char to_stderr[] = "stderr";
static char node[] = "n";
static char web[] = "web";
static char app[] = "app";
static char db[] = "db";
static char more[] = "more";
static char *command[] = { program, NULL };
static char *after_db[] = { db, NULL };
static char *after_app[] = { app, NULL };
static struct unit units[4];
static struct config config;
static struct heritage heritage;
static struct services *services;
static int64_t now_ms;

static struct unit unit_of(char *name, char **after)
{
	return (struct unit){
		.kind = UNIT_SERVICE,
		.name = name,
		.command = { command, 1 },
		.umask = -1,
		.log = to_stderr,
		.stop_timeout_ms = 1000,
		.after = { after, after != NULL ? 1 : 0 },
		.enabled = true,
	};
}

/* A control that takes over. */
static void control_starts(void)
{
	free(services);
	services = calloc(1, sizeof(*services));
	ck_assert_int_eq(services_open(services, &heritage, &config), 0);
	services->patience_ms = 0;
	services_configure(services, &config, now_ms);
}

static void set_up(void)
{
	char path[TMP_DIR_MAX + 16];

	now_ms = STARTED_LATE_MS;
	tmp_dir(state, "services");
	snprintf(path, sizeof(path), "%s/work", state);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	units[0] = unit_of(web, after_app);
	units[1] = unit_of(app, after_db);
	units[2] = unit_of(db, NULL);
	config = (struct config){
		.node = node, .state = state, .units = units, .units_count = 3
	};
	heritage = (struct heritage){ .config = &config, .board = board_new() };
	for (int i = 0; i < ROLE_MAX; i++)
		heritage.bells[i] = bell_open();
	services = NULL;
	control_starts();
}

static void tear_down(void)
{
	tmp_dir_remove(state);
}

static unsigned slot_of(const char *name)
{
	int slot = services_slot(services, name);

	ck_assert_int_ge(slot, 0);
	return (unsigned)slot;
}

static struct holding *holding(const char *name)
{
	return services_holding(services, slot_of(name));
}

static uint32_t goal(const char *name)
{
	return services_goal(services, slot_of(name));
}

static void turn(void)
{
	now_ms += 10;
	services_turn(services, now_ms);
}

/* What supervisor and worker make of a holding. */
static void show(const char *name, enum phase phase, enum life life)
{
	struct holding *of = holding(name);

	of->phase_token = of->token;
	of->phase = phase;
	services_shown(services, slot_of(name))->life = life;
	turn();
}

static void end(const char *name, enum message_how how, int exit)
{
	struct board_unit *shown = services_shown(services, slot_of(name));

	shown->how = how;
	shown->exit = exit;
	show(name, PHASE_STOPPED, LIFE_ENDED);
	/* Its worker leaves once the outcome is settled. */
	holding(name)->phase = PHASE_IDLE;
	turn();
}

static bool is_held(const char *name)
{
	return holding(name)->token != 0 && holding(name)->wanted == WANTED_RUN;
}

static void start_all(void)
{
	show("db", PHASE_RUNNING, LIFE_READY);
	show("app", PHASE_RUNNING, LIFE_READY);
	show("web", PHASE_RUNNING, LIFE_READY);
}

START_TEST(each_waits_for_what_it_starts_after)
{
	set_up();
	ck_assert(is_held("db"));
	ck_assert_uint_eq(goal("app"), GOAL_WAITING);
	show("db", PHASE_RUNNING, LIFE_STARTING);
	ck_assert_uint_eq(goal("app"), GOAL_WAITING);
	show("db", PHASE_RUNNING, LIFE_READY);
	ck_assert(is_held("app"));
	ck_assert_uint_eq(goal("web"), GOAL_WAITING);
	show("app", PHASE_RUNNING, LIFE_READY);
	ck_assert(is_held("web"));
	tear_down();
}
END_TEST

START_TEST(one_that_is_stopped_or_disabled_is_not_waited_for)
{
	set_up();
	ck_assert_int_eq(
		services_act(services, text_of("db"), ACTION_STOP, now_ms), 0);
	ck_assert_uint_eq(goal("db"), GOAL_STOPPED);
	ck_assert(is_held("app"));
	ck_assert_int_eq(
		services_act(services, text_of("app"), ACTION_DISABLE, now_ms),
		0);
	ck_assert_uint_eq(goal("app"), GOAL_DISABLED);
	ck_assert(is_held("web"));
	tear_down();
}
END_TEST

START_TEST(how_it_ended_decides_what_follows)
{
	set_up();
	show("db", PHASE_RUNNING, LIFE_READY);
	end("db", HOW_FAILED, 3);
	ck_assert_uint_eq(goal("db"), GOAL_FAILED);
	ck_assert_uint_eq(holding("db")->token, 0);
	ck_assert_uint_eq(heritage.board->services_failed, 1);
	ck_assert_int_eq(
		services_act(services, text_of("db"), ACTION_START, now_ms), 0);
	ck_assert(is_held("db"));
	ck_assert_uint_eq(heritage.board->services_failed, 0);
	end("db", HOW_DONE, 0);
	ck_assert_uint_eq(goal("db"), GOAL_DONE);
	turn();
	ck_assert_uint_eq(holding("db")->token, 0);
	tear_down();
}
END_TEST

START_TEST(a_restart_comes_after_the_end)
{
	uint64_t token;

	set_up();
	start_all();
	token = holding("web")->token;
	ck_assert_int_eq(
		services_act(services, text_of("web"), ACTION_RESTART, now_ms),
		0);
	ck_assert_uint_eq(holding("web")->token, token);
	ck_assert_uint_eq(holding("web")->wanted, WANTED_STOP);
	end("web", HOW_STOPPED, 143);
	ck_assert(is_held("web"));
	ck_assert_uint_gt(holding("web")->token, token);
	tear_down();
}
END_TEST

START_TEST(a_lost_worker_is_replaced_later_each_time)
{
	set_up();
	for (int i = 0; i < 3; i++) {
		show("db", PHASE_LOST, LIFE_READY);
		holding("db")->phase = PHASE_IDLE;
		turn();
		/* The first time at once, then after 100 and 200 ms. */
		ck_assert_int_eq(is_held("db"), i == 0);
		now_ms += 100 * i;
		turn();
		ck_assert(is_held("db"));
	}
	tear_down();
}
END_TEST

START_TEST(a_control_that_takes_over_changes_nothing)
{
	uint64_t tokens[3];

	set_up();
	start_all();
	for (unsigned i = 0; i < 3; i++)
		tokens[i] = services_holding(services, i)->token;
	control_starts();
	turn();
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(services_holding(services, i)->token,
				  tokens[i]);
		ck_assert_uint_eq(services_holding(services, i)->wanted,
				  WANTED_RUN);
	}
	tear_down();
}
END_TEST

START_TEST(what_an_operator_stopped_stays_so_when_control_dies)
{
	set_up();
	start_all();
	(void)services_act(services, text_of("web"), ACTION_STOP, now_ms);
	end("web", HOW_STOPPED, 0);
	control_starts();
	turn();
	ck_assert_uint_eq(goal("web"), GOAL_STOPPED);
	ck_assert_uint_eq(holding("web")->token, 0);
	tear_down();
}
END_TEST

START_TEST(a_reload_touches_only_what_changed)
{
	static struct unit changed[4];
	struct config other = config;
	unsigned kept;

	set_up();
	start_all();
	kept = slot_of("app");
	/* web is gone, app has changed, more is new, db is the same. */
	changed[0] = unit_of(more, NULL);
	changed[1] = unit_of(app, after_db);
	changed[1].nice = 5;
	changed[2] = unit_of(db, NULL);
	other = config;
	other.units = changed;
	services_configure(services, &other, now_ms);
	ck_assert(is_held("more"));
	ck_assert(is_held("db"));
	ck_assert_uint_eq(slot_of("app"), kept);
	ck_assert_uint_eq(holding("app")->wanted, WANTED_STOP);
	ck_assert_int_eq(services_slot(services, "web"), -1);
	ck_assert_uint_eq(services_holding(services, 0)->wanted, WANTED_STOP);
	end("app", HOW_STOPPED, 0);
	ck_assert(is_held("app"));
	/* A control that starts between finds the change as well. */
	changed[2].nice = 7;
	config = other;
	control_starts();
	ck_assert_uint_eq(holding("db")->wanted, WANTED_STOP);
	ck_assert_uint_eq(holding("app")->wanted, WANTED_RUN);
	tear_down();
}
END_TEST

START_TEST(the_node_stops_them_in_reverse_order_after_all_else)
{
	struct holding *job;

	set_up();
	start_all();
	job = &heritage.board->holdings[BOARD_LEADER_FIRST];
	job->token = 5;
	job->phase = PHASE_RUNNING;
	heritage.board->stopping = 1;
	turn();
	ck_assert(is_held("web"));
	job->phase = PHASE_STOPPED;
	turn();
	ck_assert_uint_eq(holding("web")->wanted, WANTED_STOP);
	ck_assert(is_held("app"));
	end("web", HOW_STOPPED, 0);
	ck_assert_uint_eq(holding("web")->token, 0);
	ck_assert_uint_eq(holding("app")->wanted, WANTED_STOP);
	ck_assert(is_held("db"));
	end("app", HOW_STOPPED, 0);
	ck_assert_uint_eq(holding("db")->wanted, WANTED_STOP);
	ck_assert_int_eq(heritage.board->stop_budget_ms, 3000);
	tear_down();
}
END_TEST

START_TEST(an_essential_one_takes_the_node_along)
{
	set_up();
	units[2].essential = true;
	show("db", PHASE_RUNNING, LIFE_READY);
	end("db", HOW_FAILED, 23);
	ck_assert_uint_eq(heritage.board->exit_set, 1);
	ck_assert_int_eq(heritage.board->exit_code, 23);
	tear_down();
}
END_TEST

START_TEST(nobody_is_called_what_is_not_configured)
{
	set_up();
	ck_assert_int_eq(
		services_act(services, text_of("wbe"), ACTION_START, now_ms),
		-ENOENT);
	units[2].enabled = false;
	turn();
	ck_assert_uint_eq(goal("db"), GOAL_DISABLED);
	ck_assert_int_eq(
		services_act(services, text_of("db"), ACTION_START, now_ms),
		-EINVAL);
	tear_down();
}
END_TEST

TEST_MAIN("services", each_waits_for_what_it_starts_after,
	  one_that_is_stopped_or_disabled_is_not_waited_for,
	  how_it_ended_decides_what_follows, a_restart_comes_after_the_end,
	  a_lost_worker_is_replaced_later_each_time,
	  a_control_that_takes_over_changes_nothing,
	  what_an_operator_stopped_stays_so_when_control_dies,
	  a_reload_touches_only_what_changed,
	  the_node_stops_them_in_reverse_order_after_all_else,
	  an_essential_one_takes_the_node_along,
	  nobody_is_called_what_is_not_configured)
