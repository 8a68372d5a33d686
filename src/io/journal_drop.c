#include "io/journal.h"

#include <errno.h>

#include "io/journal_parts.h"
#include "io/log.h"
#include "io/segment.h"

static bool is_aside(const struct journal *journal, uint32_t number)
{
	for (size_t i = 0; i < journal->aside_count; i++)
		if (journal->aside[i] == number)
			return true;
	return journal->aside_count == JOURNAL_ASIDE_MAX;
}

static int drop_one(struct journal *journal, uint32_t number)
{
	const struct shared_ops *ops = journal->shared->ops;

	if (is_aside(journal, number))
		return ops->set_aside(journal->shared, number);
	return ops->remove(journal->shared, number);
}

/* May segment NUMBER go, when all has been read that generations up to ENDED
 * left?  One whose header is lost holds nothing that could be read, but is for
 * a person to look at.
 */
static int may_go(struct journal *journal, uint32_t number, uint64_t ended,
		  bool *goes)
{
	uint8_t bytes[FRAME_FIRST];
	struct frame_segment header;
	int rc = segment_header(journal->shared, journal->node, number, bytes,
				&header);

	*goes = rc == -ENODATA || rc == -EBADMSG ||
		(rc == 0 && header.generation != 0 &&
		 (header.generation <= ended ||
		  header.generation == journal->segment_generation));
	if (rc == 0 && header.generation == 0 && !journal->told_alone)
		log_warn(0,
			 "journal: what node=%s wrote before it was in a "
			 "cluster is kept, and not used",
			 journal->node);
	journal->told_alone |= rc == 0 && header.generation == 0;
	if (rc == -EBADMSG && !is_aside(journal, number) &&
	    journal->aside_count < JOURNAL_ASIDE_MAX)
		journal->aside[journal->aside_count++] = number;
	return rc == -ENODATA || rc == -EBADMSG ? 0 : rc;
}

/* ENDED: only what may_go, NULL: all.  Stops at the first failure: were an
 * older segment to outlive a younger one, the next replay would take old
 * versions for the latest.
 */
static int drop(struct journal *journal, const uint64_t *ended)
{
	uint32_t numbers[SHARED_SEGMENTS_MAX];
	int count;
	int rc = 0;

	if (journal->number == 0 || journal->snapshot)
		return -EINVAL;
	count = journal_own(journal, numbers);
	if (count < 0)
		return count;
	for (int i = 0; i < count && rc == 0; i++) {
		bool goes = true;

		if (numbers[i] >= journal->number)
			break;
		if (ended != NULL)
			rc = may_go(journal, numbers[i], *ended, &goes);
		if (rc == 0 && goes)
			rc = drop_one(journal, numbers[i]);
	}
	return rc;
}

int journal_drop_older(struct journal *journal)
{
	return drop(journal, NULL);
}

int journal_drop_ended(struct journal *journal, uint64_t generation)
{
	return drop(journal, &generation);
}
