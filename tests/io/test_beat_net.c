/* Two nodes in network namespaces with a cable between them: what the
 * loopback can't show.  Where these can't be had the tests pass unseen.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/io/beats.h"

#define PORT 7400

static int started[2]; /* pipes: from the other node, to it */
static int go[2];
static pid_t other;

__attribute__((format(printf, 1, 2))) static bool run(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	return system(line) == 0;
}

static bool bring_up(const char *interface, int number)
{
	return run("ip link set lo up && ip link set %s up && "
		   "ip addr add 10.99.0.%d/24 brd + dev %s && "
		   "ip route add default dev %s",
		   interface, number, interface, interface);
}

/* Node I on all addresses; NULL for no list, or no group. */
static void open_node(int i, const char *peer, char *group)
{
	struct beat_setup setup = { .node = beats_names[i],
				    .incarnation = 100 + (uint64_t)i,
				    .cluster = &beats_clusters[i] };

	beats_clusters[i].multicast = group;
	if (peer != NULL)
		beats_list(i, peer);
	udp_endpoint(text_of("0.0.0.0"), PORT, &setup.listen);
	ck_assert_int_eq(beat_open(&beats[i], &setup, clock_ms()), 0);
}

/* The other node, in a namespace of its own, until it is killed. */
static void live(const char *peer, char *group)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET) == -1 || write(started[1], "", 1) != 1 ||
	    read(go[0], &byte, 1) != 1 || !bring_up("v1", 2))
		_exit(1);
	open_node(B, peer, group);
	for (;;)
		beats_turn();
}

/* False where there are no namespaces to be had. */
static bool begin(const char *peer, char *group)
{
	char byte;

	if (unshare(CLONE_NEWNET) == -1 ||
	    !run("ip link add v0 type veth peer name v1 2>/dev/null"))
		return false;
	beats_begin();
	ck_assert_int_eq(pipe(started) | pipe(go), 0);
	other = fork();
	if (other == 0)
		live(peer, group);
	ck_assert_int_eq(read(started[0], &byte, 1), 1);
	ck_assert(run("ip link set v1 netns %d", (int)other));
	ck_assert_int_eq(write(go[1], "", 1), 1);
	ck_assert(bring_up("v0", 1));
	open_node(A, NULL, group);
	return true;
}

static void end(void)
{
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	beats_end();
}

static bool both_hear(void)
{
	return beats_hears(A, A, B) == PEERS_HEARS_YES &&
	       beats_hears(A, B, A) == PEERS_HEARS_YES;
}

START_TEST(an_address_in_one_list_is_enough)
{
	if (!begin("10.99.0.1", NULL))
		return;
	beats_wait(both_hear());
	end();
}
END_TEST

START_TEST(nodes_of_one_network_find_each_other_by_multicast)
{
	static char group[] = "239.255.74.0:7400";

	if (!begin(NULL, group))
		return;
	ck_assert_int_eq(beats[A].udp.group_fd, -1);
	beats_wait(both_hear());
	end();
}
END_TEST

START_TEST(nodes_of_one_network_find_each_other_by_broadcast)
{
	static char group[] = "10.99.0.255:7400";

	if (!begin(NULL, group))
		return;
	beats_wait(both_hear());
	end();
}
END_TEST

START_TEST(a_cable_that_is_pulled_and_put_back_heals)
{
	if (!begin("10.99.0.1", NULL))
		return;
	beats_wait(both_hear());
	ck_assert(run("ip link set v0 down"));
	beats_wait(beats_hears(A, A, B) == PEERS_HEARS_NO);
	ck_assert(run("ip link set v0 up"));
	beats_wait(both_hear());
	end();
}
END_TEST

TEST_MAIN("beat_net", an_address_in_one_list_is_enough,
	  nodes_of_one_network_find_each_other_by_multicast,
	  nodes_of_one_network_find_each_other_by_broadcast,
	  a_cable_that_is_pulled_and_put_back_heals)
