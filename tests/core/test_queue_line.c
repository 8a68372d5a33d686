/* Whose turn it is, against a model that looks at all. */
#include "core/queue.h"

#include "tests/core/test.h"
#include "tests/sim/rng.h"

#define MANY  48
#define STEPS 400000

static struct queue queue;
static struct queue_entry many[MANY];

static struct {
	bool used;
	bool waiting;
	bool asked;
	bool aside;
	uint32_t type;
	uint64_t unique;
	uint64_t user;
	uint64_t arrival;
	int64_t due_ms;
	int64_t wait_ms;
} model[MANY];

static uint64_t arrivals;

static uint32_t given_of(uint64_t user)
{
	uint32_t given = 0;

	for (int i = 0; i < MANY; i++)
		given += model[i].used && !model[i].waiting &&
			 model[i].user == user;
	return given;
}

static bool may_be_picked(int job)
{
	const struct queue_type *type;

	if (!model[job].used || !model[job].waiting || model[job].asked ||
	    model[job].aside || model[job].type == QUEUE_NONE)
		return false;
	type = &queue.types[model[job].type];
	if (type->closed || (type->limit != 0 && type->given >= type->limit))
		return false;
	for (int i = 0; model[job].unique != 0 && i < MANY; i++)
		if (model[i].used && !model[i].waiting &&
		    model[i].unique == model[job].unique)
			return false;
	return true;
}

static int model_pick(int64_t now_ms)
{
	int best = -1;

	for (int i = 0; i < MANY; i++)
		if (now_ms >= model[i].due_ms ||
		    now_ms < model[i].due_ms - model[i].wait_ms)
			model[i].aside = false;
	for (int i = 0; i < MANY; i++) {
		uint32_t given = given_of(model[i].user);

		if (!may_be_picked(i))
			continue;
		if (best == -1 || given < given_of(model[best].user) ||
		    (given == given_of(model[best].user) &&
		     model[i].arrival < model[best].arrival))
			best = i;
	}
	return best;
}

static void name(int job, char *id)
{
	id[0] = (char)('0' + job);
	id[1] = '\0';
}

static uint32_t any_type(struct rng *rng)
{
	uint32_t type = rng_below(rng, 5);

	return type == 4 ? QUEUE_NONE : type;
}

static void begin_job(struct rng *rng, int job)
{
	char id[2];
	struct queue_job wanted = {
		.id = id,
		.type = any_type(rng),
		.unique = rng_below(rng, 4),
		.user = rng_below(rng, 6),
	};
	uint64_t token = rng_once_in(rng, 8) ? 1 : 0;

	name(job, id);
	ck_assert_ptr_nonnull(queue_add(&queue, &wanted, token));
	model[job].used = true;
	model[job].waiting = token == 0;
	model[job].asked = false;
	model[job].aside = false;
	model[job].type = wanted.type;
	model[job].unique = wanted.unique;
	model[job].user = wanted.user;
	model[job].due_ms = 0;
	model[job].wait_ms = 0;
	if (token == 0)
		model[job].arrival = ++arrivals;
}

static void wait_for(int job, int64_t due_ms, int64_t wait_ms)
{
	model[job].due_ms = due_ms;
	model[job].wait_ms = wait_ms;
	model[job].aside = model[job].waiting && due_ms > 0 && wait_ms > 0;
}

static void change_job(struct rng *rng, int job, struct queue_entry *entry,
		       int64_t now_ms)
{
	int64_t wait_ms = rng_below(rng, 3) * 5;

	switch (rng_below(rng, 6)) {
	case 0:
		queue_remove(&queue, entry);
		model[job].used = false;
		break;
	case 1:
		model[job].asked = rng_once_in(rng, 2);
		queue_set_asked(&queue, entry, model[job].asked);
		break;
	case 2:
		model[job].type = any_type(rng);
		queue_retype(&queue, entry, model[job].type);
		break;
	case 3:
		if (now_ms + wait_ms == model[job].due_ms &&
		    wait_ms == model[job].wait_ms)
			break; /* said before */
		queue_set_wait(&queue, entry, now_ms + wait_ms, wait_ms);
		wait_for(job, now_ms + wait_ms, wait_ms);
		break;
	default:
		queue_return(&queue, entry, now_ms, wait_ms);
		model[job].waiting = true;
		model[job].arrival = ++arrivals;
		wait_for(job, now_ms + wait_ms, wait_ms);
	}
}

static void check_pick(int64_t now_ms)
{
	struct queue_entry *entry = queue_pick(&queue, now_ms);
	int best = model_pick(now_ms);

	if (best == -1) {
		ck_assert_ptr_null(entry);
	} else {
		ck_assert_ptr_nonnull(entry);
		ck_assert_int_eq(entry->id[0] - '0', best);
		if (now_ms % 3 != 0) {
			queue_give(&queue, entry, 7);
			model[best].waiting = false;
		}
	}
	ck_assert_int_gt(queue_next_due(&queue, now_ms), now_ms);
	for (int i = 0; i < MANY; i++)
		if (model[i].used && model[i].waiting && model[i].aside &&
		    !model[i].asked && model[i].type != QUEUE_NONE)
			ck_assert_int_le(queue_next_due(&queue, now_ms),
					 model[i].due_ms);
}

START_TEST(picks_are_those_of_a_model_that_looks_at_all)
{
	struct rng rng = { 5 };
	int64_t now_ms = 1000;

	queue_init(&queue, many, MANY);
	for (int i = 0; i < STEPS; i++) {
		int job = (int)rng_below(&rng, MANY);
		char id[2];

		now_ms += rng_below(&rng, 3);
		if (rng_once_in(&rng, 500) && now_ms > 1500)
			now_ms -= 400; /* it was set back */
		if (rng_once_in(&rng, 50))
			queue.types[rng_below(&rng, 4)].closed =
				rng_once_in(&rng, 2);
		if (rng_once_in(&rng, 50))
			queue.types[rng_below(&rng, 4)].limit =
				rng_below(&rng, 4);
		name(job, id);
		if (!model[job].used)
			begin_job(&rng, job);
		else
			change_job(&rng, job, queue_find(&queue, id), now_ms);
		if (rng_once_in(&rng, 2))
			check_pick(now_ms);
	}
}
END_TEST

TEST_MAIN("queue_line", picks_are_those_of_a_model_that_looks_at_all)
