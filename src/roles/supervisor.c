/* supervisor - starts and restarts everything else, and stops the work.
 *
 * Bare on purpose: no allocation, no LMDB, no HTTP, no shared storage, no
 * threads, nothing that waits.  It makes what runs like what the board says
 * should run; signals only make it look.  When the guardian is gone it kills
 * everything, proves it dead, and goes too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "io/cgroup.h"
#include "io/clock.h"
#include "io/events.h"
#include "io/log.h"
#include "io/proc.h"
#include "io/title.h"
#include "roles/giveback.h"
#include "roles/news.h"
#include "roles/supervisor_parts.h"

#define BEAT_MS	    1000 /* a sign of life at least so often */
#define END_LOOK_MS 5000 /* between complaints about what won't die */

static void hear_guardian_end(void *arg, uint32_t events)
{
	struct supervisor *supervisor = arg;

	(void)events;
	supervisor->guardian_gone = true;
}

static void hear_bell(void *arg, uint32_t events)
{
	(void)events;
	bell_clear(*(const int *)arg);
}

static int listen_to_all(struct supervisor *supervisor)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT,  SIGHUP,
				       SIGQUIT, SIGUSR1, SIGUSR2, SIGTTIN,
				       SIGTTOU, SIGPWR,	 0 };
	struct heritage *heritage = supervisor->heritage;
	int rc = loop_open(&supervisor->loop, signals);

	if (rc == 0)
		rc = loop_add(&supervisor->loop, heritage->guardian_alive[0],
			      EPOLLIN, hear_guardian_end, supervisor);
	if (rc == 0)
		rc = loop_add(&supervisor->loop,
			      heritage->bells[ROLE_SUPERVISOR], EPOLLIN,
			      hear_bell, &heritage->bells[ROLE_SUPERVISOR]);
	if (rc == 0)
		rc = deadline_open(&supervisor->deadline, heritage,
				   &supervisor->loop);
	if (rc != 0)
		log_err(rc, "supervisor: cannot listen");
	return rc;
}

/* ---- what the guardian passes on ---- */

static void set_drain(struct supervisor *supervisor, bool drain)
{
	struct board *board = supervisor->board;

	if (board->drain == (uint32_t)drain)
		return;
	board->drain = drain;
	log_info("supervisor: drain=%u", board->drain);
	events_add(board, drain ? EVENT_DRAIN : EVENT_UNDRAIN,
		   supervisor->heritage->config->node, "by an operator");
	news_tell(supervisor->heritage);
}

/* True when the journal role has something to see. */
static bool hear_operators(struct supervisor *supervisor)
{
	uint32_t wish = atomic_exchange(&supervisor->board->drain_wish,
					DRAIN_WISH_NONE);

	if (wish == DRAIN_WISH_NONE)
		return false;
	set_drain(supervisor, wish == DRAIN_WISH_ON);
	return true;
}

static void take_signals(struct supervisor *supervisor)
{
	struct board *board = supervisor->board;
	struct loop *loop = &supervisor->loop;
	bool changed = false;

	if (loop_took(loop, SIGUSR2)) {
		set_drain(supervisor, board->drain == 0);
		changed = true;
	}
	if (loop_took(loop, SIGPWR)) {
		set_drain(supervisor, true);
		changed = true;
	}
	if (loop_took(loop, SIGUSR1))
		reconcile_reopen_logs(&supervisor->work);
	if (loop_took(loop, SIGTTIN)) {
		board->workers_delta++;
		changed = true;
	}
	if (loop_took(loop, SIGTTOU)) {
		if (board->workers > 1)
			board->workers_delta--;
		changed = true;
	}
	changed |= hear_operators(supervisor);
	if (changed)
		bell_ring(supervisor->heritage->bells[ROLE_JOURNAL]);
}

/* ---- children ---- */

static void take_ended(void *arg, pid_t pid, int status)
{
	struct supervisor *supervisor = arg;

	if (!crew_took(&supervisor->crew, pid, status, clock_ms()))
		reconcile_took(&supervisor->work, pid, status);
}

static void reap(struct supervisor *supervisor)
{
	if (loop_took(&supervisor->loop, SIGCHLD))
		proc_reap(take_ended, supervisor);
}

/* ---- the end ---- */

/* Kills all there is, at once, and returns when it is proven dead. */
static void end_everything(struct supervisor *supervisor)
{
	int cgroup = supervisor->heritage->cgroup;

	atomic_store(&supervisor->board->ending, 1);
	do {
		if (cgroup != -1)
			cgroup_kill(cgroup);
		supervisor->board->supervisor_beat_ms = clock_ms();
	} while (proc_end_all(END_LOOK_MS, NULL, NULL) != 0 ||
		 (cgroup != -1 &&
		  cgroup_tree_empty(cgroup, END_LOOK_MS) == -ETIMEDOUT));
}

/* ---- the loop ---- */

static void introduce(struct supervisor *supervisor)
{
	struct heritage *heritage = supervisor->heritage;

	log_role("supervisor");
	title_set("supervisor");
	/* Out of the terminal's reach: only the guardian hears Ctrl-C. */
	setsid();
	proc_adopt_orphans();
	close(heritage->guardian_alive[1]);
	heritage->guardian_alive[1] = -1;
	supervisor->board->supervisor_beat_ms = clock_ms();
	supervisor->board->roles[ROLE_GUARDIAN].pid = getppid();
	supervisor->board->roles[ROLE_SUPERVISOR].pid = getpid();
}

static int64_t next_turn(const struct supervisor *supervisor, int64_t now_ms)
{
	int64_t next_ms = now_ms + BEAT_MS;
	int64_t others[] = { crew_next(&supervisor->crew),
			     reconcile_next(&supervisor->work, now_ms),
			     LOOP_NO_DEADLINE };

	if (supervisor->stage != STAGE_RUN)
		others[2] = supervisor->deadline_ms;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] < next_ms)
			next_ms = others[i];
	return next_ms;
}

int supervisor_main(struct heritage *heritage)
{
	/* Static, so that it is there before memory runs short. */
	static struct supervisor supervisor;
	int64_t next_ms = 0;
	int64_t now_ms;

	supervisor.heritage = heritage;
	supervisor.board = heritage->board;
	introduce(&supervisor);
	if (listen_to_all(&supervisor) != 0)
		return 1;
	crew_init(&supervisor.crew, heritage, &supervisor.loop);
	reconcile_init(&supervisor.work, heritage, &supervisor.loop,
		       &supervisor.crew);

	while (supervisor.stage != STAGE_DONE && !supervisor.guardian_gone) {
		loop_wait(&supervisor.loop, next_ms);
		now_ms = clock_ms();
		supervisor.board->supervisor_beat_ms = now_ms;
		deadline_step(&supervisor.deadline, &supervisor.work);
		take_signals(&supervisor);
		reap(&supervisor);
		supervisor_stop(&supervisor, now_ms);
		crew_step(&supervisor.crew, now_ms);
		reconcile_step(&supervisor.work, supervisor.stopping > 0,
			       now_ms);
		deadline_settle(&supervisor.deadline, &supervisor.work);
		next_ms = next_turn(&supervisor, now_ms);
	}
	if (supervisor.guardian_gone)
		log_err(0, "supervisor: the guardian is gone, ending all");
	end_everything(&supervisor);
	if (supervisor.guardian_gone)
		deadline_disarm(heritage);
	giveback(heritage, &supervisor.loop);
	return supervisor.guardian_gone ? 1 : 0;
}
