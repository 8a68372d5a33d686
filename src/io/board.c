#define _GNU_SOURCE
#include "io/board.h"

#include <string.h>
#include <sys/mman.h>

#define READ_TRIES 1000

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

void board_text_set(struct board_text *into, struct text text)
{
	/* The writer before us may have died between the two. */
	uint32_t seq = atomic_load(&into->seq) | 1u;
	size_t len = text.len < BOARD_TEXT_MAX ? text.len : BOARD_TEXT_MAX;

	atomic_store(&into->seq, seq);
	atomic_thread_fence(memory_order_seq_cst);
	if (len > 0)
		memcpy(into->at, text.at, len);
	into->at[len] = '\0';
	atomic_store(&into->seq, seq + 1);
}

size_t board_text_get(const struct board_text *from, char *buf, size_t cap)
{
	size_t max = cap - 1 < BOARD_TEXT_MAX ? cap - 1 : BOARD_TEXT_MAX;

	for (int i = 0; i < READ_TRIES; i++) {
		uint32_t seq = atomic_load(&from->seq);

		memcpy(buf, from->at, max);
		atomic_thread_fence(memory_order_seq_cst);
		if ((seq & 1u) == 0 && atomic_load(&from->seq) == seq)
			break;
	}
	buf[max] = '\0';
	return strlen(buf);
}
