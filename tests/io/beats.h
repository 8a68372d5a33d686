/* beats - heartbeats of several nodes on one machine, for tests: real sockets
 * on the loopback, whose filters cut one direction between two of them.
 */
#ifndef HOLDFAST_TESTS_BEATS_H
#define HOLDFAST_TESTS_BEATS_H

#include <linux/filter.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "roles/beat.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define BEATS		  3
#define BEATS_INTERVAL_MS 50
#define BEATS_DEADLINE_MS 20000

enum { A, B, C };

static struct beat beats[BEATS];
static struct config_cluster beats_clusters[BEATS];
static char beats_lists[BEATS][BEATS][64];
static char *beats_entries[BEATS][BEATS];
static const char *const beats_names[BEATS] = { "a", "b", "c" };
static char beats_keys[TMP_DIR_MAX];
static uint64_t beats_life = 100;
static beat_fn *beats_heard;

static inline void beats_write_keys(const char *text)
{
	FILE *file = fopen(beats_keys, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

/* "a " and a key. */
#define BEATS_KEY                                                          \
	"a 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd" \
	"ef\n"

static inline void beats_begin(void)
{
	close(tmp_file(beats_keys, "beats"));
	beats_write_keys(BEATS_KEY);
	for (int i = 0; i < BEATS; i++) {
		beats_clusters[i] = (struct config_cluster){
			.present = true,
			.name = beats_keys, /* any */
			.key_file = beats_keys,
			.heartbeat_ms = BEATS_INTERVAL_MS,
			.peers = { beats_entries[i], 0 },
		};
		beats[i].udp.fd = -1;
	}
}

/* Node I has the entry TEXT in its list. */
static inline void beats_list(int i, const char *text)
{
	struct strings *list = &beats_clusters[i].peers;

	snprintf(beats_lists[i][list->count], sizeof(beats_lists[i][0]), "%s",
		 text);
	beats_entries[i][list->count] = beats_lists[i][list->count];
	list->count++;
}

/* Node I has node J in its list, which is open. */
static inline void beats_know(int i, int j)
{
	char name[UDP_NAME_MAX];

	udp_name(&beats[j].udp.bound, name);
	beats_list(i, name);
}

/* Opens node I as node NAME on PORT, 0 = any. */
static inline int beats_try(int i, const char *name, uint16_t port)
{
	struct beat_setup setup = {
		.node = name,
		.incarnation = ++beats_life,
		.cluster = &beats_clusters[i],
		.heard = beats_heard,
		.arg = &beats[i],
	};

	udp_endpoint(text_of("127.0.0.1"), 1, &setup.listen);
	setup.listen.port = port;
	return beat_open(&beats[i], &setup, clock_ms());
}

static inline void beats_open(int i)
{
	ck_assert_int_eq(beats_try(i, beats_names[i], 0), 0);
}

/* All three, of which each knows those before it. */
static inline void beats_open_all(void)
{
	beats_begin();
	for (int i = 0; i < BEATS; i++) {
		for (int j = 0; j < i; j++)
			beats_know(i, j);
		beats_open(i);
	}
}

static inline void beats_end(void)
{
	for (int i = 0; i < BEATS; i++)
		if (beats[i].udp.fd != -1)
			beat_close(&beats[i]);
	unlink(beats_keys);
}

static inline void beats_turn(void)
{
	struct pollfd ready[2 * BEATS];
	int64_t next_ms = INT64_MAX;
	int64_t now_ms = clock_ms();

	for (int i = 0; i < BEATS; i++) {
		bool open = beats[i].udp.fd != -1;

		ready[2 * i] = (struct pollfd){ beats[i].udp.fd, POLLIN, 0 };
		ready[2 * i + 1] =
			(struct pollfd){ open ? beats[i].udp.group_fd : -1,
					 POLLIN, 0 };
		if (open && beat_deadline(&beats[i]) < next_ms)
			next_ms = beat_deadline(&beats[i]);
	}
	poll(ready, 2 * BEATS,
	     next_ms <= now_ms	     ? 0
	     : next_ms - now_ms > 10 ? 10
				     : (int)(next_ms - now_ms));
	for (int i = 0; i < BEATS; i++)
		if (beats[i].udp.fd != -1)
			beat_turn(&beats[i], clock_ms());
}

static inline void beats_run(int64_t ms)
{
	int64_t end_ms = clock_ms() + ms;

	while (clock_ms() < end_ms)
		beats_turn();
}

/* Waits until COND; how long in milliseconds. */
#define beats_wait(COND)                                                     \
	({                                                                   \
		int64_t began_ms = clock_ms();                               \
                                                                             \
		while (!(COND) && clock_ms() < began_ms + BEATS_DEADLINE_MS) \
			beats_turn();                                        \
		ck_assert_msg(COND, "never: %s", #COND);                     \
		clock_ms() - began_ms;                                       \
	})

/* Does X hear Y, as node I knows? */
static inline enum peers_hears beats_hears(int i, int x, int y)
{
	const struct peers *peers = &beats[i].peers;
	int a = peers_find(peers, text_of(beats_names[x]));
	int b = peers_find(peers, text_of(beats_names[y]));

	if (a < 0 || b < 0)
		return PEERS_HEARS_UNKNOWN;
	return peers_hears(peers, (size_t)a, (size_t)b, clock_ms());
}

/* Does node I know that all hear all, but that X does not hear Y? */
static inline bool beats_one_hears_all_but(int i, int x, int y)
{
	for (int a = 0; a < BEATS; a++)
		for (int b = 0; b < BEATS; b++)
			if (beats_hears(i, a, b) != (a == x && b == y && a != b
							     ? PEERS_HEARS_NO
							     : PEERS_HEARS_YES))
				return false;
	return true;
}

/* Do all know that all hear all? */
static inline bool beats_all_hear(void)
{
	for (int i = 0; i < BEATS; i++)
		if (!beats_one_hears_all_but(i, i, i))
			return false;
	return true;
}

static inline void beats_filter(int i, struct sock_filter *code,
				unsigned short len)
{
	struct sock_fprog program = { len, code };

	ck_assert_int_eq(setsockopt(beats[i].udp.fd, SOL_SOCKET,
				    SO_ATTACH_FILTER, &program,
				    sizeof(program)),
			 0);
}

/* X hears Y no more, in the kernel; Y goes on to hear X. */
static inline void beats_cut(int x, int y)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), /* the source port */
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, beats[y].udp.bound.port, 0,
			 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};

	beats_filter(x, code, 4);
}

/* Of what X should hear PERCENT is lost. */
static inline void beats_lose(int x, unsigned percent)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (unsigned)(SKF_AD_OFF + SKF_AD_RANDOM)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
			 (unsigned)(UINT64_C(0xffffffff) * percent / 100), 1,
			 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};

	beats_filter(x, code, 4);
}

static inline void beats_heal(int x)
{
	int unused = 0;

	setsockopt(beats[x].udp.fd, SOL_SOCKET, SO_DETACH_FILTER, &unused,
		   sizeof(unused));
}

#endif
