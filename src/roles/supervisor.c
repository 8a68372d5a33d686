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
#include "io/loop.h"
#include "io/proc.h"
#include "io/title.h"
#include "roles/crew.h"
#include "roles/deadline.h"
#include "roles/giveback.h"
#include "roles/news.h"
#include "roles/reconcile.h"

#define BEAT_MS	    1000 /* a sign of life at least so often */
#define NUDGE_MS    1000 /* the owners have so long to say stop */
#define SILENT_MS   3000 /* control that said nothing for so long is dead */
#define SAY_MS	    1000 /* between two words about what is waited for */
#define MARGIN_MS   5000 /* beyond the longest stop-timeout */
#define SHORT_MS    1000 /* every wait, when waits are cut short */
#define FRONT_MS    3000 /* http and control, to answer what they have */
#define JOURNAL_MS  5000 /* journal, to sync */
#define LEASE_MS    2000 /* lease, to give it back */
#define END_LOOK_MS 5000 /* between complaints about what won't die */

/* Of a stop, in this order. */
enum stage {
	STAGE_RUN,
	STAGE_WORK,    /* waiting for the work to stop */
	STAGE_FRONT,   /* http and control */
	STAGE_JOURNAL, /* after them, since they tell it how they ended */
	STAGE_LEASE,   /* after that, so that it shows all of the journal */
	STAGE_BEAT,    /* heartbeat, last, since it tells the others of it */
	STAGE_DONE,
};

struct supervisor {
	struct heritage *heritage;
	struct board *board;
	struct loop loop;
	struct crew crew;
	struct reconcile work;
	struct deadline deadline;
	enum stage stage;
	int64_t stage_ms;    /* when the stage began */
	int64_t deadline_ms; /* of the stage */
	int64_t say_ms;	     /* what is waited for is named next */
	uint32_t stopping;   /* the board's, as last acted upon */
	bool guardian_gone;
};

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

static int64_t longest_stop_ms(const struct config *config)
{
	int64_t longest_ms = 0;

	for (size_t i = 0; i < config->units_count; i++)
		if (config->units[i].stop_timeout_ms > longest_ms)
			longest_ms = config->units[i].stop_timeout_ms;
	return longest_ms;
}

static void enter(struct supervisor *supervisor, enum stage stage,
		  int64_t wait_ms)
{
	int64_t now_ms = clock_ms();

	if (supervisor->stopping > 1 && wait_ms > SHORT_MS)
		wait_ms = SHORT_MS;
	supervisor->stage = stage;
	supervisor->stage_ms = now_ms;
	supervisor->deadline_ms = now_ms + wait_ms;
}

/* The wish to stop, or to stop faster, as the board now has it. */
static void hear_stopping(struct supervisor *supervisor)
{
	uint32_t wish = supervisor->board->stopping;

	if (wish == supervisor->stopping)
		return;
	supervisor->stopping = wish;
	log_info("supervisor: stopping wish=%u", wish);
	if (supervisor->stage == STAGE_RUN)
		enter(supervisor, STAGE_WORK,
		      longest_stop_ms(supervisor->heritage->config) +
			      supervisor->board->stop_budget_ms + MARGIN_MS);
	else
		enter(supervisor, supervisor->stage, SHORT_MS);
	if (wish > 1)
		reconcile_kill_all(&supervisor->work, wish > 2);
}

/* Services are stopped in order, by control, as long as it is there. */
static unsigned first_to_stop(const struct supervisor *supervisor,
			      int64_t now_ms)
{
	const struct board_role *control =
		&supervisor->board->roles[ROLE_CONTROL];

	return now_ms - control->beat_ms < SILENT_MS ? BOARD_LEADER_FIRST : 0;
}

static void name_alive(struct supervisor *supervisor, int64_t now_ms)
{
	if (now_ms < supervisor->say_ms)
		return;
	if (supervisor->say_ms != 0)
		(void)reconcile_name_alive(&supervisor->work);
	supervisor->say_ms = now_ms + SAY_MS;
}

static void stop_work(struct supervisor *supervisor, int64_t now_ms)
{
	name_alive(supervisor, now_ms);
	if (reconcile_is_empty(&supervisor->work)) {
		crew_dismiss(&supervisor->crew, ROLE_CONTROL, ROLE_MAX - 1,
			     SIGTERM);
		enter(supervisor, STAGE_FRONT, FRONT_MS);
	} else if (now_ms >= supervisor->deadline_ms) {
		reconcile_kill_all(&supervisor->work, true);
	} else if (now_ms >= supervisor->stage_ms + NUDGE_MS) {
		reconcile_stop_from(&supervisor->work,
				    first_to_stop(supervisor, now_ms));
	}
}

static void stop_front(struct supervisor *supervisor, int64_t now_ms)
{
	if (crew_is_gone(&supervisor->crew, ROLE_CONTROL, ROLE_MAX - 1)) {
		crew_dismiss(&supervisor->crew, ROLE_JOURNAL, ROLE_JOURNAL,
			     SIGTERM);
		enter(supervisor, STAGE_JOURNAL, JOURNAL_MS);
	} else if (now_ms >= supervisor->deadline_ms) {
		crew_dismiss(&supervisor->crew, ROLE_CONTROL, ROLE_MAX - 1,
			     SIGKILL);
		supervisor->deadline_ms = now_ms + SHORT_MS;
	}
}

static void stop_journal(struct supervisor *supervisor, int64_t now_ms)
{
	if (crew_is_gone(&supervisor->crew, ROLE_JOURNAL, ROLE_JOURNAL)) {
		atomic_store(&supervisor->board->cluster.leaving, 1);
		enter(supervisor, STAGE_LEASE, LEASE_MS);
	} else if (now_ms >= supervisor->deadline_ms) {
		crew_dismiss(&supervisor->crew, ROLE_JOURNAL, ROLE_JOURNAL,
			     SIGKILL);
		supervisor->deadline_ms = now_ms + SHORT_MS;
	}
}

/* Its work is dead, and nothing will be started any more; said again at each
 * turn, should a generation just have begun.
 */
static void stop_lease(struct supervisor *supervisor, int64_t now_ms)
{
	deadline_all_dead(supervisor->heritage, true);
	bell_ring(supervisor->heritage->bells[ROLE_LEASE]);
	if (crew_is_gone(&supervisor->crew, ROLE_LEASE, ROLE_LEASE) &&
	    !supervisor->crew.members[ROLE_LEASE].wanted) {
		crew_dismiss(&supervisor->crew, ROLE_HEARTBEAT, ROLE_HEARTBEAT,
			     SIGTERM);
		enter(supervisor, STAGE_BEAT, SHORT_MS);
	} else if (now_ms >= supervisor->deadline_ms) {
		crew_dismiss(&supervisor->crew, ROLE_LEASE, ROLE_LEASE,
			     SIGKILL);
		supervisor->deadline_ms = now_ms + SHORT_MS;
	}
}

static void stop_heartbeat(struct supervisor *supervisor, int64_t now_ms)
{
	if (crew_is_gone(&supervisor->crew, ROLE_HEARTBEAT, ROLE_HEARTBEAT) ||
	    now_ms >= supervisor->deadline_ms)
		supervisor->stage = STAGE_DONE;
}

static void stop(struct supervisor *supervisor, int64_t now_ms)
{
	hear_stopping(supervisor);
	if (supervisor->stage == STAGE_WORK)
		stop_work(supervisor, now_ms);
	if (supervisor->stage == STAGE_FRONT)
		stop_front(supervisor, now_ms);
	if (supervisor->stage == STAGE_JOURNAL)
		stop_journal(supervisor, now_ms);
	if (supervisor->stage == STAGE_LEASE)
		stop_lease(supervisor, now_ms);
	if (supervisor->stage == STAGE_BEAT)
		stop_heartbeat(supervisor, now_ms);
}

/* Kills all there is, at once, and returns when it is proven dead. */
static void end_everything(struct supervisor *supervisor)
{
	int cgroup = supervisor->heritage->cgroup;

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
		stop(&supervisor, now_ms);
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
