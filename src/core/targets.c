#include "core/targets.h"

#define SLOWLY	   4  /* rounds */
#define RARELY	   64 /* rounds */
#define SILENT	   10 /* intervals without a word: it does not answer */
#define UNEVEN	   10 /* a round comes early by up to 1/10 */
#define FIRST_FULL 4  /* rounds in which a group is told, too */

void targets_init(struct targets *targets, int64_t interval_ms, uint64_t random,
		  int64_t now_ms)
{
	targets->count = 0;
	targets->interval_ms = interval_ms;
	targets->next_ms = now_ms;
	targets->last_ms = now_ms - interval_ms;
	targets->spent_ms = now_ms;
	targets->round = 0;
	targets->random = random | 1;
}

static struct target *find(struct targets *targets, const struct endpoint *to)
{
	for (size_t i = 0; i < targets->count; i++)
		if (endpoint_equal(&targets->at[i].to, to))
			return &targets->at[i];
	return NULL;
}

static void drop(struct targets *targets, struct target *target)
{
	*target = targets->at[--targets->count];
}

static bool add(struct targets *targets, const struct endpoint *to,
		enum target_origin origin, uint32_t source)
{
	if (targets->count == TARGETS_MAX)
		return false;
	targets->at[targets->count++] = (struct target){
		.to = *to,
		.origin = origin,
		.source = source,
		.heard_ms = TARGETS_NEVER,
	};
	return true;
}

static bool is_among(const struct endpoint *to, const struct endpoint *all,
		     size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (endpoint_equal(to, &all[i]))
			return true;
	return false;
}

size_t targets_set(struct targets *targets, uint32_t source,
		   const struct endpoint *to, size_t count)
{
	size_t refused = 0;

	/* what still speaks stays, as one that is not listed */
	for (size_t i = 0; i < targets->count; i++) {
		struct target *target = &targets->at[i];

		if (target->origin == TARGET_LISTED &&
		    target->source == source &&
		    !is_among(&target->to, to, count))
			target->origin = TARGET_LEARNED;
	}
	for (size_t i = 0; i < count; i++) {
		struct target *target = find(targets, &to[i]);

		if (target == NULL) {
			if (!add(targets, &to[i], TARGET_LISTED, source))
				refused++;
		} else if (target->origin == TARGET_LEARNED) {
			target->origin = TARGET_LISTED;
			target->source = source;
		}
	}
	return refused;
}

bool targets_add_group(struct targets *targets, const struct endpoint *to)
{
	return find(targets, to) != NULL || add(targets, to, TARGET_GROUP, 0);
}

static size_t count_learned(const struct targets *targets)
{
	size_t count = 0;

	for (size_t i = 0; i < targets->count; i++)
		if (targets->at[i].origin == TARGET_LEARNED)
			count++;
	return count;
}

void targets_heard(struct targets *targets, const struct endpoint *from,
		   int64_t now_ms)
{
	struct target *target = find(targets, from);

	if (target == NULL && count_learned(targets) < TARGETS_LEARNED_MAX &&
	    add(targets, from, TARGET_LEARNED, 0))
		target = &targets->at[targets->count - 1];
	if (target == NULL)
		return;
	target->own = false;
	target->heard_ms = now_ms;
}

void targets_own(struct targets *targets, const struct endpoint *from)
{
	struct target *target = find(targets, from);

	if (target != NULL && target->origin != TARGET_GROUP)
		target->own = true;
}

int64_t targets_pace_ms(const struct targets *targets)
{
	int64_t ms = TARGETS_PACE_MS + (int64_t)targets->count / TARGETS_PER_MS;

	return ms < TARGETS_PACE_MAX_MS ? ms : TARGETS_PACE_MAX_MS;
}

static void bring_forward(struct targets *targets, int64_t soonest_ms,
			  int64_t now_ms)
{
	if (soonest_ms < now_ms)
		soonest_ms = now_ms;
	if (soonest_ms < targets->next_ms)
		targets->next_ms = soonest_ms;
}

void targets_hurry(struct targets *targets, int64_t now_ms)
{
	int64_t pace_ms = targets_pace_ms(targets);
	bool many = targets->spent_ms - now_ms > (TARGETS_SPARE - 1) * pace_ms;

	bring_forward(targets, many ? targets->last_ms + pace_ms : now_ms,
		      now_ms);
}

void targets_repeat(struct targets *targets, int64_t now_ms)
{
	bring_forward(targets, targets->last_ms + TARGETS_HURRY_MS, now_ms);
}

static bool is_silent(const struct target *target, int64_t for_ms,
		      int64_t now_ms)
{
	return target->heard_ms == TARGETS_NEVER ||
	       now_ms - target->heard_ms > for_ms;
}

/* In every how many rounds it is sent to. */
static unsigned pace(const struct targets *targets, const struct target *target,
		     int64_t now_ms)
{
	if (target->own)
		return RARELY;
	if (target->origin == TARGET_GROUP)
		return targets->round <= FIRST_FULL ? 1 : SLOWLY;
	if (is_silent(target, SILENT * targets->interval_ms, now_ms))
		return targets->round <= SILENT ? 1 : SLOWLY;
	return 1;
}

/* Removes those not listed that went silent. */
static void forget(struct targets *targets, int64_t now_ms)
{
	for (size_t i = targets->count; i > 0; i--) {
		struct target *target = &targets->at[i - 1];

		if (target->origin == TARGET_LEARNED &&
		    is_silent(target,
			      TARGETS_FORGET_MS + SILENT * targets->interval_ms,
			      now_ms))
			drop(targets, target);
	}
}

static void schedule(struct targets *targets, int64_t now_ms)
{
	uint64_t random = targets->random;
	int64_t early;

	random ^= random << 13; /* Marsaglia's xorshift */
	random ^= random >> 7;
	random ^= random << 17;
	targets->random = random;
	early = (int64_t)(random %
			  (uint64_t)(targets->interval_ms / UNEVEN + 1));
	targets->last_ms = now_ms;
	if (targets->spent_ms < now_ms)
		targets->spent_ms = now_ms;
	targets->spent_ms += targets_pace_ms(targets);
	targets->next_ms = now_ms + targets->interval_ms - early;
	targets->round++;
}

size_t targets_due(struct targets *targets, int64_t now_ms,
		   struct endpoint out[TARGETS_MAX])
{
	size_t count = 0;

	if (now_ms < targets->next_ms)
		return 0;
	forget(targets, now_ms);
	schedule(targets, now_ms);
	for (size_t i = 0; i < targets->count; i++) {
		const struct target *target = &targets->at[i];

		if (targets->round % pace(targets, target, now_ms) == 0)
			out[count++] = target->to;
	}
	return count;
}
