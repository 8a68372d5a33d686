#include "core/lateness.h"

void lateness_reset(struct lateness *lateness, int64_t now_ms)
{
	*lateness = (struct lateness){ .looked_ms = now_ms };
}

bool lateness_look(struct lateness *lateness, int64_t sign, int64_t now_ms,
		   int64_t look_ms, int64_t limit_ms)
{
	int64_t passed_ms = now_ms - lateness->looked_ms;

	lateness->looked_ms = now_ms;
	if (sign != lateness->sign) {
		lateness->sign = sign;
		lateness->silent_ms = 0;
		return false;
	}
	lateness->silent_ms += passed_ms < look_ms ? passed_ms : look_ms;
	return lateness->silent_ms >= limit_ms;
}
