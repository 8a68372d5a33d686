#include "core/frame.h"

#include <errno.h>

#include "core/codec.h"
#include "core/crc32c.h"
#include "core/record.h"

#define MAGIC UINT32_C(0x6d726668) /* "hfrm" */

static const char segment_magic[8] = { 'h', 'f', 's', 'e', 'g', 'm', 'n', 't' };

/* Offsets in the header of a segment. */
enum { AT_FORMAT = 8, AT_NUMBER = 12, AT_SALT = 16, AT_LEN = 24, AT_REST = 28 };

#define REST_MAX	 (FRAME_SECTOR - AT_REST - 4)
#define GENERATION_BYTES 8

static bool is_zero(const uint8_t *at, size_t len)
{
	while (len > 0 && *at == 0) {
		at++;
		len--;
	}
	return len == 0;
}

void frame_segment_encode(const struct frame_segment *segment, uint8_t *buf)
{
	size_t len = GENERATION_BYTES + strlen(segment->node);

	memset(buf, 0, FRAME_FIRST);
	memcpy(buf, segment_magic, sizeof(segment_magic));
	le32_put(buf + AT_FORMAT, FRAME_FORMAT);
	le32_put(buf + AT_NUMBER, segment->number);
	le64_put(buf + AT_SALT, segment->salt);
	le32_put(buf + AT_LEN, (uint32_t)len);
	le64_put(buf + AT_REST, segment->generation);
	memcpy(buf + AT_REST + GENERATION_BYTES, segment->node,
	       len - GENERATION_BYTES);
	le32_put(buf + AT_REST + len, crc32c(0, buf, AT_REST + len));
	memcpy(buf + FRAME_SECTOR, buf, FRAME_SECTOR);
}

/* What differs from format to format. */
static int rest_decode(struct frame_segment *segment, uint32_t format,
		       const uint8_t *at, size_t len)
{
	if (format > FRAME_FORMAT)
		return -EPROTONOSUPPORT;
	segment->generation = 0;
	if (format > 1) {
		if (len < GENERATION_BYTES)
			return -EBADMSG;
		segment->generation = le64_get(at);
		at += GENERATION_BYTES;
		len -= GENERATION_BYTES;
	}
	if (format == 0 || len > FRAME_NODE_MAX)
		return -EBADMSG;
	memcpy(segment->node, at, len);
	segment->node[len] = '\0';
	return 0;
}

static int header_decode(struct frame_segment *segment, const uint8_t *buf)
{
	uint32_t len = le32_get(buf + AT_LEN);

	if (is_zero(buf, FRAME_SECTOR))
		return -ENODATA;
	if (memcmp(buf, segment_magic, sizeof(segment_magic)) != 0 ||
	    len > REST_MAX ||
	    crc32c(0, buf, AT_REST + len) != le32_get(buf + AT_REST + len))
		return -EBADMSG;
	segment->number = le32_get(buf + AT_NUMBER);
	segment->salt = le64_get(buf + AT_SALT);
	return rest_decode(segment, le32_get(buf + AT_FORMAT), buf + AT_REST,
			   len);
}

int frame_segment_decode(struct frame_segment *segment, const uint8_t *buf,
			 size_t len)
{
	int first;
	int second;

	if (len < FRAME_FIRST)
		return is_zero(buf, len) ? -ENODATA : -EBADMSG;
	first = header_decode(segment, buf);
	if (first == 0 || first == -EPROTONOSUPPORT)
		return first;
	second = header_decode(segment, buf + FRAME_SECTOR);
	if (second == -ENODATA)
		return first;
	return second;
}

/* The checksum starts from what is not in the file. */
static uint32_t checksum(const uint8_t *at, size_t len, uint64_t salt,
			 uint64_t offset)
{
	uint8_t place[16];
	uint32_t crc;

	le64_put(place, salt);
	le64_put(place + 8, offset);
	crc = crc32c(0, place, sizeof(place));
	crc = crc32c(crc, at, 8);
	return crc32c(crc, at + 12, 4 + len);
}

size_t frame_seal(uint8_t *at, size_t len, const struct frame_place *place)
{
	size_t bytes = frame_bytes(len);

	le32_put(at, MAGIC);
	le32_put(at + 4, (uint32_t)len);
	le32_put(at + 12, (uint32_t)(place->batch / FRAME_ALIGN));
	le32_put(at + 8, checksum(at, len, place->salt, place->offset));
	memset(at + FRAME_HEADER + len, 0, bytes - FRAME_HEADER - len);
	return bytes;
}

static bool is_plausible(const uint8_t *at)
{
	return le32_get(at) == MAGIC && le32_get(at + 4) <= RECORD_MAX;
}

enum frame_verdict frame_look(struct frame *frame, const void *at, size_t len,
			      uint64_t salt, uint64_t offset)
{
	const uint8_t *bytes = at;
	size_t payload;

	if (len < FRAME_HEADER)
		return is_zero(bytes, len) ? FRAME_ZERO : FRAME_SHORT;
	if (!is_plausible(bytes))
		return is_zero(bytes, FRAME_ALIGN) ? FRAME_ZERO : FRAME_BAD;
	payload = le32_get(bytes + 4);
	if (len < frame_bytes(payload))
		return FRAME_SHORT;
	frame->batch = (uint64_t)le32_get(bytes + 12) * FRAME_ALIGN;
	if (frame->batch > offset || frame->batch < FRAME_FIRST ||
	    checksum(bytes, payload, salt, offset) != le32_get(bytes + 8))
		return FRAME_BAD;
	frame->payload =
		(struct text){ (const char *)bytes + FRAME_HEADER, payload };
	frame->bytes = frame_bytes(payload);
	return FRAME_VALID;
}

/* Magic and length lie in one sector: either both were written or neither.
 * A sector that was not written is still zeros.
 */
bool frame_is_torn(const void *at, size_t len, uint64_t offset)
{
	const uint8_t *bytes = at;
	size_t left;

	if (len < FRAME_ALIGN || is_zero(bytes, FRAME_ALIGN))
		return is_zero(bytes, len < FRAME_ALIGN ? len : FRAME_ALIGN);
	if (!is_plausible(bytes))
		return false;
	left = frame_bytes(le32_get(bytes + 4));
	if (left > len)
		return false; /* never written past the end: cut off */
	while (left > 0) {
		size_t piece = FRAME_SECTOR - offset % FRAME_SECTOR;

		if (piece > left)
			piece = left;
		if (is_zero(bytes, piece))
			return true;
		bytes += piece;
		offset += piece;
		left -= piece;
	}
	return false;
}
