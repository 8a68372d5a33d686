#include "core/skew.h"

#define MILLION	  1000000
#define CLOCK_MAX (INT64_C(1) << 53) /* ms: whatever is beyond is no clock */
#define GAIN_MAX  (INT64_C(1) << 40) /* ms */

static bool is_clock(int64_t ms)
{
	return ms >= 0 && ms <= CLOCK_MAX;
}

/* The window is over: compares its best with the first. */
static void close_window(struct skew *skew)
{
	int64_t gained = skew->best.ahead_ms - skew->first.ahead_ms;
	int64_t span = skew->best.at_ms - skew->first.at_ms;

	if (!skew->has_first) {
		skew->first = skew->best;
		skew->has_first = true;
		return;
	}
	if (gained > GAIN_MAX)
		gained = GAIN_MAX;
	if (gained < -GAIN_MAX)
		gained = -GAIN_MAX;
	skew->gained_ms = gained;
	skew->span_ms = span;
	if (span >= SKEW_SPAN_MS)
		skew->first = skew->best;
}

void skew_add(struct skew *skew, int64_t theirs_ms, int64_t ours_ms)
{
	struct skew_point point = { .at_ms = ours_ms };

	if (!is_clock(theirs_ms) || !is_clock(ours_ms))
		return;
	point.ahead_ms = ours_ms - theirs_ms;
	if (skew->has_best && ours_ms - skew->window_ms >= SKEW_WINDOW_MS) {
		close_window(skew);
		skew->has_best = false;
	}
	if (!skew->has_best)
		skew->window_ms = ours_ms;
	if (!skew->has_best || point.ahead_ms < skew->best.ahead_ms)
		skew->best = point;
	skew->has_best = true;
}

int32_t skew_ppm(const struct skew *skew)
{
	int64_t ppm;

	if (skew->span_ms < SKEW_SHOW_MS)
		return 0;
	ppm = skew->gained_ms * MILLION / skew->span_ms;
	if (ppm > INT32_MAX)
		return INT32_MAX;
	return ppm < INT32_MIN ? INT32_MIN : (int32_t)ppm;
}

bool skew_exceeds(const struct skew *skew, uint32_t ppm)
{
	int64_t gained = skew->gained_ms;

	if (gained < 0)
		gained = -gained;
	return (gained - SKEW_JITTER_MS) * MILLION >
	       skew->span_ms * (int64_t)ppm;
}
