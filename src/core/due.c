#include "core/due.h"

/* What came since, and is neither claimed nor settled. */
struct pending {
	int64_t newest_ms; /* 0 = nothing */
	int64_t second_ms; /* the one before, of them; 0 = none */
	unsigned count;
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The latest multiple of EVERY_MS up to AT_MS, which is not negative. */
static int64_t begun(int64_t every_ms, int64_t at_ms)
{
	return at_ms - at_ms % every_ms;
}

static struct pending pending_every(int64_t every_ms, int64_t after_ms,
				    int64_t now_ms)
{
	struct pending pending = { 0 };
	int64_t newest_ms = begun(every_ms, now_ms);
	int64_t count;

	if (newest_ms <= after_ms)
		return pending;
	count = newest_ms / every_ms - after_ms / every_ms;
	pending.newest_ms = newest_ms;
	pending.second_ms = count > 1 ? newest_ms - every_ms : 0;
	pending.count = (unsigned)sooner(count, DUE_MISSED_MAX + 1);
	return pending;
}

static struct pending pending_cron(const struct due_policy *policy,
				   int64_t after_ms, int64_t now_ms)
{
	struct pending pending = { 0 };
	int64_t slot_ms = after_ms;

	if (cron_last(policy->cron, policy->zone, after_ms, now_ms,
		      &pending.newest_ms) != 0)
		return (struct pending){ 0 };
	while (slot_ms < pending.newest_ms && pending.count <= DUE_MISSED_MAX &&
	       cron_next(policy->cron, policy->zone, slot_ms, &slot_ms) == 0)
		pending.count++;
	if (pending.count > 1 &&
	    cron_last(policy->cron, policy->zone, after_ms,
		      pending.newest_ms - 1, &pending.second_ms) != 0)
		pending.second_ms = 0;
	return pending;
}

static struct pending find_pending(const struct due_policy *policy,
				   int64_t after_ms, int64_t now_ms)
{
	if (after_ms >= now_ms)
		return (struct pending){ 0 };
	if (policy->every_ms > 0)
		return pending_every(policy->every_ms, after_ms, now_ms);
	return pending_cron(policy, after_ms, now_ms);
}

static int64_t next_slot(const struct due_policy *policy, int64_t after_ms)
{
	int64_t next_ms;

	if (policy->every_ms > 0)
		return begun(policy->every_ms, after_ms) + policy->every_ms;
	if (cron_next(policy->cron, policy->zone, after_ms, &next_ms) != 0)
		return DUE_NEVER;
	return next_ms;
}

static int64_t grace(const struct due_policy *policy)
{
	int64_t half_ms = policy->every_ms / 2;

	if (policy->every_ms == 0)
		return DUE_GRACE_MAX_MS;
	return later(DUE_GRACE_MIN_MS, sooner(half_ms, DUE_GRACE_MAX_MS));
}

static void tell_missed(struct due_verdict *verdict, unsigned count,
			int64_t last_ms)
{
	verdict->missed = (unsigned)sooner(count, DUE_MISSED_MAX);
	verdict->missed_ms = last_ms;
}

static void judge_pending(struct due *due, const struct due_policy *policy,
			  bool running, int64_t now_ms,
			  struct due_verdict *verdict)
{
	struct pending pending =
		find_pending(policy, later(due->slot_ms, due->from_ms), now_ms);
	bool is_late = now_ms - pending.newest_ms > grace(policy);

	if (pending.count == 0)
		return;
	if (policy->missed == MISSED_RUN_ONCE && running)
		return;
	if (policy->missed == MISSED_SKIP && (running || is_late)) {
		tell_missed(verdict, pending.count, pending.newest_ms);
		verdict->busy = running;
		due->from_ms = pending.newest_ms;
		return;
	}
	verdict->slot_ms = pending.newest_ms;
	tell_missed(verdict, pending.count - 1, pending.second_ms);
	due->from_ms = pending.newest_ms - 1;
}

struct due_verdict due_judge(struct due *due, const struct due_policy *policy,
			     bool running, int64_t now_ms)
{
	struct due_verdict verdict = { 0 };

	if (now_ms < 0)
		now_ms = 0;
	/* The clock was set back: what comes now is not settled. */
	if (due->from_ms > now_ms)
		due->from_ms = now_ms;
	if (due->slot_ms == 0 && policy->every_ms > 0 && !running)
		verdict.slot_ms = begun(policy->every_ms, now_ms);
	else
		judge_pending(due, policy, running, now_ms, &verdict);
	verdict.next_ms = next_slot(policy, later(due->slot_ms, now_ms));
	verdict.look_ms = sooner(verdict.next_ms, now_ms + DUE_LOOK_MAX_MS);
	return verdict;
}

void due_claim(struct due *due, int64_t slot_ms)
{
	due->slot_ms = later(due->slot_ms, slot_ms);
}

int64_t due_ahead_ms(const struct due *due, int64_t now_ms)
{
	return later(due->slot_ms - now_ms, 0);
}
