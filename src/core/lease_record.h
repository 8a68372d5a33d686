/* lease_record - the bytes of the lease file.
 *
 * Pure.  The file has a fixed size:
 *
 *	0		header
 *	4096 (1 + 2s)	slot s, block 0
 *	4096 (2 + 2s)	slot s, block 1
 *
 * Each of these begins with LEASE_RECORD bytes, which alone mean anything
 * (S1); the rest of its 4 KiB is zero:
 *
 *	0	"hfleaseh" or "hfleases"
 *	8	format (4 bytes), bytes of fields (4)
 *	16	fields (core/codec.h), then zeros
 *	508	CRC32C of the 508 bytes before
 *
 * All little endian.  The CRC is looked at before anything is decoded, then
 * what tells misdirected bytes: file id, slot and block (S3).
 *
 * A start of the lease role has a number and writes block (number mod 2).
 * When its record is there it writes a tombstone with the same number into
 * the other block.  Only a record beside its tombstone is believed: so a late
 * write of an earlier start shows wherever it lands, and a block that a
 * predecessor left torn is mended.
 *
 * To change the layout: raise LEASE_FORMAT, keep reading the one before, add
 * golden bytes for both; a node that can't read a header does not join.
 */
#ifndef HOLDFAST_CORE_LEASE_RECORD_H
#define HOLDFAST_CORE_LEASE_RECORD_H

#include "core/lease_terms.h"
#include "core/text.h"

#define LEASE_FORMAT   1
#define LEASE_RECORD   512  /* bytes */
#define LEASE_STRIDE   4096 /* bytes from block to block */
#define LEASE_NAME_MAX 64   /* bytes of a node's name */
#define LEASE_BOOT_ID  16   /* bytes */

enum lease_flag {
	LEASE_RELEASED = 1, /* all work of the generation is dead */
	LEASE_JOINING = 2,  /* shown, but what it shows promises nothing */
	LEASE_CLAIMING = 4, /* wants to lead under its epoch */
	LEASE_LEADING = 8,  /* leads under its epoch */
	LEASE_TOMB = 16,    /* the record is in the other block */
};

struct lease_header {
	uint64_t file_id; /* random, made with the file */
	struct lease_terms terms;
};

/* Where a journal ends that counts. */
struct lease_end {
	uint64_t segment;
	uint64_t offset;
};

struct lease_record {
	uint64_t file_id;
	uint32_t slot;
	uint32_t flags;
	uint64_t number;      /* of the start of the lease role */
	uint64_t generation;  /* the number under which the node joined */
	uint64_t incarnation; /* random, of the generation */
	uint64_t sequence;    /* of the write, under its number */
	uint64_t epoch;
	struct lease_end end;
	uint32_t lease_ms;
	uint8_t boot_id[LEASE_BOOT_ID];
	char name[LEASE_NAME_MAX + 1];
};

enum lease_block {
	LEASE_BLOCK_EMPTY, /* zeros */
	LEASE_BLOCK_VALID,
	LEASE_BLOCK_DAMAGED, /* the CRC is wrong, or what it covers */
	LEASE_BLOCK_FOREIGN, /* of another file, slot or block (S3) */
	LEASE_BLOCK_NEWER,   /* a later format */
};

/* Writes LEASE_RECORD bytes. */
void lease_header_encode(const struct lease_header *header, uint8_t *bytes);
/* 0; -ENODATA for zeros: the file was not made to its end; -EBADMSG;
 * -EPROTONOSUPPORT.
 */
int lease_header_decode(struct lease_header *header, const uint8_t *bytes);

/* Writes LEASE_RECORD bytes. */
void lease_record_encode(const struct lease_record *record, uint8_t *bytes);
/* Reads block BLOCK of slot SLOT of the file FILE_ID. */
enum lease_block lease_record_decode(struct lease_record *record,
				     const uint8_t *bytes, uint64_t file_id,
				     uint32_t slot, unsigned block);

/* The block that a record with NUMBER is written to. */
static inline unsigned lease_block_of(uint64_t number)
{
	return (unsigned)(number & 1);
}

static inline uint64_t lease_block_offset(uint32_t slot, unsigned block)
{
	return LEASE_STRIDE * (1 + UINT64_C(2) * slot + block);
}

static inline uint64_t lease_file_bytes(uint32_t slots)
{
	return lease_block_offset(slots, 0);
}

/* What both blocks of a slot tell together. */
enum lease_slot_state {
	LEASE_SLOT_FREE,   /* never used */
	LEASE_SLOT_SHOWN,  /* the record is what its node wrote last */
	LEASE_SLOT_UNSURE, /* damage: perhaps not, or there is none */
};

struct lease_slot {
	enum lease_slot_state state;
	bool has_record; /* always when SHOWN, perhaps when UNSURE */
	struct lease_record record;
	uint64_t epoch_max; /* of every record there that could be read */
	enum lease_block blocks[2];
	uint64_t prints[2]; /* of all bytes of each: any change is life (O2) */
};

/* Reads slot SLOT from its two blocks. */
void lease_slot_decode(struct lease_slot *slot, const uint8_t *block0,
		       const uint8_t *block1, uint64_t file_id,
		       uint32_t number);

#endif
