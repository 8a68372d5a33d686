/* fuzz_follow - whatever a node sees of another's journal: it goes no further
 * than the end that was shown, hands on nothing but what was written, and once
 * all of it can be seen, all of it.
 *
 * The first byte says how the rest is taken: as a segment as it is; as one
 * whose header and checksums are made to fit; or as orders to write records
 * and to show some sectors of them late.  The second says how long the longest
 * read is, the third and fourth where the end is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"
#include "io/follow.h"
#include "io/log.h"

#define NODE	    "n"
#define SALT	    7
#define GENERATION  5
#define INPUT_HEAD  4
#define BUILT_MAX   65536 /* bytes of a segment written by orders */
#define RECORDS_MAX 100
#define RECORD_STEP 37 /* bytes of value for each unit of an order */
#define CALLS_MAX   100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What is logged about damage is not looked at here. */
void log_err(int rc, const char *format, ...)
{
	(void)rc;
	(void)format;
}

void log_warn(int rc, const char *format, ...)
{
	(void)rc;
	(void)format;
}

void log_info(const char *format, ...)
{
	(void)format;
}

struct memory {
	struct shared shared;
	uint8_t *at; /* as it is */
	uint8_t *seen;
	size_t len;
	size_t longest; /* read; 0 = any */
	uint64_t end;	/* nothing is read behind it; 0 = yes */
	uint64_t handed;
	bool built;
};

static int memory_segments(struct shared *shared, const char *node,
			   uint32_t *numbers, size_t cap)
{
	(void)shared;
	(void)node;
	(void)cap;
	numbers[0] = 1;
	return 1;
}

static ssize_t memory_read(struct shared *shared, const char *node,
			   uint32_t number, uint64_t offset, void *buf,
			   size_t len)
{
	const struct memory *memory = (const struct memory *)shared;

	(void)node;
	(void)number;
	if (memory->end != 0 && offset >= FRAME_FIRST &&
	    offset + len > memory->end)
		abort();
	if (offset >= memory->len)
		return 0;
	if (memory->longest != 0 && len > memory->longest)
		len = memory->longest;
	if (len > memory->len - offset)
		len = memory->len - (size_t)offset;
	memcpy(buf, memory->seen + offset, len);
	return (ssize_t)len;
}

static const struct shared_ops ops = { .segments = memory_segments,
				       .read = memory_read };

/* Records written by orders are numbered by their tokens, from 1. */
static int take(void *arg, const struct record *record)
{
	struct memory *memory = arg;

	memory->handed++;
	if (!memory->built)
		return 0;
	if (record->version.token != memory->handed)
		abort();
	for (size_t i = 0; i < record->value.len; i++)
		if ((uint8_t)record->value.at[i] !=
		    (uint8_t)(record->version.token | 0x40))
			abort();
	return 0;
}

/* Follows to END in small steps; what the last of them said. */
static int follow_all(struct memory *memory, struct follow *follow)
{
	struct lease_end end = { 1, memory->end };
	int calls = 0;
	int rc;

	do {
		uint64_t before = follow->offset;

		rc = follow_to(follow, &end, 1000, take, memory);
		if (follow->offset > memory->end &&
		    follow->offset != FRAME_FIRST)
			abort();
		if (rc == 1 && follow->offset == before)
			abort();
		if (rc == 0 && follow->offset < memory->end)
			abort();
	} while (rc == 1 && ++calls < CALLS_MAX);
	if (rc == 1)
		abort();
	return rc;
}

static void put_header(uint8_t *at)
{
	struct frame_segment segment = { .number = 1,
					 .salt = SALT,
					 .generation = GENERATION };

	memcpy(segment.node, NODE, sizeof(NODE));
	frame_segment_encode(&segment, at);
}

static void mend(struct memory *memory)
{
	struct frame_place place = { SALT, FRAME_FIRST, FRAME_FIRST };

	if (memory->len < FRAME_FIRST)
		return;
	put_header(memory->at);
	while (place.offset + FRAME_HEADER <= memory->len) {
		uint8_t *at = memory->at + place.offset;
		size_t left = memory->len - (size_t)place.offset;
		size_t len = at[4] | (size_t)at[5] << 8;

		if (frame_bytes(len) > left)
			return;
		place.offset += frame_seal(at, len, &place);
	}
}

static size_t put_record(uint8_t *at, uint64_t token, uint8_t order,
			 const struct frame_place *place)
{
	char value[64 * RECORD_STEP];
	struct record record = {
		.key = text_of("k"),
		.version = { token, 0 },
		.value = { value, (order & 0x3f) * (size_t)RECORD_STEP },
	};
	int len;

	memset(value, (uint8_t)(token | 0x40), sizeof(value));
	len = record_encode(&record, at + FRAME_HEADER,
			    sizeof(value) + RECORD_KEY_MAX);
	return frame_seal(at, (size_t)len, place);
}

/* Writes a record for each order below 0x80; of the orders that are left each
 * hides a sector, if odd.  The end is behind record LAST.  Returns how many
 * records are before it.
 */
static uint64_t build(struct memory *memory, unsigned last,
		      const uint8_t *orders, size_t count)
{
	struct frame_place place = { SALT, FRAME_FIRST, FRAME_FIRST };
	uint64_t records = 0;
	uint64_t token = 0;
	size_t i;

	memory->built = true;
	memory->end = FRAME_FIRST;
	put_header(memory->at);
	for (i = 0; i < count && orders[i] < 0x80 && token < RECORDS_MAX; i++) {
		if (place.offset + 64 * RECORD_STEP + 256 > BUILT_MAX)
			break;
		place.offset += put_record(memory->at + place.offset, ++token,
					   orders[i], &place);
		if (token <= last) {
			memory->end = place.offset;
			records = token;
		}
	}
	memcpy(memory->seen, memory->at, BUILT_MAX);
	for (size_t sector = 0; i < count && sector < BUILT_MAX / FRAME_SECTOR;
	     i++, sector++)
		if (orders[i] & 1)
			memset(memory->seen + sector * FRAME_SECTOR, 0,
			       FRAME_SECTOR);
	return records;
}

static void check_built(struct memory *memory, struct follow *follow,
			uint64_t records)
{
	int rc = follow_all(memory, follow);

	if (rc != 0 && rc != -EAGAIN)
		abort();
	if ((rc == 0 && memory->handed != records) || memory->handed > records)
		abort();
	memory->seen = memory->at;
	if (follow_all(memory, follow) != 0 || memory->handed != records)
		abort();
}

static void check_tail(struct memory *memory, struct follow *follow)
{
	memory->end = 0;
	memory->built = false;
	memory->handed = 0;
	follow_tail(follow, 0, GENERATION - 1, take, memory);
	follow_tail(follow, 0, UINT64_MAX, take, memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t buf[SEGMENT_BUFFER];
	struct memory memory = { .shared = { &ops } };
	struct follow follow;
	uint8_t *at;
	uint8_t *seen;

	if (len < INPUT_HEAD ||
	    follow_init(&follow, &memory.shared, NODE, buf) != 0)
		return 0;
	memory.len = data[0] % 3 == 2 ? BUILT_MAX : len - INPUT_HEAD;
	memory.longest = (size_t)data[1] * 3;
	memory.at = at = calloc(1, memory.len + 1);
	memory.seen = seen = calloc(1, memory.len + 1);
	if (at == NULL || seen == NULL)
		abort();
	if (data[0] % 3 == 2) {
		check_built(&memory, &follow,
			    build(&memory, data[2], data + INPUT_HEAD,
				  len - INPUT_HEAD));
	} else {
		memcpy(at, data + INPUT_HEAD, memory.len);
		memory.seen = at;
		if (data[0] % 3 == 1)
			mend(&memory);
		memory.end = FRAME_FIRST + data[2] + data[3] * UINT64_C(256);
		follow_all(&memory, &follow);
	}
	check_tail(&memory, &follow);
	free(at);
	free(seen);
	return 0;
}
