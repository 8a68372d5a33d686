#include "core/queue.h"

#include "core/queue_line.h"

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
	queue->aside = QUEUE_NONE;
	queue->calm_from_ms = INT64_MIN;
	queue->calm_until_ms = QUEUE_NO_DEADLINE;
	queue->asked_list = (struct queue_list){ QUEUE_NONE, QUEUE_NONE };
	queue->given_list = queue->asked_list;
	queue->free = QUEUE_NONE;
	queue->free_user = QUEUE_NONE;
	queue->free_line = QUEUE_NONE;
	memset(queue->ids, 0xff, sizeof(queue->ids));
	memset(queue->uniques, 0xff, sizeof(queue->uniques));
	memset(queue->users, 0xff, sizeof(queue->users));
}

/* Adds N to what the type and the user of ENTRY count in its present state. */
static void count(struct queue *queue, const struct queue_entry *entry,
		  uint32_t n)
{
	struct queue_type *type = type_of(queue, entry->type);

	if (entry->waiting) {
		queue->waiting += n;
	} else {
		queue->given += n;
		queue_user_count(queue, entry->user, n);
	}
	if (type == NULL)
		return;
	if (entry->waiting)
		type->waiting += n;
	else
		type->given += n;
}

static void list_enter(struct queue *queue, struct queue_list *list,
		       struct queue_entry *entry)
{
	entry->next = QUEUE_NONE;
	entry->prev = list->last;
	if (list->last != QUEUE_NONE)
		queue->entries[list->last].next = index_of(queue, entry);
	else
		list->first = index_of(queue, entry);
	list->last = index_of(queue, entry);
}

static void list_leave(struct queue *queue, struct queue_list *list,
		       const struct queue_entry *entry)
{
	if (entry->prev != QUEUE_NONE)
		queue->entries[entry->prev].next = entry->next;
	else
		list->first = entry->next;
	if (entry->next != QUEUE_NONE)
		queue->entries[entry->next].prev = entry->prev;
	else
		list->last = entry->prev;
}

/* ENTRY stands nowhere: it goes where it belongs. */
static void stand(struct queue *queue, struct queue_entry *entry)
{
	if (!entry->waiting) {
		list_enter(queue, &queue->given_list, entry);
		entry->stand = QUEUE_GIVEN;
	} else if (entry->asked) {
		list_enter(queue, &queue->asked_list, entry);
		entry->stand = QUEUE_ASKED;
	} else if (type_of(queue, entry->type) == NULL) {
		entry->stand = QUEUE_NOWHERE;
	} else if (entry->not_before_ms > 0 && entry->wait_ms > 0)
		queue_aside_enter(queue, entry);
	else
		queue_line_enter(queue, entry);
}

static void step_out(struct queue *queue, struct queue_entry *entry)
{
	if (entry->stand == QUEUE_ASIDE)
		queue_aside_leave(queue, entry);
	else if (entry->stand == QUEUE_IN_LINE)
		queue_line_leave(queue, entry);
	else if (entry->stand == QUEUE_ASKED)
		list_leave(queue, &queue->asked_list, entry);
	else if (entry->stand == QUEUE_GIVEN)
		list_leave(queue, &queue->given_list, entry);
	entry->stand = QUEUE_NOWHERE;
}

static void line_up(struct queue *queue, struct queue_entry *entry)
{
	entry->waiting = true;
	entry->arrival = ++queue->arrivals;
	count(queue, entry, 1);
	stand(queue, entry);
}

/* It is not counted until it is somewhere else. */
static void leave_line(struct queue *queue, struct queue_entry *entry)
{
	step_out(queue, entry);
	count(queue, entry, UINT32_MAX);
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

/* What is in use of the tables grows with it. */
static void know_type(struct queue *queue, uint32_t type)
{
	if (type >= QUEUE_TYPES_MAX)
		return;
	for (; queue->types_high <= type; queue->types_high++)
		queue->types[queue->types_high].lines = QUEUE_NONE;
}

static void link_in(struct queue *queue, struct queue_entry *entry)
{
	uint32_t *bucket = &queue->ids[bucket_of_id(entry->id)];

	entry->next_id = *bucket;
	*bucket = index_of(queue, entry);
	if (entry->unique == 0)
		return;
	bucket = &queue->uniques[bucket_of_unique(entry->unique)];
	entry->next_unique = *bucket;
	*bucket = index_of(queue, entry);
}

/* Not all of it: the room within is of others. */
static void clear(struct queue_entry *entry)
{
	memset(entry, 0, offsetof(struct queue_entry, user_here));
}

struct queue_entry *queue_add(struct queue *queue, const struct queue_job *job,
			      uint64_t token)
{
	struct queue_entry *entry = take_free(queue);

	if (entry == NULL)
		return NULL;
	clear(entry);
	text_copy(text_of(job->id), entry->id, sizeof(entry->id));
	entry->used = true;
	entry->type = job->type;
	entry->unique = job->unique;
	entry->slot = QUEUE_NONE;
	entry->node = QUEUE_NODE_NONE;
	know_type(queue, job->type);
	link_in(queue, entry);
	entry->user = queue_user_hold(queue, job->user);
	queue->count++;
	if (token == 0) {
		line_up(queue, entry);
	} else {
		entry->token = token;
		count(queue, entry, 1);
		stand(queue, entry);
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
	queue_user_drop(queue, entry->user);
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

struct queue_entry *queue_each_given(struct queue *queue,
				     struct queue_entry *after)
{
	return at(queue, after != NULL ? after->next : queue->given_list.first);
}

struct queue_entry *queue_each_asked(struct queue *queue,
				     struct queue_entry *after)
{
	return at(queue, after != NULL ? after->next : queue->asked_list.first);
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
	stand(queue, entry);
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

/* It keeps its place in the order of arrival. */
static void stand_anew(struct queue *queue, struct queue_entry *entry)
{
	step_out(queue, entry);
	stand(queue, entry);
}

void queue_set_asked(struct queue *queue, struct queue_entry *entry, bool asked)
{
	if (entry->asked == asked)
		return;
	entry->asked = asked;
	stand_anew(queue, entry);
}

void queue_set_wait(struct queue *queue, struct queue_entry *entry,
		    int64_t not_before_ms, int64_t wait_ms)
{
	if (entry->not_before_ms == not_before_ms && entry->wait_ms == wait_ms)
		return;
	entry->not_before_ms = not_before_ms;
	entry->wait_ms = wait_ms;
	stand_anew(queue, entry);
}

void queue_retype(struct queue *queue, struct queue_entry *entry, uint32_t type)
{
	step_out(queue, entry);
	count(queue, entry, UINT32_MAX);
	entry->type = type;
	know_type(queue, type);
	count(queue, entry, 1);
	stand(queue, entry);
}

int64_t queue_backoff(int64_t first_ms, int64_t max_ms, uint32_t failures)
{
	int64_t wait = first_ms;

	for (uint32_t i = 1; i < failures && wait < max_ms; i++)
		wait *= 2;
	return wait < max_ms ? wait : max_ms;
}
