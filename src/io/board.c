#define _GNU_SOURCE
#include "io/board.h"

#include <sys/mman.h>

struct board *board_new(void)
{
	void *at = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Source: FNV-1a, 64 bits (Fowler, Noll, Vo). */
uint64_t board_hash(const char *id, size_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)id[i]) * UINT64_C(0x100000001b3);
	return hash;
}
