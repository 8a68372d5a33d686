/* ledger_queue - from the record of a job to its place among the live ones. */
#include "roles/ledger_parts.h"

uint64_t ledger_unique(const struct job *job)
{
	uint64_t hash;

	if (job->unique.len == 0)
		return 0;
	hash = board_hash(job->type.at, job->type.len) * 31 +
	       board_hash(job->unique.at, job->unique.len);
	return hash != 0 ? hash : 1;
}

void ledger_enqueue_tell(struct ledger *ledger, struct queue_entry *entry,
			 const struct job *job)
{
	const struct unit *unit = ledger_unit(ledger, job);

	entry->cancelling = job->cancelling;
	queue_set_asked(ledger->queue, entry, job->asked);
	ledger->asks = ledger->asks || job->asked;
	entry->assigned = job->assigned;
	ledger->assigned = ledger->assigned || job->assigned;
	/* How long it was to wait is not kept: as long as it may be. */
	queue_set_wait(ledger->queue, entry, job->not_before_ms,
		       unit != NULL ? unit->backoff_max_ms : LEDGER_AHEAD_MS);
}

struct queue_entry *ledger_enqueue(struct ledger *ledger, const struct job *job)
{
	const struct queue_job wanted = {
		.id = job->id,
		.type = ledger_type(ledger, job->type),
		.unique = ledger_unique(job),
		.user = board_hash(job->user.at, job->user.len),
	};
	struct queue_entry *entry = queue_add(
		ledger->queue, &wanted, job->node.len > 0 ? job->held : 0);

	if (entry != NULL)
		ledger_enqueue_tell(ledger, entry, job);
	return entry;
}
