#include "roles/sweeps.h"

#include "io/channel.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/loop.h"

#define FIRST_MS  5000 /* whoever begins to lead has other things to do */
#define EVERY_MS  (INT64_C(3600) * 1000)
#define MISSED_MS 10000
#define MARGIN_MS                                                  \
	(INT64_C(600) * 1000) /* an order may have been on its way \
			       */
#define WHOLE 24	      /* each so many looks leave out nothing */

bool sweeps_order(const struct heritage *heritage,
		  const struct sweep_order *order)
{
	int rc = channel_send(heritage->links[ROLE_SWEEPER][1], order,
			      sizeof(*order));

	/* It is started when there is something to do. */
	bell_ring(heritage->bells[ROLE_SUPERVISOR]);
	return rc == 0;
}

void sweeps_tell(struct sweeps *sweeps, const char *id, uint64_t below)
{
	struct sweep_order one = { .below = below };

	if (id != NULL)
		text_copy(text_of(id), one.id, sizeof(one.id));
	if (id == NULL || !sweeps_order(sweeps->heritage, &one))
		sweeps->missed = true;
}

static void look_at_all(struct sweeps *sweeps, int64_t now_ms)
{
	struct sweep_order all = { .id = "" };
	int64_t wall_ms = clock_wall_ms();

	if (sweeps->looks % WHOLE != 0)
		all.since_ms = sweeps->began_ms - MARGIN_MS;
	if (!sweeps_order(sweeps->heritage, &all)) {
		sweeps->next_ms = now_ms + MISSED_MS;
		return;
	}
	sweeps->looks++;
	sweeps->began_ms = wall_ms;
	sweeps->missed = false;
	sweeps->next_ms = now_ms + EVERY_MS;
}

void sweeps_turn(struct sweeps *sweeps, bool leads)
{
	int64_t now_ms = clock_ms();

	if (!leads) {
		sweeps->next_ms = 0;
		return;
	}
	if (sweeps->next_ms == 0) {
		sweeps->next_ms = now_ms + FIRST_MS;
		sweeps->looks = 0;
	}
	if (sweeps->missed && sweeps->next_ms > now_ms + MISSED_MS)
		sweeps->next_ms = now_ms + MISSED_MS;
	if (now_ms >= sweeps->next_ms)
		look_at_all(sweeps, now_ms);
}
