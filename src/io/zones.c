#include "io/zones.h"

#include <stdlib.h>
#include <string.h>

#include "io/log.h"

struct zones_entry {
	struct zones_entry *next;
	char name[ZONEINFO_NAME_MAX + 1]; /* "" = the node's own */
	bool known;
	struct zoneinfo info;
	struct zone zone;
};

const struct zone *zones_get(struct zones *zones, const char *name)
{
	const char *wanted = name != NULL ? name : "";
	struct zones_entry *entry = zones->first;
	int rc;

	while (entry != NULL && strcmp(entry->name, wanted) != 0)
		entry = entry->next;
	if (entry != NULL)
		return entry->known ? &entry->zone : NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL || text_copy(text_of(wanted), entry->name,
				       sizeof(entry->name)) != strlen(wanted)) {
		free(entry);
		return NULL;
	}
	rc = zoneinfo_open(&entry->info, name);
	entry->known = rc == 0;
	entry->zone = zoneinfo_zone(&entry->info);
	entry->next = zones->first;
	zones->first = entry;
	if (rc != 0)
		log_err(rc, "no time zone %s, going by UTC", wanted);
	return entry->known ? &entry->zone : NULL;
}
