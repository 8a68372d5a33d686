#define _GNU_SOURCE
#include "roles/heartbeat.h"

#include <errno.h>
#include <poll.h>

#include "io/channel.h"
#include "io/clock.h"
#include "tests/core/test.h"

#define LEASE_MS 2000
#define SLOT	 3
#define OTHER	 5

static struct heartbeat heartbeat;
static struct heritage heritage;
static struct config config;
static char name[] = "a";
static char listen_any[] = "0.0.0.0:8080";
static char ssd[] = "ssd";
static char big[] = "big";
static char *listens[] = { listen_any, NULL };
static char *tags[] = { ssd, big, NULL };
static int64_t now_ms;

/* A node that is "a", and hears "b", which is proven, at index 1. */
static void begin(void)
{
	struct cluster_lease lease = {
		.slot = SLOT,
		.number = 7,
		.kept = { .generation = 7, .in = true },
		.shown = { .number = 7, .generation = 7, .epoch = 64 }
	};
	struct peer *peer = &heartbeat.beat.peers.at[1];

	memset(&heartbeat, 0, sizeof(heartbeat));
	now_ms = clock_ms();
	config = (struct config){ .node = name };
	config.http.listen = (struct strings){ listens, 1 };
	config.cluster.present = true;
	config.cluster.tags = (struct strings){ tags, 2 };
	heritage = (struct heritage){ .config = &config, .board = board_new() };
	ck_assert_ptr_nonnull(heritage.board);
	for (int role = 0; role < ROLE_MAX; role++)
		heritage.bells[role] = bell_open();
	heartbeat.heritage = &heritage;
	heartbeat.cluster = &heritage.board->cluster;
	heartbeat.cluster->present = true;
	heartbeat.cluster->terms = lease_terms_for(LEASE_MS, 64);
	heartbeat.is_open = true;
	heartbeat.events = rate_init(1, 10, now_ms);
	peers_init(&heartbeat.beat.peers, "a", 1, 100);
	heartbeat.beat.peers.count = 2;
	*peer = (struct peer){
		.node = "b",
		.proven = true,
		.heard_ms = now_ms,
		.since_ms = now_ms,
		.interval_ms = 100,
		.address = "[::]:9000",
		.place = { .present = true, .slot = OTHER, .generation = 9 }
	};
	peer->replay.incarnation = 2;
	udp_endpoint(text_of("192.0.2.7:7400"), 0, &peer->from);
	heartbeat_introduce(&heartbeat);
	cluster_set_lease(heartbeat.cluster, &lease);
	heartbeat_tell(&heartbeat, now_ms);
	heartbeat.beat.looks_count = 0;
}

static bool rang(enum role role)
{
	struct pollfd ready = { heritage.bells[role], POLLIN, 0 };
	bool yes = poll(&ready, 1, 0) == 1;

	bell_clear(heritage.bells[role]);
	return yes;
}

/* Our looks showed this of b. */
static void seen(uint64_t generation, uint64_t epoch, uint64_t offset)
{
	struct cluster_peer peer = { .verdict = LEASE_PEER_ALIVE,
				     .generation = generation,
				     .epoch = epoch,
				     .end = { 1, offset },
				     .changed_ms = now_ms,
				     .name = "b" };

	cluster_set_peer(heartbeat.cluster, OTHER, &peer);
}

static void hear(const struct datagram *datagram)
{
	heartbeat_heard(&heartbeat, datagram, &heartbeat.beat.peers.at[1]);
}

static struct datagram with_look(enum datagram_look_kind kind, uint64_t number)
{
	struct datagram datagram = { .incarnation = 2, .looks_count = 1 };

	datagram.looks[0] = (struct datagram_look){ kind, OTHER, number };
	return datagram;
}

static const struct cluster_heard *shown(void)
{
	static struct cluster_heard heard;

	ck_assert(cluster_heard(heartbeat.cluster, 1, &heard));
	return &heard;
}

START_TEST(each_kind_of_look_rings_who_has_to_look)
{
	static const struct {
		enum datagram_look_kind kind;
		bool lease;
	} kinds[] = {
		{ LOOK_SLOT, true },	 { LOOK_RELEASED, true },
		{ LOOK_EPOCH, true },	 { LOOK_SILENT, true },
		{ LOOK_JOURNAL, false },
	};

	begin();
	seen(9, 0, 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct datagram datagram = with_look(kinds[i].kind, 4);
		uint32_t hint = heartbeat.cluster->hint;

		hear(&datagram);
		ck_assert(rang(ROLE_LEASE) == kinds[i].lease);
		ck_assert(rang(ROLE_JOURNAL) == !kinds[i].lease);
		ck_assert_uint_eq(heartbeat.cluster->hint,
				  hint + kinds[i].lease);
	}
}
END_TEST

START_TEST(a_look_told_again_rings_once)
{
	struct datagram datagram = with_look(LOOK_SLOT, 4);

	begin();
	seen(9, 0, 0);
	hear(&datagram);
	ck_assert(rang(ROLE_LEASE));
	hear(&datagram);
	ck_assert(!rang(ROLE_LEASE));
	datagram.looks[0].number = 5;
	hear(&datagram);
	ck_assert(rang(ROLE_LEASE));
}
END_TEST

START_TEST(unknown_looks_are_left_alone)
{
	struct datagram datagram = with_look(LOOK_SLOT, 4);

	begin();
	seen(9, 0, 0);
	datagram.looks[0].kind = 99;
	hear(&datagram);
	datagram.looks[0].kind = 0;
	hear(&datagram);
	ck_assert(!rang(ROLE_LEASE) && !rang(ROLE_JOURNAL));
}
END_TEST

START_TEST(who_is_not_proven_rings_nobody_and_shows_no_place)
{
	struct datagram datagram = with_look(LOOK_EPOCH, 4);

	begin();
	heartbeat.beat.peers.at[1].proven = false;
	heartbeat.beat.peers.at[1].place.offset = 100;
	hear(&datagram);
	ck_assert(!rang(ROLE_LEASE) && !rang(ROLE_JOURNAL));
	ck_assert(shown()->heard);
	ck_assert(!shown()->proven && !shown()->place.present);
}
END_TEST

START_TEST(a_newer_place_rings_until_our_looks_show_it)
{
	struct peer *peer = &heartbeat.beat.peers.at[1];
	struct datagram datagram = { .incarnation = 2 };

	begin();
	seen(9, 64, 0);
	hear(&datagram);
	ck_assert(!rang(ROLE_LEASE));
	peer->place.epoch = 128;
	hear(&datagram);
	ck_assert(rang(ROLE_LEASE));
	seen(9, 128, 0);
	hear(&datagram);
	ck_assert(!rang(ROLE_LEASE));
	peer->flags = DATAGRAM_LEADING;
	hear(&datagram);
	ck_assert(rang(ROLE_LEASE));
	peer->place.generation = 8; /* overtaken by what we saw */
	hear(&datagram);
	ck_assert(!rang(ROLE_LEASE));
}
END_TEST

START_TEST(an_end_is_shown_before_the_journal_is_rung)
{
	struct peer *peer = &heartbeat.beat.peers.at[1];
	struct datagram datagram = { .incarnation = 2 };

	begin();
	seen(9, 0, 500);
	peer->place.segment = 1;
	peer->place.offset = 400; /* our looks know more */
	hear(&datagram);
	ck_assert(!rang(ROLE_JOURNAL));
	peer->place.offset = 600;
	hear(&datagram);
	ck_assert(rang(ROLE_JOURNAL));
	ck_assert_uint_eq(shown()->place.offset, 600);
	hear(&datagram);
	ck_assert(!rang(ROLE_JOURNAL));
	peer->place.segment = 2;
	peer->place.offset = 64;
	hear(&datagram);
	ck_assert(rang(ROLE_JOURNAL));
}
END_TEST

START_TEST(another_nodes_slot_is_no_place_of_it)
{
	struct cluster_peer peer = { .verdict = LEASE_PEER_ALIVE, .name = "c" };
	struct datagram datagram = { .incarnation = 2 };

	begin();
	cluster_set_peer(heartbeat.cluster, OTHER, &peer);
	hear(&datagram);
	ck_assert(!shown()->place.present);
}
END_TEST

/* Our lease is good, and b says for FOR_MS that its own is. */
static bool is_told_elsewhere(int64_t for_ms)
{
	struct cluster_lease lease = {
		.slot = SLOT,
		.number = 7,
		.kept = { .generation = 7, .in = true, .stamp = clock_lease() },
	};

	cluster_set_lease(heartbeat.cluster, &lease);
	heartbeat.beat.peers.at[1].flags = DATAGRAM_HOLDS;
	for (int64_t ms = 0; ms <= for_ms; ms += 100)
		heartbeat_compare(&heartbeat, 1, now_ms + ms);
	heartbeat_show(&heartbeat, 1, now_ms);
	ck_assert_int_eq(shown()->elsewhere, heartbeat.elsewhere[1].told);
	return heartbeat.elsewhere[1].told;
}

START_TEST(whose_lease_is_not_in_our_file_is_told_once)
{
	begin();
	ck_assert(!is_told_elsewhere(2 * LEASE_MS - 100));
	ck_assert(is_told_elsewhere(2 * LEASE_MS));
	ck_assert(is_told_elsewhere(9 * LEASE_MS));
	ck_assert_uint_eq(atomic_load(&heritage.board->event), 1);
	seen(9, 64, 0);
	ck_assert(!is_told_elsewhere(0));
}
END_TEST

START_TEST(whose_lease_we_saw_end_long_ago_is_on_other_storage)
{
	struct cluster_peer peer = { .verdict = LEASE_PEER_DEAD,
				     .generation = 9,
				     .name = "b" };

	begin();
	cluster_set_peer(heartbeat.cluster, OTHER, &peer);
	ck_assert(is_told_elsewhere(2 * LEASE_MS));
	begin();
	seen(8, 64, 0);
	ck_assert(is_told_elsewhere(2 * LEASE_MS));
}
END_TEST

START_TEST(who_does_not_look_itself_tells_nothing)
{
	begin();
	heartbeat.beat.peers.at[1].flags = DATAGRAM_HOLDS;
	for (int64_t ms = 0; ms < 9 * LEASE_MS; ms += 100)
		heartbeat_compare(&heartbeat, 1, now_ms + ms);
	ck_assert(!heartbeat.elsewhere[1].told);
	begin();
	heartbeat.beat.peers.at[1].proven = false;
	ck_assert(!is_told_elsewhere(9 * LEASE_MS));
}
END_TEST

START_TEST(a_node_that_listens_everywhere_is_where_it_speaks_from)
{
	begin();
	heartbeat_show_all(&heartbeat, now_ms);
	ck_assert_str_eq(shown()->address, "192.0.2.7:9000");
	ck_assert_str_eq(shown()->from, "192.0.2.7:7400");
	ck_assert_uint_eq(heartbeat.cluster->nodes, 2);
}
END_TEST

START_TEST(what_a_node_is_comes_from_the_board)
{
	const struct datagram *self = &heartbeat.beat.self;

	begin();
	ck_assert(text_is(self->address, "0.0.0.0:8080"));
	ck_assert_mem_eq(self->tags.at, "ssd\0big", 8);
	ck_assert_uint_eq(self->tags.len, 8);
	ck_assert(self->place.present);
	ck_assert_uint_eq(self->place.slot, SLOT);
	ck_assert_uint_eq(self->place.epoch, 64);
	ck_assert_uint_eq(self->flags, 0);
	heritage.board->drain = 1;
	heartbeat_tell(&heartbeat, now_ms);
	ck_assert_uint_eq(self->flags, DATAGRAM_DRAINING);
}
END_TEST

/* The one look that is waiting to be told. */
static const struct datagram_look *told(void)
{
	heartbeat_tell(&heartbeat, now_ms);
	ck_assert_uint_eq(heartbeat.beat.looks_count, 1);
	heartbeat.beat.looks_count = 0;
	return &heartbeat.beat.looks[0];
}

START_TEST(what_changes_is_told_once)
{
	struct cluster_promise promise = { .generation = 7,
					   .epoch = 64,
					   .end = { 1, 900 } };
	struct cluster_lease lease;

	begin();
	heartbeat_tell(&heartbeat, now_ms);
	ck_assert_uint_eq(heartbeat.beat.looks_count, 0);
	cluster_set_promise(heartbeat.cluster, &promise);
	ck_assert_int_eq(told()->kind, LOOK_JOURNAL);
	ck_assert_uint_eq(heartbeat.beat.self.place.offset, 900);
	cluster_lease(heartbeat.cluster, &lease);
	lease.shown.epoch = 131;
	cluster_set_lease(heartbeat.cluster, &lease);
	ck_assert_int_eq(told()->kind, LOOK_EPOCH);
	lease.shown.flags = LEASE_RELEASED;
	cluster_set_lease(heartbeat.cluster, &lease);
	ck_assert_int_eq(told()->kind, LOOK_RELEASED);
	heartbeat_tell(&heartbeat, now_ms);
	ck_assert_uint_eq(heartbeat.beat.looks_count, 0);
}
END_TEST

START_TEST(an_end_of_another_generation_is_not_told)
{
	struct cluster_promise promise = { .generation = 6, .end = { 1, 900 } };

	begin();
	cluster_set_promise(heartbeat.cluster, &promise);
	heartbeat_tell(&heartbeat, now_ms);
	ck_assert_uint_eq(heartbeat.beat.looks_count, 0);
	ck_assert_uint_eq(heartbeat.beat.self.place.segment, 0);
}
END_TEST

START_TEST(a_slot_that_turned_silent_is_told_once)
{
	begin();
	seen(9, 0, 0);
	atomic_store(&heartbeat.cluster->in_use, OTHER + 1);
	heartbeat_tell_silent(&heartbeat, now_ms + LEASE_MS / 2);
	ck_assert_uint_eq(heartbeat.beat.looks_count, 0);
	for (int i = 1; i < 4; i++)
		heartbeat_tell_silent(&heartbeat, now_ms + LEASE_MS / 2 + i);
	ck_assert_uint_eq(heartbeat.beat.looks_count, 1);
	ck_assert_int_eq(heartbeat.beat.looks[0].kind, LOOK_SILENT);
	ck_assert_uint_eq(heartbeat.beat.looks[0].slot, OTHER);
	ck_assert(heartbeat.has_news);
}
END_TEST

START_TEST(events_are_told_at_a_bounded_rate)
{
	begin();
	for (int i = 0; i < 1000; i++)
		heartbeat_news(&heartbeat, BEAT_LOST, "b", "it is silent");
	ck_assert_uint_le(atomic_load(&heritage.board->event), 11);
	ck_assert_uint_ge(atomic_load(&heritage.board->event), 10);
}
END_TEST

/* A packet of one hint of the job with TOKEN. */
static int packet_of(uint64_t token, uint8_t *buf, size_t cap)
{
	struct enc enc = enc_init(buf, cap);
	struct hint hint = { .id = text_of("0123456789abcdefghjkmnpqrs"),
			     .token = token,
			     .step = 3,
			     .percent = 500 };

	ck_assert(hint_put(&enc, &hint));
	return enc_end(&enc);
}

static void open_links(void)
{
	static const int none[] = { 0 };

	ck_assert_int_eq(channel_pair(heritage.links[ROLE_HEARTBEAT]), 0);
	ck_assert_int_eq(loop_open(&heartbeat.loop, none), 0);
	ck_assert_int_eq(heartbeat_open_hints(&heartbeat), 0);
}

START_TEST(hints_of_ours_are_told)
{
	uint8_t buf[256];
	int len = packet_of(7, buf, sizeof(buf));

	begin();
	open_links();
	ck_assert_int_eq(channel_send(heritage.links[ROLE_HEARTBEAT][1], buf,
				      (size_t)len),
			 0);
	loop_wait(&heartbeat.loop, clock_ms() + 1000);
	heartbeat_take_hints(&heartbeat, now_ms);
	ck_assert_uint_eq(heartbeat.beat.hints_count, 1);
	ck_assert_uint_eq(heartbeat.beat.hint_tokens[0], 7);
}
END_TEST

START_TEST(hints_of_proven_others_reach_the_journal_role_together)
{
	struct datagram datagram = { .incarnation = 2, .progress_count = 1 };
	uint8_t expected[256];
	uint8_t buf[256];
	int len = packet_of(7, expected, sizeof(expected));

	begin();
	open_links();
	datagram.progress[0] =
		(struct hint){ .id = text_of("0123456789abcdefghjkmnpqrs"),
			       .token = 7,
			       .step = 3,
			       .percent = 500 };
	hear(&datagram);
	hear(&datagram);
	heartbeat_pass_hints(&heartbeat, now_ms);
	ck_assert_int_eq(channel_receive(heritage.links[ROLE_HEARTBEAT][1], buf,
					 sizeof(buf)),
			 2 * len);
	ck_assert_mem_eq(buf, expected, (size_t)len);
	/* What comes at once after that waits, what may be a recording is
	 * nothing. */
	hear(&datagram);
	heartbeat_pass_hints(&heartbeat, now_ms + 1);
	ck_assert_int_eq(channel_receive(heritage.links[ROLE_HEARTBEAT][1], buf,
					 sizeof(buf)),
			 -EAGAIN);
	ck_assert_int_lt(heartbeat_hints_deadline(&heartbeat), now_ms + 1000);
	heartbeat_pass_hints(&heartbeat, now_ms + 1000);
	ck_assert_int_eq(channel_receive(heritage.links[ROLE_HEARTBEAT][1], buf,
					 sizeof(buf)),
			 len);
	heartbeat.beat.peers.at[1].proven = false;
	hear(&datagram);
	ck_assert_int_eq(heartbeat_hints_deadline(&heartbeat),
			 LOOP_NO_DEADLINE);
}
END_TEST

TEST_MAIN("heartbeat", each_kind_of_look_rings_who_has_to_look,
	  whose_lease_is_not_in_our_file_is_told_once,
	  whose_lease_we_saw_end_long_ago_is_on_other_storage,
	  who_does_not_look_itself_tells_nothing, a_look_told_again_rings_once,
	  unknown_looks_are_left_alone,
	  who_is_not_proven_rings_nobody_and_shows_no_place,
	  a_newer_place_rings_until_our_looks_show_it,
	  an_end_is_shown_before_the_journal_is_rung,
	  another_nodes_slot_is_no_place_of_it,
	  a_node_that_listens_everywhere_is_where_it_speaks_from,
	  what_a_node_is_comes_from_the_board, what_changes_is_told_once,
	  an_end_of_another_generation_is_not_told,
	  a_slot_that_turned_silent_is_told_once,
	  events_are_told_at_a_bounded_rate, hints_of_ours_are_told,
	  hints_of_proven_others_reach_the_journal_role_together)
