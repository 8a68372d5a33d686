#include "core/replay.h"

#include <stdbool.h>

static bool has_ended(const struct replay *replay, uint64_t incarnation)
{
	for (unsigned i = 0; i < REPLAY_ENDED_MAX; i++)
		if (replay->ended[i] == incarnation)
			return true;
	return false;
}

enum replay_verdict replay_judge(const struct replay *replay,
				 uint64_t incarnation, uint64_t sequence)
{
	uint64_t behind = replay->top - sequence;

	if (incarnation != replay->incarnation)
		return has_ended(replay, incarnation) ? REPLAY_ENDED
						      : REPLAY_OTHER;
	if (sequence > replay->top)
		return REPLAY_FRESH;
	if (behind >= REPLAY_WINDOW)
		return REPLAY_LATE;
	return replay->seen >> behind & 1 ? REPLAY_SEEN : REPLAY_FRESH;
}

static void begin(struct replay *replay, uint64_t incarnation,
		  uint64_t sequence)
{
	if (replay->incarnation != 0)
		replay->ended[replay->ended_count++ % REPLAY_ENDED_MAX] =
			replay->incarnation;
	replay->incarnation = incarnation;
	replay->top = sequence;
	replay->seen = 1;
}

uint64_t replay_accept(struct replay *replay, uint64_t incarnation,
		       uint64_t sequence)
{
	uint64_t ahead = sequence - replay->top;

	if (incarnation != replay->incarnation) {
		begin(replay, incarnation, sequence);
		return 0;
	}
	if (sequence <= replay->top) {
		replay->seen |= UINT64_C(1) << (replay->top - sequence);
		return 0;
	}
	replay->seen = ahead < REPLAY_WINDOW ? replay->seen << ahead : 0;
	replay->seen |= 1;
	replay->top = sequence;
	return ahead - 1;
}
