#define _GNU_SOURCE
#include "roles/server_wait.h"

#include <stdlib.h>

/* Lists are long: however much changes, they are made again only so often. */
#define ANY_EVERY_MS   100
#define CHECK_EVERY_MS 100

bool wait_parse(struct text text, int64_t *ms)
{
	uint64_t scale = 1000;
	uint64_t value;

	*ms = 0;
	if (text.len == 0)
		return true;
	if (text.len > 2 && memcmp(text.at + text.len - 2, "ms", 2) == 0) {
		scale = 1;
		text.len -= 2;
	} else if (text.len > 1 && text.at[text.len - 1] == 's') {
		text.len--;
	}
	if (!text_to_u64(text, UINT64_MAX, &value))
		return false;
	*ms = value > WAIT_MAX_MS / scale ? WAIT_MAX_MS
					  : (int64_t)(value * scale);
	return true;
}

void waits_init(struct waits *waits, const struct board *board)
{
	waits->seen = atomic_load(&board->change);
	waits->news = atomic_load(&board->news);
	waits->first_deadline_ms = LOOP_NO_DEADLINE;
}

struct wait *wait_new(struct http_request *request, int64_t deadline_ms)
{
	struct wait *wait = calloc(1, sizeof(*wait));

	if (wait == NULL)
		return NULL;
	wait->held = HELD_WAIT;
	wait->request = request;
	wait->deadline_ms = deadline_ms;
	request->state = wait;
	return wait;
}

static struct wait **bucket_of(struct waits *waits, uint64_t hash)
{
	return &waits->buckets[(hash ^ hash >> 32) & (WAITS_BUCKETS - 1)];
}

static void unpark(struct waits *waits, struct wait *wait)
{
	*wait->from = wait->next;
	if (wait->next != NULL)
		wait->next->from = wait->from;
	wait->parked = false;
	waits->parked--;
}

void waits_park(struct waits *waits, struct wait *wait, uint64_t hash, bool any)
{
	wait->hash = hash;
	wait->any = any;
	wait->from = any ? &waits->any : bucket_of(waits, hash);
	wait->next = *wait->from;
	if (wait->next != NULL)
		wait->next->from = &wait->next;
	*wait->from = wait;
	wait->parked = true;
	waits->parked++;
	if (wait->deadline_ms < waits->first_deadline_ms)
		waits->first_deadline_ms = wait->deadline_ms;
	http_hold(wait->request);
}

static void wake(struct waits *waits, struct wait *wait)
{
	unpark(waits, wait);
	http_wake(wait->request);
}

static void wake_hash(struct waits *waits, uint64_t hash)
{
	struct wait *next;

	for (struct wait *wait = *bucket_of(waits, hash); wait != NULL;
	     wait = next) {
		next = wait->next;
		if (wait->hash == hash)
			wake(waits, wait);
	}
}

static void wake_list(struct waits *waits, struct wait **list)
{
	struct wait *next;

	for (struct wait *wait = *list; wait != NULL; wait = next) {
		next = wait->next;
		wake(waits, wait);
	}
}

static void wake_due(struct waits *waits, struct wait *list, int64_t now_ms)
{
	struct wait *next;

	for (struct wait *wait = list; wait != NULL; wait = next) {
		next = wait->next;
		if (wait->deadline_ms <= now_ms)
			wake(waits, wait);
		else if (wait->deadline_ms < waits->first_deadline_ms)
			waits->first_deadline_ms = wait->deadline_ms;
	}
}

/* The journal writes a batch into the ring before it publishes the count, so
 * entries further back than this may be overwritten while we read them.
 */
#define BEHIND_MAX (BOARD_CHANGES_MAX / 2)

void waits_wake(struct waits *waits)
{
	for (size_t i = 0; i < WAITS_BUCKETS; i++)
		wake_list(waits, &waits->buckets[i]);
}

void waits_look(struct waits *waits, const struct board *board, int64_t now_ms)
{
	uint64_t first = waits->seen;
	uint64_t change = atomic_load(&board->change);
	uint64_t news = atomic_load(&board->news);

	if (change != first || news != waits->news)
		waits->any_changed = true;
	waits->news = news;
	if (change - first <= BEHIND_MAX)
		for (uint64_t n = first; n != change; n++)
			wake_hash(waits,
				  atomic_load(
					  &board->changes[n %
							  BOARD_CHANGES_MAX]));
	waits->seen = change;
	if (atomic_load(&board->change) - first > BEHIND_MAX)
		waits_wake(waits);
	if (waits->any_changed &&
	    now_ms - waits->any_woken_ms >= ANY_EVERY_MS) {
		waits->any_changed = false;
		waits->any_woken_ms = now_ms;
		wake_list(waits, &waits->any);
	}
}

void waits_watch(struct waits *waits, struct board *board, enum role role)
{
	/* With a change to tell they are woken soon anyway. */
	if (waits->any == NULL || waits->any_changed)
		return;
	atomic_store(&board->roles[role].watching, 1);
	if (atomic_load(&board->news) != waits->news)
		waits->any_changed = true;
}

void waits_expire(struct waits *waits, int64_t now_ms, bool all)
{
	if (!all && waits_deadline(waits) > now_ms)
		return;
	waits->checked_ms = now_ms;
	if (all)
		now_ms = LOOP_NO_DEADLINE;
	waits->first_deadline_ms = LOOP_NO_DEADLINE;
	for (size_t i = 0; i < WAITS_BUCKETS; i++)
		wake_due(waits, waits->buckets[i], now_ms);
	wake_due(waits, waits->any, now_ms);
}

int64_t waits_deadline(const struct waits *waits)
{
	int64_t deadline = waits->first_deadline_ms;

	if (waits->parked == 0)
		return LOOP_NO_DEADLINE;
	if (deadline < waits->checked_ms + CHECK_EVERY_MS)
		deadline = waits->checked_ms + CHECK_EVERY_MS;
	if (waits->any_changed && waits->any != NULL &&
	    deadline > waits->any_woken_ms + ANY_EVERY_MS)
		deadline = waits->any_woken_ms + ANY_EVERY_MS;
	return deadline;
}

void waits_free(struct waits *waits, struct wait *wait)
{
	if (wait->parked)
		unpark(waits, wait);
	free(wait);
}
