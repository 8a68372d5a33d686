/* crc32c - the Castagnoli checksum of everything stored or sent.
 *
 * Pure.  Source: RFC 3720 appendix B.4 for the polynomial and test vectors;
 * the table-driven form handles eight bytes a turn ("slicing by eight",
 * Kounavis and Berry, 2005).
 */
#ifndef HOLDFAST_CORE_CRC32C_H
#define HOLDFAST_CORE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of LEN bytes at DATA, going on from CRC (0 to begin). */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

#endif
