/* cluster_jobs - jobs asked of any node: what was acknowledged is found in the
 * end, ended; one of an id at a time; none again after its end was kept.
 */
#include "core/spec.h"
#include "tests/sim/cluster_world.h"

#define MS INT64_C(1000)

void sim_job_id(uint32_t job, char id[JOB_ID_LEN + 1])
{
	uint8_t bits[16] = { (uint8_t)(job + 1) };

	job_id_format(bits, id);
}

uint32_t sim_job_of(const char *id)
{
	char known[JOB_ID_LEN + 1];
	uint32_t job = 0;

	for (; job < SIM_JOBS; job++) {
		sim_job_id(job, known);
		if (strcmp(known, id) == 0)
			break;
	}
	return job;
}

/* Of some only one may live. */
static const char *unique_of(uint32_t job)
{
	static const char *const values[3] = { "", "x", "y" };

	return values[job % 3];
}

void sim_jobs_ask(struct cluster *cluster)
{
	struct lease_world *world = &cluster->world;
	uint32_t node = rng_below(&world->rng, world->nodes_count);
	uint32_t job = rng_below(&world->rng, SIM_JOBS);
	struct message message = {
		.kind = MESSAGE_SUBMIT,
		.request = SIM_JOB_REQUEST + job,
		.type = text_of("job"),
		.user = text_of("u"),
		.key = text_of("k"),
		.unique = text_of(unique_of(job)),
		.busy = BUSY_JOIN,
	};

	if (sim_is_calm(cluster) || cluster->nodes[node].down)
		return;
	sim_job_id(job, message.id);
	world_say(world, node, "is asked for job %u", job);
	sim_send(cluster, node, &message);
	sim_cancel_soon(cluster, job);
}

static void note_taken(struct cluster *cluster, uint32_t node, uint32_t job)
{
	struct job shown;

	cluster->jobs[job].acknowledged = true;
	if (sim_job_shown(cluster, node, job, &shown))
		cluster->jobs[job].taken |= sim_job_bit(&shown);
}

/* True when REPLY is about a job. */
bool sim_jobs_reply(struct cluster *cluster, uint32_t node,
		    const struct message *reply)
{
	uint64_t asked = reply->request - SIM_JOB_REQUEST;
	uint32_t job;

	if (reply->request < SIM_JOB_REQUEST || asked >= SIM_JOBS)
		return false;
	job = sim_job_of(reply->id);
	if (reply->status != 0)
		return true;
	if (job == SIM_JOBS ||
	    strcmp(unique_of(job), unique_of((uint32_t)asked)) != 0)
		world_break(&cluster->world, "joined to a job of others");
	else
		note_taken(cluster, node, job);
	return true;
}

void sim_jobs_spec(struct cluster *cluster, uint64_t token, const void *bytes,
		   size_t len)
{
	static struct spec spec;
	struct sim_token *at =
		&cluster->tokens[cluster->tokens_count % SIM_TOKENS];

	if (spec_decode(&spec, bytes, len) != 0 || spec.kind != UNIT_JOB)
		return;
	*at = (struct sim_token){ token, sim_job_of(spec.id) };
	cluster->tokens_count++;
}

/* Does any node show its users that it has, the one that NODE begins?  One that
 * was refused is shown to nobody, and may be taken after all.
 */
static bool is_shown_ended(const struct cluster *cluster, uint32_t node,
			   uint32_t job)
{
	struct job begun;
	struct job shown;

	if (!sim_job_shown(cluster, node, job, &begun))
		return false;
	for (uint32_t i = 0; i < cluster->world.nodes_count; i++)
		if (sim_job_shown(cluster, i, job, &shown) &&
		    shown.round == begun.round && job_has_ended(&shown) &&
		    shown.joined.len == 0 &&
		    version_compare(shown.version, cluster->jobs[job].stale) !=
			    0) {
			world_say(&cluster->world, i,
				  "shows it ended version=%llx.%x",
				  (unsigned long long)shown.version.token,
				  shown.version.step);
			return true;
		}
	return false;
}

uint32_t sim_jobs_start(struct cluster *cluster, uint32_t node, uint64_t token)
{
	uint32_t job = SIM_JOBS;

	for (uint32_t i = 0; i < SIM_TOKENS; i++)
		if (cluster->tokens[i].token == token)
			job = cluster->tokens[i].job;
	if (job == SIM_JOBS) {
		world_break(&cluster->world, "a holding of an unknown job");
		return 0;
	}
	world_say(&cluster->world, node, "starts job %u token=%llx", job,
		  (unsigned long long)token);
	cluster->job_starts++;
	if (world_is_stale(&cluster->world, node) &&
	    (token <= cluster->jobs[job].token ||
	     is_shown_ended(cluster, node, job))) {
		sim_check_refused(cluster, node);
		return job;
	}
	if (token <= cluster->jobs[job].token)
		world_break(&cluster->world, "a token of a job did not rise");
	if (is_shown_ended(cluster, node, job))
		world_break(&cluster->world, "a job that has ended ran again");
	sim_cancel_check_start(cluster, node, job);
	cluster->jobs[job].token = token;
	return job;
}

void sim_jobs_check(struct cluster *cluster, const struct sim_alive *alive)
{
	uint32_t unique[3] = { 0 };

	for (uint32_t job = 0; job < SIM_JOBS; job++) {
		if (alive->jobs[job] > 1)
			world_break(&cluster->world, "a job is alive twice");
		unique[job % 3] += alive->jobs[job];
	}
	if (unique[1] > 1 || unique[2] > 1)
		world_break(&cluster->world, "two jobs of one value are alive");
}

void sim_jobs_check_end(struct cluster *cluster)
{
	for (uint32_t job = 0; job < SIM_JOBS; job++) {
		char id[JOB_ID_LEN + 1];

		sim_job_id(job, id);
		for (uint32_t i = 0; i < cluster->world.nodes_count; i++) {
			const struct sim_node *me = &cluster->nodes[i];
			const struct view_job *shown =
				memview_find(&me->view, id);

			if (!cluster->jobs[job].acknowledged || me->down)
				continue;
			world_say(&cluster->world, i, "shows job %u: %d", job,
				  shown != NULL ? (int)shown->state : -1);
			if (shown != NULL &&
			    version_compare(shown->version,
					    cluster->jobs[job].version) < 0)
				world_break(&cluster->world,
					    "a version that was shown is "
					    "never reached again");
			if (shown == NULL)
				world_break(&cluster->world,
					    "an acknowledged job is lost");
			else if (shown->state < JOB_READY)
				world_break(&cluster->world,
					    "a job does not end in the end");
		}
	}
}
