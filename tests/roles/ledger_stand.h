/* ledger_stand - a ledger, n2, and the journals of two others, n0 and n1; the
 * board as the lease role would make it of what they show.
 */
#ifndef HOLDFAST_TESTS_ROLES_LEDGER_STAND_H
#define HOLDFAST_TESTS_ROLES_LEDGER_STAND_H

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "roles/ledger_cluster.h"
#include "roles/ledger_parts.h"
#include "tests/core/test.h"
#include "tests/sim/disk.h"
#include "tests/sim/memview.h"

#define NODES	3
#define ME	2
#define WALL_MS INT64_C(1800000000000)
#define ID	"0123456789abcdefghjkmnpqrs"

static char names[NODES][3] = { "n0", "n1", "n2" };
static char job_name[] = "job";
static char word[] = "/bin/true";
static char shared_name[] = "/s";
static char *words[] = { word, NULL };
static struct unit unit = { .kind = UNIT_JOB,
			    .name = job_name,
			    .command = { words, 1 },
			    .enabled = true,
			    .attempts = 1,
			    .keep_ms = 60000,
			    .max_pending = 8 };
static const struct config config = { .node = names[ME],
				      .shared = shared_name,
				      .workers = 1,
				      .units = &unit,
				      .units_count = 1 };
static struct disk disks[NODES];
static struct journal journals[NODES];
static struct memview view;
static struct board *board;
static struct ledger ledger;
static int64_t now_ms;
static unsigned replies;
static struct message reply;

/* ---- what it stands on ---- */

static inline struct shared *shared_of(const char *node)
{
	return &disks[node[1] - '0'].shared;
}

static inline int hub_segments(struct shared *shared, const char *node,
			       uint32_t *numbers, size_t cap)
{
	struct shared *at = shared_of(node);

	(void)shared;
	return at->ops->segments(at, node, numbers, cap);
}

static inline ssize_t hub_read(struct shared *shared, const char *node,
			       uint32_t number, uint64_t offset, void *into,
			       size_t len)
{
	struct shared *at = shared_of(node);

	(void)shared;
	return at->ops->read(at, node, number, offset, into, len);
}

static inline int hub_begin(struct shared *shared, uint32_t number,
			    uint64_t bytes)
{
	(void)shared;
	return disks[ME].shared.ops->begin(&disks[ME].shared, number, bytes);
}

static inline int hub_grow(struct shared *shared, uint64_t bytes)
{
	(void)shared;
	return disks[ME].shared.ops->grow(&disks[ME].shared, bytes);
}

static inline int hub_write(struct shared *shared, uint64_t offset,
			    const void *bytes, size_t len)
{
	(void)shared;
	return disks[ME].shared.ops->write(&disks[ME].shared, offset, bytes,
					   len);
}

static inline int hub_sync(struct shared *shared)
{
	(void)shared;
	return disks[ME].shared.ops->sync(&disks[ME].shared);
}

static inline int hub_remove(struct shared *shared, uint32_t number)
{
	(void)shared;
	return disks[ME].shared.ops->remove(&disks[ME].shared, number);
}

static const struct shared_ops hub_ops = { .segments = hub_segments,
					   .read = hub_read,
					   .begin = hub_begin,
					   .grow = hub_grow,
					   .write = hub_write,
					   .sync = hub_sync,
					   .remove = hub_remove };
static struct shared hub = { &hub_ops };

static inline struct lease_time op_clock(void *arg)
{
	(void)arg;
	return (struct lease_time){ now_ms * 1000, now_ms * 1000 };
}

static inline void op_reply(void *arg, unsigned link,
			    const struct message *message)
{
	(void)arg;
	(void)link;
	reply = *message;
	replies++;
}

static inline void op_nothing(void *arg)
{
	(void)arg;
}

static inline void op_ring(void *arg, bool changes, bool holdings)
{
	(void)arg;
	(void)changes;
	(void)holdings;
}

static inline void op_hint(void *arg, const void *packet, size_t len)
{
	(void)arg;
	(void)packet;
	(void)len;
}

static const struct ledger_ops ops = { .reply = op_reply,
				       .news = op_nothing,
				       .ring = op_ring,
				       .clock = op_clock,
				       .tell = op_nothing,
				       .hint = op_hint };

/* ---- turns ---- */

static inline struct ledger_now now(void)
{
	return (struct ledger_now){ now_ms, WALL_MS + now_ms };
}

/* MESSAGE came in, if it is not NULL. */
static inline void turn(const struct message *message)
{
	now_ms += 10;
	ledger_follow(&ledger, now());
	ck_assert(ledger.open);
	if (message != NULL) {
		ck_assert(ledger_may_take(&ledger));
		ledger_take(&ledger, 1, message, now());
	}
	ledger_turn(&ledger, now());
	ck_assert_int_eq(ledger_commit(&ledger, now()), 0);
	ledger_cluster_turn(&ledger, now());
	ck_assert(ledger.open);
}

/* NODE shows EPOCH, FLAGS, and its journal to the end. */
static inline void show(uint32_t node, uint64_t epoch, uint32_t flags)
{
	struct cluster_peer peer = {
		.verdict = LEASE_PEER_ALIVE,
		.flags = flags,
		.number = 1,
		.generation = 1,
		.epoch = epoch,
		.changed_ms = now_ms,
	};

	peer.end = journal_end(&journals[node]);
	memcpy(peer.name, names[node], sizeof(names[node]));
	cluster_set_peer(&board->cluster, node, &peer);
}

static inline void promise(uint64_t epoch)
{
	atomic_store(&board->cluster.wish, epoch);
	turn(NULL);
	ck_assert_uint_eq(ledger.epoch, epoch);
	show(ME, epoch, 0);
}

/* LEADER leads under EPOCH, and the others know. */
static inline void stand_under(uint64_t epoch, uint32_t leader)
{
	const struct ledger_world world = { .journal = &journals[ME],
					    .view = &view.view,
					    .board = board,
					    .ops = &ops,
					    .place = { names[ME], "/s" } };

	ck_assert_int_eq(ledger_init(&ledger, &world, &config), 0);
	ck_assert_int_eq(ledger_open(&ledger, now()), 0);
	for (uint32_t i = 0; i < NODES; i++)
		show(i, epoch, i == leader ? LEASE_LEADING : 0);
	promise(epoch);
	turn(NULL);
}

static inline void setup_board(void)
{
	struct cluster_lease lease = { .slot = ME, .number = 1 };

	board = board_new();
	ck_assert_ptr_nonnull(board);
	board->cluster.present = true;
	board->cluster.terms = lease_terms_for(3000, NODES);
	lease.kept.generation = 1;
	lease.kept.in = true;
	cluster_set_lease(&board->cluster, &lease);
	atomic_store(&board->cluster.phase, LEASE_PHASE_IN);
	atomic_store(&board->cluster.in_use, NODES);
}

/* ---- what others write ---- */

static inline void put(uint32_t node, const struct record *record)
{
	ck_assert_int_eq(journal_append(&journals[node], record), 0);
	ck_assert_int_eq(journal_commit(&journals[node]), 0);
}

static inline void put_job(uint32_t node, const struct job *job)
{
	static uint8_t value[RECORD_MAX];
	char key[RECORD_KEY_MAX];
	int len = job_encode(job, value, sizeof(value));
	struct record record = { .key = job_key(job->id, key),
				 .version = job->version };

	ck_assert_int_gt(len, 0);
	record.value = (struct text){ (const char *)value, (size_t)len };
	put(node, &record);
}

/* A register of up to three numbers. */
static inline void put_numbers(uint32_t node, struct text key,
			       struct version version, const uint64_t *numbers,
			       uint32_t count)
{
	uint8_t value[64];
	struct enc enc = enc_init(value, sizeof(value));
	struct record record = { .key = key, .version = version };

	for (uint32_t i = 0; i < count; i++)
		enc_u64(&enc, (uint8_t)(RECORD_VALUE_TAG + i), numbers[i]);
	ck_assert_int_ge(enc_end(&enc), 0);
	record.value = (struct text){ (const char *)value, enc.len };
	put(node, &record);
}

/* NODE leads, and has read all that the first generation of GONE left. */
static inline void put_ended(uint32_t node, uint32_t gone, uint64_t token)
{
	char key[RECORD_KEY_MAX + 1];
	uint64_t generation = 1;

	put_numbers(node,
		    ledger_wish_key("ended", "", text_of(names[gone]), key),
		    (struct version){ token, 0 }, &generation, 1);
}

/* ---- a job ---- */

static inline struct job a_job(uint32_t origin, struct version version)
{
	struct job job = { .version = version,
			   .type = text_of(job_name),
			   .user = text_of("u"),
			   .origin = text_of(names[origin]),
			   .created_ms = WALL_MS,
			   .updated_ms = WALL_MS,
			   .state = JOB_PENDING,
			   .percent = JOB_PERCENT_NONE,
			   .exit = -1 };

	memcpy(job.id, ID, sizeof(job.id));
	return job;
}

/* As the ledger shows it. */
static inline struct job shown_job(void)
{
	const struct view_job *shown = memview_find(&view, ID);
	struct record record;
	struct job job;

	ck_assert_ptr_nonnull(shown);
	ck_assert_int_eq(
		record_decode(&record, shown->record.at, shown->record.len), 0);
	ck_assert_int_eq(job_decode(&job, &record), 0);
	return job;
}

/* ---- its life ---- */

static inline void setup(void)
{
	/* What is logged here is expected. */
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDERR_FILENO);
	close(null);
	now_ms = 1;
	replies = 0;
	memview_init(&view);
	setup_board();
	for (uint32_t i = 0; i < NODES; i++) {
		disk_init(&disks[i], i + 1);
		ck_assert_int_eq(journal_init(&journals[i],
					      i == ME ? &hub : &disks[i].shared,
					      names[i]),
				 0);
		journals[i].salt = i + 1;
		if (i == ME)
			continue;
		journals[i].generation = 1;
		ck_assert_int_eq(journal_begin(&journals[i], 0), 0);
		ck_assert_int_eq(journal_commit(&journals[i]), 0);
	}
}

static inline void teardown(void)
{
	ledger_fini(&ledger);
	memview_clear(&view);
	for (uint32_t i = 0; i < NODES; i++) {
		journal_fini(&journals[i]);
		disk_fini(&disks[i]);
	}
}

#endif
