/* scale - what a cluster at rest costs each of its nodes, for clusters of 3 to
 * 64: looks and writes of the lease file, by the real core/lease on a file in
 * memory over simulated time; datagrams, by real heartbeats on the loopback.
 *
 *	tests/lab/scale [SECONDS of datagrams]
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/lease.h"
#include "io/clock.h"
#include "io/log.h"
#include "roles/beat.h"

#define NODES_MAX    64
#define LEASE_MS     3000
#define HEARTBEAT_MS 500
#define SETTLE_US    (10 * INT64_C(1000000))
#define MEASURE_US   (60 * INT64_C(1000000))
#define IO_US	     1000 /* one look or write */

struct cost {
	double looks; /* each per node and second, as all of these */
	double look_kb;
	double writes;
	double lease_cpu; /* per cent of a core */
	double sent;
	double beat_cpu;
};

static uint8_t file[NODES_MAX][2][LEASE_RECORD];
static struct lease *leases;
static int64_t next_us[NODES_MAX];
static uint64_t looks, look_slots, writes;

static double cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static struct lease_time at(int64_t us)
{
	return (struct lease_time){ us, us };
}

static void look(struct lease *lease, uint32_t slots, int64_t now_us)
{
	struct lease_look looked = { at(now_us), at(now_us + IO_US) };

	for (uint32_t i = 0; i < slots; i++)
		lease_took(lease, i, file[i][0], file[i][1], &looked);
	lease_read_done(lease, &looked, 0);
	looks++;
	look_slots += slots;
}

static void write_block(struct lease *lease, uint32_t node, bool tomb,
			int64_t now_us)
{
	struct lease_time stamp = at(now_us);
	struct lease_time returned = at(now_us + IO_US);
	unsigned block = lease_block_of(lease->setup.number) ^ tomb;

	lease_compose(lease, &stamp, file[node][block]);
	lease_written(lease, &returned, 0);
	writes++;
}

static void step(uint32_t node)
{
	struct lease *lease = &leases[node];
	struct lease_time now = at(next_us[node]);
	struct lease_act act;

	if (lease_wish(lease) != 0)
		lease_promise(lease, lease_wish(lease),
			      &(struct lease_end){ 1, 1024 });
	if (lease->standing == LEASE_PASSED)
		lease_lead(lease);
	act = lease_next(lease, &now);
	next_us[node] += IO_US;
	switch (act.what) {
	case LEASE_READ:
		look(lease, act.slots, now.raw_us);
		break;
	case LEASE_WRITE:
	case LEASE_BURY:
		write_block(lease, node, act.what == LEASE_BURY, now.raw_us);
		break;
	case LEASE_WAIT:
		next_us[node] += act.wait_us;
		break;
	case LEASE_STOP:
		fprintf(stderr, "scale: a node is out: %s\n",
			lease_reason_name(lease->reason));
		exit(1);
	}
}

static void run_until(uint32_t nodes, int64_t until_us)
{
	for (;;) {
		uint32_t first = 0;

		for (uint32_t i = 1; i < nodes; i++)
			if (next_us[i] < next_us[first])
				first = i;
		if (next_us[first] >= until_us)
			return;
		step(first);
	}
}

static void measure_lease(uint32_t nodes, struct cost *cost)
{
	double seconds = (double)MEASURE_US / 1e6 * nodes;
	double began;

	memset(file, 0, sizeof(file));
	for (uint32_t i = 0; i < nodes; i++) {
		struct lease_setup setup = {
			.terms = lease_terms_for(LEASE_MS, NODES_MAX),
			.file_id = 1,
			.number = 1,
			.incarnation = 1 + i,
			.slot = i,
			.name = "n",
		};

		lease_init(&leases[i], &setup, NULL);
		lease_stand(&leases[i], true);
		next_us[i] = 1000 + 137 * (int64_t)i;
	}
	run_until(nodes, SETTLE_US);
	looks = look_slots = writes = 0;
	began = cpu_s();
	run_until(nodes, SETTLE_US + MEASURE_US);
	cost->lease_cpu = 100 * (cpu_s() - began) / seconds;
	cost->looks = (double)looks / seconds;
	cost->look_kb = (double)look_slots * 8 / seconds;
	cost->writes = (double)writes / seconds;
}

/* ---- datagrams ---- */

static struct beat beats[NODES_MAX];
static struct config_cluster clusters[NODES_MAX];
static char names[NODES_MAX][16];
static char entries[NODES_MAX][UDP_NAME_MAX];
static char *lists[NODES_MAX][NODES_MAX];
static char keys[] = "/tmp/holdfast-scale-XXXXXX";

static void make_keys(void)
{
	static const char key[] =
		"1 0123456789abcdef0123456789abcdef0123456789abcdef"
		"0123456789abcdef\n";
	int fd = mkstemp(keys);

	if (fd == -1 || write(fd, key, sizeof(key) - 1) == -1) {
		perror("scale: key file");
		exit(1);
	}
	close(fd);
}

static void open_beats(uint32_t nodes)
{
	for (uint32_t i = 0; i < nodes; i++) {
		struct beat_setup setup = { .node = names[i],
					    .incarnation = 100 + i,
					    .cluster = &clusters[i] };

		snprintf(names[i], sizeof(names[i]), "n%u", i);
		clusters[i] = (struct config_cluster){
			.present = true,
			.name = keys,
			.key_file = keys,
			.heartbeat_ms = HEARTBEAT_MS,
			.peers = { lists[i], 0 },
		};
		beats[i].udp.fd = -1;
		for (uint32_t j = 0; j < i; j++)
			lists[i][clusters[i].peers.count++] = entries[j];
		udp_endpoint(text_of("127.0.0.1"), 1, &setup.listen);
		setup.listen.port = 0;
		if (beat_open(&beats[i], &setup, clock_ms()) != 0)
			exit(1);
		udp_name(&beats[i].udp.bound, entries[i]);
	}
}

static void turn_beats(uint32_t nodes, int64_t until_ms)
{
	struct pollfd polled[NODES_MAX];

	while (clock_ms() < until_ms) {
		int64_t next_ms = until_ms;

		for (uint32_t i = 0; i < nodes; i++) {
			polled[i] =
				(struct pollfd){ beats[i].udp.fd, POLLIN, 0 };
			if (beat_deadline(&beats[i]) < next_ms)
				next_ms = beat_deadline(&beats[i]);
		}
		next_ms -= clock_ms();
		(void)poll(polled, nodes, next_ms > 0 ? (int)next_ms : 0);
		for (uint32_t i = 0; i < nodes; i++)
			if (polled[i].revents != 0 ||
			    beat_deadline(&beats[i]) <= clock_ms())
				beat_turn(&beats[i], clock_ms());
	}
}

static void measure_beats(uint32_t nodes, int seconds, struct cost *cost)
{
	uint64_t before = 0;
	uint64_t after = 0;
	double began;

	open_beats(nodes);
	turn_beats(nodes, clock_ms() + 2000);
	for (uint32_t i = 0; i < nodes; i++)
		before += beats[i].udp.sent;
	began = cpu_s();
	turn_beats(nodes, clock_ms() + 1000 * (int64_t)seconds);
	cost->beat_cpu = 100 * (cpu_s() - began) / seconds / nodes;
	for (uint32_t i = 0; i < nodes; i++)
		after += beats[i].udp.sent;
	cost->sent = (double)(after - before) / seconds / nodes;
	for (uint32_t i = 0; i < nodes; i++)
		beat_close(&beats[i]);
	memset(beats, 0, sizeof(beats));
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = { 3, 8, 16, 32, 64 };
	int seconds = argc > 1 ? atoi(argv[1]) : 5;

	leases = calloc(NODES_MAX, sizeof(*leases));
	if (leases == NULL || seconds < 1)
		return 1;
	log_setup(LOG_LEVEL_ERR, 0);
	make_keys();
	printf("per node and second: lease %d ms, heartbeat %d ms\n"
	       "nodes  looks  KiB read  writes  CPU %%  datagrams  CPU %%\n",
	       LEASE_MS, HEARTBEAT_MS);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct cost cost = { 0 };

		measure_lease(sizes[i], &cost);
		measure_beats(sizes[i], seconds, &cost);
		printf("%5u  %5.1f  %8.1f  %6.1f  %5.3f  %9.1f  %5.3f\n",
		       sizes[i], cost.looks, cost.look_kb, cost.writes,
		       cost.lease_cpu, cost.sent, cost.beat_cpu);
		fflush(stdout);
	}
	unlink(keys);
	return 0;
}
