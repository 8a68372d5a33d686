/* The table of core/life.h driven for real: each kind of restart meets each
 * kind of end, within the limit and beyond it, asked to stop and not.
 */
#define _GNU_SOURCE
#include "core/life.h"
#include "tests/io/keep_stand.h"

#define WATCHDOG_MS 60
#define TIMEOUT_MS  60
#define LONG_MS	    600000

/* One end: how a run comes to it, and how when it was asked to stop before. */
struct ending {
	const char *line;
	const char *asked; /* NULL: before it is started */
	int exit;
	int exit_asked;
};

/* When `up` is there it is asked. */
#define UNTIL_ASKED "touch up; while :; do sleep 0.005; done"
#define UNTIL_TOLD  "until [ -e go ]; do sleep 0.005; done; exit 3"

static const struct ending endings[LIFE_ENDS] = {
	[LIFE_END_OK] = { "exit 0", "trap 'exit 0' TERM; " UNTIL_ASKED, 0, 0 },
	[LIFE_END_CODE] = { "exit 3", "trap 'exit 3' TERM; " UNTIL_ASKED, 3,
			    3 },
	[LIFE_END_SIGNAL] = { "kill -9 $$",
			      "trap 'kill -9 $$' TERM; " UNTIL_ASKED,
			      128 + SIGKILL, 128 + SIGKILL },
	/* Asked when it was sent what is to end it, and does not. */
	[LIFE_END_SILENT] = { "exec sleep 1000",
			      "trap '' ABRT; touch up; " UNTIL_TOLD,
			      128 + SIGABRT, 3 },
	[LIFE_END_TIMEOUT] = { "exec sleep 1000", UNTIL_TOLD, 128 + SIGTERM,
			       3 },
	[LIFE_END_NO_START] = { "", NULL, 127, 127 },
};

struct combination {
	enum unit_restart restart;
	enum life_end end;
	bool too_often; /* at once; else at the second end */
	bool stop_asked;
};

static struct spec spec_of(const struct combination *now)
{
	const struct ending *ending = &endings[now->end];
	struct spec spec = service(now->stop_asked && ending->asked != NULL
					   ? ending->asked
					   : ending->line);

	spec.restart = now->restart;
	spec.max_restarts = now->too_often ? 0 : 1;
	spec.max_seconds_ms = LONG_MS;
	if (now->end == LIFE_END_SILENT)
		spec.watchdog_ms = WATCHDOG_MS;
	if (now->end == LIFE_END_TIMEOUT)
		spec.timeout_ms = TIMEOUT_MS;
	if (now->end == LIFE_END_NO_START)
		spec.argv[0] = "/nonexistent/command";
	if (now->stop_asked) {
		spec.stop_timeout_ms = LONG_MS;
		/* No signal may come before the trap: the watchdog waits for
		 * the word, and the timeout's is ignored by default. */
		if (now->end == LIFE_END_SILENT)
			spec.ready = READY_NOTIFY;
		if (now->end == LIFE_END_TIMEOUT)
			spec.stop_signal = SIGURG;
	}
	return spec;
}

static enum message_how how_of(enum life_next next)
{
	switch (next) {
	case LIFE_STOPPED:
		return HOW_STOPPED;
	case LIFE_DONE:
		return HOW_DONE;
	default:
		return HOW_FAILED;
	}
}

static unsigned count_events(enum event_kind kind)
{
	unsigned count = 0;

	event_after = 0;
	while (next_event(kind) != NULL)
		count++;
	return count;
}

/* Nothing but the table says what is to be seen. */
static void check_combination(const struct combination *now)
{
	enum life_next next = life_judge(now->restart, now->end, now->too_often,
					 now->stop_asked);
	unsigned ends = 1;

	if (next == LIFE_AGAIN) {
		next = life_judge(now->restart, now->end, true, false);
		ends = 2;
	}
	ck_assert_int_eq(unit->how, how_of(next));
	ck_assert_uint_eq(unit->starts,
			  now->end == LIFE_END_NO_START ? 0 : ends);
	ck_assert_int_eq(unit->exit, now->stop_asked
					     ? endings[now->end].exit_asked
					     : endings[now->end].exit);
	ck_assert_uint_eq(count_events(EVENT_UNIT_EXITED), ends - 1);
	ck_assert_uint_eq(count_events(EVENT_UNIT_STOPPED),
			  next == LIFE_STOPPED);
	ck_assert_uint_eq(count_events(EVENT_UNIT_DONE), next == LIFE_DONE);
	ck_assert_uint_eq(count_events(EVENT_UNIT_FAILED),
			  next == LIFE_FAILED || next == LIFE_GIVEN_UP);
	event_after = 0;
	if (next == LIFE_GIVEN_UP)
		ck_assert_ptr_nonnull(
			strstr(next_event(EVENT_UNIT_FAILED), "given up"));
}

/* What can't be run ends before anybody can ask: it is held up by a file. */
static const char *make_gate(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/gate", root);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	return path;
}

static void ask_at_gate(const char *gate)
{
	int fd = open(gate, O_WRONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ask_to_stop();
	close(fd);
}

static void await_moment(enum life_end end)
{
	if (end != LIFE_END_TIMEOUT)
		AWAIT(exists("up"));
	if (end == LIFE_END_SILENT)
		notify("READY=1");
	if (end == LIFE_END_SILENT || end == LIFE_END_TIMEOUT)
		await_life(LIFE_STOPPING);
}

static void tell_to_go(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/go", root);
	ck_assert_int_eq(tree_write(AT_FDCWD, path, "", 0), 0);
}

static void live(const struct combination *now)
{
	struct spec spec = spec_of(now);
	bool is_gated = now->stop_asked && endings[now->end].asked == NULL;

	set_up();
	if (is_gated)
		spec.env_file = make_gate();
	start(&spec);
	if (is_gated) {
		ask_at_gate(spec.env_file);
	} else if (now->stop_asked) {
		await_moment(now->end);
		ask_to_stop();
		tell_to_go();
	}
	await_end();
	check_combination(now);
	tear_down();
}

static void live_all(enum unit_restart restart)
{
	for (int end = 0; end < LIFE_ENDS; end++)
		for (unsigned bits = 0; bits < 4; bits++)
			live(&(struct combination){
				.restart = restart,
				.end = (enum life_end)end,
				.too_often = (bits & 1) != 0,
				.stop_asked = (bits & 2) != 0,
			});
}

START_TEST(permanent_ones_live_by_the_table)
{
	live_all(RESTART_PERMANENT);
}
END_TEST

START_TEST(transient_ones_live_by_the_table)
{
	live_all(RESTART_TRANSIENT);
}
END_TEST

START_TEST(temporary_ones_live_by_the_table)
{
	live_all(RESTART_TEMPORARY);
}
END_TEST

START_TEST(ends_further_apart_than_the_limit_are_not_too_many)
{
	struct spec spec = service("sleep 0.06; exit 3");

	set_up();
	spec.max_restarts = 1;
	spec.max_seconds_ms = 50;
	start(&spec);
	await_starts(6);
	ck_assert_int_eq(stop(), HOW_STOPPED);
	tear_down();
}
END_TEST

TEST_MAIN("lives", permanent_ones_live_by_the_table,
	  transient_ones_live_by_the_table, temporary_ones_live_by_the_table,
	  ends_further_apart_than_the_limit_are_not_too_many)
