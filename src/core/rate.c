#include "core/rate.h"

#define PARTS 1000 /* of a token; milliseconds of a second */

struct rate rate_init(int64_t per_s, int64_t burst, int64_t now_ms)
{
	return (struct rate){ .per_s = per_s,
			      .burst = burst,
			      .left = burst * PARTS,
			      .filled_ms = now_ms };
}

static void fill(struct rate *rate, int64_t now_ms)
{
	int64_t full_ms = (rate->burst * PARTS - rate->left) / rate->per_s + 1;
	int64_t since_ms = now_ms - rate->filled_ms;

	if (since_ms <= 0)
		return;
	rate->filled_ms = now_ms;
	if (since_ms >= full_ms)
		rate->left = rate->burst * PARTS;
	else
		rate->left += since_ms * rate->per_s;
}

bool rate_take(struct rate *rate, int64_t count, int64_t now_ms)
{
	fill(rate, now_ms);
	if (rate->left < count * PARTS)
		return false;
	rate->left -= count * PARTS;
	return true;
}
