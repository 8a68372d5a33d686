#include "core/crc32c.h"

#include "core/codec.h"
#include "core/crc32c_table.h"

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *at = data;

	crc = ~crc;
	for (; len >= 8; len -= 8, at += 8) {
		uint32_t low = crc ^ le32_get(at);
		uint32_t high = le32_get(at + 4);

		crc = crc32c_table[7][low & 255] ^
		      crc32c_table[6][low >> 8 & 255] ^
		      crc32c_table[5][low >> 16 & 255] ^
		      crc32c_table[4][low >> 24] ^ crc32c_table[3][high & 255] ^
		      crc32c_table[2][high >> 8 & 255] ^
		      crc32c_table[1][high >> 16 & 255] ^
		      crc32c_table[0][high >> 24];
	}
	for (; len > 0; len--, at++)
		crc = crc >> 8 ^ crc32c_table[0][(crc ^ *at) & 255];
	return ~crc;
}
