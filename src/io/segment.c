#include "io/segment.h"

#include <errno.h>
#include <inttypes.h>

#include "core/frame.h"
#include "io/log.h"

#define DAMAGE_LOGGED_MAX 8 /* lines for one segment */

/* The bytes at OFFSET: at least a whole frame unless the segment ends before.
 * NULL at the end and after an error, which segment->rc keeps.
 */
static const uint8_t *window(struct segment *segment, uint64_t offset,
			     size_t *len)
{
	const size_t enough = FRAME_HEADER + RECORD_MAX + FRAME_ALIGN;
	size_t keep = 0;

	if (offset >= segment->base && offset - segment->base < segment->len)
		keep = segment->len - (size_t)(offset - segment->base);
	if (keep < enough && !(segment->last && keep > 0)) {
		memmove(segment->buf, segment->buf + segment->len - keep, keep);
		segment->base = offset;
		segment->len = keep;
		segment->last = false;
		while (segment->len < SEGMENT_BUFFER) {
			ssize_t got = segment->shared->ops->read(
				segment->shared, segment->node, segment->number,
				offset + segment->len,
				segment->buf + segment->len,
				SEGMENT_BUFFER - segment->len);
			if (got < 0)
				segment->rc = (int)got;
			if (got <= 0) {
				segment->last = true;
				break;
			}
			segment->len += (size_t)got;
		}
		keep = segment->len;
	}
	*len = keep;
	if (segment->rc != 0 || keep == 0)
		return NULL;
	return segment->buf + (offset - segment->base);
}

/* Bytes of zeros at the front of the LEN at AT, in steps of FRAME_ALIGN. */
static size_t zeros(const uint8_t *at, size_t len)
{
	static const uint8_t none[FRAME_SECTOR];
	size_t count = 0;

	while (len - count >= sizeof(none) &&
	       memcmp(at + count, none, sizeof(none)) == 0)
		count += sizeof(none);
	while (len - count >= FRAME_ALIGN &&
	       memcmp(at + count, none, FRAME_ALIGN) == 0)
		count += FRAME_ALIGN;
	return count;
}

/* The next valid frame at or behind *OFFSET. */
static bool find_frame(struct segment *segment, uint64_t *offset,
		       struct frame *frame)
{
	const uint8_t *at;
	size_t len;

	while ((at = window(segment, *offset, &len)) != NULL) {
		size_t skip = zeros(at, len);

		if (skip == 0) {
			if (frame_look(frame, at, len, segment->salt,
				       *offset) == FRAME_VALID)
				return true;
			skip = FRAME_ALIGN;
		}
		*offset += skip;
	}
	return false;
}

/* Was everything up to behind OFFSET synced once?  Only if a batch that began
 * later left a frame.  Looks from FROM on.
 */
static bool was_synced(struct segment *segment, uint64_t offset, uint64_t from)
{
	struct frame frame;

	while (segment->synced <= offset &&
	       find_frame(segment, &from, &frame)) {
		if (frame.batch > segment->synced)
			segment->synced = frame.batch;
		from += frame.bytes;
	}
	return segment->synced > offset;
}

static void tell_damage(struct segment *segment, uint64_t offset)
{
	segment->damaged++;
	if (segment->damaged <= DAMAGE_LOGGED_MAX)
		log_err(0,
			"journal: damaged node=%s segment=%" PRIu32
			" offset=%" PRIu64,
			segment->node, segment->number, offset);
}

/* Nothing valid is behind OFFSET.  Is that all there ever was? */
static void judge_end(struct segment *segment, uint64_t offset)
{
	size_t len;
	const uint8_t *at = window(segment, offset, &len);

	if (at == NULL)
		return;
	if (!frame_is_torn(at, len, offset)) {
		tell_damage(segment, offset);
		return;
	}
	while (len > 0 && *at == 0) {
		at++;
		len--;
	}
	segment->torn = len > 0;
}

/* No valid frame is at *OFFSET.  Goes to the next one that counts; false when
 * there is none.
 */
static bool resume(struct segment *segment, uint64_t *offset,
		   struct frame *frame)
{
	uint64_t gap = *offset;
	uint64_t next;

	if (!find_frame(segment, offset, frame)) {
		judge_end(segment, gap);
		return false;
	}
	next = *offset;
	if (!was_synced(segment, gap, next)) {
		segment->torn = true;
		return false;
	}
	tell_damage(segment, gap);
	return find_frame(segment, offset, frame);
}

static int read_header(struct segment *segment)
{
	struct frame_segment header;
	size_t len;
	const uint8_t *at = window(segment, 0, &len);
	int rc;

	if (at == NULL)
		return segment->rc != 0 ? segment->rc : -ENODATA;
	rc = frame_segment_decode(&header, at, len);
	if (rc == 0) {
		segment->salt = header.salt;
		segment->generation = header.generation;
	} else if (rc == -EBADMSG) {
		tell_damage(segment, 0);
	} else if (rc == -EPROTONOSUPPORT) {
		log_err(0,
			"journal: a later version wrote node=%s "
			"segment=%" PRIu32,
			segment->node, segment->number);
	}
	return rc;
}

int segment_header(struct shared *shared, const char *node, uint32_t number,
		   uint8_t bytes[FRAME_FIRST], struct frame_segment *header)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = shared->ops->read(shared, node, number, len, bytes + len,
					FRAME_FIRST - len);
		/* These two are said of what was read. */
		if (got == -ENODATA || got == -EBADMSG)
			return -EIO;
		if (got < 0)
			return (int)got;
		len += (size_t)got;
	} while (got > 0 && len < FRAME_FIRST);
	return frame_segment_decode(header, bytes, len);
}

static int begin_scan(struct segment *segment)
{
	segment->base = segment->len = 0;
	segment->synced = 0;
	return read_header(segment);
}

int segment_is_whole(struct segment *segment)
{
	int rc = begin_scan(segment);
	bool whole;

	if (rc != 0)
		return rc == -ENODATA ? 0 : rc;
	whole = was_synced(segment, FRAME_FIRST, FRAME_FIRST);
	return segment->rc != 0 ? segment->rc : whole;
}

int segment_scan(struct segment *segment,
		 int (*fn)(void *arg, const struct record *record), void *arg)
{
	uint64_t offset = FRAME_FIRST;
	struct frame frame;
	struct record record;
	int rc = begin_scan(segment);

	if (rc == -ENODATA || rc == -EBADMSG)
		return 0;
	while (rc == 0) {
		size_t len;
		const uint8_t *at = window(segment, offset, &len);

		if (at == NULL)
			break;
		if (frame_look(&frame, at, len, segment->salt, offset) !=
			    FRAME_VALID &&
		    !resume(segment, &offset, &frame))
			break;
		if (record_decode(&record, frame.payload.at,
				  frame.payload.len) == 0) {
			segment->records++;
			rc = fn(arg, &record);
		} else {
			tell_damage(segment, offset);
		}
		offset += frame.bytes;
		segment->end = offset;
	}
	return rc != 0 ? rc : segment->rc;
}
