/* fuzz_journal - whatever a segment holds, a replay ends, and hands on nothing
 * but what was written as a whole.
 *
 * The first byte says how the rest is taken: as a segment as it is; as one
 * whose checksums are made to fit, so that the decoders get what they would
 * never see otherwise; or as orders to write batches and to lose sectors.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/frame.h"
#include "core/job.h"
#include "io/journal.h"
#include "io/log.h"

#define NODE	    "n"
#define SALT	    7
#define BUILT_MAX   65536 /* bytes of a segment written by orders */
#define ORDERS_MAX  200
#define LOSES	    0x80 /* an order: from here on sectors are lost */
#define ENDS_BATCH  0x40 /* an order: the record ends its batch */
#define RECORD_STEP 37	 /* bytes of value for each unit of an order */

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
	uint8_t *at;
	size_t len;
	/* of a segment written by orders */
	uint64_t synced; /* records of batches that were ended and kept */
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
	if (offset >= memory->len)
		return 0;
	if (len > memory->len - offset)
		len = memory->len - (size_t)offset;
	memcpy(buf, memory->at + offset, len);
	return (ssize_t)len;
}

static const struct shared_ops ops = { .segments = memory_segments,
				       .read = memory_read };

/* A job that decodes is served, and encodes to what decodes the same. */
static void use_job(const struct record *record)
{
	static char json[JOB_JSON_MAX];
	static uint8_t bytes[RECORD_MAX];
	static uint8_t again[RECORD_MAX];
	struct record copy = *record;
	struct job job;
	int len;

	if (job_decode(&job, record) != 0)
		return;
	if (job_json(&job, json, sizeof(json)) < 0)
		abort();
	len = job_encode(&job, bytes, sizeof(bytes));
	if (len < 0)
		return;
	copy.value = (struct text){ (const char *)bytes, (size_t)len };
	if (job_decode(&job, &copy) != 0 ||
	    job_encode(&job, again, sizeof(again)) != len ||
	    memcmp(bytes, again, (size_t)len) != 0)
		abort();
}

/* Records written by orders are numbered by their tokens, from 1, and filled
 * with a byte that is no tag below RECORD_VALUE_TAG.
 */
static void check_built(struct memory *memory, const struct record *record)
{
	if (record->version.token != ++memory->handed)
		abort();
	for (size_t i = 0; i < record->value.len; i++)
		if ((uint8_t)record->value.at[i] !=
		    (uint8_t)(record->version.token | 0x40))
			abort();
}

static int take(void *arg, const struct record *record)
{
	struct memory *memory = arg;

	if (memory->built)
		check_built(memory, record);
	else
		use_job(record);
	return 0;
}

static void replay(struct memory *memory)
{
	struct journal journal;

	memory->shared.ops = &ops;
	if (journal_init(&journal, &memory->shared, NODE) != 0)
		return;
	if (journal_replay(&journal, take, memory) != 0 && memory->built)
		abort();
	/* All that was synced, in order; a lost sector is no damage. */
	if (memory->built &&
	    (memory->handed < memory->synced || journal.damaged != 0))
		abort();
	journal_fini(&journal);
}

static void put_header(uint8_t *at)
{
	struct frame_segment segment = { .number = 1, .salt = SALT };

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

/* Of the last batch, from FROM on, each sector may be lost: then it is as it
 * was before, the end of the batch before included.
 */
static void lose_sectors(struct memory *memory, const uint8_t *before,
			 uint64_t from, const uint8_t *orders, size_t count)
{
	size_t sector = (size_t)from / FRAME_SECTOR;

	for (size_t i = 0; i < count; i++, sector++)
		if (orders[i] & 1 && (sector + 1) * FRAME_SECTOR <= BUILT_MAX)
			memcpy(memory->at + sector * FRAME_SECTOR,
			       before + sector * FRAME_SECTOR, FRAME_SECTOR);
}

static void build(struct memory *memory, const uint8_t *orders, size_t count)
{
	struct frame_place place = { SALT, FRAME_FIRST, FRAME_FIRST };
	uint8_t *before = calloc(1, BUILT_MAX);
	uint64_t token = 0;

	memory->at = calloc(1, BUILT_MAX);
	if (memory->at == NULL || before == NULL)
		abort();
	memory->len = BUILT_MAX;
	memory->built = true;
	put_header(memory->at);
	for (size_t i = 0; i < count && i < ORDERS_MAX; i++) {
		if (orders[i] & LOSES) {
			/* The first batch brings the header along. */
			if (memory->synced > 0)
				lose_sectors(memory, before, place.batch,
					     orders + i + 1, count - i - 1);
			break;
		}
		if (place.offset + 64 * RECORD_STEP + 256 > BUILT_MAX)
			break;
		place.offset += put_record(memory->at + place.offset, ++token,
					   orders[i], &place);
		if (orders[i] & ENDS_BATCH) {
			memory->synced = token;
			place.batch = place.offset;
			memcpy(before, memory->at, BUILT_MAX);
		}
	}
	free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct memory memory = { 0 };

	if (len == 0)
		return 0;
	if (data[0] % 3 == 2) {
		build(&memory, data + 1, len - 1);
	} else {
		memory.len = len - 1;
		memory.at = malloc(len);
		if (memory.at == NULL)
			return 0;
		memcpy(memory.at, data + 1, len - 1);
		if (data[0] % 3 == 1)
			mend(&memory);
	}
	replay(&memory);
	free(memory.at);
	return 0;
}
