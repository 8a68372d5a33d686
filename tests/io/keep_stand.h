/* keep_stand - drives the worker of a unit that is kept up, without a node: a
 * board, a channel and a spec are all it knows of one.
 */
#ifndef HOLDFAST_TESTS_IO_KEEP_STAND_H
#define HOLDFAST_TESTS_IO_KEEP_STAND_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/message.h"
#include "core/spec.h"
#include "io/channel.h"
#include "io/clock.h"
#include "io/events.h"
#include "io/loop.h"
#include "io/notifysock.h"
#include "io/tree.h"
#include "roles/heritage.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define SLOT	    7
#define PATIENCE_MS 30000

static char root[TMP_DIR_MAX];
static struct config config;
static struct heritage heritage;
static struct holding *holding;
static struct board_unit *unit;
static uint64_t token = BOARD_SERVICE_TOKEN | 3;
static uid_t as_user; /* the worker runs as, 0 = as we do */
static pid_t worker;
static int tree = -1; /* of control groups, -1 = do without */
static uint64_t event_after;

static inline void set_up(void)
{
	char path[TMP_DIR_MAX + 16];

	tmp_dir(root, "keep");
	snprintf(path, sizeof(path), "%s/work", root);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	if (as_user != 0) {
		ck_assert_int_eq(chown(root, as_user, as_user), 0);
		ck_assert_int_eq(chown(path, as_user, as_user), 0);
	}
	config.state = root;
	heritage.config = &config;
	heritage.board = board_new();
	ck_assert_ptr_nonnull(heritage.board);
	heritage.cgroup = tree;
	ck_assert_int_eq(channel_pair(heritage.worker_link), 0);
	/* One after the other, as they are said. */
	memcpy(heritage.word_link, heritage.worker_link,
	       sizeof(heritage.word_link));
	ck_assert_int_eq(pipe2(heritage.supervisor_alive, O_CLOEXEC), 0);
	for (int role = 0; role < ROLE_MAX; role++)
		heritage.bells[role] = bell_open();
	holding = &heritage.board->holdings[SLOT];
	unit = &heritage.board->units[SLOT];
	event_after = 0;
}

static inline void tear_down(void)
{
	tmp_dir_remove(root);
	for (int role = 0; role < ROLE_MAX; role++)
		close(heritage.bells[role]);
	for (int end = 0; end < 2; end++) {
		close(heritage.worker_link[end]);
		close(heritage.supervisor_alive[end]);
	}
}

/* A service of one line of shell, started again at once; it runs in ROOT. */
static inline struct spec service(const char *line)
{
	return (struct spec){ .token = token,
			      .kind = UNIT_SERVICE,
			      .keep = true,
			      .unit = "test",
			      .id = "",
			      .argv = { "/bin/sh", "-c", line },
			      .dir = root,
			      .user = "",
			      .group = "",
			      .umask = -1,
			      .stop_signal = SIGTERM,
			      .stop_timeout_ms = 10000,
			      .work_dir = "",
			      .restart = RESTART_PERMANENT,
			      .max_restarts = 3,
			      .max_seconds_ms = 5000,
			      .ready_tcp = "",
			      .env_file = "",
			      .log = "stderr" };
}

/* As below the supervisor: a signal that comes early waits for the loop. */
static inline void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGQUIT);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
}

static inline void be_worker(void)
{
	if (as_user != 0 && (setgid(as_user) != 0 || setuid(as_user) != 0))
		_exit(99);
	_exit(worker_main(&heritage, SLOT));
}

static inline void start(const struct spec *spec)
{
	static uint8_t bytes[SPEC_MAX];
	char name[128];
	int len = spec_encode(spec, bytes, sizeof(bytes));

	ck_assert_int_gt(len, 0);
	snprintf(name, sizeof(name), "%s/work/%016llx", root,
		 (unsigned long long)token);
	ck_assert_int_eq(tree_write(AT_FDCWD, name, bytes, (size_t)len), 0);
	ck_assert_int_eq(chmod(name, 0644), 0);
	atomic_store(&holding->kind, spec->kind);
	atomic_store(&holding->wanted, WANTED_RUN);
	atomic_store(&holding->token, token);
	atomic_store(&holding->phase, PHASE_FORKED);
	hold_signals();
	worker = fork();
	if (worker == 0)
		be_worker();
	ck_assert_int_gt(worker, 0);
}

#define AWAIT(CONDITION)                                                 \
	do {                                                             \
		int64_t until_ms_ = clock_ms() + PATIENCE_MS;            \
		bool came_;                                              \
                                                                         \
		while (!(came_ = (CONDITION)) && clock_ms() < until_ms_) \
			usleep(200);                                     \
		ck_assert_msg(came_, "%s never", #CONDITION);            \
	} while (0)

static inline void await_life(enum life life)
{
	AWAIT(atomic_load(&unit->life) == life);
}

static inline void await_starts(uint32_t starts)
{
	AWAIT(atomic_load(&unit->starts) >= starts);
}

static inline void ask_to_stop(void)
{
	atomic_store(&holding->wanted, WANTED_STOP);
	ck_assert_int_eq(kill(worker, SIGTERM), 0);
}

/* It ends by itself, or was asked to. */
static inline enum message_how await_end(void)
{
	int status;

	AWAIT(atomic_load(&holding->phase) == PHASE_STOPPED);
	ck_assert_int_eq(atomic_load(&unit->life), LIFE_ENDED);
	ck_assert_int_eq(atomic_load(&unit->pid), 0);
	atomic_store(&holding->settled, token);
	ck_assert_int_eq(waitpid(worker, &status, 0), worker);
	ck_assert_int_eq(status, 0);
	return (enum message_how)atomic_load(&unit->how);
}

static inline enum message_how stop(void)
{
	ask_to_stop();
	return await_end();
}

/* What is in file NAME of ROOT. */
static inline const char *contents(const char *name)
{
	static char text[4096];
	char path[320];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	fd = open(path, O_RDONLY);
	ck_assert_msg(fd != -1, "%s", path);
	len = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(len, 0);
	text[len] = '\0';
	close(fd);
	return text;
}

static inline bool exists(const char *name)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return access(path, F_OK) == 0;
}

static inline const char *text_of_board(const struct board_text *from)
{
	static char text[BOARD_TEXT_MAX + 1];

	board_text_get(from, text, sizeof(text));
	return text;
}

/* The next event of KIND, others left out; NULL when there is none. */
static inline const char *next_event(enum event_kind kind)
{
	static struct event event;

	while (events_next(heritage.board, event_after, &event)) {
		event_after = event.number;
		if (event.kind == kind)
			return event.text;
	}
	return NULL;
}

/* Sends what a process of the unit would. */
static inline void notify(const char *text)
{
	char path[TMP_DIR_MAX + 64];

	snprintf(path, sizeof(path), "%s/work/%016llx.notify", root,
		 (unsigned long long)token);
	ck_assert_int_eq(notifysock_send(path, text, strlen(text)), 0);
}

#endif
