/* cluster_cancel - jobs cancelled, and forgotten, on any node.
 *
 * What was to be cancelled ends, though it goes on until it is told to stop;
 * once nothing happens any more it is not begun again.  What was forgotten is
 * shown no more.  No wish is left when all is done.
 */
#include <errno.h>

#include "tests/sim/cluster_world.h"

#define SLACK_LEASES 4
#define SOON_US	     INT64_C(1500000)

uint32_t sim_job_bit(const struct job *job)
{
	return UINT32_C(1) << (job->round % 32);
}

/* A round that lost its id may come again, asked for anew. */
static bool is_cancelled(const struct sim_job *known, const struct job *job)
{
	return (known->cancelled & sim_job_bit(job)) != 0 &&
	       known->cancelled_ms[job->round % 32] == job->created_ms;
}

bool sim_job_shown(const struct cluster *cluster, uint32_t node, uint32_t job,
		   struct job *into)
{
	const struct view_job *shown;
	struct record record;
	char id[JOB_ID_LEN + 1];

	sim_job_id(job, id);
	shown = memview_find(&cluster->nodes[node].view, id);
	return shown != NULL &&
	       record_decode(&record, shown->record.at, shown->record.len) ==
		       0 &&
	       job_decode(into, &record) == 0;
}

bool sim_job_is_cancelled(const struct cluster *cluster, uint32_t node,
			  uint32_t job)
{
	struct job shown;

	return sim_job_shown(cluster, node, job, &shown) &&
	       is_cancelled(&cluster->jobs[job], &shown);
}

void sim_cancel_soon(struct cluster *cluster, uint32_t job)
{
	struct lease_world *world = &cluster->world;
	uint32_t times = rng_below(&world->rng, 3);

	while (times-- > 0)
		world_post(world, world_below(world, SOON_US), SIM_CANCEL,
			   rng_below(&world->rng, world->nodes_count))
			->index = job;
}

void sim_cancel(struct cluster *cluster, const struct event *event)
{
	struct lease_world *world = &cluster->world;
	uint32_t node = event->node;
	uint32_t job = event->index;
	uint64_t number = cluster->cancels_count;
	struct message message = { .request = SIM_CANCEL_REQUEST + number };
	struct job shown;

	if (sim_is_calm(cluster) || cluster->nodes[node].down ||
	    !sim_job_shown(cluster, node, job, &shown) || shown.forgotten)
		return;
	message.kind = job_has_ended(&shown) ? MESSAGE_FORGET : MESSAGE_CANCEL;
	message.which = shown.round + 1;
	sim_job_id(job, message.id);
	cluster->cancels[number % SIM_CANCELS] = (struct sim_cancel){
		.node = node, .job = job, .round = shown.round
	};
	cluster->cancels_count++;
	world_say(world, node, "is asked to %s job %u round %u",
		  job_has_ended(&shown) ? "forget" : "cancel", job,
		  shown.round);
	sim_send(cluster, node, &message);
}

static void note_answer(struct cluster *cluster, const struct sim_cancel *asked,
			int32_t status)
{
	struct sim_job *known = &cluster->jobs[asked->job];
	struct job job;

	/* Another has its id already, or what was asked was too late. */
	if (!sim_job_shown(cluster, asked->node, asked->job, &job) ||
	    job.round != asked->round)
		return;
	if (status == 0 && !job.forgotten && job.state != JOB_READY &&
	    job.state != JOB_ERROR) {
		known->cancelled |= sim_job_bit(&job);
		known->cancelled_ms[job.round % 32] = job.created_ms;
	}
	if (status == EINPROGRESS || job.forgotten)
		known->forgotten |= sim_job_bit(&job);
}

bool sim_cancel_reply(struct cluster *cluster, const struct message *reply)
{
	uint64_t number = reply->request - SIM_CANCEL_REQUEST;

	if (reply->request < SIM_CANCEL_REQUEST ||
	    number >= cluster->cancels_count)
		return false;
	if ((reply->status == 0 || reply->status == EINPROGRESS) &&
	    number + SIM_CANCELS > cluster->cancels_count)
		note_answer(cluster, &cluster->cancels[number % SIM_CANCELS],
			    reply->status);
	return true;
}

void sim_cancel_check_start(struct cluster *cluster, uint32_t node,
			    uint32_t job)
{
	int64_t slack_us =
		SLACK_LEASES * lease_length_us(&cluster->world.terms);

	if (cluster->world.now_us > cluster->world.heal_us + slack_us &&
	    sim_job_is_cancelled(cluster, node, job))
		world_break(&cluster->world,
			    "what was cancelled is begun in the end");
}

/* One that was refused may yet be taken. */
static bool is_refused(const struct cluster *cluster, uint32_t node,
		       const char *key)
{
	char id[JOB_ID_LEN + 1];
	struct job job;
	uint32_t number;

	text_copy((struct text){ key + 7, JOB_ID_LEN }, id, sizeof(id));
	number = sim_job_of(id);
	return number < SIM_JOBS &&
	       sim_job_shown(cluster, node, number, &job) && job.joined.len > 0;
}

static void check_wishes(struct cluster *cluster, uint32_t node)
{
	const struct sim_node *me = &cluster->nodes[node];

	for (size_t i = 0; i < me->view.shown_registers.count; i++) {
		const char *key = me->view.shown_registers.at[i].key;

		if ((strncmp(key, "cancel/", 7) != 0 &&
		     strncmp(key, "forget/", 7) != 0) ||
		    is_refused(cluster, node, key))
			continue;
		world_say(&cluster->world, 0, "%s", key);
		world_break(&cluster->world, "a wish is left in the end");
	}
}

/* Did somebody want JOB to be cancelled, for all that is known? */
static bool was_wanted(const struct cluster *cluster, uint32_t number,
		       const struct job *job)
{
	for (uint64_t i = 0; i < cluster->cancels_count; i++) {
		const struct sim_cancel *asked = &cluster->cancels[i];

		if (i == SIM_CANCELS)
			return true; /* who knows */
		if (asked->job == number && asked->round == job->round)
			return true;
	}
	return false;
}

static void check_job(struct cluster *cluster, uint32_t node, uint32_t number)
{
	const struct sim_job *known = &cluster->jobs[number];
	struct job job;

	if (!sim_job_shown(cluster, node, number, &job))
		return;
	world_say(&cluster->world, node,
		  "shows job %u round %u state %u forgotten %d", number,
		  job.round, (unsigned)job.state, job.forgotten);
	if (!job.forgotten && (known->forgotten & sim_job_bit(&job)) != 0)
		world_break(&cluster->world,
			    "what was forgotten is shown in the end");
	if (job.joined.len > 0 && (known->taken & sim_job_bit(&job)) != 0)
		world_break(&cluster->world,
			    "a job that was acknowledged is another's");
	if (!job_has_ended(&job) && is_cancelled(known, &job))
		world_break(&cluster->world,
			    "what was cancelled lives in the end");
	if (job.state == JOB_CANCELLED && !job.forgotten &&
	    !was_wanted(cluster, number, &job))
		world_break(&cluster->world,
			    "a job is cancelled that nobody cancelled");
}

void sim_cancel_check_end(struct cluster *cluster)
{
	for (uint32_t i = 0; i < cluster->world.nodes_count; i++) {
		if (cluster->nodes[i].down)
			continue;
		for (uint32_t job = 0; job < SIM_JOBS; job++)
			check_job(cluster, i, job);
	}
	for (uint32_t i = 0; i < cluster->world.nodes_count; i++)
		if (!cluster->nodes[i].down)
			check_wishes(cluster, i);
}
