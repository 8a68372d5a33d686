#include "core/config.h"

#include <string.h>

const struct unit *config_unit(const struct config *config, enum unit_kind kind,
			       const char *name, size_t name_len)
{
	for (size_t i = 0; i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];

		if (unit->kind == kind && strlen(unit->name) == name_len &&
		    memcmp(unit->name, name, name_len) == 0)
			return unit;
	}
	return NULL;
}
