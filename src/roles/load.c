#define _GNU_SOURCE
#include "roles/load.h"

#include <stdlib.h>
#include <unistd.h>

#define HUNDREDTHS 100

static uint32_t count_singletons(const struct board *board)
{
	uint32_t count = 0;

	for (size_t i = 0; i < BOARD_SINGLES_MAX; i++) {
		const struct board_single *single = &board->singles[i];

		if (single->name.at[0] == '\0')
			break;
		count += atomic_load(&single->slot) != 0;
	}
	return count;
}

void load_fill(struct datagram_load *load, const struct board *board)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	double busy;

	if (getloadavg(&busy, 1) == 1)
		load->busy = (uint32_t)(busy * HUNDREDTHS);
	load->cores = cores > 0 ? (uint32_t)cores : 1;
	load->places = (uint32_t)atomic_load(&board->workers);
	load->running = atomic_load(&board->running);
	load->pending = atomic_load(&board->pending);
	load->singletons = count_singletons(board);
}
