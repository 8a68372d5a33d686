/* toil - the work of jobs that leave a trace.
 *
 *   toil count TRACE COUNT STEP_MS SAVE_MS
 *   toil beside TRACE COMMAND...
 *   toil once TRACE [MS]
 *
 * Each appends lines to TRACE as witness.c does, with more words:
 * "MONOTONIC_NS NODE PID.START_NS TOKEN ATTEMPT COUNT JOB".
 *
 * "count" goes from 1 to COUNT, a step each STEP_MS, with a line and a line of
 * output for each, and saves how far it is every SAVE_MS and when told to
 * stop; another attempt goes on from there.  "beside" becomes COMMAND, and a
 * child of it writes a line every 5 ms until it is gone.  "once" appends one
 * line and is done after MS.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/lab/trace.h"

#define LINE_BYTES 320
#define BESIDE_MS  5
#define TOLD	   143 /* ended by TERM */

struct toil {
	int trace;
	int pid;
	int64_t start_ns;
	const char *node;
	const char *token;
	const char *attempt;
	const char *job;
};

struct count {
	long end;
	int64_t step_ns;
	int64_t save_ns;
	FILE *out;
	const char *kept; /* path, NULL when nothing can be saved */
};

static int begin(struct toil *toil, const char *path)
{
	*toil = (struct toil){ .pid = getpid(),
			       .start_ns = now_ns(),
			       .node = variable("HOLDFAST_NODE"),
			       .token = variable("HOLDFAST_TOKEN"),
			       .attempt = variable("HOLDFAST_ATTEMPT"),
			       .job = variable("HOLDFAST_JOB") };
	toil->trace = open_trace(path);
	return toil->trace == -1 ? fail(path) : 0;
}

static int say(const struct toil *toil, long count)
{
	char line[LINE_BYTES];
	int len = snprintf(line, sizeof(line),
			   "%" PRId64 " %.64s %d.%" PRId64
			   " %.32s %.16s %ld %.32s\n",
			   now_ns(), toil->node, toil->pid, toil->start_ns,
			   toil->token, toil->attempt, count, toil->job);

	if (write(toil->trace, line, (size_t)len) != len)
		return fail("trace");
	return 0;
}

/* ---- count ---- */

static long saved(void)
{
	const char *path = getenv("HOLDFAST_STATE");
	FILE *file = path != NULL ? fopen(path, "re") : NULL;
	char text[32] = "";

	if (file == NULL)
		return 0;
	if (fgets(text, sizeof(text), file) == NULL)
		text[0] = '\0';
	fclose(file);
	return strtol(text, NULL, 10);
}

/* As `holdfast checkpoint` does. */
static int save(const struct count *count, long at)
{
	char part[PATH_MAX];
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", at);
	bool good;
	int fd;

	if (count->kept == NULL)
		return 0;
	snprintf(part, sizeof(part), "%s.part", count->kept);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd == -1)
		return fail(part);
	good = write(fd, text, (size_t)len) == len && fsync(fd) == 0;
	if (close(fd) == -1 || !good || rename(part, count->kept) == -1)
		return fail(count->kept);
	return 0;
}

static void show(const struct count *count, long at)
{
	if (at * 100 / count->end != (at - 1) * 100 / count->end)
		dprintf(3, "%.2f %ld of %ld\n",
			(double)at * 100 / (double)count->end, at, count->end);
}

static int do_count(const struct toil *toil, const struct count *count)
{
	long at = saved();
	int64_t next_ns = now_ns();
	int64_t save_at_ns = next_ns + count->save_ns;
	int rc = say(toil, at);

	for (long line = 1; line <= at; line++)
		fprintf(count->out, "%ld\n", line);
	while (rc == 0 && at < count->end && !told) {
		next_ns += count->step_ns;
		(void)sleep_until(next_ns);
		at++;
		fprintf(count->out, "%ld\n", at);
		rc = say(toil, at);
		show(count, at);
		if (rc == 0 && now_ns() >= save_at_ns) {
			save_at_ns += count->save_ns;
			rc = save(count, at);
		}
	}
	if (rc == 0 && at < count->end)
		rc = save(count, at) != 0 ? 1 : TOLD;
	return rc;
}

static int be_count(int argc, char **argv)
{
	const char *path = getenv("HOLDFAST_OUTPUT");
	struct count count;
	struct toil toil;
	int rc = begin(&toil, argv[2]);

	if (rc != 0 || argc != 6)
		return rc != 0 ? rc : 2;
	heed_term();
	count = (struct count){ .end = atol(argv[3]),
				.step_ns = atol(argv[4]) * MS_NS,
				.save_ns = atol(argv[5]) * MS_NS,
				.kept = getenv("HOLDFAST_CHECKPOINT"),
				.out = fopen(path != NULL ? path : "/dev/null",
					     "we") };
	if (count.out == NULL)
		return fail("output");
	rc = do_count(&toil, &count);
	if (fclose(count.out) != 0 && rc == 0)
		rc = fail("output");
	return rc;
}

/* ---- others ---- */

static int be_beside(int argc, char **argv)
{
	struct toil toil;
	int rc = begin(&toil, argv[2]);
	int parent = getpid();
	int64_t next_ns = now_ns();

	if (rc != 0 || argc < 4)
		return rc != 0 ? rc : 2;
	rc = say(&toil, 0);
	if (rc != 0)
		return rc;
	if (fork() != 0) {
		execvp(argv[3], argv + 3);
		return fail(argv[3]);
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_IGN);
	/* Nobody is to wait for the end of what it holds open. */
	for (int fd = 0; fd < 8; fd++)
		if (fd != toil.trace)
			close(fd);
	while (getppid() == parent && say(&toil, 0) == 0) {
		next_ns += BESIDE_MS * MS_NS;
		(void)sleep_until(next_ns);
	}
	return 0;
}

static int be_once(int argc, char **argv)
{
	int64_t ns = argc > 3 ? atol(argv[3]) * MS_NS : 0;
	struct toil toil;
	int rc = begin(&toil, argv[2]);

	if (rc == 0)
		rc = say(&toil, 0);
	if (rc == 0)
		(void)sleep_until(toil.start_ns + ns);
	return rc;
}

int main(int argc, char **argv)
{
	find_ahead();
	if (argc >= 3 && strcmp(argv[1], "count") == 0)
		return be_count(argc, argv);
	if (argc >= 3 && strcmp(argv[1], "beside") == 0)
		return be_beside(argc, argv);
	if (argc >= 3 && strcmp(argv[1], "once") == 0)
		return be_once(argc, argv);
	fprintf(stderr, "usage: toil count|beside|once TRACE ...\n");
	return 2;
}
