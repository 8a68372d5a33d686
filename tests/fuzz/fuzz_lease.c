/* fuzz_lease - any sector is judged, and what was read as a record and written
 * again reads the same.
 */
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "core/crc32c.h"
#include "core/lease_record.h"

#define FILE_ID 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void record_survives(const uint8_t *bytes)
{
	struct lease_record record;
	struct lease_record back;
	uint8_t again[LEASE_RECORD];

	if (lease_record_decode(&record, bytes, FILE_ID, 1, 1) !=
	    LEASE_BLOCK_VALID)
		return;
	lease_record_encode(&record, again);
	if (lease_record_decode(&back, again, FILE_ID, 1, 1) !=
		    LEASE_BLOCK_VALID ||
	    back.number != record.number || back.epoch != record.epoch ||
	    back.flags != record.flags || strcmp(back.name, record.name) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t blocks[2][LEASE_RECORD] = { { 0 } };
	struct lease_header header;
	struct lease_slot slot;

	memcpy(blocks, data, len < sizeof(blocks) ? len : sizeof(blocks));
	lease_slot_decode(&slot, blocks[0], blocks[1], FILE_ID, 1);
	(void)lease_header_decode(&header, blocks[0]);
	/* No input gets past the CRC by chance. */
	for (int i = 0; i < 2; i++)
		le32_put(blocks[i] + LEASE_RECORD - 4,
			 crc32c(0, blocks[i], LEASE_RECORD - 4));
	lease_slot_decode(&slot, blocks[0], blocks[1], FILE_ID, 1);
	(void)lease_header_decode(&header, blocks[0]);
	if (slot.state == LEASE_SLOT_SHOWN && !slot.has_record)
		abort();
	record_survives(blocks[1]);
	return 0;
}
