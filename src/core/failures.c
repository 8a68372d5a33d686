#include "core/failures.h"

#include "core/queue.h"

void failures_clear(struct failures *failures)
{
	memset(failures, 0, sizeof(*failures));
}

/* When it failed on NODE, as a number that grows; 0 = never, or forgotten. */
static uint32_t failed_on(const struct failures *failures, struct text node)
{
	uint64_t hash = place_hash(node, text_of(""));

	for (size_t i = 0; i < FAILURES_NODES; i++)
		if (failures->at[i].number != 0 && failures->at[i].node == hash)
			return failures->at[i].number;
	return 0;
}

/* Puts NODE in the place of itself, or of the one that failed first. */
static void remember(struct failures *failures, struct text node)
{
	uint64_t hash = place_hash(node, text_of(""));
	size_t at = 0;

	for (size_t i = 0; i < FAILURES_NODES; i++) {
		if (failures->at[i].number != 0 &&
		    failures->at[i].node == hash) {
			at = i;
			break;
		}
		if (failures->at[i].number < failures->at[at].number)
			at = i;
	}
	failures->at[at].node = hash;
	failures->at[at].number = failures->count;
}

static uint32_t remembered(const struct failures *failures)
{
	uint32_t count = 0;

	for (size_t i = 0; i < FAILURES_NODES; i++)
		count += failures->at[i].number != 0;
	return count;
}

/* Was it well since it was last to wait, for longer than it ever waits? */
static bool was_well(const struct failures *failures, int64_t max_ms,
		     int64_t now_ms)
{
	int64_t keep = max_ms > FAILURES_KEEP_MS ? max_ms : FAILURES_KEEP_MS;

	return failures->count > 0 && now_ms - failures->due_ms > keep;
}

void failures_note(struct failures *failures, struct text node,
		   const struct failures_terms *terms, int64_t now_ms)
{
	int64_t pause = 0;
	bool again;

	if (was_well(failures, terms->backoff_max_ms, now_ms))
		failures_clear(failures);
	again = failed_on(failures, node) != 0;
	failures->count++;
	remember(failures, node);
	if (again || remembered(failures) >= FAILURES_NODES ||
	    remembered(failures) >= terms->eligible) {
		pause = queue_backoff(terms->backoff_ms, terms->backoff_max_ms,
				      ++failures->pauses);
		if (pause < FAILURES_PAUSE_MS)
			pause = FAILURES_PAUSE_MS;
	}
	failures->due_ms = now_ms + pause;
}

bool failures_may(const struct failures *failures, int64_t now_ms)
{
	return now_ms >= failures->due_ms;
}

void failures_judge(const struct failures *failures, struct place_node *nodes,
		    size_t count)
{
	uint32_t first = UINT32_MAX;

	for (size_t i = 0; i < count; i++) {
		uint32_t failed = failed_on(failures, nodes[i].name);

		if (nodes[i].eligible && failed < first)
			first = failed;
	}
	for (size_t i = 0; i < count; i++)
		nodes[i].failed_lately =
			failed_on(failures, nodes[i].name) > first;
}
