#define _GNU_SOURCE
#include "io/journal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <sodium.h>

#include "io/journal_parts.h"

_Static_assert(JOURNAL_BUFFER > RECORD_MAX + FRAME_HEADER + FRAME_ALIGN,
	       "a record fits into the buffer");

int journal_init(struct journal *journal, struct shared *shared,
		 const char *node)
{
	memset(journal, 0, sizeof(*journal));
	if (strlen(node) > FRAME_NODE_MAX)
		return -EINVAL;
	if (sodium_init() < 0)
		return -EIO;
	journal->shared = shared;
	text_copy(text_of(node), journal->node, sizeof(journal->node));
	randombytes_buf(&journal->salt, sizeof(journal->salt));
	journal->buf = malloc(JOURNAL_BUFFER);
	return journal->buf != NULL ? 0 : -ENOMEM;
}

void journal_fini(struct journal *journal)
{
	free(journal->buf);
	journal->buf = NULL;
}

int journal_own(struct journal *journal, uint32_t numbers[SHARED_SEGMENTS_MAX])
{
	return journal->shared->ops->segments(journal->shared, journal->node,
					      numbers, SHARED_SEGMENTS_MAX);
}

static void put_header(struct journal *journal)
{
	struct frame_segment header = {
		.number = journal->number,
		.salt = journal->segment_salt,
		.generation = journal->segment_generation,
	};

	memcpy(header.node, journal->node, sizeof(header.node));
	frame_segment_encode(&header, journal->buf);
	journal->buf_len = FRAME_FIRST;
}

/* The next free number.  What an earlier call began and never finished is
 * removed: nothing in it was ever acknowledged, and a full disk would fill up
 * with such halves.
 */
static int next_number(struct journal *journal, uint32_t *number)
{
	uint32_t numbers[SHARED_SEGMENTS_MAX];
	int count;
	int rc = 0;

	*number = journal->number;
	if (journal->number != 0 && journal->snapshot) {
		journal->broken = true;
		rc = journal->shared->ops->remove(journal->shared,
						  journal->number);
	}
	if (rc != 0)
		return rc;
	count = journal_own(journal, numbers);
	if (count < 0)
		return count;
	if (count >= SHARED_SEGMENTS_MAX - 1)
		return -E2BIG;
	if (count > 0 && numbers[count - 1] > *number)
		*number = numbers[count - 1];
	++*number;
	return 0;
}

/* The size after SIZE, for at least BYTES. */
static uint64_t grown(uint64_t size, uint64_t bytes)
{
	while (size < bytes) {
		uint64_t more = size / 2;

		if (more < JOURNAL_GROWTH_MIN)
			more = JOURNAL_GROWTH_MIN;
		size += more < JOURNAL_GROWTH ? more : JOURNAL_GROWTH;
	}
	return size;
}

int journal_begin(struct journal *journal, uint64_t bytes)
{
	uint64_t size = grown(JOURNAL_FIRST_BYTES, bytes + JOURNAL_RESERVE);
	uint32_t number;
	int rc;

	rc = next_number(journal, &number);
	if (rc != 0)
		return rc;
	while ((rc = journal->shared->ops->begin(journal->shared, number,
						 size)) == -EEXIST &&
	       number < UINT32_MAX)
		number++;
	if (rc != 0)
		return rc;
	journal->number = number;
	journal->segment_generation = journal->generation;
	journal->segment_salt = journal->salt;
	/* A step of splitmix64's sequence: no two segments share a salt. */
	journal->salt += UINT64_C(0x9e3779b97f4a7c15);
	journal->size = size;
	journal->written = 0;
	journal->batch = FRAME_FIRST;
	journal->snapshot = true;
	journal->broken = false;
	put_header(journal);
	return 0;
}

uint64_t journal_bytes(const struct journal *journal)
{
	return journal->written + journal->buf_len;
}

static bool fits_batch(const struct journal *journal, size_t bytes)
{
	return journal->snapshot ||
	       journal_bytes(journal) + bytes - journal->batch <=
		       JOURNAL_BATCH_MAX;
}

bool journal_has_room(const struct journal *journal, size_t bytes)
{
	return journal->number != 0 && !journal->broken &&
	       fits_batch(journal, bytes) &&
	       journal_bytes(journal) + bytes + JOURNAL_RESERVE <=
		       journal->size;
}

/* Makes the segment at least BYTES long.  A failure of the storage other than
 * lack of room may have been that of the sync, which is final.
 */
static int grow(struct journal *journal, uint64_t bytes)
{
	uint64_t size = grown(journal->size, bytes);
	int rc;

	if (size == journal->size)
		return 0;
	if (size > FRAME_END_MAX)
		return -ENOSPC;
	rc = journal->shared->ops->grow(journal->shared, size);
	if (rc == 0)
		journal->size = size;
	else if (rc != -ENOSPC)
		journal->broken = true;
	return rc;
}

int journal_reserve(struct journal *journal, size_t bytes)
{
	if (journal->number == 0 || journal->broken)
		return -EIO;
	return grow(journal, journal_bytes(journal) + bytes + JOURNAL_RESERVE);
}

/* Hands what was appended to the storage; not durable yet. */
static int flush(struct journal *journal)
{
	int rc;

	if (journal->buf_len == 0)
		return 0;
	rc = journal->shared->ops->write(journal->shared, journal->written,
					 journal->buf, journal->buf_len);
	if (rc != 0) {
		journal->broken = true;
		return rc;
	}
	journal->written += journal->buf_len;
	journal->buf_len = 0;
	return 0;
}

int journal_append(struct journal *journal, const struct record *record)
{
	size_t most = frame_bytes(record->value.len + RECORD_KEY_MAX + 32);
	struct frame_place place = { .salt = journal->segment_salt,
				     .batch = journal->batch };
	uint8_t *at;
	int len;
	int rc = 0;

	if (journal->number == 0 || journal->broken)
		return -EIO;
	if (most > RECORD_MAX)
		return -EMSGSIZE;
	if (!fits_batch(journal, most))
		return -ENOSPC;
	/* What was reserved is not enough for a large batch. */
	if (journal_bytes(journal) + most > journal->size)
		rc = grow(journal, journal_bytes(journal) + most);
	if (rc == 0 && journal->buf_len + most > JOURNAL_BUFFER)
		rc = flush(journal);
	if (rc != 0)
		return rc;
	at = journal->buf + journal->buf_len;
	place.offset = journal_bytes(journal);
	len = record_encode(record, at + FRAME_HEADER, most - FRAME_HEADER);
	assert(len > 0); /* MOST is never too little */
	journal->buf_len += frame_seal(at, (size_t)len, &place);
	return 0;
}

static int sync_batch(struct journal *journal)
{
	int rc;

	if (journal->number == 0 || journal->broken)
		return -EIO;
	rc = flush(journal);
	if (rc == 0)
		rc = journal->shared->ops->sync(journal->shared);
	if (rc != 0) {
		journal->broken = true;
		return rc;
	}
	journal->batch = journal->written;
	return 0;
}

static int end_snapshot(struct journal *journal)
{
	struct record record = { .key = text_of(JOURNAL_SNAPSHOT_KEY),
				 .version = { .token = 1 } };
	int rc = journal_append(journal, &record);

	if (rc == 0)
		rc = journal_append(journal, &record);
	if (rc == 0)
		rc = sync_batch(journal);
	if (rc == 0)
		journal->snapshot = false;
	return rc;
}

int journal_commit(struct journal *journal)
{
	int rc = sync_batch(journal);

	if (rc == 0 && journal->snapshot)
		rc = end_snapshot(journal);
	if (rc == 0)
		journal->end =
			(struct lease_end){ journal->number, journal->written };
	return rc;
}
