/* sweeper - removes files that nobody needs any more.
 *
 * Called when there is something to remove, gone when there is not.  It alone
 * waits for what it removes: storage that is slow, or hangs, stops nobody
 * else.  It may be killed at any point: whoever leads has all directories
 * looked at again.  What may go is judged by the view; on old news too, for
 * attempts that came later have higher tokens, and are never touched.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/channel.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/names.h"
#include "io/view.h"
#include "io/workdirs.h"
#include "roles/sweeps.h"

#define IDLE_MS	    1000 /* to be there saves a fork */
#define NICE	    10
#define REST_EVERY  32 /* files */
#define REST_MAX_MS 500
#define LOOK_MS	    1 /* between two directories that are looked into */

struct sweeper {
	struct heritage *heritage;
	struct view *view;
	int64_t since_ms; /* of the present look at all */
	int jobs;	  /* descriptor of SHARED/jobs */
	bool looking;	  /* at all, just now */
	unsigned removed; /* files, since the last rest */
	int64_t rested_ms;
	char buf[JOB_JSON_MAX + RECORD_MAX];
};

/* Others use the same storage: works no longer than it rests. */
static void rest(void *arg)
{
	struct sweeper *sweeper = arg;
	int64_t took_ms;

	if (++sweeper->removed % REST_EVERY != 0)
		return;
	took_ms = clock_ms() - sweeper->rested_ms;
	if (took_ms > 0)
		poll(NULL, 0,
		     (int)(took_ms < REST_MAX_MS ? took_ms : REST_MAX_MS));
	sweeper->rested_ms = clock_ms();
}

/* Does the view of this node know all jobs that there are? */
static bool knows_all(const struct sweeper *sweeper)
{
	const struct board *board = sweeper->heritage->board;

	return board->cluster.present ? atomic_load(&board->cluster.leads) != 0
				      : atomic_load(&board->ready) != 0;
}

/* 0; -ENOENT: there is no such job; or another negative errno. */
static int load(struct sweeper *sweeper, const char *id, struct job *job)
{
	struct view_head head;
	struct record record;
	int rc = view_read_job(sweeper->view, id, &head, sweeper->buf,
			       sizeof(sweeper->buf), true);

	if (rc == 0)
		rc = record_decode(&record, sweeper->buf + head.json_len,
				   head.record_len);
	return rc == 0 ? job_decode(job, &record) : rc;
}

static void remove_files(struct sweeper *sweeper, const char *id,
			 const struct sweep *sweep)
{
	const struct tree_rest calm = { rest, sweeper };
	int rc;

	sweeper->rested_ms = clock_ms();
	rc = workdirs_sweep(sweeper->jobs, id, sweep, &calm);
	if (rc != 0)
		log_warn(rc, "sweeper: cannot remove files of job=%s", id);
}

static void sweep_one(struct sweeper *sweeper, const struct sweep_order *order)
{
	struct sweep sweep;
	struct job job;
	int rc = load(sweeper, order->id, &job);

	if (rc == 0) {
		if (!sweep_judge(&job, clock_wall_ms(), &sweep))
			return;
	} else if (rc == -ENOENT && order->below != 0) {
		sweep = (struct sweep){ .below = order->below,
					.before_ms = INT64_MAX };
	} else {
		return;
	}
	remove_files(sweeper, order->id, &sweep);
}

/* ---- all there is ---- */

static bool is_seen_to(const struct sweeper *sweeper, const struct job *job,
		       int64_t wall_ms)
{
	return job->updated_ms < sweeper->since_ms && !job->forgotten &&
	       job->expires_ms > wall_ms;
}

static void look_into(struct sweeper *sweeper, const char *id)
{
	int64_t wall_ms = clock_wall_ms();
	struct sweep sweep;
	struct job job;
	int rc = load(sweeper, id, &job);

	if (rc != 0 && rc != -ENOENT)
		return;
	if (!sweep_judge(rc == 0 ? &job : NULL, wall_ms, &sweep) ||
	    (rc == 0 && is_seen_to(sweeper, &job, wall_ms)))
		return;
	remove_files(sweeper, id, &sweep);
	poll(NULL, 0, LOOK_MS);
}

static bool obey_next(struct sweeper *sweeper);

static void look_at(void *arg, const char *name, bool is_directory)
{
	struct sweeper *sweeper = arg;

	if (!is_directory || !job_id_is_valid(text_of(name)))
		return;
	while (obey_next(sweeper))
		;
	if (knows_all(sweeper))
		look_into(sweeper, name);
}

static void look_at_all(struct sweeper *sweeper, int64_t since_ms)
{
	int rc;

	if (sweeper->looking || !knows_all(sweeper))
		return;
	sweeper->looking = true;
	sweeper->since_ms = since_ms;
	rc = names_each(sweeper->jobs, look_at, sweeper);
	sweeper->looking = false;
	if (rc != 0)
		log_warn(rc, "sweeper: cannot list the directories of jobs");
}

/* ---- orders ---- */

static void obey(struct sweeper *sweeper, const struct sweep_order *order)
{
	int above = sweeper->jobs;

	/* Anew each time: it may not have been there, or not be any more. */
	sweeper->jobs = workdirs_open(sweeper->heritage->config->shared);
	if (sweeper->jobs >= 0) {
		if (order->id[0] != '\0')
			sweep_one(sweeper, order);
		else
			look_at_all(sweeper, order->since_ms);
		close(sweeper->jobs);
	} else if (sweeper->jobs != -ENOENT) {
		log_warn(sweeper->jobs, "sweeper: cannot open %s/jobs",
			 sweeper->heritage->config->shared);
	}
	sweeper->jobs = above;
}

/* False when there was none. */
static bool obey_next(struct sweeper *sweeper)
{
	struct sweep_order order;
	int len = channel_receive(sweeper->heritage->links[ROLE_SWEEPER][0],
				  &order, sizeof(order));

	if (len != (int)sizeof(order))
		return false;
	order.id[JOB_ID_LEN] = '\0';
	obey(sweeper, &order);
	return true;
}

int sweeper_main(struct heritage *heritage)
{
	static struct sweeper sweeper;
	struct pollfd link = { .fd = heritage->links[ROLE_SWEEPER][0],
			       .events = POLLIN };
	sigset_t none;
	int rc;

	/* Nothing here can't be broken off. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	(void)!nice(NICE);
	sweeper.heritage = heritage;
	sweeper.jobs = -1;
	sweeper.view = view_open_reader(heritage->config->state, &rc);
	if (sweeper.view == NULL) {
		log_err(rc, "sweeper: cannot read the view");
		return EXIT_FAILURE;
	}
	while (poll(&link, 1, IDLE_MS) == 1)
		if (!obey_next(&sweeper))
			break;
	view_leave(sweeper.view);
	return EXIT_SUCCESS;
}
