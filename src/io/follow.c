#include "io/follow.h"

#include <errno.h>
#include <inttypes.h>

#include "io/log.h"
#include "io/segment.h"

int follow_init(struct follow *follow, struct shared *shared, const char *node,
		uint8_t *buf)
{
	size_t len = strlen(node);

	*follow = (struct follow){ .shared = shared, .buf = buf };
	/* It becomes the name of a directory. */
	if (len == 0 || len > FRAME_NODE_MAX || node[0] == '.' ||
	    memchr(node, '/', len) != NULL)
		return -EINVAL;
	memcpy(follow->node, node, len + 1);
	return 0;
}

static void refresh(const struct follow *follow)
{
	if (follow->shared->ops->refresh != NULL)
		follow->shared->ops->refresh(follow->shared);
}

static bool is_marker(const struct record *record)
{
	return text_is(record->key, JOURNAL_SNAPSHOT_KEY);
}

/* Of the storage: no such segment, for now. */
static bool is_gone(int rc)
{
	return rc == -ENOENT || rc == -ESTALE;
}

/* Reads the header, once.  Anything but the header of just this segment is
 * stale: what was there before, or nothing yet.
 */
static int read_header(struct follow *follow)
{
	struct frame_segment header;
	int rc = 0;

	if (follow->headed)
		return 0;
	rc = segment_header(follow->shared, follow->node, follow->number,
			    follow->buf, &header);
	if (rc == 0 && (header.number != follow->number ||
			strcmp(header.node, follow->node) != 0))
		rc = -EAGAIN;
	if (rc == -ENODATA || rc == -EBADMSG || is_gone(rc))
		rc = -EAGAIN;
	if (rc != 0)
		return rc;
	follow->salt = header.salt;
	follow->generation = header.generation;
	follow->headed = true;
	return 0;
}

/* Hands on the frames of the LEN bytes at follow->offset that are valid and
 * whole, until MAX bytes are passed.
 */
static int pass(struct follow *follow, size_t len, size_t max,
		journal_record_fn *fn, void *arg)
{
	const uint8_t *at = follow->buf;
	size_t done = 0;
	struct frame frame;
	struct record record;
	int rc = 0;

	while (done < max && done < len &&
	       frame_look(&frame, at + done, len - done, follow->salt,
			  follow->offset) == FRAME_VALID) {
		if (record_decode(&record, frame.payload.at,
				  frame.payload.len) != 0) {
			log_err(0,
				"journal: not a record node=%s "
				"segment=%" PRIu32 " offset=%" PRIu64,
				follow->node, follow->number, follow->offset);
			return -EBADMSG;
		}
		if (!is_marker(&record))
			rc = fn(arg, &record);
		if (rc != 0)
			return rc;
		done += frame.bytes;
		follow->offset += frame.bytes;
	}
	return 0;
}

/* Reads what fits into the buffer, never past END; -EAGAIN when no whole frame
 * is there.
 */
static int step(struct follow *follow, uint64_t end, size_t max,
		journal_record_fn *fn, void *arg)
{
	uint64_t from = follow->offset;
	size_t want = SEGMENT_BUFFER;
	size_t len = 0;
	ssize_t got;
	int rc;

	if (end - from < want)
		want = (size_t)(end - from);
	do {
		got = follow->shared->ops->read(follow->shared, follow->node,
						follow->number, from + len,
						follow->buf + len, want - len);
		if (got > 0)
			len += (size_t)got;
	} while (got > 0 && len < want);
	if (got < 0)
		return is_gone((int)got) ? -EAGAIN : (int)got;
	rc = pass(follow, len, max, fn, arg);
	if (rc == 0 && follow->offset == from)
		rc = -EAGAIN;
	return rc;
}

/* As follow_to, but gives up at the first stale read. */
static int advance(struct follow *follow, uint64_t end, size_t max,
		   journal_record_fn *fn, void *arg)
{
	uint64_t from = follow->offset;
	int rc = read_header(follow);

	while (rc == 0 && follow->offset < end) {
		uint64_t done = follow->offset - from;

		if (done >= max)
			return 1;
		rc = step(follow, end, max - (size_t)done, fn, arg);
	}
	return rc;
}

int follow_to(struct follow *follow, const struct lease_end *end, size_t max,
	      journal_record_fn *fn, void *arg)
{
	uint64_t from;
	int rc;

	if (end->segment < follow->number || end->segment == 0)
		return 0;
	if (end->segment > UINT32_MAX)
		return -EAGAIN;
	if (end->segment != follow->number) {
		follow->number = (uint32_t)end->segment;
		follow->headed = false;
		follow->offset = FRAME_FIRST;
	}
	from = follow->offset;
	rc = advance(follow, end->offset, max, fn, arg);
	if (rc == -EAGAIN) {
		uint64_t done = follow->offset - from;

		/* Perhaps only what was kept open, or cached, is. */
		refresh(follow);
		rc = done < max ? advance(follow, end->offset,
					  max - (size_t)done, fn, arg)
				: 1;
	}
	return rc;
}

struct sieve {
	uint64_t settled;
	uint64_t generation;
	journal_record_fn *fn;
	void *arg;
};

static int pass_on(void *arg, const struct record *record)
{
	const struct sieve *sieve = arg;

	return is_marker(record) ? 0 : sieve->fn(sieve->arg, record);
}

/* What has none is of a life without a cluster. */
static bool is_wanted(const struct sieve *sieve, uint64_t generation)
{
	return generation > sieve->settled && generation <= sieve->generation;
}

/* One segment, if it is of a generation that is wanted. */
static int read_tail(struct follow *follow, uint32_t number,
		     struct sieve *sieve)
{
	struct segment segment = {
		.shared = follow->shared,
		.node = follow->node,
		.number = number,
		.buf = follow->buf,
	};
	struct frame_segment header;
	int rc = segment_header(follow->shared, follow->node, number,
				follow->buf, &header);

	if (rc == -ENODATA)
		return 0;
	/* Without the salt no frame can be told from what was there before. */
	if (rc == -EBADMSG ||
	    (rc == 0 && (header.number != number ||
			 strcmp(header.node, follow->node) != 0))) {
		log_err(0,
			"journal: left out, no header node=%s "
			"segment=%" PRIu32,
			follow->node, number);
		return 0;
	}
	if (rc == 0 && !is_wanted(sieve, header.generation))
		return 0;
	return rc != 0 ? rc : segment_scan(&segment, pass_on, sieve);
}

int follow_tail(struct follow *follow, uint64_t settled, uint64_t generation,
		journal_record_fn *fn, void *arg)
{
	uint32_t numbers[SHARED_SEGMENTS_MAX];
	struct sieve sieve = { settled, generation, fn, arg };
	int count;
	int rc = 0;

	refresh(follow);
	count = follow->shared->ops->segments(follow->shared, follow->node,
					      numbers, SHARED_SEGMENTS_MAX);
	if (count == -ENOENT)
		return 0;
	if (count < 0)
		return count;
	for (int i = 0; i < count && rc == 0; i++) {
		refresh(follow);
		rc = read_tail(follow, numbers[i], &sieve);
	}
	return rc;
}
