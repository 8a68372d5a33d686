/* What a singleton saves comes back, whatever ends it. */
#define _GNU_SOURCE
#include <dirent.h>

#include "tests/io/keep_stand.h"

#define SHARED_UNIT "shared/units/test"

static char work_dir[160];
static char env_checkpoint[200];
static char env_state[200];

static void make_dir(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

/* A singleton of one line of shell; each counts on from what was saved. */
static struct spec singleton(uint64_t number)
{
	struct spec spec = service("read n <$HOLDFAST_STATE || n=0; "
				   "echo $n >>seen; "
				   "echo $((n+1)) >$HOLDFAST_CHECKPOINT.part; "
				   "mv $HOLDFAST_CHECKPOINT.part "
				   "$HOLDFAST_CHECKPOINT; "
				   "touch $HOLDFAST_CHECKPOINT.torn; "
				   "[ $((n%3)) = 2 ] || exit 1; exit 0");

	token = number;
	snprintf(work_dir, sizeof(work_dir), "%s/" SHARED_UNIT "/%016llx", root,
		 (unsigned long long)number);
	snprintf(env_checkpoint, sizeof(env_checkpoint),
		 "HOLDFAST_CHECKPOINT=%s/checkpoint", work_dir);
	snprintf(env_state, sizeof(env_state), "HOLDFAST_STATE=%s/state",
		 work_dir);
	spec.token = number;
	spec.kind = UNIT_SINGLETON;
	spec.restart = RESTART_TRANSIENT;
	spec.attempt = 1;
	spec.work_dir = work_dir;
	spec.env[0] = env_checkpoint;
	spec.env[1] = env_state;
	return spec;
}

static void play(uint64_t number)
{
	struct spec spec = singleton(number);

	start(&spec);
	ck_assert_int_eq(await_end(), HOW_DONE);
	atomic_store(&holding->token, 0);
}

START_TEST(what_it_saved_is_there_at_the_next_start_in_place)
{
	set_up();
	make_dir("shared");
	play(5);
	ck_assert_str_eq(contents("seen"), "0\n1\n2\n");
	play(6);
	ck_assert_str_eq(contents("seen"), "0\n1\n2\n3\n4\n5\n");
	tear_down();
}
END_TEST

START_TEST(what_earlier_holders_left_does_not_pile_up)
{
	unsigned dirs = 0;
	char path[160];
	struct dirent *entry;
	DIR *dir;

	set_up();
	make_dir("shared");
	for (uint64_t number = 10; number < 15; number++)
		play(number);
	snprintf(path, sizeof(path), "%s/" SHARED_UNIT, root);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL)
		dirs += entry->d_name[0] != '.';
	closedir(dir);
	ck_assert_uint_eq(dirs, 1);
	tear_down();
}
END_TEST

START_TEST(it_does_not_start_without_its_directory)
{
	struct spec spec;

	set_up();
	spec = singleton(20);
	spec.backoff_ms = 100;
	spec.backoff_max_ms = 100;
	spec.max_restarts = 1000;
	start(&spec);
	await_life(LIFE_PAUSING);
	ck_assert_uint_eq(unit->starts, 0);
	make_dir("shared");
	ck_assert_int_eq(await_end(), HOW_DONE);
	ck_assert_str_eq(contents("seen"), "0\n1\n2\n");
	tear_down();
}
END_TEST

START_TEST(without_a_limit_what_it_writes_is_not_measured)
{
	struct spec spec;

	set_up();
	make_dir("shared");
	spec = singleton(30);
	spec.argv[2] = "echo long >${HOLDFAST_CHECKPOINT%checkpoint}output; "
		       "sleep 1.5; exit 0";
	start(&spec);
	ck_assert_int_eq(await_end(), HOW_DONE);
	ck_assert_uint_eq(unit->starts, 1);
	tear_down();
}
END_TEST

TEST_MAIN("keep_state", what_it_saved_is_there_at_the_next_start_in_place,
	  what_earlier_holders_left_does_not_pile_up,
	  it_does_not_start_without_its_directory,
	  without_a_limit_what_it_writes_is_not_measured)
