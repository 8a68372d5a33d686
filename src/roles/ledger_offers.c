/* ledger_offers - which units each node offers.
 *
 * Each node writes what it offers into a register of its own.  Of a singleton
 * that others offer and our own configuration lacks we keep what it takes to
 * decide about it: who leads needs no definition, and never runs it.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/list.h"
#include "core/offer.h"
#include "io/log.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

#define OFFER_STEPS 256 /* of one segment: for reloads and drains */

/* ---- our own ---- */

/* Of a job only the node itself knows whether it has the tags. */
static bool fits(const struct config *config, const struct unit *unit)
{
	if (unit->kind != UNIT_JOB)
		return true;
	for (size_t i = 0; i < unit->require.count; i++) {
		bool has = false;

		for (size_t t = 0; !has && t < config->cluster.tags.count; t++)
			has = strcmp(unit->require.at[i],
				     config->cluster.tags.at[t]) == 0;
		if (!has)
			return false;
	}
	return unit->enabled;
}

static int put_units(struct ledger *ledger, struct offer_writer *writer)
{
	const struct config *config = ledger->config;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];
		struct offer_unit offered;
		char lists[2 * OFFER_TEXT_MAX];

		if (unit->kind == UNIT_SERVICE || !fits(config, unit))
			continue;
		rc = offer_unit_of(&offered, unit,
				   unit->kind == UNIT_SINGLETON
					   ? ledger_single_digest(ledger, unit)
					   : ledger_job_digest(ledger, unit),
				   lists, sizeof(lists));
		if (rc == 0)
			offer_put(writer, &offered);
	}
	return rc;
}

static int encode(struct ledger *ledger, bool draining)
{
	const struct config *config = ledger->config;
	char tags[OFFER_TEXT_MAX];
	struct offer offer = { .generation = ledger->generation,
			       .draining = draining,
			       .cores = atomic_load(
				       &ledger->world.board->workers) };
	struct offer_writer writer;
	int rc =
		list_of(&offer.tags, &config->cluster.tags, tags, sizeof(tags));

	if (rc != 0)
		return rc;
	offer_begin(&writer, ledger->value, OFFER_MAX, &offer);
	rc = put_units(ledger, &writer);
	return rc != 0 ? rc : offer_end(&writer);
}

/* Above all that earlier lives of this node said, be it under the same epoch;
 * who has just started may not have heard of it yet.  Nor may anybody of what
 * a role before us wrote and did not sync: it had another segment.
 */
static struct version version_of(struct ledger *ledger, struct text key)
{
	struct version version = {
		token_make(ledger->epoch, (uint32_t)ledger->generation),
		ledger->world.journal->number * OFFER_STEPS
	};
	struct record known;

	if (ledger_get_register(ledger, key, &known) == 0 &&
	    known.version.token >= version.token) {
		if (known.version.token > version.token ||
		    known.version.step >= version.step)
			version.step = known.version.step + 1;
		version.token = known.version.token;
	}
	return version;
}

int ledger_offer(struct ledger *ledger)
{
	enum ledger_told told =
		ledger_is_leaving(ledger) ? LEDGER_TOLD_LEAVES : LEDGER_TOLD;
	char key[RECORD_KEY_MAX + 1];
	struct record record;
	uint32_t workers;
	int len;
	int rc;

	workers = (uint32_t)atomic_load(&ledger->world.board->workers);
	if ((ledger->told == told && ledger->told_workers == workers) ||
	    ledger_begin(ledger) != 0)
		return 0;
	len = encode(ledger, told == LEDGER_TOLD_LEAVES);
	/* Said once. */
	ledger->told = told;
	ledger->told_workers = workers;
	if (len < 0) {
		log_err(len, "journal: cannot tell the others what this node "
			     "offers: too many units");
		return len;
	}
	record.key = offer_key(text_of(ledger->world.place.node), key);
	record.version = version_of(ledger, record.key);
	record.value =
		(struct text){ (const char *)ledger->value, (size_t)len };
	rc = ledger_put_register(ledger, &record);
	if (rc == 0)
		rc = ledger_hear_offer(
			ledger, text_of(ledger->world.place.node), &record);
	if (rc != 0)
		ledger->told = LEDGER_TOLD_NOTHING;
	return rc;
}

/* ---- what others run and we do not ---- */

static char *copy_of(struct text text)
{
	char *copy = text.len > 0 ? malloc(text.len + 1) : NULL;

	if (copy != NULL)
		text_copy(text, copy, text.len + 1);
	return copy;
}

static void free_strings(struct strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->at[i]);
	free(strings->at);
	*strings = (struct strings){ 0 };
}

static void copy_list(struct strings *strings, struct text list)
{
	struct text rest = list;
	struct text item;
	size_t count = 0;

	while (list_next(&rest, &item))
		count++;
	strings->at = calloc(count + 1, sizeof(*strings->at));
	while (strings->at != NULL && strings->count < count &&
	       list_next(&list, &item)) {
		strings->at[strings->count] = copy_of(item);
		if (strings->at[strings->count] == NULL)
			break;
		strings->count++;
	}
}

void ledger_foreign_free(struct unit *unit)
{
	if (unit == NULL)
		return;
	free(unit->name);
	free(unit->cron);
	free(unit->time_zone);
	free_strings(&unit->prefer);
	free_strings(&unit->require);
	free(unit);
}

static struct unit *foreign_of(const struct offer_unit *offered)
{
	struct unit *unit = calloc(1, sizeof(*unit));

	if (unit == NULL)
		return NULL;
	unit->kind = UNIT_SINGLETON;
	unit->name = copy_of(offered->name);
	unit->enabled = offered->enabled;
	unit->every_ms = offered->every_ms;
	unit->cron = copy_of(offered->cron);
	unit->time_zone = copy_of(offered->time_zone);
	unit->missed = offered->missed;
	unit->backoff_ms = offered->backoff_ms;
	unit->backoff_max_ms = offered->backoff_max_ms;
	unit->restart = offered->restart;
	unit->rebalance = offered->rebalance;
	unit->min_nodes = offered->min_nodes;
	copy_list(&unit->prefer, offered->prefer);
	copy_list(&unit->require, offered->require);
	if (unit->name != NULL)
		return unit;
	ledger_foreign_free(unit);
	return NULL;
}

/* ---- what a node offers ---- */

/* The one OFFERED is about; made where our configuration has none such. */
static struct ledger_single *single_of(struct ledger *ledger,
				       const struct offer_unit *offered)
{
	struct ledger_single *single =
		ledger_single_find(ledger, offered->name);
	struct unit *unit;

	if (single != NULL && single->unit != NULL &&
	    (single->foreign == NULL || single->digest == offered->digest))
		return single;
	unit = foreign_of(offered);
	if (unit == NULL)
		return single;
	return ledger_single_borrow(ledger, unit, offered->digest);
}

/* The type of jobs OFFERED is about; made where our configuration has none. */
static uint32_t type_of(struct ledger *ledger, const struct offer_unit *offered)
{
	uint32_t type = ledger_type(ledger, offered->name);

	if (type != QUEUE_NONE || ledger->foreign_count == LEDGER_FOREIGN_MAX)
		return type;
	type = CONFIG_UNITS_MAX + ledger->foreign_count;
	text_copy(offered->name, ledger->foreign[ledger->foreign_count++],
		  sizeof(ledger->foreign[0]));
	ledger->queue->types[type].limit = offered->max_running;
	ledger->retype = true;
	return type;
}

static void take_job(struct ledger *ledger, struct ledger_node *node,
		     const struct offer_unit *offered)
{
	uint32_t type = type_of(ledger, offered);

	if (type == QUEUE_NONE)
		return;
	ledger_differ_hear(ledger, node, type, offered->digest);
	node->limits[type] =
		offered->per_node != 0 && offered->per_node < UINT16_MAX
			? (uint16_t)offered->per_node
			: UINT16_MAX;
}

static void take_units(struct ledger *ledger, struct ledger_node *node,
		       const struct offer *offer)
{
	struct offer_each each = offer_each(offer);
	struct offer_unit unit;

	memset(node->digests, 0, sizeof(*node->digests) * LEDGER_SINGLES_MAX);
	memset(node->limits, 0, sizeof(*node->limits) * QUEUE_TYPES_MAX);
	while (offer_next(&each, &unit)) {
		const struct ledger_single *single;

		if (unit.kind == UNIT_JOB)
			take_job(ledger, node, &unit);
		if (unit.kind != UNIT_SINGLETON)
			continue;
		single = single_of(ledger, &unit);
		if (single != NULL)
			node->digests[single - ledger->singles] =
				unit.digest != 0 ? unit.digest : 1;
	}
}

/* For what it offers; untouched pages cost nothing. */
static bool make_room(struct ledger_node *node)
{
	if (node->digests == NULL)
		node->digests =
			calloc(LEDGER_SINGLES_MAX, sizeof(*node->digests));
	if (node->limits == NULL)
		node->limits = calloc(QUEUE_TYPES_MAX, sizeof(*node->limits));
	if (node->running == NULL)
		node->running = calloc(QUEUE_TYPES_MAX, sizeof(*node->running));
	return node->digests != NULL && node->limits != NULL &&
	       node->running != NULL;
}

int ledger_hear_offer(struct ledger *ledger, struct text name,
		      const struct record *record)
{
	struct ledger_node *node = ledger_node_of(ledger, name);
	struct offer offer;

	if (node == NULL)
		return 0; /* heard again when its slot is seen */
	if (offer_decode(&offer, record) != 0) {
		log_warn(-EBADMSG, "journal: cannot read the offer of node=%s",
			 node->name);
		return 0;
	}
	if (!make_room(node))
		return -ENOMEM;
	ledger->joined = ledger->joined || offer.generation != node->offered;
	node->offered = offer.generation;
	node->draining = offer.draining;
	node->workers = offer.cores > 0 ? offer.cores : 1;
	node->tags_len = text_copy(offer.tags, node->tags, sizeof(node->tags));
	take_units(ledger, node, &offer);
	ledger_singles_wake(ledger);
	return 0;
}

void ledger_hear_offers(struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		struct ledger_node *node = &ledger->nodes[i];
		char key[RECORD_KEY_MAX + 1];
		struct record record;

		if (node->name[0] != '\0' &&
		    ledger_get_register(ledger,
					offer_key(text_of(node->name), key),
					&record) == 0)
			(void)ledger_hear_offer(ledger, text_of(node->name),
						&record);
	}
}

uint64_t ledger_offered(const struct ledger *ledger,
			const struct ledger_node *node,
			const struct ledger_single *single)
{
	if (!node->member || node->draining || node->digests == NULL ||
	    node->offered != node->generation)
		return 0;
	return node->digests[single - ledger->singles];
}
