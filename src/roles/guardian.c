/* guardian - the outermost process; PID 1 of a container.
 *
 * Holds what must outlive the rest: the lock on STATE, the sockets, the
 * board.  Passes signals on, reaps what is orphaned, and when the supervisor
 * is gone or late kills everything below, proves it dead, and starts it anew.
 */
#define _GNU_SOURCE
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/events.h"
#include "io/log.h"
#include "io/loop.h"
#include "io/proc.h"
#include "io/title.h"
#include "io/urgent.h"
#include "roles/birth.h"
#include "roles/estate.h"
#include "roles/giveback.h"
#include "roles/guardian_parts.h"
#include "roles/news.h"

#define READY_LOOK_MS 20 /* until the node is ready */

static void ring_all(const struct guardian *guardian)
{
	for (int role = 0; role < ROLE_MAX; role++)
		if (guardian->heritage.bells[role] != -1)
			bell_ring(guardian->heritage.bells[role]);
}

/* ---- reloading ---- */

static void count_refusal(struct board *board)
{
	board->refused_wall_ms = clock_wall_ms();
	board->reload_refused++;
}

static void begin_reload(struct guardian *guardian, int64_t now_ms)
{
	manager_reloading(&guardian->manager);
	reload_begin(&guardian->reload, &guardian->heritage, &guardian->loop,
		     now_ms);
	if (guardian->reload.pid != 0)
		return;
	/* It could not be begun, which was said. */
	count_refusal(guardian->board);
	manager_reloaded(&guardian->manager, false);
}

void guardian_take_reload(struct guardian *guardian, bool good)
{
	manager_reloaded(&guardian->manager, good);
	if (good) {
		guardian->board->refused_wall_ms = 0;
		guardian->board->config_generation++;
		events_add(guardian->board, EVENT_RELOADED,
			   guardian->heritage.config->node, "generation %u",
			   guardian->board->config_generation);
		log_info("guardian: reloaded generation=%u",
			 guardian->board->config_generation);
		ring_all(guardian);
	} else {
		count_refusal(guardian->board);
		events_add(guardian->board, EVENT_RELOAD_REFUSED,
			   guardian->heritage.config->node,
			   "the configuration has errors, see the log");
		log_err(0, "guardian: reload refused, nothing was changed");
	}
	news_tell(&guardian->heritage);
	if (guardian->reload.again) {
		guardian->reload.again = false;
		begin_reload(guardian, clock_ms());
	}
}

/* ---- signals ---- */

static void ask_to_stop(struct guardian *guardian, uint32_t wish)
{
	static const char *const how[] = { "", "in order", "without waiting",
					   "at once" };

	if (wish <= guardian->board->stopping)
		return;
	manager_stopping(&guardian->manager);
	events_add(guardian->board, EVENT_NODE_STOPPING,
		   guardian->heritage.config->node, "%s", how[wish]);
	guardian->board->stopping = wish;
	news_tell(&guardian->heritage);
	log_info("guardian: stopping wish=%u", wish);
	ring_all(guardian);
	/* Between an end and a restart nobody else would act upon it. */
	if (guardian->supervisor == 0) {
		guardian->done = true;
		guardian->exit_code = 0;
	}
}

static void pass_on(struct guardian *guardian, int signal)
{
	if (loop_took(&guardian->loop, signal) && guardian->supervisor != 0)
		kill(guardian->supervisor, signal);
}

static void take_signals(struct guardian *guardian, int64_t now_ms)
{
	struct loop *loop = &guardian->loop;
	bool asked = loop_took(loop, SIGTERM);

	asked |= loop_took(loop, SIGINT);
	asked |= loop_took(loop, guardian->rtmin3);
	if (asked)
		ask_to_stop(guardian, guardian->board->stopping == 0 ? 1 : 2);
	if (loop_took(loop, SIGQUIT))
		ask_to_stop(guardian, 3);
	if (loop_took(loop, SIGPWR)) {
		if (guardian->supervisor != 0)
			kill(guardian->supervisor, SIGPWR);
		ask_to_stop(guardian, 1);
	}
	asked = loop_took(loop, SIGHUP);
	if (guardian->board->reload_wish != guardian->reload_wish) {
		guardian->reload_wish = guardian->board->reload_wish;
		asked = true;
	}
	if (asked && guardian->board->stopping == 0)
		begin_reload(guardian, now_ms);
	pass_on(guardian, SIGUSR1);
	pass_on(guardian, SIGUSR2);
	pass_on(guardian, SIGTTIN);
	pass_on(guardian, SIGTTOU);
}

/* ---- the loop ---- */

/* A child without which the node must not be has ended. */
static void hear_essential(struct guardian *guardian)
{
	if (guardian->board->exit_set != 0)
		ask_to_stop(guardian, 1);
}

static void tell_manager(struct guardian *guardian, int64_t now_ms)
{
	if (!guardian->manager.ready && guardian->board->ready) {
		log_info("guardian: ready after_ms=%lld",
			 (long long)(now_ms - guardian->opened_ms));
		manager_ready(&guardian->manager);
	}
	manager_turn(&guardian->manager, guardian->board, now_ms);
}

static int64_t next_turn(const struct guardian *guardian, int64_t now_ms)
{
	int64_t look_ms =
		guardian->manager.ready ? GUARDIAN_LOOK_MS : READY_LOOK_MS;
	int64_t next_ms = manager_deadline(&guardian->manager);
	int64_t ping_ms = now_ms + deadline_ping(&guardian->heritage);

	if (guardian->unburied)
		return now_ms;
	if (now_ms + look_ms < next_ms)
		next_ms = now_ms + look_ms;
	if (ping_ms < next_ms)
		next_ms = ping_ms;
	if (guardian->supervisor == 0 && guardian->start_ms < next_ms)
		next_ms = guardian->start_ms;
	return next_ms;
}

static void hear_bell(void *arg, uint32_t events)
{
	(void)events;
	bell_clear(*(const int *)arg);
}

/* PID 1 gets no signal it neither handles nor blocks.  Before it listens there
 * is nothing to be stopped, but much to wait for.
 */
static void leave(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

static void leave_when_asked(bool leaves)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGQUIT, SIGPWR };

	if (getpid() != 1)
		return;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], leaves ? leave : SIG_DFL);
	signal(SIGRTMIN + 3, leaves ? leave : SIG_DFL);
}

static int listen_to_all(struct guardian *guardian)
{
	int signals[] = { SIGCHLD, SIGTERM, SIGINT,  SIGQUIT, SIGHUP, SIGUSR1,
			  SIGUSR2, SIGTTIN, SIGTTOU, SIGPWR,  0,      0 };
	int *bell = &guardian->heritage.bells[ROLE_GUARDIAN];
	int rc;

	guardian->rtmin3 = SIGRTMIN + 3;
	signals[sizeof(signals) / sizeof(signals[0]) - 2] = guardian->rtmin3;
	rc = loop_open(&guardian->loop, signals);
	leave_when_asked(false);
	if (rc == 0)
		rc = loop_add(&guardian->loop, *bell, EPOLLIN, hear_bell, bell);
	if (rc == 0)
		rc = deadline_open(&guardian->deadline, &guardian->heritage,
				   &guardian->loop);
	if (rc != 0)
		log_err(rc, "guardian: cannot listen");
	return rc;
}

/* Whatever started us may have left signals ignored and standard descriptors
 * closed: the next descriptors opened would be taken for them.
 */
static void tidy_up(void)
{
	int fd;

	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	leave_when_asked(true);
	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd < STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

static void introduce(struct guardian *guardian)
{
	guardian->opened_ms = clock_ms();
	tidy_up();
	log_role("guardian");
	manager_open(&guardian->manager);
	title_open();
	title_set("guardian");
	proc_adopt_orphans();
	birth_shield();
}

static void dissolve(struct guardian *guardian)
{
	if (guardian->heritage.board != NULL &&
	    guardian_end_everything(guardian)) {
		deadline_disarm(&guardian->heritage);
		giveback(&guardian->heritage, &guardian->loop);
	}
	estate_close(&guardian->heritage);
	log_info("guardian: ended exit=%d", guardian->exit_code);
}

int guardian_main(const struct config *config, const char *config_path)
{
	static struct guardian guardian = { .exit_code = 1 };
	int64_t now_ms;

	log_setup((enum log_level)config->log_level, config->log_format);
	introduce(&guardian);
	guardian.done =
		estate_open(&guardian.heritage, config, config_path) != 0 ||
		listen_to_all(&guardian) != 0;
	guardian.board = guardian.heritage.board;
	if (config->cluster.present)
		urgent_raise(); /* who kills must come before who is killed */
	if (!guardian.done)
		events_add(guardian.board, EVENT_NODE_STARTED, config->node,
			   "holdfast " PACKAGE_VERSION);

	while (!guardian.done) {
		now_ms = clock_ms();
		take_signals(&guardian, now_ms);
		if (loop_took(&guardian.loop, SIGCHLD))
			proc_reap(guardian_took, &guardian);
		hear_essential(&guardian);
		reload_step(&guardian.reload, now_ms);
		guardian_keep_supervisor(&guardian, now_ms);
		tell_manager(&guardian, now_ms);
		if (!guardian.done)
			loop_wait(&guardian.loop, next_turn(&guardian, now_ms));
	}
	if (guardian.exit_code == 0 && guardian.board->exit_set != 0)
		guardian.exit_code = guardian.board->exit_code;
	dissolve(&guardian);
	return guardian.exit_code;
}
