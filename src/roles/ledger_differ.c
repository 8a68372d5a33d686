/* ledger_differ - types of jobs that another node defines in another way: each
 * runs its own, and status says so.
 */
#include "core/spec.h"
#include "io/log.h"
#include "roles/ledger_parts.h"
#include "roles/unitspec.h"

_Static_assert(BOARD_DIFFERS_WORDS * 64 >= QUEUE_TYPES_MAX,
	       "a bit of each type");

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	return hash * 31 + board_hash(bytes, len);
}

static uint64_t mix_string(uint64_t hash, const char *string)
{
	return string == NULL ? hash * 31 : mix(hash, string, strlen(string));
}

static uint64_t mix_strings(uint64_t hash, const struct strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		hash = mix_string(hash, strings->at[i]);
	return hash;
}

uint64_t ledger_job_digest(struct ledger *ledger, const struct unit *unit)
{
	struct spec spec = { .id = "", .work_dir = "" };
	const int64_t numbers[] = { unit->attempts, unit->keep_ms, unit->unique,
				    unit->when_busy, unit->resume };
	uint64_t hash;
	int len;

	unitspec_settings(&spec, unit);
	len = spec_encode(&spec, ledger->spec, sizeof(ledger->spec));
	hash = len > 0 ? board_hash((const char *)ledger->spec, (size_t)len)
		       : 0;
	/* Templates, as they are. */
	hash = mix_strings(hash, &unit->command);
	hash = mix_strings(hash, &unit->env);
	hash = mix_string(hash, unit->output);
	hash = mix_string(hash, unit->output_type);
	hash = mix_string(hash, unit->unique_value);
	for (size_t i = 0; i < unit->params_count; i++) {
		hash = mix_string(hash, unit->params[i].name);
		hash = mix_string(hash, unit->params[i].match);
		hash = mix_string(hash, unit->params[i].fallback);
	}
	hash = mix(hash, numbers, sizeof(numbers));
	return hash != 0 ? hash : 1;
}

void ledger_differ_hear(struct ledger *ledger, struct ledger_node *node,
			uint32_t type, uint64_t digest)
{
	uint64_t bit = UINT64_C(1) << type % 64;
	uint64_t *word = &node->differs[type / 64];
	const struct unit *unit;

	if (type >= ledger->config->units_count)
		return; /* we have none such */
	unit = &ledger->config->units[type];
	if (node->self || ledger_job_digest(ledger, unit) == digest) {
		*word &= ~bit;
		return;
	}
	if ((*word & bit) == 0)
		log_warn(0,
			 "journal: job=%s is defined in another way on "
			 "node=%s",
			 unit->name, node->name);
	*word |= bit;
}

void ledger_differ_show(struct ledger *ledger)
{
	struct board *board = ledger->world.board;

	for (size_t i = 0; i < BOARD_DIFFERS_WORDS; i++) {
		uint64_t word = 0;

		for (uint32_t n = 0; n < ledger->nodes_count; n++)
			if (ledger->nodes[n].member)
				word |= ledger->nodes[n].differs[i];
		if (atomic_load(&board->jobs_differ[i]) != word) {
			atomic_store(&board->jobs_differ[i], word);
			ledger->news = true;
		}
	}
}
