#include "io/journal.h"

#include <errno.h>
#include <inttypes.h>

#include "io/follow.h"
#include "io/journal_parts.h"
#include "io/log.h"
#include "io/segment.h"

struct sieve {
	struct journal *journal;
	journal_record_fn *fn;
	void *arg;
};

static int pass_on(void *arg, const struct record *record)
{
	struct sieve *sieve = arg;

	if (text_is(record->key, JOURNAL_SNAPSHOT_KEY))
		return 0;
	sieve->journal->records++;
	return sieve->fn(sieve->arg, record);
}

static void note_damage(struct journal *journal, uint32_t number,
			unsigned places)
{
	journal->damaged += places;
	if (places > 0 && journal->aside_count < JOURNAL_ASIDE_MAX)
		journal->aside[journal->aside_count++] = number;
}

/* 1, 0 or a negative errno. */
static int is_whole(struct journal *journal, uint32_t number)
{
	struct segment segment = {
		.shared = journal->shared,
		.node = journal->node,
		.number = number,
		.buf = journal->buf,
	};
	int rc = segment_is_whole(&segment);

	if (rc == -EBADMSG) {
		note_damage(journal, number, segment.damaged);
		rc = 0;
	}
	return rc;
}

static int replay_segment(struct journal *journal, uint32_t number,
			  journal_record_fn *fn, void *arg)
{
	struct sieve sieve = { journal, fn, arg };
	struct segment segment = {
		.shared = journal->shared,
		.node = journal->node,
		.number = number,
		.buf = journal->buf,
	};
	int rc = segment_scan(&segment, pass_on, &sieve);

	note_damage(journal, number, segment.damaged);
	journal->torn += segment.torn;
	if (segment.torn)
		log_info("journal: left out an unfinished end segment=%" PRIu32
			 " offset=%" PRIu64,
			 number, segment.end);
	return rc;
}

/* A snapshot that was never finished must not count beside the segments it
 * was to replace: it holds later states of some keys and not of others, and
 * nothing in it was ever acknowledged.  Where nothing was ever finished the
 * oldest is all there is.
 */
static int choose(struct journal *journal, const uint32_t *numbers, int count,
		  bool *counts)
{
	bool any = false;

	for (int i = 0; i < count; i++) {
		int rc = count > 1 ? is_whole(journal, numbers[i]) : 1;

		if (rc < 0)
			return rc;
		counts[i] = rc > 0;
		any = any || counts[i];
	}
	if (!any && count > 0)
		counts[0] = true;
	return 0;
}

/* After a start that failed half way: what was begun is abandoned. */
static void forget(struct journal *journal)
{
	journal->buf_len = 0;
	journal->broken = journal->number != 0;
	journal->records = 0;
	journal->torn = journal->damaged = 0;
	journal->aside_count = 0;
}

int journal_replay(struct journal *journal, journal_record_fn *fn, void *arg)
{
	uint32_t numbers[SHARED_SEGMENTS_MAX];
	bool counts[SHARED_SEGMENTS_MAX];
	int count = journal_own(journal, numbers);
	int rc = count < 0 ? count : 0;

	forget(journal);
	if (rc == 0)
		rc = choose(journal, numbers, count, counts);
	/* The newest snapshot holds all there was.  What lies behind the end an
	 * older segment had when that was written must not count again: a power
	 * failure can bring back what was abandoned.  Only where the newest is
	 * damaged are the older ones better than nothing. */
	for (int i = count - 1; i >= 0 && rc == 0; i--) {
		unsigned known = journal->damaged;

		if (!counts[i])
			continue;
		rc = replay_segment(journal, numbers[i], fn, arg);
		if (journal->damaged == known)
			break;
	}
	return rc;
}

int journal_replay_to(struct journal *journal, const struct lease_end *end,
		      journal_record_fn *fn, void *arg)
{
	struct sieve sieve = { journal, fn, arg };
	struct follow follow;
	int rc = follow_init(&follow, journal->shared, journal->node,
			     journal->buf);

	forget(journal);
	while (rc == 0 &&
	       (rc = follow_to(&follow, end, SIZE_MAX, pass_on, &sieve)) == 1)
		;
	if (rc == 0)
		journal->end = *end;
	return rc;
}
