#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/bounds.h"
#include "cli/command.h"
#include "cli/options.h"
#include "io/leasefile.h"

static const struct usage lease_usage = {
	.name = "lease",
	.synopsis = "[--json] [FILE]",
	.text = "Shows what is in a lease file: FILE, or lease in the "
		"directory FILE.  It is read\nonce, so this tells what each "
		"node wrote last, not who is alive.  Without FILE:\nwhat a "
		"lease of each length means.\n",
	.accepts = "J",
	.arguments_max = 1,
};

static const struct {
	uint32_t flag;
	const char *name;
} flags[] = {
	{ LEASE_RELEASED, "released" },
	{ LEASE_JOINING, "joining" },
	{ LEASE_CLAIMING, "claiming" },
	{ LEASE_LEADING, "leading" },
};

static const char *state_name(const struct lease_slot *slot)
{
	if (slot->state == LEASE_SLOT_UNSURE)
		return "unsure";
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if ((slot->record.flags & flags[i].flag) != 0)
			return flags[i].name;
	return "member";
}

static const char *block_name(enum lease_block block)
{
	static const char *const names[] = { "empty", "valid", "damaged",
					     "foreign", "newer" };

	return names[block];
}

static void put_slot(uint32_t number, const struct lease_slot *slot)
{
	const struct lease_record *record = &slot->record;

	printf("%4" PRIu32 "  %-16s %-9s", number,
	       slot->has_record ? record->name : "?", state_name(slot));
	if (slot->has_record)
		printf(" %6" PRIu64 " %10" PRIu64 " %8" PRIu64 " %8" PRIu64
		       "  %" PRIu64 ":%" PRIu64,
		       record->number, record->generation, record->sequence,
		       record->epoch, record->end.segment, record->end.offset);
	if (slot->state == LEASE_SLOT_UNSURE)
		printf("  blocks: %s, %s", block_name(slot->blocks[0]),
		       block_name(slot->blocks[1]));
	putchar('\n');
}

static json_t *slot_json(uint32_t number, const struct lease_slot *slot)
{
	const struct lease_record *record = &slot->record;

	if (!slot->has_record)
		return json_pack("{s:I, s:s}", "slot", (json_int_t)number,
				 "state", state_name(slot));
	return json_pack(
		"{s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:{s:I, s:I}, s:s, s:s}",
		"slot", (json_int_t)number, "node", record->name, "state",
		state_name(slot), "number", (json_int_t)record->number,
		"generation", (json_int_t)record->generation, "sequence",
		(json_int_t)record->sequence, "epoch",
		(json_int_t)record->epoch, "end", "segment",
		(json_int_t)record->end.segment, "offset",
		(json_int_t)record->end.offset, "block0",
		block_name(slot->blocks[0]), "block1",
		block_name(slot->blocks[1]));
}

static void put_header(const struct leasefile *file, const char *path)
{
	const struct lease_terms *terms = &file->header.terms;

	printf("%s: id %016" PRIx64 ", %" PRIu32 " slots\n", path,
	       file->header.file_id, terms->slots);
	bounds_put_head(stdout);
	bounds_put(stdout, terms);
	printf("\nslot  node             state     number generation sequence"
	       "    epoch  journal end\n");
}

static int show(const struct leasefile *file, const char *path, bool json)
{
	json_t *slots = json ? json_array() : NULL;

	if (!json)
		put_header(file, path);
	for (uint32_t i = 0; i < file->header.terms.slots; i++) {
		struct lease_slot slot;

		lease_slot_decode(&slot, leasefile_block(file, i, 0),
				  leasefile_block(file, i, 1),
				  file->header.file_id, i);
		if (slot.state == LEASE_SLOT_FREE)
			continue;
		if (json)
			json_array_append_new(slots, slot_json(i, &slot));
		else
			put_slot(i, &slot);
	}
	if (json) {
		json_t *all = json_pack("{s:o, s:o}", "terms",
					bounds_json(&file->header.terms),
					"slots", slots);

		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
	}
	return fflush(stdout) == 0 ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}

static int show_file(const char *path, bool json)
{
	char inside[PATH_MAX];
	struct leasefile file;
	struct stat stat_of;
	int rc;

	if (stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode)) {
		snprintf(inside, sizeof(inside), "%s/lease", path);
		path = inside;
	}
	if (leasefile_look(&file, path) != 0)
		return EXIT_CODE_FAILED;
	rc = leasefile_read(&file, file.header.terms.slots);
	if (rc != 0) {
		errno = -rc;
		complain("cannot read %s: %m", path);
		rc = EXIT_CODE_FAILED;
	} else {
		rc = show(&file, path, json);
	}
	leasefile_close(&file);
	return rc;
}

int command_lease(int argc, char **argv)
{
	struct options options;
	int rc = options_parse(&options, &lease_usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	if (options.argc == 1)
		return show_file(options.argv[0], options.json);
	return bounds_put_all(options.json);
}
