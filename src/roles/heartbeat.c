#define _GNU_SOURCE
#include "roles/heartbeat.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "io/clock.h"
#include "io/log.h"
#include "roles/news.h"

#define RETRY_FIRST_MS 1000
#define RETRY_MAX_MS   60000
#define REFRESH_MS     250
#define RESOLVE_MS     50   /* between looks at an answer of name servers */
#define TWIN_GONE_MS   3000 /* silence of the other node of our name, */
#define TWIN_ROUNDS    10   /* and as many intervals */
#define LEAVE_MS       15   /* between the last words and their repetition */
/* Events of 64 nodes that lose each other, then 30 a minute: for core/rate.h a
 * minute is a second. */
#define EVENTS_BURST 64
#define EVENTS_PER   30
#define PORT	     7400

/* TERM stops us; the others are the guardian's to act on. */
static const int signals[] = { SIGTERM, SIGINT,	 SIGHUP, SIGQUIT,
			       SIGUSR1, SIGUSR2, 0 };

/* What is there is looked at after the wait, whoever called. */
static void on_datagram(void *arg, uint32_t events)
{
	(void)arg;
	(void)events;
}

static void on_bell(void *arg, uint32_t events)
{
	const struct heartbeat *heartbeat = arg;

	(void)events;
	bell_clear(heartbeat->heritage->bells[ROLE_HEARTBEAT]);
}

static struct board_role *me(const struct heartbeat *heartbeat)
{
	return &heartbeat->heritage->board->roles[ROLE_HEARTBEAT];
}

/* One for as long as the node runs: a role that was started again is believed
 * at once, since what it sends is numbered above all that went before.
 */
static uint64_t find_incarnation(struct heartbeat *heartbeat)
{
	_Atomic uint64_t *shown = &heartbeat->cluster->beats_as;
	uint64_t incarnation = atomic_load(shown);

	while (incarnation == 0)
		randombytes_buf(&incarnation, sizeof(incarnation));
	atomic_store(shown, incarnation);
	return incarnation;
}

static int open_beat(struct heartbeat *heartbeat, int64_t now_ms)
{
	const struct config *config = heartbeat->heritage->config;
	struct beat_setup setup = {
		.node = config->node,
		.drift_ppm = heartbeat->cluster->terms.drift_ppm,
		.cluster = &config->cluster,
		.heard = heartbeat_heard,
		.news = heartbeat_news,
		.arg = heartbeat,
	};
	int rc = udp_endpoint(text_of(config->cluster.listen), PORT,
			      &setup.listen);

	if (rc != 0) {
		log_err(rc, "heartbeat: cannot listen on \"%s\"",
			config->cluster.listen);
		return rc;
	}
	setup.incarnation = find_incarnation(heartbeat);
	rc = beat_open(&heartbeat->beat, &setup, now_ms);
	if (rc != 0)
		return rc;
	rc = loop_add(&heartbeat->loop, heartbeat->beat.udp.fd, EPOLLIN,
		      on_datagram, heartbeat);
	if (rc == 0 && heartbeat->beat.udp.group_fd != -1)
		rc = loop_add(&heartbeat->loop, heartbeat->beat.udp.group_fd,
			      EPOLLIN, on_datagram, heartbeat);
	if (rc != 0)
		beat_close(&heartbeat->beat);
	return rc;
}

/* All goes on without: it is tried again, ever more rarely. */
static void open_when_due(struct heartbeat *heartbeat, int64_t now_ms)
{
	int rc;

	if (heartbeat->is_open || heartbeat->is_idle ||
	    now_ms < heartbeat->retry_ms)
		return;
	rc = open_beat(heartbeat, now_ms);
	atomic_store(&me(heartbeat)->health, -rc);
	heartbeat->is_open = rc == 0;
	/* Even one that failed has forgotten who we are. */
	heartbeat_introduce(heartbeat);
	if (rc == 0) {
		heartbeat->pause_ms = RETRY_FIRST_MS;
		return;
	}
	heartbeat->retry_ms = now_ms + heartbeat->pause_ms;
	heartbeat->pause_ms *= 2;
	if (heartbeat->pause_ms > RETRY_MAX_MS)
		heartbeat->pause_ms = RETRY_MAX_MS;
	log_warn(0, "heartbeat: the node goes on without retry_in_ms=%lld",
		 (long long)(heartbeat->retry_ms - now_ms));
}

static void keep_counts(struct heartbeat *heartbeat)
{
	heartbeat->sent = atomic_load(&heartbeat->cluster->sent);
	heartbeat->received = atomic_load(&heartbeat->cluster->received);
	heartbeat->refused = atomic_load(&heartbeat->cluster->refused);
}

/* Where the other node of our name was taken for us, this life of ours is out
 * for good (core/peers.h): when that one has gone another one begins.
 */
static void outlive_twin(struct heartbeat *heartbeat, int64_t now_ms)
{
	struct beat *beat = &heartbeat->beat;
	int64_t gone_ms = TWIN_ROUNDS * beat->targets.interval_ms;

	if (gone_ms < TWIN_GONE_MS)
		gone_ms = TWIN_GONE_MS;
	if (!heartbeat->is_open || beat->peers.twin_ms == PEERS_NEVER ||
	    now_ms - beat->peers.twin_ms < gone_ms)
		return;
	log_info("heartbeat: the other node of our name is silent: begins "
		 "anew");
	loop_remove(&heartbeat->loop, beat->udp.fd);
	if (beat->udp.group_fd != -1)
		loop_remove(&heartbeat->loop, beat->udp.group_fd);
	beat_close(beat);
	atomic_store(&heartbeat->cluster->beats_as, 0);
	keep_counts(heartbeat);
	heartbeat->is_open = false;
	heartbeat->retry_ms = heartbeat->refresh_ms = now_ms;
}

/* The keys may be others; all else of it is fixed until the node starts. */
static void reload(struct heartbeat *heartbeat, int64_t now_ms)
{
	uint32_t generation =
		atomic_load(&heartbeat->heritage->board->config_generation);

	if (generation == heartbeat->config_generation)
		return;
	heartbeat->config_generation = generation;
	if (heartbeat->is_open)
		(void)beat_reload(&heartbeat->beat);
	else
		heartbeat->retry_ms = now_ms;
}

static void turn(struct heartbeat *heartbeat)
{
	int64_t now_ms = clock_ms();

	atomic_store(&me(heartbeat)->beat_ms, now_ms);
	reload(heartbeat, now_ms);
	outlive_twin(heartbeat, now_ms);
	open_when_due(heartbeat, now_ms);
	heartbeat_tell(heartbeat, now_ms);
	heartbeat_take_hints(heartbeat, now_ms);
	if (heartbeat->is_open)
		beat_turn(&heartbeat->beat, now_ms);
	heartbeat_pass_hints(heartbeat, now_ms);
	if (now_ms >= heartbeat->refresh_ms) {
		heartbeat->refresh_ms = now_ms + REFRESH_MS;
		heartbeat_tell_silent(heartbeat, now_ms);
		heartbeat_show_all(heartbeat, now_ms);
	}
	if (heartbeat->has_news)
		news_tell(heartbeat->heritage);
	heartbeat->has_news = false;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t deadline(const struct heartbeat *heartbeat)
{
	const struct beat *beat = &heartbeat->beat;
	int64_t now_ms = clock_ms();
	int64_t next_ms;

	if (heartbeat->is_idle)
		return now_ms + RETRY_MAX_MS;
	if (!heartbeat->is_open)
		return heartbeat->retry_ms;
	next_ms = earlier(beat_deadline(beat),
			  peers_deadline(&beat->peers, now_ms));
	next_ms = earlier(next_ms, heartbeat->refresh_ms);
	next_ms = earlier(next_ms, heartbeat_hints_deadline(heartbeat));
	if (beat->resolve.fd != -1)
		next_ms = earlier(next_ms, now_ms + RESOLVE_MS);
	return next_ms;
}

/* One of the two may get lost. */
static void leave(struct heartbeat *heartbeat)
{
	if (!heartbeat->is_open)
		return;
	heartbeat_tell(heartbeat, clock_ms());
	beat_leave(&heartbeat->beat, clock_ms());
	loop_wait(&heartbeat->loop, clock_ms() + LEAVE_MS);
	beat_leave(&heartbeat->beat, clock_ms());
	beat_close(&heartbeat->beat);
}

static int begin(struct heartbeat *heartbeat, struct heritage *heritage)
{
	const struct config_cluster *cluster = &heritage->config->cluster;
	int rc;

	heartbeat->heritage = heritage;
	heartbeat->cluster = &heritage->board->cluster;
	heartbeat->config_generation =
		atomic_load(&heritage->board->config_generation);
	heartbeat->pause_ms = RETRY_FIRST_MS;
	heartbeat->events =
		rate_init(EVENTS_PER, EVENTS_BURST, clock_ms() / 60);
	keep_counts(heartbeat);
	heartbeat->is_idle = cluster->key_file == NULL;
	if (sodium_init() == -1)
		return -EIO;
	rc = loop_open(&heartbeat->loop, signals);
	if (rc == 0)
		rc = loop_add(&heartbeat->loop, heritage->bells[ROLE_HEARTBEAT],
			      EPOLLIN, on_bell, heartbeat);
	if (rc == 0)
		rc = heartbeat_open_hints(heartbeat);
	return rc;
}

int heartbeat_main(struct heritage *heritage)
{
	static struct heartbeat heartbeat;
	int rc = begin(&heartbeat, heritage);

	if (rc != 0) {
		log_err(rc, "heartbeat: cannot make a loop");
		return EXIT_FAILURE;
	}
	if (heartbeat.is_idle)
		log_info("heartbeat: no `key-file`, so the nodes find out by "
			 "the shared storage alone");
	heartbeat_introduce(&heartbeat);
	while (!loop_took(&heartbeat.loop, SIGTERM)) {
		turn(&heartbeat);
		loop_wait(&heartbeat.loop, deadline(&heartbeat));
	}
	leave(&heartbeat);
	return EXIT_SUCCESS;
}
