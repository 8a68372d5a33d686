#include "core/queue_line.h"

static struct queue_user *user_at(struct queue *queue, uint32_t index)
{
	return &queue->entries[index].user_here;
}

static struct queue_line *line_at(struct queue *queue, uint32_t index)
{
	return &queue->entries[index].line_here;
}

/* ---- users ---- */

static uint32_t *bucket_of(struct queue *queue, uint64_t hash)
{
	return &queue->users[(uint32_t)(hash ^ hash >> 32) % QUEUE_BUCKETS];
}

uint32_t queue_user_hold(struct queue *queue, uint64_t hash)
{
	uint32_t *bucket = bucket_of(queue, hash);
	uint32_t index = *bucket;

	while (index != QUEUE_NONE && user_at(queue, index)->hash != hash)
		index = user_at(queue, index)->next;
	if (index == QUEUE_NONE) {
		/* There are as many places as jobs, so there is one. */
		index = queue->free_user;
		if (index == QUEUE_NONE)
			index = queue->high_user++;
		else
			queue->free_user = user_at(queue, index)->next;
		*user_at(queue, index) = (struct queue_user){
			.hash = hash, .lines = QUEUE_NONE, .next = *bucket
		};
		*bucket = index;
	}
	user_at(queue, index)->jobs++;
	return index;
}

void queue_user_drop(struct queue *queue, uint32_t index)
{
	struct queue_user *user = user_at(queue, index);
	uint32_t *link = bucket_of(queue, user->hash);

	if (--user->jobs > 0)
		return;
	while (*link != index)
		link = &user_at(queue, *link)->next;
	*link = user->next;
	user->next = queue->free_user;
	queue->free_user = index;
}

/* ---- the order of lines ---- */

bool queue_line_is_after(const struct queue_line *line, uint32_t given,
			 uint64_t arrival)
{
	return line->given != given ? line->given > given
				    : line->arrival > arrival;
}

/* Source: the last step of MurmurHash3, Austin Appleby, public domain. */
static uint32_t rank_of(uint32_t index)
{
	uint32_t rank = index + 1;

	rank = (rank ^ rank >> 16) * UINT32_C(0x85ebca6b);
	rank = (rank ^ rank >> 13) * UINT32_C(0xc2b2ae35);
	return rank ^ rank >> 16;
}

static void insert(struct queue *queue, uint32_t index)
{
	struct queue_line *line = line_at(queue, index);
	uint32_t *link = &queue->types[line->type].lines;
	uint32_t *lower = &line->left;
	uint32_t *upper = &line->right;
	uint32_t at;

	while (*link != QUEUE_NONE && rank_of(*link) > rank_of(index)) {
		struct queue_line *other = line_at(queue, *link);

		link = queue_line_is_after(other, line->given, line->arrival)
			       ? &other->left
			       : &other->right;
	}
	at = *link;
	*link = index;
	/* What was there is split in two. */
	while (at != QUEUE_NONE) {
		struct queue_line *other = line_at(queue, at);

		if (queue_line_is_after(other, line->given, line->arrival)) {
			*upper = at;
			upper = &other->left;
			at = *upper;
		} else {
			*lower = at;
			lower = &other->right;
			at = *lower;
		}
	}
	*lower = QUEUE_NONE;
	*upper = QUEUE_NONE;
}

static void erase(struct queue *queue, uint32_t index)
{
	const struct queue_line *line = line_at(queue, index);
	uint32_t *link = &queue->types[line->type].lines;
	uint32_t lower = line->left;
	uint32_t upper = line->right;

	while (*link != index) {
		struct queue_line *other = line_at(queue, *link);

		link = queue_line_is_after(other, line->given, line->arrival)
			       ? &other->left
			       : &other->right;
	}
	/* What is below it becomes one. */
	while (lower != QUEUE_NONE && upper != QUEUE_NONE) {
		if (rank_of(lower) > rank_of(upper)) {
			*link = lower;
			link = &line_at(queue, lower)->right;
			lower = *link;
		} else {
			*link = upper;
			link = &line_at(queue, upper)->left;
			upper = *link;
		}
	}
	*link = lower != QUEUE_NONE ? lower : upper;
}

/* Its user was given another number, or another is its first now. */
static void place(struct queue *queue, uint32_t index)
{
	struct queue_line *line = line_at(queue, index);

	line->given = user_at(queue, line->user)->given;
	line->arrival = queue->entries[line->first].arrival;
	insert(queue, index);
}

void queue_user_count(struct queue *queue, uint32_t index, uint32_t n)
{
	struct queue_user *user = user_at(queue, index);
	uint32_t at;

	user->given += n;
	for (at = user->lines; at != QUEUE_NONE;
	     at = line_at(queue, at)->next) {
		erase(queue, at);
		place(queue, at);
	}
}

struct queue_line *queue_line_next(struct queue *queue, uint32_t type,
				   const struct queue_line *after)
{
	uint32_t at = queue->types[type].lines;
	struct queue_line *next = NULL;

	while (at != QUEUE_NONE) {
		struct queue_line *line = line_at(queue, at);

		if (after == NULL ||
		    queue_line_is_after(line, after->given, after->arrival)) {
			next = line;
			at = line->left;
		} else {
			at = line->right;
		}
	}
	return next;
}

/* ---- those who stand in them ---- */

static uint32_t find_line(struct queue *queue, const struct queue_entry *entry)
{
	uint32_t at = user_at(queue, entry->user)->lines;

	while (at != QUEUE_NONE && line_at(queue, at)->type != entry->type)
		at = line_at(queue, at)->next;
	return at;
}

static uint32_t begin_line(struct queue *queue, const struct queue_entry *entry)
{
	struct queue_user *user = user_at(queue, entry->user);
	uint32_t index = queue->free_line;

	/* Each has somebody in it: there are never more than jobs. */
	if (index == QUEUE_NONE)
		index = queue->high_line++;
	else
		queue->free_line = line_at(queue, index)->next;
	*line_at(queue, index) = (struct queue_line){ .first = QUEUE_NONE,
						      .last = QUEUE_NONE,
						      .user = entry->user,
						      .type = entry->type,
						      .next = user->lines };
	user->lines = index;
	return index;
}

static void end_line(struct queue *queue, uint32_t index)
{
	struct queue_line *line = line_at(queue, index);
	uint32_t *link = &user_at(queue, line->user)->lines;

	while (*link != index)
		link = &line_at(queue, *link)->next;
	*link = line->next;
	line->next = queue->free_line;
	queue->free_line = index;
}

void queue_line_enter(struct queue *queue, struct queue_entry *entry)
{
	uint32_t me = (uint32_t)(entry - queue->entries);
	uint32_t index = find_line(queue, entry);
	bool begins = index == QUEUE_NONE;
	struct queue_line *line;
	uint32_t before;

	if (begins)
		index = begin_line(queue, entry);
	line = line_at(queue, index);
	entry->stand = QUEUE_IN_LINE;
	/* Most come last; who stood aside for a while came before some. */
	before = line->last;
	while (before != QUEUE_NONE &&
	       queue->entries[before].arrival > entry->arrival)
		before = queue->entries[before].prev;
	entry->prev = before;
	entry->next = before != QUEUE_NONE ? queue->entries[before].next
					   : line->first;
	if (entry->next != QUEUE_NONE)
		queue->entries[entry->next].prev = me;
	else
		line->last = me;
	if (before != QUEUE_NONE) {
		queue->entries[before].next = me;
		return;
	}
	if (!begins)
		erase(queue, index);
	line->first = me;
	place(queue, index);
}

void queue_line_leave(struct queue *queue, struct queue_entry *entry)
{
	uint32_t index = find_line(queue, entry);
	struct queue_line *line = line_at(queue, index);

	if (entry->next != QUEUE_NONE)
		queue->entries[entry->next].prev = entry->prev;
	else
		line->last = entry->prev;
	if (entry->prev != QUEUE_NONE) {
		queue->entries[entry->prev].next = entry->next;
		return;
	}
	erase(queue, index);
	line->first = entry->next;
	if (line->first != QUEUE_NONE)
		place(queue, index);
	else
		end_line(queue, index);
}

/* ---- those who stand aside ---- */

void queue_aside_enter(struct queue *queue, struct queue_entry *entry)
{
	uint32_t index = (uint32_t)(entry - queue->entries);
	int64_t since = entry->not_before_ms - entry->wait_ms;

	entry->stand = QUEUE_ASIDE;
	entry->prev = QUEUE_NONE;
	entry->next = queue->aside;
	if (queue->aside != QUEUE_NONE)
		queue->entries[queue->aside].prev = index;
	queue->aside = index;
	if (queue->calm_from_ms < since)
		queue->calm_from_ms = since;
	if (queue->calm_until_ms > entry->not_before_ms)
		queue->calm_until_ms = entry->not_before_ms;
}

void queue_aside_leave(struct queue *queue, struct queue_entry *entry)
{
	if (entry->next != QUEUE_NONE)
		queue->entries[entry->next].prev = entry->prev;
	if (entry->prev != QUEUE_NONE)
		queue->entries[entry->prev].next = entry->next;
	else
		queue->aside = entry->next;
}

static bool has_to_wait(const struct queue_entry *entry, int64_t now_ms)
{
	int64_t left = entry->not_before_ms - now_ms;

	return left > 0 && left <= entry->wait_ms;
}

void queue_aside_wake(struct queue *queue, int64_t now_ms)
{
	uint32_t index = queue->aside;

	if (now_ms >= queue->calm_from_ms && now_ms < queue->calm_until_ms)
		return;
	queue->aside = QUEUE_NONE;
	queue->calm_from_ms = INT64_MIN;
	queue->calm_until_ms = QUEUE_NO_DEADLINE;
	while (index != QUEUE_NONE) {
		struct queue_entry *entry = &queue->entries[index];

		index = entry->next;
		if (has_to_wait(entry, now_ms))
			queue_aside_enter(queue, entry);
		else
			queue_line_enter(queue, entry);
	}
}
