/* journal - the role that keeps the journal and the view, and leads.
 *
 * The only writer of both.  Takes requests from http and control, words from
 * workers, and the state of the holdings; everything it decides is in the
 * ledger.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "io/channel.h"
#include "io/clock.h"
#include "io/conffile.h"
#include "io/log.h"
#include "io/loop.h"
#include "io/shared_dir.h"
#include "io/zones.h"
#include "roles/heritage.h"
#include "roles/journal_links.h"
#include "roles/ledger_cluster.h"
#include "roles/news.h"
#include "roles/specfile.h"
#include "roles/sweeps.h"

#define JOURNAL_BEAT_MS	   500	 /* longest turn without a sign of life */
#define JOURNAL_READERS_MS 5000	 /* dead readers of the view are cleared */
#define JOURNAL_ILL_MS	   10000 /* after a death for want of room, or so */

struct journal_role {
	struct heritage *heritage;
	struct config *config; /* ours after a reload, NULL before */
	uint32_t generation;   /* of the configuration */
	struct loop loop;
	struct shared_dir shared;
	struct journal journal;
	struct ledger ledger;
	struct sweeps sweeps;
	int work_dir;	 /* descriptors: STATE/work */
	int shared_path; /* SHARED */
	struct zones zones;
	int64_t ill_ms;	    /* it counts as well from then on */
	int64_t readers_ms; /* when dead readers are looked for next */
	struct journal_links links;
	uint8_t reply[512];
};

static struct ledger_now now(void)
{
	return (struct ledger_now){ clock_ms(), clock_wall_ms() };
}

/* ---- what the ledger does to the world ---- */

static void send_reply(void *arg, unsigned link, const struct message *reply)
{
	struct journal_role *role = arg;
	int len = message_encode(reply, role->reply, sizeof(role->reply));
	int rc = len;

	if (len > 0)
		rc = channel_send(role->heritage->links[link][1], role->reply,
				  (size_t)len);
	if (rc < 0)
		log_debug("journal: reply lost role=%u rc=%d", link, rc);
}

static int write_spec(void *arg, uint64_t token, const void *spec, size_t len)
{
	const struct journal_role *role = arg;

	return specfile_write(role->work_dir, token, spec, len);
}

static void remove_spec(void *arg, uint64_t token)
{
	const struct journal_role *role = arg;

	specfile_remove(role->work_dir, token);
}

static void sweep(void *arg, const char *id, uint64_t below)
{
	struct journal_role *role = arg;

	sweeps_tell(&role->sweeps, id, below);
}

static void ring(void *arg, bool changes, bool holdings)
{
	const struct journal_role *role = arg;
	const struct heritage *heritage = role->heritage;

	if (holdings)
		bell_ring(heritage->bells[ROLE_SUPERVISOR]);
	if (!changes)
		return;
	bell_ring(heritage->bells[ROLE_CONTROL]);
	for (unsigned i = 0; i < heritage->config->http.processes; i++)
		bell_ring(heritage->bells[ROLE_HTTP + i]);
}

static const struct zone *zone(void *arg, const char *name)
{
	struct journal_role *role = arg;

	return zones_get(&role->zones, name);
}

static struct lease_time clock_of(void *arg)
{
	(void)arg;
	return clock_lease();
}

static void tell(void *arg)
{
	const struct journal_role *role = arg;

	bell_ring(role->heritage->bells[ROLE_LEASE]);
	bell_ring(role->heritage->bells[ROLE_HEARTBEAT]);
}

static void news(void *arg)
{
	const struct journal_role *role = arg;

	news_tell(role->heritage);
}

static void hint(void *arg, const void *packet, size_t len)
{
	const struct journal_role *role = arg;

	(void)channel_send(role->heritage->links[ROLE_HEARTBEAT][1], packet,
			   len);
}

static const struct ledger_ops ops = { send_reply, write_spec, remove_spec,
				       sweep,	   zone,       news,
				       ring,	   clock_of,   tell,
				       hint };

/* ---- start ---- */

static int open_view(struct journal_role *role)
{
	const struct board *board = role->heritage->board;
	/* Nobody else is in only when the node has just started. */
	bool fresh = atomic_load(&board->life) <= 1 &&
		     atomic_load(&board->roles[ROLE_JOURNAL].restarts) == 0;
	struct ledger_world world = {
		.journal = &role->journal,
		.board = role->heritage->board,
		.ops = &ops,
		.arg = role,
		.place = { role->heritage->config->node,
			   role->heritage->config->shared },
	};
	int rc = 0;

	world.view =
		view_open_writer(role->heritage->config->state, fresh, &rc);
	if (world.view == NULL)
		return rc;
	return ledger_init(&role->ledger, &world, role->heritage->config);
}

/* It was not there when the guardian wanted to lock it.  A file system that
 * knows no locks is used without.
 */
static int lock_shared(const struct journal_role *role)
{
	struct heritage *heritage = role->heritage;
	const struct config *config = heritage->config;

	if (heritage->shared_lock >= 0 || config->cluster.present)
		return 0;
	heritage->shared_lock = shared_dir_lock(config->shared, config->node,
						role->ledger.storage);
	return heritage->shared_lock == -EAGAIN ? -EAGAIN : 0;
}

/* Shared storage may not be there yet: then this is tried again. */
static int open_shared(struct journal_role *role)
{
	const struct config *config = role->heritage->config;
	int rc;

	if (role->shared_path == -1) {
		rc = lock_shared(role);
		if (rc == 0)
			rc = shared_dir_open(&role->shared, config->shared,
					     config->node,
					     role->ledger.storage);
		if (rc != 0)
			return rc;
		role->shared_path = open(config->shared,
					 O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (role->shared_path == -1) {
			shared_dir_close(&role->shared);
			return -errno;
		}
		rc = journal_init(&role->journal, &role->shared.shared,
				  config->node);
		if (rc != 0)
			return rc;
	}
	return ledger_open(&role->ledger, now());
}

static void try_to_open(struct journal_role *role)
{
	struct ledger *ledger = &role->ledger;
	struct board *board = role->heritage->board;
	int rc;

	if (ledger->open || clock_ms() < ledger->retry_ms)
		return;
	rc = open_shared(role);
	/* The lease role rings when there is one. */
	if (rc == -EAGAIN && ledger->in_cluster) {
		atomic_store(&board->ready, 0);
		return;
	}
	atomic_store(&board->storage, -rc);
	atomic_store(&board->ready, rc == 0);
	if (rc != 0) {
		ledger->retry_ms = clock_ms() + LEDGER_RETRY_MS;
		if (ledger->storage != rc)
			log_err(rc,
				"journal: cannot read the journal in %s, "
				"trying again",
				role->heritage->config->shared);
		ledger->storage = rc;
		return;
	}
	ledger->storage = 0;
	bell_ring(role->heritage->bells[ROLE_GUARDIAN]);
	ring(role, true, true);
}

/* ---- a turn ---- */

static void clear_bell(void *arg, uint32_t events)
{
	(void)events;
	bell_clear(*(const int *)arg);
}

static void reload(struct journal_role *role)
{
	struct board *board = role->heritage->board;
	uint32_t generation = atomic_load(&board->config_generation);
	struct config *config;
	char path[JOBSPEC_PATH_MAX];
	struct out out = out_init(path, sizeof(path));

	if (generation == role->generation)
		return;
	out_string(&out, role->heritage->config->state);
	out_string(&out, "/config");
	role->generation = generation;
	if (out_end(&out) != 0 || conffile_load(path, &config, stderr) != 0) {
		log_err(0, "journal: cannot load %s, keeping what was", path);
		return;
	}
	ledger_reload(&role->ledger, config);
	conffile_free(role->config);
	role->config = config;
	log_info("journal: configuration reloaded generation=%u", generation);
}

static void clear_readers(struct journal_role *role)
{
	if (clock_ms() < role->readers_ms)
		return;
	view_clear_dead_readers(role->ledger.world.view);
	role->readers_ms = clock_ms() + JOURNAL_READERS_MS;
}

/* False when the role must end and be started anew. */
static bool turn(struct journal_role *role)
{
	struct ledger *ledger = &role->ledger;
	struct board_role *self = &role->heritage->board->roles[ROLE_JOURNAL];
	int rc;

	atomic_store(&self->beat_ms, clock_ms());
	try_to_open(role);
	if (!ledger->open)
		return true;
	reload(role);
	if (!ledger->open)
		return !ledger->broken;
	clear_readers(role);
	/* First what others have answered, then what we are asked. */
	ledger_follow(ledger, now());
	if (ledger->open && ledger_may_take(ledger))
		links_take(&role->links, ledger);
	if (ledger->open)
		ledger_turn(ledger, now());
	if (!ledger->open)
		return !ledger->broken;
	rc = ledger_commit(ledger, now());
	if (rc != 0 || clock_ms() >= role->ill_ms)
		atomic_store(&self->health, -rc);
	ledger_cluster_turn(ledger, now());
	sweeps_turn(&role->sweeps, ledger->open && ledger->leads);
	return !ledger->broken;
}

static int64_t deadline(struct journal_role *role)
{
	int64_t at = clock_ms() + JOURNAL_BEAT_MS;
	int64_t wanted = role->ledger.open
				 ? ledger_deadline(&role->ledger, now())
				 : role->ledger.retry_ms;

	/* Not while none may be taken: it would turn for nothing. */
	if (role->ledger.open && role->ledger.storage == 0 &&
	    ledger_may_take(&role->ledger)) {
		if (links_have_more(&role->links))
			return 0;
		if (links_deadline(&role->links) < at)
			at = links_deadline(&role->links);
	}
	return wanted < at ? wanted : at;
}

static int watch(struct journal_role *role)
{
	static const int signals[] = { SIGTERM, 0 };
	const struct heritage *heritage = role->heritage;
	int rc = loop_open(&role->loop, signals);

	if (rc == 0)
		rc = loop_add(&role->loop, heritage->bells[ROLE_JOURNAL],
			      EPOLLIN, clear_bell,
			      &role->heritage->bells[ROLE_JOURNAL]);
	if (rc == 0)
		rc = links_open(&role->links, heritage, &role->loop);
	return rc;
}

int journal_main(struct heritage *heritage)
{
	/* Large, and one of its kind: not on the stack. */
	struct journal_role *role = calloc(1, sizeof(*role));
	bool going = true;
	int rc;

	if (role == NULL)
		return EXIT_FAILURE;
	role->heritage = heritage;
	role->sweeps.heritage = heritage;
	role->shared_path = -1;
	rc = watch(role);
	if (rc == 0)
		role->work_dir = specfile_open(heritage->config->state);
	if (rc == 0 && role->work_dir < 0)
		rc = role->work_dir;
	if (rc == 0)
		rc = open_view(role);
	if (rc != 0) {
		atomic_store(&heritage->board->roles[ROLE_JOURNAL].health, -rc);
		log_err(rc, "journal: cannot start");
		return EXIT_FAILURE;
	}
	/* The role before this one died of it.  That a little fits in again
	 * does not mean that all is well.
	 */
	if (atomic_load(&heritage->board->storage) == 0 &&
	    atomic_load(&heritage->board->roles[ROLE_JOURNAL].health) != 0) {
		role->ill_ms = clock_ms() + JOURNAL_ILL_MS;
		ledger_begin_aside(&role->ledger, now());
	}
	while (going && !loop_took(&role->loop, SIGTERM)) {
		going = turn(role);
		loop_wait(&role->loop, deadline(role));
	}
	atomic_store(&heritage->board->ready, 0);
	return going ? EXIT_SUCCESS : EXIT_FAILURE;
}
