#define _GNU_SOURCE
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/bounds.h"
#include "cli/command.h"
#include "cli/options.h"
#include "io/leaseprobe.h"

static const struct usage probe_usage = {
	.name = "probe",
	.synopsis = "[--json] DIR",
	.text = "Judges a directory that nodes are to share: direct I/O, "
		"coherence, exclusive\ncreation, how long reads and writes "
		"take, and the shortest lease it carries with\na margin.  "
		"Writes there for about a second.  Ends with code 1 if it is "
		"not fit.\nRun it on each node, while the others are busy "
		"too: one machine alone can't show\nthat two see the same.\n",
	.accepts = "J",
	.arguments_min = 1,
	.arguments_max = 1,
};

static const char *yes(bool is)
{
	return is ? "yes" : "no";
}

static void put_times(const char *what, const struct leaseprobe_times *times)
{
	printf("%-20s%.2f ms, at worst %.2f ms\n", what,
	       (double)times->median_us / 1e3, (double)times->worst_us / 1e3);
}

/* One that its own nodes carry. */
static bool is_clustered(const struct leaseprobe *probe)
{
	return strcmp(probe->type, "OCFS2") == 0 ||
	       strcmp(probe->type, "GFS2") == 0;
}

static void put_verdict(const struct leaseprobe *probe)
{
	const char *fault = leaseprobe_fault(probe);
	struct lease_terms terms;

	if (fault != NULL) {
		printf("\nnot fit: %s\n", fault);
		return;
	}
	if (probe->lease_ms == 0) {
		printf("\nnot fit: too slow for the longest lease\n");
		return;
	}
	terms = lease_terms_for(probe->lease_ms, 64);
	printf("\nfit%s; the shortest lease with a margin of twenty:\n",
	       probe->shared ? "" : " for nodes on this machine");
	bounds_put_head(stdout);
	bounds_put(stdout, &terms);
	if (is_clustered(probe))
		printf("\nWhen a node dies this file system stands still for "
		       "all until it has recovered,\nfor 20 to 70 s as it "
		       "comes: so long all work stops, whatever the lease.\n");
	else if (probe->shared)
		printf("\nA server that restarts may take 90 s to let clients "
		       "write again; work stops\nwhen that is longer than "
		       "storage may hang.\n");
}

static void put_probe(const struct leaseprobe *probe, const char *dir)
{
	printf("%s\n", dir);
	printf("%-20s%s%s\n", "file system", probe->type,
	       probe->shared ? "" : ", seen by this machine alone");
	printf("%-20s%s\n", "direct I/O", yes(probe->direct));
	printf("%-20s%s\n", "reads show writes", yes(probe->coherent));
	printf("%-20s%s\n", "exclusive creation", yes(probe->exclusive));
	put_times("durable write", &probe->write);
	put_times("read of 64 slots", &probe->read);
	put_verdict(probe);
}

static void put_json(const struct leaseprobe *probe, const char *dir)
{
	const char *fault = leaseprobe_fault(probe);
	json_t *all = json_pack(
		"{s:s, s:s, s:b, s:b, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:s?}",
		"dir", dir, "type", probe->type, "shared", probe->shared,
		"direct", probe->direct, "coherent", probe->coherent,
		"exclusive", probe->exclusive, "write_us",
		(json_int_t)probe->write.median_us, "write_worst_us",
		(json_int_t)probe->write.worst_us, "read_us",
		(json_int_t)probe->read.median_us, "read_worst_us",
		(json_int_t)probe->read.worst_us, "lease_ms",
		(json_int_t)probe->lease_ms, "fault", fault);

	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

int command_probe(int argc, char **argv)
{
	struct options options;
	struct leaseprobe probe;
	int rc = options_parse(&options, &probe_usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	rc = leaseprobe(&probe, options.argv[0]);
	if (rc != 0) {
		errno = -rc;
		complain("cannot probe %s: %m", options.argv[0]);
		return EXIT_CODE_FAILED;
	}
	if (options.json)
		put_json(&probe, options.argv[0]);
	else
		put_probe(&probe, options.argv[0]);
	if (fflush(stdout) != 0)
		return EXIT_CODE_FAILED;
	return probe.lease_ms != 0 ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}
