/* cluster_jobview - what users are shown of a job, wherever they look: versions
 * only rise on a node, one version is one thing, and percent never goes back
 * within an attempt.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "tests/sim/cluster_world.h"

/* What is served may be ahead of the record. */
static int32_t percent_of(struct text json)
{
	static const char name[] = "\"percent\":";
	const char *at = memmem(json.at, json.len, name, sizeof(name) - 1);

	if (at == NULL || at[sizeof(name) - 1] == 'n')
		return JOB_PERCENT_NONE;
	return (int32_t)(strtod(at + sizeof(name) - 1, NULL) * 100 + 0.5);
}

static bool decode(const struct view_job *shown, struct job *job)
{
	struct record record;

	if (record_decode(&record, shown->record.at, shown->record.len) != 0 ||
	    job_decode(job, &record) != 0)
		return false;
	job->version = shown->version;
	job->percent = percent_of(shown->json);
	return true;
}

/* Against the highest version that anybody was shown so far. */
static void check_percent(struct cluster *cluster, struct sim_job *known,
			  const struct job *job)
{
	int order = version_compare(job->version, known->version);

	/* One that waits again has none. */
	if (job->held == known->held && job->held != 0 && job->percent >= 0 &&
	    known->percent >= 0 &&
	    ((order > 0 && job->percent < known->percent) ||
	     (order < 0 && job->percent > known->percent)))
		world_break(&cluster->world,
			    "percent went back within an attempt");
	if (order == 0 &&
	    (job->held != known->held || job->percent != known->percent))
		world_break(&cluster->world,
			    "one version of a job means two things");
	if (order <= 0)
		return;
	known->version = job->version;
	known->held = job->held;
	known->percent = job->percent;
}

void sim_jobs_shown(struct cluster *cluster, const struct memview *memview)
{
	for (size_t i = 0; i < memview->working.count; i++) {
		const struct memview_job *at = memview->working.jobs[i];
		const struct view_job *before = memview_find(memview, at->id);
		uint32_t number = sim_job_of(at->id);
		struct job job;

		if (before == &at->job || number == SIM_JOBS)
			continue;
		if (before != NULL &&
		    version_compare(at->job.version, before->version) < 0)
			world_break(&cluster->world,
				    "a version went back on a node");
		if (decode(&at->job, &job))
			check_percent(cluster, &cluster->jobs[number], &job);
	}
}
