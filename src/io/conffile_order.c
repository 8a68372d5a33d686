/* What starts after what. */
#define _GNU_SOURCE
#include <string.h>

#include "core/out.h"
#include "core/suggest.h"
#include "io/conffile_loader.h"

#define SHOWN_COUNT 8 /* units of a circle in a message */

static const struct unit *find_any(const struct config *config,
				   const char *name, struct text *nearest)
{
	struct suggest suggest = suggest_init(text_of(name));

	for (size_t i = 0; i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];

		if (strcmp(unit->name, name) == 0)
			return unit;
		if (unit->kind != UNIT_JOB)
			suggest_offer(&suggest, text_of(unit->name));
	}
	*nearest = suggest.nearest;
	return NULL;
}

static void check_after(const struct conffile_case *at)
{
	const struct config *config = &at->loader->file->config;
	const struct strings *after = &at->unit->after;

	for (size_t i = 0; i < after->count; i++) {
		const config_setting_t *setting =
			conffile_place_in(at, "after", i);
		const char *name = after->at[i];
		struct text nearest = { NULL, 0 };
		const struct unit *other = find_any(config, name, &nearest);

		if (other == at->unit)
			conffile_error(at->loader, setting,
				       "a unit can't start after itself");
		else if (other != NULL && other->kind == UNIT_JOB)
			conffile_error(at->loader, setting,
				       "\"%s\" is a job, and jobs run when "
				       "asked for",
				       name);
		else if (other == NULL && nearest.len > 0)
			conffile_error(at->loader, setting,
				       "there is no service or singleton "
				       "\"%s\"; did you mean \"%.*s\"?",
				       name, (int)nearest.len, nearest.at);
		else if (other == NULL && !at->loader->incomplete)
			conffile_error(at->loader, setting,
				       "there is no service or singleton "
				       "\"%s\"",
				       name);
	}
}

/* Which unit each entry of each `after` names, one behind the other; those
 * that name none or themselves are left to check_after.
 */
static const struct unit **find_edges(struct conffile_loader *loader)
{
	const struct config *config = &loader->file->config;
	const struct unit **edges;
	struct text nearest;
	size_t count = 1;
	size_t at = 0;

	for (size_t i = 0; i < config->units_count; i++)
		count += config->units[i].after.count;
	edges = conffile_alloc(loader, count * sizeof(const struct unit *));
	for (size_t i = 0; edges != NULL && i < config->units_count; i++) {
		const struct unit *unit = &config->units[i];

		for (size_t j = 0; j < unit->after.count; j++, at++) {
			edges[at] =
				find_any(config, unit->after.at[j], &nearest);
			if (edges[at] == unit)
				edges[at] = NULL;
		}
	}
	return edges;
}

/* Starts, in thought, every unit that waits for none that has not started.
 * True when there was one.
 */
static bool start_more(const struct config *config,
		       const struct unit *const *edges, bool *starts)
{
	bool moved = false;

	for (size_t i = 0; i < config->units_count; i++) {
		size_t count = config->units[i].after.count;
		bool waits = starts[i];

		for (size_t j = 0; j < count && !waits; j++)
			waits = edges[j] != NULL &&
				!starts[edges[j] - config->units];
		edges += count;
		if (!waits)
			moved = starts[i] = true;
	}
	return moved;
}

/* Each unit that can't start, and by which entry of its `after`. */
static void find_waits(const struct config *config,
		       const struct unit *const *edges, const bool *starts,
		       uint32_t *by, uint32_t *next)
{
	size_t first = 0;

	for (size_t i = 0; i < config->units_count; i++) {
		size_t j = 0;

		while (!starts[i] && (edges[first + j] == NULL ||
				      starts[edges[first + j] - config->units]))
			j++;
		by[i] = (uint32_t)j;
		if (!starts[i])
			next[i] = (uint32_t)(edges[first + j] - config->units);
		first += config->units[i].after.count;
	}
}

static void tell_circle(struct conffile_loader *loader, size_t index,
			const uint32_t *by, const uint32_t *next)
{
	struct conffile_case at = conffile_case(loader, index);
	const struct unit *units = loader->file->config.units;
	char buf[SHOWN_COUNT * (SCHEMA_NAME_MAX + 8) + 8];
	struct out out = out_init(buf, sizeof(buf));
	size_t i = index;
	size_t count = 0;

	out_string(&out, units[i].name);
	do {
		i = next[i];
		out_string(&out, " after ");
		out_string(&out, ++count < SHOWN_COUNT ? units[i].name : "...");
	} while (i != index && count < SHOWN_COUNT);
	out_end(&out);
	conffile_error(loader, conffile_place_in(&at, "after", by[index]),
		       "goes in a circle: %s; take one of these out", buf);
}

/* From each unit the way leads into a circle; each is told once. */
static void tell_circles(struct conffile_loader *loader, const bool *starts,
			 const uint32_t *by, const uint32_t *next)
{
	size_t count = loader->file->config.units_count;
	uint32_t *seen = conffile_alloc(loader, (count + 1) * sizeof(*seen));

	for (size_t i = 0; seen != NULL && i < count; i++) {
		uint32_t round = (uint32_t)i + 1;
		size_t at = i;

		if (starts[i])
			continue;
		while (seen[at] == 0) {
			seen[at] = round;
			at = next[at];
		}
		if (seen[at] == round)
			tell_circle(loader, at, by, next);
	}
}

static void check_circles(struct conffile_loader *loader)
{
	const struct config *config = &loader->file->config;
	size_t count = config->units_count + 1;
	bool *starts = conffile_alloc(loader, count);
	uint32_t *by = conffile_alloc(loader, count * sizeof(*by));
	uint32_t *next = conffile_alloc(loader, count * sizeof(*next));
	const struct unit **edges = find_edges(loader);

	if (starts == NULL || by == NULL || next == NULL || edges == NULL)
		return;
	while (start_more(config, edges, starts))
		continue;
	find_waits(config, edges, starts, by, next);
	tell_circles(loader, starts, by, next);
}

void conffile_order(struct conffile_loader *loader)
{
	for (size_t i = 0; i < loader->file->config.units_count; i++) {
		struct conffile_case at = conffile_case(loader, i);

		check_after(&at);
	}
	check_circles(loader);
}
