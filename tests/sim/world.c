#include "tests/sim/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define EVENTS	      250   /* with faults */
#define QUIET_TURNS   20000 /* at most, until all has ended */
#define WORKERS	      3
#define REPEAT_MS     500
#define WALL_START_MS INT64_C(1800000000000)
#define SET_BACK_MS   INT64_C(7200000) /* clocks go back no further */
#define WEEK_EVENTS   3000
#define WEEK_STEP_MS  400000
#define LINK_ASKER    5
#define LINK_WORKER   6

static char command_word[] = "/bin/true";
static char plain_name[] = "plain";
static char again_name[] = "again";
static char node_name[] = "n";
static char shared_name[] = "/s";
static char *words[] = { command_word, NULL };

static struct unit units[] = {
	{ .kind = UNIT_JOB,
	  .name = plain_name,
	  .command = { words, 1 },
	  .attempts = 1,
	  .keep_ms = 60000,
	  .max_pending = 8,
	  .backoff_ms = 100,
	  .backoff_max_ms = 1000 },
	{ .kind = UNIT_JOB,
	  .name = again_name,
	  .command = { words, 1 },
	  .attempts = 3,
	  .keep_ms = 3600000,
	  .max_pending = 20,
	  .backoff_ms = 100,
	  .backoff_max_ms = 1000,
	  .per_node = 2 },
};

static const struct config config = {
	.node = node_name,
	.shared = shared_name,
	.workers = WORKERS,
	.units = units,
	.units_count = 2,
};

void world_says(const struct world *world, const char *what, const char *id,
		uint64_t number)
{
	if (world->verbose)
		printf("%8lld %lld %-12s %s %llx\n", (long long)world->now.ms,
		       (long long)world->now.wall_ms / 1000 - 1800000000, what,
		       id, (unsigned long long)number);
}

void world_breaks(struct world *world, const char *promise, const char *id)
{
	if (world->broken == NULL)
		world->broken = promise;
	world_says(world, "BROKEN", id, 0);
	if (world->verbose)
		printf("         %s\n", promise);
}

static struct known *know(struct world *world, const char *id)
{
	for (unsigned i = 0; i < world->known_count; i++)
		if (strcmp(world->known[i].id, id) == 0)
			return &world->known[i];
	return NULL;
}

static uint64_t hash_of(struct text text)
{
	return board_hash(text.at, text.len);
}

/* ---- what must hold of what is shown ---- */

/* No decision of the leader is about two jobs. */
static void check_token(struct world *world, uint64_t token, const char *id)
{
	for (unsigned i = 0; i < world->tokens_count; i++) {
		if (world->tokens[i].token != token)
			continue;
		if (strcmp(world->tokens[i].id, id) != 0)
			world_breaks(world, "a token was used twice", id);
		return;
	}
	if (world->tokens_count == WORLD_TOKENS_MAX)
		return;
	world->tokens[world->tokens_count].token = token;
	memcpy(world->tokens[world->tokens_count++].id, id, JOB_ID_LEN + 1);
}

static void check_shown(struct world *world, const struct memview_job *shown)
{
	struct known *known = know(world, shown->id);
	uint64_t hash = hash_of(shown->job.json);
	struct record record;
	struct job job;
	int order;

	if (known == NULL ||
	    record_decode(&record, shown->job.record.at,
			  shown->job.record.len) != 0 ||
	    job_decode(&job, &record) != 0) {
		world_breaks(world, "what is shown was never asked", shown->id);
		return;
	}
	check_token(world, job.version.token, shown->id);
	order = version_compare(job.version, known->version);
	if (order < 0)
		world_breaks(world, "a version went back", shown->id);
	if (order == 0 && hash != known->hash)
		world_breaks(world, "one version meant two things", shown->id);
	if (known->ended && !job_has_ended(&job) && !known->may_be_gone &&
	    !known->forget_asked && !known->expired)
		world_breaks(world, "an ended job lives again", shown->id);
	if (order != 0)
		world_says(world, job_state_name(job.state), shown->id,
			   job.version.token << 8 | (job.version.step & 255));
	if (world->alive && world->ledger->open && world->ledger->storage == 0)
		known->seen_ms = world->now.wall_ms;
	known->version = job.version;
	known->hash = hash;
	if (!job_has_ended(&job))
		known->expired = false;
	known->ended = job_has_ended(&job);
	known->expires_ms = job.expires_ms;
}

/* Jobs of type "again" queue up behind one with the same unique value. */
static bool queues(const char *id)
{
	return (id[3] & 1) == 0;
}

static void check_unique(struct world *world)
{
	const struct memview_index *index = &world->view.shown;

	for (size_t i = 0; i < index->count; i++) {
		const struct known *a = know(world, index->jobs[i]->id);

		if (index->jobs[i]->job.state >= JOB_READY || a == NULL ||
		    a->unique[0] == '\0' || queues(a->id))
			continue;
		for (size_t j = i + 1; j < index->count; j++) {
			const struct known *b = know(world, index->jobs[j]->id);

			if (index->jobs[j]->job.state < JOB_READY &&
			    b != NULL && strcmp(a->unique, b->unique) == 0 &&
			    text_equal(index->jobs[i]->job.type,
				       index->jobs[j]->job.type))
				world_breaks(world, "two live jobs share a key",
					     a->id);
		}
	}
}

/* What time allows to go. */
static void note_time(const struct world *world, struct known *known)
{
	int64_t now_ms = world->now.wall_ms;

	if (world->forgets && known->ended)
		known->expired = known->may_be_gone = true;
	if (known->ended && now_ms >= known->expires_ms)
		known->expired = true;
	if (known->ended && now_ms >= known->expires_ms + LEDGER_HISTORY_MS)
		known->may_be_gone = true;
	/* It may have ended in a batch that was synced and never shown, the
	 * clock having been set back meanwhile. */
	if (known->seen_ms != 0 &&
	    now_ms >= known->seen_ms + LEDGER_HISTORY_MS - SET_BACK_MS)
		known->may_be_gone = true;
}

/* What was acknowledged last is so, unless it was asked otherwise since. */
static void check_services(struct world *world)
{
	for (unsigned i = 0; i < WORLD_SERVICES; i++) {
		const struct service_known *service = &world->services[i];
		const char key[] = { 'e',
				     'n',
				     'a',
				     'b',
				     'l',
				     'e',
				     'd',
				     '/',
				     'n',
				     '/',
				     (char)('a' + i),
				     0 };
		const char *shown = memview_register(&world->view, key);
		bool fits = !service->acknowledged;

		for (unsigned n = 0; n < service->count; n++)
			fits |= strcmp(shown,
				       service->wishes[n].enable ? "1" : "0") ==
				0;
		if (!fits)
			world_breaks(world,
				     "what an operator wanted is forgotten",
				     key);
	}
}

/* For want of room nothing that can be fetched goes before what is over. */
static void check_haste(struct world *world, struct known *known)
{
	const struct memview_index *index = &world->view.shown;
	bool was_there = known->there;

	known->there = memview_find(&world->view, known->id) != NULL;
	/* It stays over when the clock is set back. */
	known->is_over =
		known->ended &&
		(known->is_over || world->now.wall_ms >= known->expires_ms);
	if (!was_there || known->there || !known->ended ||
	    known->forget_asked || known->is_over)
		return;
	for (size_t i = 0; i < index->count; i++) {
		const struct known *other = know(world, index->jobs[i]->id);

		if (other != NULL && other->ended && other->is_over &&
		    other->expires_ms < world->now.wall_ms)
			world_breaks(world, "a result went before history",
				     known->id);
	}
}

static void check_all(struct world *world)
{
	for (size_t i = 0; i < world->view.shown.count; i++)
		check_shown(world, world->view.shown.jobs[i]);
	check_unique(world);
	singles_check(world);
	/* While nothing is open the view may lag behind the journal. */
	if (!world->alive || !world->ledger->open)
		return;
	check_services(world);
	for (unsigned i = 0; i < world->known_count; i++) {
		struct known *known = &world->known[i];

		check_haste(world, known);
		note_time(world, known);
		if (known->acknowledged && !known->may_be_gone &&
		    memview_find(&world->view, known->id) == NULL)
			world_breaks(world, "an acknowledged job is gone",
				     known->id);
	}
}

/* ---- what the ledger does to the world ---- */

/* The process may end between any two of its deeds. */
static void may_die(struct world *world)
{
	if (world->disk.crash_in != 0 && --world->disk.crash_in == 0)
		longjmp(world->crash, 1);
}

/* Does REQUEST answer a wish for a service?  What was asked before is over. */
static bool take_wish(struct world *world, const struct message *reply)
{
	for (unsigned i = 0; i < WORLD_SERVICES; i++) {
		struct service_known *service = &world->services[i];

		for (unsigned n = 0; n < service->count; n++) {
			if (service->wishes[n].request != reply->request)
				continue;
			if (reply->status != 0)
				return true;
			service->count -= n;
			memmove(service->wishes, service->wishes + n,
				service->count * sizeof(service->wishes[0]));
			service->acknowledged = true;
			return true;
		}
	}
	return false;
}

static void op_reply(void *arg, unsigned link, const struct message *reply)
{
	struct world *world = arg;
	struct known *known = know(world, reply->id);

	if (take_wish(world, reply) || singles_take_reply(world, reply)) {
		may_die(world);
		return;
	}

	may_die(world);
	(void)link;
	world_says(world, reply->status == 0 ? "reply" : "refusal", reply->id,
		   (uint64_t)reply->status);
	if (reply->status != 0)
		return;
	if (known == NULL) {
		world_breaks(world, "a reply about a job nobody asked",
			     reply->id);
		return;
	}
	known->acknowledged = true;
	if (!known->may_be_gone &&
	    memview_find(&world->view, known->id) == NULL)
		world_breaks(world, "acknowledged before it is shown",
			     known->id);
}

static int op_write_spec(void *arg, uint64_t token, const void *spec,
			 size_t len)
{
	struct world *world = arg;

	may_die(world);
	if (!world->quiet && rng_once_in(&world->rng, 50))
		return -ENOSPC;
	singles_note_spec(world, token, spec, len);
	return 0;
}

static void op_remove_spec(void *arg, uint64_t token)
{
	(void)token;
	may_die(arg);
}

static void op_sweep(void *arg, const char *id, uint64_t below)
{
	(void)id;
	(void)below;
	may_die(arg);
}

static void op_ring(void *arg, bool changes, bool holdings)
{
	(void)changes;
	(void)holdings;
	may_die(arg);
}

static const struct zone *op_zone(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return singles_zone();
}

static void op_news(void *arg)
{
	(void)arg;
}

static const struct ledger_ops ops = {
	.reply = op_reply,
	.write_spec = op_write_spec,
	.remove_spec = op_remove_spec,
	.sweep = op_sweep,
	.zone = op_zone,
	.news = op_news,
	.ring = op_ring,
};

/* ---- the journal process ---- */

static void journal_dies(struct world *world)
{
	if (!world->alive)
		return;
	ledger_fini(world->ledger);
	journal_fini(&world->journal);
	memview_die(&world->view);
	world->alive = false;
	world->disk.crash_in = 0;
	world_says(world, "journal dies", "", 0);
}

static void journal_starts(struct world *world)
{
	struct ledger_world around = {
		.journal = &world->journal,
		.view = &world->view.view,
		.board = world->board,
		.ops = &ops,
		.arg = world,
		.place = { "n", "/s" },
	};

	if (journal_init(&world->journal, &world->disk.shared, "n") != 0 ||
	    ledger_init(world->ledger, &around,
			world->singles.used ? singles_config(world)
					    : &config) != 0)
		abort();
	world->journal.salt = rng_next(&world->rng);
	if (world->forgets)
		world->ledger->kept_max = WORLD_KEPT_MAX;
	world->alive = true;
	world->lives++;
	world_says(world, "journal starts", "", world->lives);
}

static void take_messages(struct world *world)
{
	unsigned taken = 0;

	while (taken < world->messages_count &&
	       ledger_has_room(world->ledger)) {
		const struct packet *packet = &world->messages[taken++];

		ledger_take(world->ledger, packet->link, &packet->message,
			    world->now);
	}
	/* Read is read, whether or not the process lives to act on it. */
	world->messages_count -= taken;
	memmove(world->messages, world->messages + taken,
		world->messages_count * sizeof(world->messages[0]));
	for (unsigned i = 0; i < world->messages_count; i++) {
		struct packet *packet = &world->messages[i];

		packet->message.type = text_of(packet->texts[0]);
		packet->message.user = text_of(packet->texts[1]);
		packet->message.unique = text_of(packet->texts[2]);
		packet->message.text = text_of(packet->texts[3]);
	}
}

/* A role that has just opened knows less than it should. */
static void plant_in(struct world *world)
{
	struct ledger *ledger = world->ledger;

	if (world->plant == WORLD_REUSE_COUNTER)
		ledger->counter = 0;
	for (unsigned i = 0; i < ledger->singles_high; i++) {
		if (world->plant == WORLD_FORGET_TIME)
			ledger->singles[i].due.slot_ms = 0;
		if (world->plant == WORLD_FORGET_HOLDER)
			ledger->singles[i].kept.held = false;
	}
}

static void turn_journal(struct world *world)
{
	struct ledger *ledger = world->ledger;

	if (!world->alive)
		journal_starts(world);
	if (setjmp(world->crash) != 0) {
		journal_dies(world);
		return;
	}
	for (unsigned i = 0; i < world->known_count; i++)
		note_time(world, &world->known[i]);
	world->disk.crash = &world->crash;
	if (!world->quiet && rng_once_in(&world->rng, 12))
		world->disk.crash_in = 1 + rng_below(&world->rng, 12);
	if (!ledger->open) {
		world_says(world, "opens", "",
			   (uint64_t)-ledger_open(ledger, world->now));
		plant_in(world);
	} else {
		bool works = ledger->storage == 0;

		singles_load(world);
		if (!ledger->open) {
			journal_dies(world);
			return;
		}
		if (works)
			take_messages(world);
		ledger_turn(ledger, world->now);
		(void)ledger_commit(ledger, world->now);
		if (!ledger->open)
			journal_dies(world);
		else if (works && ledger->storage == 0)
			singles_check_turn(world);
	}
	world->disk.crash_in = 0;
}

/* ---- supervisor and workers, as in roles/reconcile.h ---- */

static void send_message(struct world *world, unsigned link,
			 const struct message *message)
{
	struct packet *packet;

	if (world->messages_count == WORLD_MESSAGES_MAX)
		return;
	packet = &world->messages[world->messages_count++];
	packet->link = link;
	packet->message = *message;
	text_copy(message->type, packet->texts[0], 16);
	text_copy(message->user, packet->texts[1], 16);
	text_copy(message->unique, packet->texts[2], 16);
	text_copy(message->text, packet->texts[3], 16);
	packet->message.type = text_of(packet->texts[0]);
	packet->message.user = text_of(packet->texts[1]);
	packet->message.unique = text_of(packet->texts[2]);
	packet->message.text = text_of(packet->texts[3]);
}

/* Workers are counted from the first slot of the journal role. */
static struct holding *holding_of(struct world *world, unsigned slot)
{
	return &world->board->holdings[BOARD_LEADER_FIRST + slot];
}

static void worker_says(struct world *world, unsigned slot,
			enum message_kind kind)
{
	struct played_worker *worker = &world->workers[slot];
	struct message message = { .kind = kind,
				   .token = worker->token,
				   .slot = BOARD_LEADER_FIRST + slot,
				   .percent = worker->percent,
				   .text = text_of("going"),
				   .how = worker->how,
				   .exit = worker->how == HOW_DONE ? 0 : 1,
				   .has_output = worker->how == HOW_DONE };

	send_message(world, LINK_WORKER, &message);
	worker->said_ms = world->now.ms;
}

static const char *job_of_token(struct world *world, uint64_t token)
{
	for (unsigned i = 0; i < world->tokens_count; i++)
		if (world->tokens[i].token == token)
			return world->tokens[i].id;
	return NULL;
}

/* The workers of two jobs that may not run at once. */
static void check_rivals(struct world *world, const struct known *mine,
			 const struct played_worker *worker)
{
	const struct known *other;

	if (worker->single ||
	    (worker->state != PLAYED_FORKED && worker->state != PLAYED_RUNS))
		return;
	if (strcmp(worker->id, mine->id) == 0)
		world_breaks(world, "two live attempts of one job", mine->id);
	other = know(world, worker->id);
	if (other != NULL && mine->unique[0] != '\0' &&
	    strcmp(mine->unique, other->unique) == 0 &&
	    queues(mine->id) == queues(other->id))
		world_breaks(world, "two jobs with one key run at once",
			     mine->id);
}

static void fork_single(struct world *world, unsigned slot, uint64_t token)
{
	struct played_worker *worker = &world->workers[slot];
	struct holding *holding = holding_of(world, slot);

	singles_check_fork(world, slot, token);
	*worker =
		(struct played_worker){ .state = PLAYED_FORKED,
					.single = true,
					.keep = singles_keeps(world, token),
					.token = token,
					.end_ms = singles_end_ms(world, slot) };
	world->board->units[BOARD_LEADER_FIRST + slot].life = LIFE_STARTING;
	holding->phase_token = token;
	holding->phase = PHASE_FORKED;
	world_says(world, "fork", "singleton", token);
}

static void fork_worker(struct world *world, unsigned slot, uint64_t token)
{
	struct played_worker *worker = &world->workers[slot];
	struct holding *holding = holding_of(world, slot);
	const char *id = job_of_token(world, token);

	if (id == NULL) {
		world_breaks(world, "work under a token nobody was shown", "");
		return;
	}
	for (unsigned i = 0; i < WORLD_SLOTS; i++)
		check_rivals(world, know(world, id), &world->workers[i]);
	*worker = (struct played_worker){ .state = PLAYED_FORKED,
					  .token = token };
	memcpy(worker->id, id, JOB_ID_LEN + 1);
	worker->end_ms = world->now.ms + rng_below(&world->rng, 3000);
	holding->phase_token = token;
	holding->phase = PHASE_FORKED;
	world_says(world, "fork", id, token);
}

static enum message_how outcome(struct world *world)
{
	switch (rng_below(&world->rng, world->quiet ? 4 : 7)) {
	case 0:
	case 1:
	case 2:
		return HOW_DONE;
	case 4:
		return HOW_LATER;
	case 5:
		return HOW_TIMEOUT;
	default:
		return HOW_FAILED;
	}
}

static void end_worker(struct world *world, unsigned slot, enum message_how how)
{
	world->board->units[BOARD_LEADER_FIRST + slot].life = LIFE_ENDED;
	world->workers[slot].state = PLAYED_ENDED;
	world->workers[slot].how = how;
	holding_of(world, slot)->phase = PHASE_STOPPED;
	world_says(world, "ended", world->workers[slot].id, how);
	worker_says(world, slot, MESSAGE_OUTCOME);
}

static void kill_worker(struct world *world, unsigned slot)
{
	struct holding *holding = holding_of(world, slot);
	struct played_worker *worker = &world->workers[slot];

	if (worker->state == PLAYED_NONE)
		return;
	holding->phase =
		holding->settled == worker->token ? PHASE_IDLE : PHASE_LOST;
	world_says(world, "killed", worker->id, worker->token);
	worker->state = PLAYED_NONE;
}

static void step_worker(struct world *world, unsigned slot)
{
	struct holding *holding = holding_of(world, slot);
	struct played_worker *worker = &world->workers[slot];
	bool asked = holding->token == worker->token;

	if (!world->quiet && rng_once_in(&world->rng, 60)) {
		kill_worker(world, slot);
	} else if (worker->state == PLAYED_ENDED) {
		if (holding->settled == worker->token) {
			worker->state = PLAYED_NONE;
			holding->phase = PHASE_IDLE;
		} else if (world->now.ms - worker->said_ms >= REPEAT_MS) {
			worker_says(world, slot, MESSAGE_OUTCOME);
		}
	} else if (asked && holding->wanted == WANTED_KILL) {
		kill_worker(world, slot);
	} else if (asked && holding->wanted == WANTED_STOP) {
		end_worker(world, slot,
			   rng_once_in(&world->rng, 4) ? HOW_DONE
						       : HOW_STOPPED);
	} else if (worker->state == PLAYED_FORKED) {
		worker->state = PLAYED_RUNS;
		holding->phase = PHASE_RUNNING;
		world->board->units[BOARD_LEADER_FIRST + slot].life =
			LIFE_READY;
		worker_says(world, slot, MESSAGE_STARTED);
	} else if (world->now.ms >= worker->end_ms) {
		enum message_how how = singles_outcome(world, slot);

		end_worker(world, slot, how != 0 ? how : outcome(world));
	} else if (!worker->single) {
		worker->percent += (int32_t)rng_below(&world->rng, 1500);
		worker_says(world, slot, MESSAGE_PROGRESS);
	}
}

static void step_empty(struct world *world, unsigned slot, unsigned *busy)
{
	struct holding *holding = holding_of(world, slot);
	uint64_t token = holding->token;

	if (holding->phase == PHASE_LOST && token != holding->phase_token) {
		holding->phase = PHASE_IDLE;
		return;
	}
	if (token == 0 || holding->phase != PHASE_IDLE ||
	    token == holding->settled || token == holding->phase_token)
		return;
	if (holding->wanted != WANTED_RUN) {
		holding->phase_token = token;
		holding->phase = PHASE_LOST;
	} else if (world->board->stopping != 0) {
		return;
	} else if (singles_is_at(world, slot)) {
		fork_single(world, slot, token);
	} else if (*busy < WORKERS) {
		fork_worker(world, slot, token);
		++*busy;
	}
}

static void turn_supervisor(struct world *world)
{
	unsigned busy = 0;

	for (unsigned slot = 0; slot < WORLD_SLOTS; slot++)
		if (!world->workers[slot].single &&
		    (world->workers[slot].state == PLAYED_FORKED ||
		     world->workers[slot].state == PLAYED_RUNS))
			busy++;
	for (unsigned slot = 0; slot < WORLD_SLOTS; slot++) {
		if (world->workers[slot].state != PLAYED_NONE)
			step_worker(world, slot);
		else
			step_empty(world, slot, &busy);
	}
}

/* As guardian's mark_lost, after everything was proven dead. */
static void supervisor_dies(struct world *world)
{
	world_says(world, "supervisor dies", "", 0);
	journal_dies(world);
	singles_work_died(world);
	for (unsigned slot = 0; slot < WORLD_SLOTS; slot++) {
		struct holding *holding = holding_of(world, slot);
		uint64_t token = holding->token;

		world->workers[slot].state = PLAYED_NONE;
		if (token != 0 && token != holding->settled) {
			holding->phase_token = token;
			holding->phase = PHASE_LOST;
		} else {
			holding->phase = PHASE_IDLE;
		}
	}
}

static void node_dies(struct world *world, bool power)
{
	world_says(world, power ? "power fails" : "node dies", "", 0);
	journal_dies(world);
	memset(world->workers, 0, sizeof(world->workers));
	memset(holding_of(world, 0), 0,
	       WORLD_SLOTS * sizeof(*holding_of(world, 0)));
	memset(&world->board->units[BOARD_LEADER_FIRST], 0,
	       WORLD_SLOTS * sizeof(world->board->units[0]));
	memset(world->board->singles, 0,
	       SINGLES_COUNT * sizeof(world->board->singles[0]));
	singles_node_died(world);
	world->messages_count = 0;
	memview_clear(&world->view);
	if (power)
		disk_power_failure(&world->disk);
}

/* ---- askers ---- */

static void make_id(struct world *world, char *id)
{
	uint8_t bits[16];

	for (int i = 0; i < 16; i++)
		bits[i] = (uint8_t)rng_next(&world->rng);
	job_id_format(bits, id);
}

static void ask_for_job(struct world *world)
{
	struct message message = { .kind = MESSAGE_SUBMIT,
				   .request = ++world->requests,
				   .user = text_of("u"),
				   .busy = rng_once_in(&world->rng, 3)
						   ? BUSY_REJECT
						   : BUSY_JOIN };
	struct known *known;
	char unique[2] = { 0 };

	if (world->known_count > 0 && rng_once_in(&world->rng, 5)) {
		/* The same key again: the same id. */
		known = &world->known[rng_below(&world->rng,
						world->known_count)];
	} else if (world->known_count < WORLD_JOBS_MAX) {
		known = &world->known[world->known_count++];
		make_id(world, known->id);
		if (rng_once_in(&world->rng, 2))
			known->unique[0] =
				(char)('a' + rng_below(&world->rng, 3));
	} else {
		return;
	}
	unique[0] = known->unique[0];
	memcpy(message.id, known->id, sizeof(message.id));
	message.unique = text_of(unique);
	/* The type must be the same for the same id. */
	message.type = text_of(known->id[3] & 1 ? "plain" : "again");
	if (queues(known->id))
		message.busy = BUSY_QUEUE;
	world_says(world, "submit", known->id, message.request);
	send_message(world, LINK_ASKER, &message);
}

static void ask_to_end(struct world *world)
{
	struct message message = { .request = ++world->requests };
	struct known *known;

	if (world->known_count == 0)
		return;
	known = &world->known[rng_below(&world->rng, world->known_count)];
	message.kind =
		rng_once_in(&world->rng, 2) ? MESSAGE_CANCEL : MESSAGE_FORGET;
	if (message.kind == MESSAGE_FORGET)
		known->forget_asked = true;
	memcpy(message.id, known->id, sizeof(message.id));
	world_says(world, message.kind == MESSAGE_CANCEL ? "cancel" : "forget",
		   known->id, message.request);
	send_message(world, LINK_ASKER, &message);
}

/* Chance is left to the clock, so that other seeds stay what they were. */
static void ask_operator(struct world *world)
{
	int64_t chance = world->now.ms / 23;
	struct service_known *service =
		&world->services[chance % WORLD_SERVICES];
	char name[2] = { (char)('a' + chance % WORLD_SERVICES), 0 };
	bool enable = chance / WORLD_SERVICES % 2 != 0;
	struct message message = { .kind = MESSAGE_UNIT,
				   .request = world->requests + 1,
				   .type = text_of(name),
				   .unit_kind = UNIT_SERVICE,
				   .action = enable ? ACTION_ENABLE
						    : ACTION_DISABLE };

	if (!world->operated || world->now.ms % 23 != 5 ||
	    service->count == WORLD_WISHES_MAX)
		return;
	world->requests++;
	service->wishes[service->count++] =
		(struct wish){ message.request, enable };
	world_says(world, enable ? "enable" : "disable", name, message.request);
	send_message(world, LINK_ASKER, &message);
}

void world_asks(struct world *world, const struct message *message)
{
	world_says(world, "operator", message->type.at,
		   (uint64_t)message->action);
	send_message(world, LINK_ASKER, message);
}

/* ---- time and faults ---- */

static void pass_time(struct world *world)
{
	int64_t step = rng_below(
		&world->rng,
		world->singles.week && !world->quiet ? WEEK_STEP_MS : 300);

	world->now.ms += step;
	world->now.wall_ms += step;
	if (world->quiet)
		return;
	if (rng_once_in(&world->rng, 80))
		world->now.wall_ms += (int64_t)rng_below(&world->rng, 90000000);
	if (rng_once_in(&world->rng, 200))
		world->now.wall_ms -= (int64_t)rng_below(&world->rng, 3600000);
}

static void choose_faults(struct world *world)
{
	struct disk *disk = &world->disk;
	uint32_t often = rng_below(&world->rng, 4) == 0 ? 6 : 40;

	if (rng_once_in(&world->rng, 2)) {
		disk->begin_fails = often;
		disk->grow_fails = often;
		disk->write_fails = often;
		disk->sync_fails = often;
		disk->read_fails = often * 4;
		disk->remove_fails = often;
	}
	if (rng_once_in(&world->rng, 4))
		disk->capacity = 1200000 + rng_below(&world->rng, 1500000);
}

static void end_faults(struct world *world)
{
	struct disk *disk = &world->disk;

	world->quiet = true;
	if (world->board->stopping != 0)
		node_dies(world, false);
	world->board->drain = 0;
	disk->begin_fails = disk->grow_fails = disk->write_fails = 0;
	disk->sync_fails = disk->read_fails = disk->remove_fails = 0;
	disk->capacity = 0;
}

static void happen(struct world *world)
{
	ask_operator(world);
	if (world->singles.used && rng_once_in(&world->rng, 12))
		singles_operate(world);
	singles_happen(world);
	if (world->singles.end_in > 0 && --world->singles.end_in == 0)
		node_dies(world, false);
	switch (rng_below(&world->rng, 16)) {
	case 0:
	case 1:
	case 2:
		ask_for_job(world);
		break;
	case 3:
		ask_to_end(world);
		break;
	case 4:
		if (rng_once_in(&world->rng, 6))
			journal_dies(world);
		else if (rng_once_in(&world->rng, 6))
			supervisor_dies(world);
		else if (rng_once_in(&world->rng, 6))
			node_dies(world, rng_once_in(&world->rng, 2));
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		turn_supervisor(world);
		break;
	default:
		turn_journal(world);
	}
}

static bool is_at_rest(struct world *world)
{
	if (!world->alive || !world->ledger->open ||
	    world->ledger->queue->count > 0 || world->messages_count > 0)
		return false;
	for (unsigned slot = 0; slot < WORLD_SLOTS; slot++)
		if (!singles_is_at(world, slot) &&
		    (holding_of(world, slot)->token != 0 ||
		     holding_of(world, slot)->phase != PHASE_IDLE))
			return false;
	return !world->singles.used || singles_are_up(world);
}

static void check_end(struct world *world)
{
	if (world->forgets) {
		for (unsigned i = 0; i < WORLD_JOBS_MAX / LEDGER_REMOVALS_MAX;
		     i++)
			turn_journal(world);
		if (world->view.shown.count > WORLD_KEPT_MAX)
			world_breaks(world, "the history grows without bound",
				     "");
	}
	for (unsigned i = 0; i < world->known_count; i++) {
		const struct known *known = &world->known[i];

		if (known->acknowledged && !known->may_be_gone && !known->ended)
			world_breaks(world, "an acknowledged job never ended",
				     known->id);
	}
	/* Whatever was acknowledged survives one more failure of power. */
	node_dies(world, true);
	for (int i = 0; i < 50 && (!world->alive || !world->ledger->open); i++)
		turn_journal(world);
	check_all(world);
}

static void open_world(struct world *world, uint64_t seed,
		       enum world_plant plant)
{
	world->rng.state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	world->plant = plant;
	world->forgets = seed % 16 == 5;
	world->operated = seed % 4 == 3;
	world->singles.rough = seed % 7 == 4;
	world->singles.used =
		seed % 7 == 1 || seed % 7 == 2 || world->singles.rough;
	world->singles.week = seed % 49 == 2 || seed % 49 == 4;
	singles_open(world, &config);
	world->now = (struct ledger_now){ 1000, WALL_START_MS };
	disk_init(&world->disk, rng_next(&world->rng));
	if (plant == WORLD_ACK_BEFORE_SYNC)
		world->disk.plant = DISK_LAZY_SYNC;
	if (plant == WORLD_TRUST_TORN)
		world->disk.plant = DISK_TRUST;
	memview_init(&world->view);
	choose_faults(world);
}

const char *world_run(struct world *world, uint64_t seed,
		      enum world_plant plant, bool verbose)
{
	struct board *board = world->board;
	struct ledger *ledger = world->ledger;
	int events;

	memset(world, 0, sizeof(*world));
	memset(board, 0, sizeof(*board));
	world->board = board;
	world->ledger = ledger;
	world->verbose = verbose;
	open_world(world, seed, plant);
	events = world->singles.week ? WEEK_EVENTS : EVENTS;
	for (int i = 0; i < events && world->broken == NULL; i++) {
		pass_time(world);
		happen(world);
		check_all(world);
	}
	end_faults(world);
	for (int i = 0;
	     i < QUIET_TURNS && world->broken == NULL && !is_at_rest(world);
	     i++) {
		pass_time(world);
		turn_supervisor(world);
		turn_journal(world);
		check_all(world);
	}
	if (world->broken == NULL && !is_at_rest(world))
		world_breaks(world, "it never came to rest", "");
	if (world->broken == NULL)
		check_end(world);
	journal_dies(world);
	memview_clear(&world->view);
	disk_fini(&world->disk);
	return world->broken;
}
