/* ledger_estimate - how long jobs take, from how long they took. */
#include <string.h>

#include "roles/ledger_parts.h"

#define WEIGHT 4 /* the latest counts for a quarter */

void ledger_learn(struct ledger *ledger, const struct job *job)
{
	uint32_t type = ledger_type(ledger, job->type);
	int64_t took_ms = job->updated_ms - job->started_ms;
	int64_t *mean_ms;

	if (type >= CONFIG_UNITS_MAX || job->state != JOB_READY ||
	    job->started_ms == 0 || took_ms <= 0)
		return;
	mean_ms = &ledger->took_ms[type];
	*mean_ms = *mean_ms == 0 ? took_ms
				 : *mean_ms + (took_ms - *mean_ms) / WEIGHT;
}

int64_t ledger_estimate(const struct ledger *ledger, const struct job *job)
{
	uint32_t type = ledger_type(ledger, job->type);

	return type < CONFIG_UNITS_MAX ? ledger->took_ms[type] : 0;
}

void ledger_carry_estimates(struct ledger *ledger, const struct config *config)
{
	int64_t carried[CONFIG_UNITS_MAX] = { 0 };

	for (size_t i = 0; i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];
		const struct unit *old =
			config_unit(ledger->config, unit->kind, unit->name,
				    strlen(unit->name));

		if (old != NULL)
			carried[i] =
				ledger->took_ms[old - ledger->config->units];
	}
	/* No more: pages never touched cost nothing. */
	memcpy(ledger->took_ms, carried,
	       sizeof(carried[0]) * config->units_count);
}
