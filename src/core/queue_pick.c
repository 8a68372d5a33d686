/* queue_pick - which job of a queue is next. */
#include "core/queue_line.h"

static struct queue_entry *entry_at(struct queue *queue, uint32_t index)
{
	return index == QUEUE_NONE ? NULL : &queue->entries[index];
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

/* The first of LINE whose unique value nobody has. */
static struct queue_entry *first_of(struct queue *queue,
				    const struct queue_line *line)
{
	struct queue_entry *entry = entry_at(queue, line->first);
	uint64_t taken = 0;

	for (; entry != NULL; entry = entry_at(queue, entry->next)) {
		if (entry->unique != 0 && entry->unique == taken)
			continue;
		if (!is_taken(queue, entry))
			break;
		taken = entry->unique;
	}
	return entry;
}

static bool is_full(const struct queue_type *type)
{
	return type->closed || (type->limit != 0 && type->given >= type->limit);
}

struct queue_entry *queue_pick(struct queue *queue, int64_t now_ms)
{
	struct queue_entry *best = NULL;
	uint32_t given = UINT32_MAX;

	queue_aside_wake(queue, now_ms);
	for (uint32_t type = 0; type < queue->types_high; type++) {
		struct queue_line *line = NULL;

		if (is_full(&queue->types[type]))
			continue;
		while ((line = queue_line_next(queue, type, line)) != NULL) {
			struct queue_entry *first;

			if (best != NULL &&
			    queue_line_is_after(line, given, best->arrival))
				break;
			first = first_of(queue, line);
			if (first == NULL ||
			    (best != NULL && given == line->given &&
			     best->arrival < first->arrival))
				continue;
			best = first;
			given = line->given;
		}
	}
	return best;
}

int64_t queue_next_due(struct queue *queue, int64_t now_ms)
{
	queue_aside_wake(queue, now_ms);
	return queue->calm_until_ms;
}
