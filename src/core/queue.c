#include "core/queue.h"

/* Source: FNV-1a, 64 bits (Fowler, Noll, Vo). */
static uint32_t bucket_of_id(const char *id)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *id != '\0'; id++)
		hash = (hash ^ (uint8_t)*id) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32) % QUEUE_BUCKETS;
}

static uint32_t bucket_of_unique(uint64_t unique)
{
	return (uint32_t)(unique ^ unique >> 32) % QUEUE_BUCKETS;
}

static uint32_t index_of(const struct queue *queue,
			 const struct queue_entry *entry)
{
	return (uint32_t)(entry - queue->entries);
}

static struct queue_entry *at(struct queue *queue, uint32_t index)
{
	return index == QUEUE_NONE ? NULL : &queue->entries[index];
}

static struct queue_type *type_of(struct queue *queue, uint32_t type)
{
	return type < QUEUE_TYPES_MAX ? &queue->types[type] : NULL;
}

void queue_init(struct queue *queue, struct queue_entry *entries, uint32_t cap)
{
	memset(queue, 0, sizeof(*queue));
	queue->entries = entries;
	queue->cap = cap;
	queue->first = QUEUE_NONE;
	queue->last = QUEUE_NONE;
	queue->free = QUEUE_NONE;
	memset(queue->ids, 0xff, sizeof(queue->ids));
	memset(queue->uniques, 0xff, sizeof(queue->uniques));
}

/* Adds N to what the type of ENTRY counts in its present state. */
static void count(struct queue *queue, const struct queue_entry *entry,
		  uint32_t n)
{
	struct queue_type *type = type_of(queue, entry->type);

	if (entry->waiting)
		queue->waiting += n;
	else
		queue->given += n;
	if (type == NULL)
		return;
	if (entry->waiting)
		type->waiting += n;
	else
		type->given += n;
}

static void line_up(struct queue *queue, struct queue_entry *entry)
{
	uint32_t index = index_of(queue, entry);

	entry->waiting = true;
	entry->next = QUEUE_NONE;
	entry->prev = queue->last;
	if (queue->last != QUEUE_NONE)
		queue->entries[queue->last].next = index;
	else
		queue->first = index;
	queue->last = index;
	count(queue, entry, 1);
}

static void leave_line(struct queue *queue, struct queue_entry *entry)
{
	count(queue, entry, UINT32_MAX);
	if (!entry->waiting)
		return;
	if (entry->prev != QUEUE_NONE)
		queue->entries[entry->prev].next = entry->next;
	else
		queue->first = entry->next;
	if (entry->next != QUEUE_NONE)
		queue->entries[entry->next].prev = entry->prev;
	else
		queue->last = entry->prev;
	entry->waiting = false;
}

/* Free entries first, then those never used: a small queue stays in few
 * pages.
 */
static struct queue_entry *take_free(struct queue *queue)
{
	struct queue_entry *entry;

	if (queue->free == QUEUE_NONE)
		return queue->high < queue->cap ? &queue->entries[queue->high++]
						: NULL;
	entry = &queue->entries[queue->free];
	queue->free = entry->next;
	return entry;
}

struct queue_entry *queue_add(struct queue *queue, const char *id,
			      uint32_t type, uint64_t unique, uint64_t token)
{
	struct queue_entry *entry = take_free(queue);
	uint32_t bucket = bucket_of_id(id);

	if (entry == NULL)
		return NULL;
	memset(entry, 0, sizeof(*entry));
	text_copy(text_of(id), entry->id, sizeof(entry->id));
	entry->used = true;
	entry->type = type;
	entry->unique = unique;
	entry->slot = QUEUE_NONE;
	entry->node = QUEUE_NODE_NONE;
	entry->next_id = queue->ids[bucket];
	queue->ids[bucket] = index_of(queue, entry);
	bucket = bucket_of_unique(unique);
	if (unique != 0) {
		entry->next_unique = queue->uniques[bucket];
		queue->uniques[bucket] = index_of(queue, entry);
	}
	queue->count++;
	if (token == 0) {
		line_up(queue, entry);
	} else {
		entry->token = token;
		count(queue, entry, 1);
	}
	return entry;
}

static void unlink_id(struct queue *queue, const struct queue_entry *entry)
{
	uint32_t *link = &queue->ids[bucket_of_id(entry->id)];

	while (*link != index_of(queue, entry))
		link = &queue->entries[*link].next_id;
	*link = entry->next_id;
}

static void unlink_unique(struct queue *queue, const struct queue_entry *entry)
{
	uint32_t *link = &queue->uniques[bucket_of_unique(entry->unique)];

	while (*link != index_of(queue, entry))
		link = &queue->entries[*link].next_unique;
	*link = entry->next_unique;
}

void queue_remove(struct queue *queue, struct queue_entry *entry)
{
	leave_line(queue, entry);
	unlink_id(queue, entry);
	if (entry->unique != 0)
		unlink_unique(queue, entry);
	entry->used = false;
	queue->count--;
	entry->next = queue->free;
	queue->free = index_of(queue, entry);
}

struct queue_entry *queue_find(struct queue *queue, const char *id)
{
	struct queue_entry *entry = at(queue, queue->ids[bucket_of_id(id)]);

	while (entry != NULL && strcmp(entry->id, id) != 0)
		entry = at(queue, entry->next_id);
	return entry;
}

struct queue_entry *queue_find_unique(struct queue *queue, uint64_t unique,
				      struct queue_entry *after)
{
	struct queue_entry *entry =
		after != NULL
			? at(queue, after->next_unique)
			: at(queue, queue->uniques[bucket_of_unique(unique)]);

	while (entry != NULL && entry->unique != unique)
		entry = at(queue, entry->next_unique);
	return entry;
}

struct queue_entry *queue_each(struct queue *queue, struct queue_entry *after)
{
	uint32_t index = after != NULL ? index_of(queue, after) + 1 : 0;

	for (; index < queue->high; index++)
		if (queue->entries[index].used)
			return &queue->entries[index];
	return NULL;
}

static bool has_to_wait(const struct queue_entry *entry, int64_t now_ms)
{
	int64_t left = entry->not_before_ms - now_ms;

	return left > 0 && left <= entry->wait_ms;
}

/* Is another one given away that holds the same unique value? */
static bool is_taken(struct queue *queue, const struct queue_entry *wanted)
{
	struct queue_entry *entry = NULL;

	if (wanted->unique == 0)
		return false;
	while ((entry = queue_find_unique(queue, wanted->unique, entry)) !=
	       NULL)
		if (!entry->waiting)
			return true;
	return false;
}

struct queue_entry *queue_pick(struct queue *queue, int64_t now_ms)
{
	struct queue_entry *entry = at(queue, queue->first);
	uint64_t taken = 0;

	for (; entry != NULL; entry = at(queue, entry->next)) {
		const struct queue_type *type = type_of(queue, entry->type);

		if (type == NULL || entry->asked || has_to_wait(entry, now_ms))
			continue;
		if (type->closed ||
		    (type->limit != 0 && type->given >= type->limit))
			continue;
		if (entry->unique != 0 && entry->unique == taken)
			continue;
		if (!is_taken(queue, entry))
			return entry;
		taken = entry->unique;
	}
	return NULL;
}

int64_t queue_next_due(const struct queue *queue, int64_t now_ms)
{
	int64_t due = QUEUE_NO_DEADLINE;
	uint32_t index = queue->first;

	while (index != QUEUE_NONE) {
		const struct queue_entry *entry = &queue->entries[index];

		if (has_to_wait(entry, now_ms) && entry->not_before_ms < due)
			due = entry->not_before_ms;
		index = entry->next;
	}
	return due;
}

void queue_give(struct queue *queue, struct queue_entry *entry, uint64_t token)
{
	leave_line(queue, entry);
	entry->token = token;
	entry->started = false;
	entry->assigned = false;
	entry->slot = QUEUE_NONE;
	entry->node = QUEUE_NODE_NONE;
	entry->unsynced_steps = 0;
	count(queue, entry, 1);
}

void queue_return(struct queue *queue, struct queue_entry *entry,
		  int64_t now_ms, int64_t wait_ms)
{
	leave_line(queue, entry);
	entry->token = 0;
	entry->assigned = false;
	entry->slot = QUEUE_NONE;
	entry->node = QUEUE_NODE_NONE;
	entry->not_before_ms = now_ms + wait_ms;
	entry->wait_ms = wait_ms;
	line_up(queue, entry);
}

void queue_retype(struct queue *queue, struct queue_entry *entry, uint32_t type)
{
	count(queue, entry, UINT32_MAX);
	entry->type = type;
	count(queue, entry, 1);
}

int64_t queue_backoff(int64_t first_ms, int64_t max_ms, uint32_t failures)
{
	int64_t wait = first_ms;

	for (uint32_t i = 1; i < failures && wait < max_ms; i++)
		wait *= 2;
	return wait < max_ms ? wait : max_ms;
}
