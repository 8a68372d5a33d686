/* Drives a worker without a node: a board, a channel and a spec are all it
 * knows of one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/message.h"
#include "core/spec.h"
#include "io/cgroup.h"
#include "io/channel.h"
#include "io/clock.h"
#include "io/loop.h"
#include "io/tree.h"
#include "roles/heritage.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define SLOT	    5
#define TOKEN	    UINT64_C(0x200000003)
#define PATIENCE_MS 30000

static char root[TMP_DIR_MAX];
static char work_dir[256];
static struct config config;
static struct heritage heritage;
static struct holding *holding;
static pid_t worker;
static uint8_t packet[MESSAGE_MAX];

/* What came of it. */
static struct message last;
static char last_text[JOB_DETAIL_MAX + 1];
static char progress_text[JOB_DETAIL_MAX + 1];
static unsigned started;
static unsigned progress_count;
static int32_t percent;
static bool percent_fell;

static void set_up(void)
{
	char path[TMP_DIR_MAX + 16];

	tmp_dir(root, "worker");
	snprintf(path, sizeof(path), "%s/work", root);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/jobs", root);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(work_dir, sizeof(work_dir), "%s/jobs/ID/%016llx", root,
		 (unsigned long long)TOKEN);
	config.state = root;
	heritage.config = &config;
	heritage.board = board_new();
	heritage.cgroup = -1;
	ck_assert_ptr_nonnull(heritage.board);
	ck_assert_int_eq(channel_pair(heritage.worker_link), 0);
	/* One after the other, as they are said. */
	memcpy(heritage.word_link, heritage.worker_link,
	       sizeof(heritage.word_link));
	ck_assert_int_eq(pipe2(heritage.supervisor_alive, O_CLOEXEC), 0);
	for (int role = 0; role < ROLE_MAX; role++)
		heritage.bells[role] = bell_open();
	holding = &heritage.board->holdings[SLOT];
	started = 0;
	progress_count = 0;
	percent = JOB_PERCENT_NONE;
	percent_fell = false;
}

static void tear_down(void)
{
	tmp_dir_remove(root);
}

/* A job of one line of shell. */
static struct spec shell(const char *line)
{
	return (struct spec){ .token = TOKEN,
			      .kind = UNIT_JOB,
			      .attempt = 1,
			      .unit = "test",
			      .id = "ID",
			      .argv = { "/bin/sh", "-c", line },
			      .dir = "",
			      .user = "",
			      .group = "",
			      .umask = -1,
			      .stop_signal = SIGTERM,
			      .stop_timeout_ms = 10000,
			      .work_dir = work_dir };
}

static void start(const struct spec *spec)
{
	static uint8_t bytes[SPEC_MAX];
	char name[128];
	int len = spec_encode(spec, bytes, sizeof(bytes));

	ck_assert_int_gt(len, 0);
	snprintf(name, sizeof(name), "%s/work/%016llx", root,
		 (unsigned long long)TOKEN);
	ck_assert_int_eq(tree_write(AT_FDCWD, name, bytes, (size_t)len), 0);
	atomic_store(&holding->kind, UNIT_JOB);
	atomic_store(&holding->wanted, WANTED_RUN);
	atomic_store(&holding->token, TOKEN);
	atomic_store(&holding->phase, PHASE_FORKED);
	worker = fork();
	if (worker == 0)
		_exit(worker_main(&heritage, SLOT));
	ck_assert_int_gt(worker, 0);
}

static void note(const struct message *message)
{
	ck_assert_uint_eq(message->token, TOKEN);
	ck_assert_uint_eq(message->slot, SLOT);
	if (message->kind == MESSAGE_STARTED)
		started++;
	if (message->kind == MESSAGE_PROGRESS) {
		progress_count++;
		percent_fell = percent_fell || message->percent < percent;
		percent = message->percent;
		text_copy(message->text, progress_text, sizeof(progress_text));
	}
	last = *message;
	text_copy(message->text, last_text, sizeof(last_text));
}

/* The next message; fails after PATIENCE_MS. */
static void hear(void)
{
	struct pollfd ready = { .fd = heritage.worker_link[1],
				.events = POLLIN };
	struct message message;
	int len;

	ck_assert_int_eq(poll(&ready, 1, PATIENCE_MS), 1);
	len = channel_receive(heritage.worker_link[1], packet, sizeof(packet));
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(message_decode(&message, packet, (size_t)len), 0);
	note(&message);
}

static void hear_outcome(void)
{
	do
		hear();
	while (last.kind != MESSAGE_OUTCOME);
}

static void settle(void)
{
	int status;

	atomic_store(&holding->settled, TOKEN);
	ck_assert_int_eq(waitpid(worker, &status, 0), worker);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(atomic_load(&holding->phase), PHASE_STOPPED);
}

static void run(const struct spec *spec)
{
	start(spec);
	hear_outcome();
	settle();
}

static bool exists(const char *dir, const char *name)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

/* What is in file NAME of DIR. */
static const char *contents(const char *dir, const char *name)
{
	static char text[4096];
	char path[320];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY);
	ck_assert_msg(fd != -1, "%s", path);
	len = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(len, 0);
	text[len] = '\0';
	close(fd);
	return text;
}

START_TEST(a_command_that_exits_0_is_done_and_leaves_nothing)
{
	struct spec spec = shell("exit 0");

	set_up();
	run(&spec);
	ck_assert_uint_eq(started, 1);
	ck_assert_int_eq(last.how, HOW_DONE);
	ck_assert_int_eq(last.exit, 0);
	ck_assert(!last.has_output);
	ck_assert(!exists(root, "jobs/ID"));
	tear_down();
}
END_TEST

START_TEST(its_output_and_log_are_kept_and_its_scratch_is_not)
{
	struct spec spec = shell("echo hello; echo x >y; pwd >&2; "
				 "echo result >$HOLDFAST_OUTPUT");
	char env[300];

	set_up();
	snprintf(env, sizeof(env), "HOLDFAST_OUTPUT=%s/output", work_dir);
	spec.env[0] = env;
	spec.wants_output = true;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_DONE);
	ck_assert(last.has_output);
	ck_assert_uint_eq(last.output_size, 7);
	ck_assert_str_eq(contents(work_dir, "output"), "result\n");
	ck_assert_ptr_nonnull(strstr(contents(work_dir, "log"), "hello\n"));
	ck_assert_ptr_nonnull(strstr(contents(work_dir, "log"), "/scratch\n"));
	ck_assert(!exists(work_dir, "scratch"));
	tear_down();
}
END_TEST

START_TEST(a_failed_one_tells_its_last_words)
{
	struct spec spec = shell("echo first >&2; printf 'disk \\033[1mfull"
				 "\\n\\n  ' >&2; exit 3");

	set_up();
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_int_eq(last.exit, 3);
	ck_assert_str_eq(last_text, "disk full");
	tear_down();
}
END_TEST

START_TEST(exit_75_means_later_and_other_codes_may_mean_done)
{
	struct spec spec = shell("exit 75");

	set_up();
	run(&spec);
	ck_assert_int_eq(last.how, HOW_LATER);
	tear_down();

	set_up();
	spec = shell("exit 9");
	spec.ok_exit[0] = 9;
	spec.ok_exit_count = 1;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_DONE);
	ck_assert_int_eq(last.exit, 9);
	tear_down();
}
END_TEST

START_TEST(a_command_killed_by_a_signal_says_which)
{
	struct spec spec = shell("kill -9 $$");

	set_up();
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_int_eq(last.exit, 128 + 9);
	tear_down();
}
END_TEST

START_TEST(a_command_that_cannot_run_says_why)
{
	struct spec spec = shell("");

	set_up();
	spec.argv[0] = "/nonexistent/command";
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_int_eq(last.exit, 127);
	ck_assert_str_eq(last_text, "cannot run /nonexistent/command: "
				    "No such file or directory");
	ck_assert_uint_eq(started, 0);
	tear_down();
}
END_TEST

START_TEST(a_directory_or_user_that_is_not_there_is_named)
{
	struct spec spec = shell("");

	set_up();
	spec.dir = "/nonexistent";
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_str_eq(last_text, "cannot enter directory /nonexistent: "
				    "No such file or directory");
	tear_down();

	set_up();
	spec = shell("");
	spec.user = "no-such-user";
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_ptr_nonnull(strstr(last_text, "no-such-user"));
	tear_down();
}
END_TEST

START_TEST(a_spec_that_is_not_there_is_an_outcome_too)
{
	struct spec spec = shell("");

	set_up();
	spec.token = TOKEN + 1;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_ptr_nonnull(strstr(last_text, "spec"));
	tear_down();
}
END_TEST

START_TEST(done_without_the_wanted_output_is_a_failure)
{
	struct spec spec = shell("exit 0");

	set_up();
	spec.wants_output = true;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_str_eq(last_text, "ended without writing its output");
	tear_down();
}
END_TEST

START_TEST(an_output_that_is_a_link_is_refused)
{
	struct spec spec = shell("ln -s /etc/passwd ../output");

	set_up();
	spec.wants_output = true;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_str_eq(last_text, "output is not a regular file of its own");
	tear_down();
}
END_TEST

START_TEST(storage_that_fails_is_no_fault_of_the_job)
{
	struct spec spec = shell("true");

	set_up();
	spec.work_dir = "/no/such/shared/jobs/ID/0000000200000003";
	run(&spec);
	ck_assert_int_eq(last.how, HOW_LATER);
	tear_down();

	/* But not for ever. */
	set_up();
	spec.attempt = 20;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_str_eq(last_text, "cannot make directory "
				    "/no/such/shared/jobs/ID/0000000200000003: "
				    "No such file or directory");
	tear_down();
}
END_TEST

START_TEST(an_output_beyond_its_limit_ends_the_job)
{
	struct spec spec = shell("echo 123456789 >../output");

	set_up();
	spec.wants_output = true;
	spec.max_output = 9;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_str_eq(last_text, "output is larger than the limit of 9 "
				    "bytes");
	tear_down();

	set_up();
	spec = shell("echo 123456789 >../temporary; sleep 100");
	spec.wants_output = true;
	spec.max_output = 9;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_FAILED);
	ck_assert_str_eq(last_text, "output is larger than the limit of 9 "
				    "bytes");
	tear_down();
}
END_TEST

START_TEST(progress_is_told_and_never_goes_back)
{
	struct spec spec = shell("echo '10 ten' >&3; echo '5 five' >&3; "
				 "echo nonsense >&3; printf '\\377\\n200\\n' "
				 ">&3; echo 42.5 >&3");

	set_up();
	run(&spec);
	ck_assert_int_eq(last.how, HOW_DONE);
	ck_assert_int_eq(percent, 4250);
	ck_assert_str_eq(progress_text, "five");
	ck_assert(!percent_fell);
	tear_down();
}
END_TEST

START_TEST(ten_thousand_lines_a_second_are_ten_messages)
{
	struct spec spec =
		shell("i=0; while [ $i -lt 30000 ]; do "
		      "echo \"$((i / 300)) line $i\" >&3; i=$((i+1)); done");
	int64_t begin_ms;
	int64_t took_ms;

	set_up();
	begin_ms = clock_ms();
	run(&spec);
	took_ms = clock_ms() - begin_ms;
	ck_assert_int_eq(last.how, HOW_DONE);
	ck_assert_int_eq(percent, 9900);
	ck_assert_str_eq(progress_text, "line 29999");
	ck_assert(!percent_fell);
	ck_assert_uint_le(progress_count, (unsigned)(took_ms / 100) + 2);
	tear_down();
}
END_TEST

START_TEST(a_status_of_sd_notify_is_the_message)
{
	static const char line[] =
		"python3 -c 'import os, socket;"
		"s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM);"
		"s.sendto(b\"STATUS=half way\\nX_HOLDFAST_PROGRESS=50\","
		" os.environ[\"NOTIFY_SOCKET\"])'";
	struct spec spec = shell(line);

	set_up();
	run(&spec);
	if (last.exit == 127) {
		tear_down();
		return; /* no Python to speak for us */
	}
	ck_assert_int_eq(last.how, HOW_DONE);
	ck_assert_int_eq(percent, 5000);
	ck_assert_str_eq(progress_text, "half way");
	tear_down();
}
END_TEST

START_TEST(the_command_sees_only_descriptors_0_to_3)
{
	/* The shell's own fd for /proc is 4; ls sees none of it. */
	struct spec spec = shell("exec ls /proc/self/fd >../fds");
	int leaked;

	set_up();
	leaked = open("/dev/null", O_RDONLY); /* not close-on-exec */
	ck_assert_int_gt(leaked, 3);
	run(&spec);
	ck_assert_int_eq(last.how, HOW_DONE);
	/* 4 is the directory ls reads. */
	ck_assert_str_eq(contents(work_dir, "fds"), "0\n1\n2\n3\n4\n");
	close(leaked);
	tear_down();
}
END_TEST

START_TEST(the_command_starts_with_a_clean_slate)
{
	struct spec spec =
		/* Signals 32 and 33 are the C library's own and out of reach.
		 */
		shell("umask >../state; grep -E 'Sig(Blk|Ign)' "
		      "/proc/self/status | sed 's/180000000//' | "
		      "tr -d '0 \\t' >>../state; "
		      "echo \"$A:$HOLDFAST_PROGRESS_FD:$FOO\" >>../state; "
		      "test \"$(ps -o sid= -p $$)\" -eq $$ >>../state; "
		      "cat >>../state; nice >>../state");

	set_up();
	signal(SIGUSR2, SIG_IGN);
	setenv("FOO", "from the node", 1);
	spec.env[0] = "A=one";
	spec.umask = 027;
	spec.nice = 3;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_DONE);
	ck_assert_str_eq(contents(work_dir, "state"),
			 "0027\nSigBlk:\nSigIgn:\none:3:\n3\n");
	tear_down();
}
END_TEST

START_TEST(a_stopped_command_is_asked_politely_first)
{
	struct spec spec = shell("trap 'echo bye >&2; exit 0' TERM; "
				 "echo 1 >&3; while :; do sleep 0.01; done");

	set_up();
	start(&spec);
	do
		hear();
	while (last.kind != MESSAGE_PROGRESS);
	ck_assert_int_eq(atomic_load(&holding->phase), PHASE_RUNNING);
	ck_assert_int_eq(kill(worker, SIGTERM), 0);
	hear_outcome();
	settle();
	ck_assert_int_eq(last.how, HOW_STOPPED);
	ck_assert_str_eq(last_text, "bye");
	tear_down();
}
END_TEST

START_TEST(a_command_that_ignores_the_stop_is_killed)
{
	struct spec spec = shell("trap '' TERM; echo 1 >&3; "
				 "while :; do sleep 0.01; done");

	set_up();
	spec.stop_timeout_ms = 50;
	start(&spec);
	do
		hear();
	while (last.kind != MESSAGE_PROGRESS);
	ck_assert_int_eq(kill(worker, SIGTERM), 0);
	hear_outcome();
	settle();
	ck_assert_int_eq(last.how, HOW_STOPPED);
	ck_assert_int_eq(last.exit, 128 + SIGKILL);
	tear_down();
}
END_TEST

START_TEST(a_second_stop_does_not_wait)
{
	struct spec spec = shell("trap 'echo 2 >&3' TERM; echo 1 >&3; "
				 "while :; do sleep 0.01; done");

	set_up();
	spec.stop_timeout_ms = 600000;
	start(&spec);
	do
		hear();
	while (percent != 100);
	ck_assert_int_eq(kill(worker, SIGTERM), 0);
	do
		hear();
	while (percent != 200);
	ck_assert_int_eq(kill(worker, SIGTERM), 0);
	hear_outcome();
	settle();
	ck_assert_int_eq(last.how, HOW_STOPPED);
	tear_down();
}
END_TEST

START_TEST(a_command_beyond_its_time_is_stopped)
{
	struct spec spec = shell("trap '' TERM; while :; do sleep 0.01; done");

	set_up();
	spec.timeout_ms = 50;
	spec.stop_timeout_ms = 50;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_TIMEOUT);
	ck_assert_int_eq(last.exit, 128 + SIGKILL);
	tear_down();
}
END_TEST

/* Forks twice, in sessions of their own, ignoring what can be ignored, and
 * leaves the number of the last one in ../pid.
 */
#define RUNAWAY                                                   \
	"trap '' TERM HUP INT; "                                  \
	"setsid sh -c '(setsid sh -c \"echo \\$\\$ >../pid.new; " \
	"mv ../pid.new ../pid; exec sleep 1000\") & exit 0' & "   \
	"until [ -s ../pid ]; do sleep 0.01; done; "

static void assert_runaway_is_dead(void)
{
	pid_t pid = (pid_t)strtol(contents(work_dir, "pid"), NULL, 10);

	ck_assert_int_gt(pid, 1);
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
}

START_TEST(what_forked_away_is_dead_before_the_end_is_told)
{
	struct spec spec = shell(RUNAWAY "exit 0");

	set_up();
	start(&spec);
	hear_outcome();
	assert_runaway_is_dead();
	settle();
	ck_assert_int_eq(last.how, HOW_DONE);
	tear_down();
}
END_TEST

START_TEST(what_forked_away_dies_in_a_control_group_too)
{
	struct spec spec = shell(RUNAWAY "cat /proc/self/cgroup >../group");
	char name[64];
	int tree;

	/* Another test may run beside us. */
	snprintf(name, sizeof(name), "holdfast-test-worker-%d", (int)getpid());
	tree = cgroup_tree_open(name, 1000);
	if (tree < 0)
		return;
	set_up();
	heritage.cgroup = tree;
	start(&spec);
	hear_outcome();
	assert_runaway_is_dead();
	settle();
	ck_assert_int_eq(last.how, HOW_DONE);
	ck_assert_ptr_nonnull(strstr(contents(work_dir, "group"), name));
	ck_assert_ptr_nonnull(strstr(contents(work_dir, "group"), "/w5"));
	cgroup_tree_remove(tree, name, 1000);
	tear_down();
}
END_TEST

START_TEST(the_outcome_is_repeated_until_it_is_kept)
{
	struct spec spec = shell("exit 4");

	set_up();
	start(&spec);
	hear_outcome();
	/* It says so on the board after the message. */
	for (int i = 0; i < 1000; i++)
		if (atomic_load(&holding->phase) != PHASE_STOPPED)
			usleep(1000);
	ck_assert_int_eq(atomic_load(&holding->phase), PHASE_STOPPED);
	hear();
	ck_assert_int_eq(last.kind, MESSAGE_OUTCOME);
	ck_assert_int_eq(last.exit, 4);
	settle();
	tear_down();
}
END_TEST

START_TEST(a_full_channel_delays_the_end_but_loses_nothing)
{
	struct spec spec = shell("exit 0");
	static uint8_t filler[MESSAGE_MAX];
	int sent = 0;

	set_up();
	while (channel_send(heritage.worker_link[0], filler, sizeof(filler)) ==
	       0)
		sent++;
	start(&spec);
	usleep(100000);
	ck_assert_int_ne(atomic_load(&holding->phase), PHASE_STOPPED);
	while (sent-- > 0)
		ck_assert_int_eq(channel_receive(heritage.worker_link[1],
						 packet, sizeof(packet)),
				 sizeof(packet));
	hear_outcome();
	settle();
	ck_assert_uint_eq(started, 1);
	ck_assert_int_eq(last.how, HOW_DONE);
	tear_down();
}
END_TEST

START_TEST(what_was_called_off_never_starts)
{
	struct spec spec = shell("exit 0");
	int status;

	set_up();
	start(&spec);
	ck_assert_int_eq(kill(worker, SIGKILL), 0);
	ck_assert_int_eq(waitpid(worker, &status, 0), worker);
	while (channel_receive(heritage.worker_link[1], packet,
			       sizeof(packet)) > 0)
		;
	started = 0;
	atomic_store(&holding->wanted, WANTED_STOP);
	worker = fork();
	if (worker == 0)
		_exit(worker_main(&heritage, SLOT));
	hear_outcome();
	settle();
	ck_assert_int_eq(last.how, HOW_STOPPED);
	ck_assert_uint_eq(started, 0);
	tear_down();
}
END_TEST

START_TEST(without_a_supervisor_everything_dies)
{
	struct spec spec = shell(RUNAWAY "echo 1 >&3; sleep 1000");
	int status;

	set_up();
	start(&spec);
	do
		hear();
	while (last.kind != MESSAGE_PROGRESS);
	close(heritage.supervisor_alive[1]);
	ck_assert_int_eq(waitpid(worker, &status, 0), worker);
	assert_runaway_is_dead();
	tear_down();
}
END_TEST

/* Who kills all says so first, and kills the worker last. */
START_TEST(what_was_killed_with_all_the_rest_did_not_fail)
{
	struct spec spec = shell("echo $$ >../pid; touch left; echo 1 >&3; "
				 "exec sleep 1000");
	char scratch[280];
	int len = 0;
	pid_t pid;

	set_up();
	spec.final = true;
	start(&spec);
	do
		hear();
	while (last.kind != MESSAGE_PROGRESS);
	pid = (pid_t)strtol(contents(work_dir, "pid"), NULL, 10);
	atomic_store(&heritage.board->ending, 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	while (len <= 0 && waitpid(worker, NULL, WNOHANG) == 0) {
		usleep(1000);
		len = channel_receive(heritage.worker_link[1], packet,
				      sizeof(packet));
	}
	ck_assert_int_le(len, 0);
	ck_assert_int_ne(atomic_load(&holding->phase), PHASE_STOPPED);
	snprintf(scratch, sizeof(scratch), "%s/scratch", work_dir);
	ck_assert(exists(scratch, "left"));
	tear_down();
}
END_TEST

START_TEST(a_killed_worker_takes_its_command_along)
{
	struct spec spec = shell("echo $$ >../pid; echo 1 >&3; "
				 "exec sleep 1000");
	int64_t deadline_ms;
	pid_t pid;

	set_up();
	start(&spec);
	do
		hear();
	while (last.kind != MESSAGE_PROGRESS);
	pid = (pid_t)strtol(contents(work_dir, "pid"), NULL, 10);
	ck_assert_int_eq(kill(worker, SIGKILL), 0);
	deadline_ms = clock_ms() + PATIENCE_MS;
	while (kill(pid, 0) == 0 && clock_ms() < deadline_ms)
		usleep(1000);
	ck_assert_int_lt(clock_ms(), deadline_ms);
	tear_down();
}
END_TEST

START_TEST(a_foreign_user_owns_its_scratch_but_not_what_is_published)
{
	struct spec spec = shell("id -u >../output; touch x; "
				 "echo '9 x' >&3");
	struct stat st;
	char path[320];

	if (geteuid() != 0)
		return;
	set_up();
	chmod(root, 0755);
	spec.user = "nobody";
	spec.wants_output = true;
	run(&spec);
	ck_assert_int_eq(last.how, HOW_DONE);
	ck_assert_int_eq(percent, 900);
	ck_assert_str_ne(contents(work_dir, "output"), "0\n");
	snprintf(path, sizeof(path), "%s/output", work_dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	tear_down();
}
END_TEST

TEST_MAIN("worker", a_command_that_exits_0_is_done_and_leaves_nothing,
	  its_output_and_log_are_kept_and_its_scratch_is_not,
	  a_failed_one_tells_its_last_words,
	  exit_75_means_later_and_other_codes_may_mean_done,
	  a_command_killed_by_a_signal_says_which,
	  a_command_that_cannot_run_says_why,
	  a_directory_or_user_that_is_not_there_is_named,
	  a_spec_that_is_not_there_is_an_outcome_too,
	  done_without_the_wanted_output_is_a_failure,
	  an_output_that_is_a_link_is_refused,
	  storage_that_fails_is_no_fault_of_the_job,
	  an_output_beyond_its_limit_ends_the_job,
	  progress_is_told_and_never_goes_back,
	  ten_thousand_lines_a_second_are_ten_messages,
	  a_status_of_sd_notify_is_the_message,
	  the_command_sees_only_descriptors_0_to_3,
	  the_command_starts_with_a_clean_slate,
	  a_stopped_command_is_asked_politely_first,
	  a_command_that_ignores_the_stop_is_killed,
	  a_second_stop_does_not_wait, a_command_beyond_its_time_is_stopped,
	  what_forked_away_is_dead_before_the_end_is_told,
	  what_forked_away_dies_in_a_control_group_too,
	  the_outcome_is_repeated_until_it_is_kept,
	  a_full_channel_delays_the_end_but_loses_nothing,
	  what_was_called_off_never_starts,
	  without_a_supervisor_everything_dies,
	  what_was_killed_with_all_the_rest_did_not_fail,
	  a_killed_worker_takes_its_command_along,
	  a_foreign_user_owns_its_scratch_but_not_what_is_published)
