#define _GNU_SOURCE
#include "io/conffile.h"

#include <errno.h>
#include <stdlib.h>

#include "io/conffile_dir.h"
#include "io/conffile_loader.h"

/* What is asked of one load. */
struct order {
	const char *path;
	bool may_be_missing;
};

static void fault(struct conffile_loader *loader, unsigned line,
		  const char *what)
{
	conffile_report_add(&loader->report, loader->source, line, "%s", what);
}

static void read_fault(struct conffile_loader *loader, int rc)
{
	if (rc == -EFBIG)
		fault(loader, 0, "cannot read it: larger than 1 MiB");
	else if (rc == -EILSEQ)
		fault(loader, 0,
		      "cannot read it: holds zero bytes, so it is "
		      "no text");
	else
		conffile_report_add(&loader->report, loader->source, 0,
				    "cannot read it: %s", strerror(-rc));
}

/* Reads and parses SOURCE, applies nothing yet. */
static void take(struct conffile_loader *loader, struct conffile_source *source,
		 bool may_be_missing)
{
	struct conffile_fault found;
	int rc;

	loader->source = source;
	rc = conffile_source_read(source);
	if (rc == -ENOENT && may_be_missing)
		return;
	if (rc != 0)
		read_fault(loader, rc);
	else if (conffile_source_parse(source, &found) != 0)
		fault(loader, found.line, found.what);
}

/* Names the main file and those of DIR. */
static int name_sources(struct conffile_loader *loader,
			const struct order *order,
			const struct conffile_dir *dir)
{
	int rc;

	loader->sources = calloc(dir->count + 1, sizeof(*loader->sources));
	if (loader->sources == NULL)
		return -ENOMEM;
	rc = conffile_source_init(&loader->sources[0], order->path);
	loader->sources_count = 1;
	for (size_t i = 0; rc == 0 && i < dir->count; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", dir->path,
			     dir->entries[i]->d_name) == -1)
			return -ENOMEM;
		rc = conffile_source_init(&loader->sources[i + 1], path);
		loader->sources_count++;
		free(path);
	}
	return rc;
}

static int take_all(struct conffile_loader *loader, const struct order *order)
{
	struct conffile_dir dir;
	int dir_rc = conffile_dir_read(&dir, order->path);
	int rc = name_sources(loader, order, &dir);

	if (rc == 0) {
		loader->source = loader->sources;
		if (dir_rc != 0)
			conffile_report_add(&loader->report, loader->source, 0,
					    "cannot read %s: %s", dir.path,
					    strerror(-dir_rc));
		for (size_t i = 0; i < loader->sources_count; i++)
			take(loader, &loader->sources[i],
			     i == 0 && order->may_be_missing);
	}
	conffile_dir_fini(&dir);
	return rc;
}

/* Applies every file in its order.  False when one could not be read: then
 * what only the whole shows can't be judged.
 */
static bool apply_all(struct conffile_loader *loader)
{
	bool whole = loader->report.all_count == 0;

	conffile_defaults(loader, &schema_root, &loader->file->config);
	for (size_t i = 0; i < loader->sources_count; i++) {
		const struct conffile_source *source = &loader->sources[i];
		config_setting_t *root = config_root_setting(&source->settings);
		config_setting_t *cluster;

		if (!source->parsed)
			continue;
		loader->source = source;
		conffile_section(loader, &schema_root, root,
				 &loader->file->config);
		cluster = config_setting_get_member(root, "cluster");
		if (cluster == NULL)
			continue;
		loader->file->config.cluster.present = true;
		loader->cluster = (struct conffile_origin){ source, cluster };
	}
	return whole;
}

/* Services, singletons, jobs; in each the order of the files. */
static void sort_units(struct conffile_loader *loader)
{
	struct config *config = &loader->file->config;
	struct unit *sorted = conffile_alloc(loader, (config->units_count + 1) *
							     sizeof(*sorted));
	size_t count = 0;

	if (sorted == NULL)
		return;
	for (int kind = UNIT_SERVICE; kind <= UNIT_JOB; kind++)
		for (size_t i = 0; i < config->units_count; i++)
			if (config->units[i].kind == (enum unit_kind)kind)
				sorted[count++] = config->units[i];
	config->units = sorted;
}

static int build(struct conffile_loader *loader, const struct order *order)
{
	int rc = take_all(loader, order);
	struct config *config = &loader->file->config;
	bool whole;

	if (rc != 0)
		return rc;
	whole = apply_all(loader);
	conffile_places(loader);
	config->path = conffile_strdup(
		loader, text_of(loader->sources[0].parsed ? order->path : ""));
	if (loader->out_of_memory)
		return -ENOMEM;
	if (whole)
		conffile_check(loader);
	sort_units(loader);
	if (loader->out_of_memory)
		return -ENOMEM;
	return loader->report.all_count == 0 ? 0 : -EINVAL;
}

static void loader_fini(struct conffile_loader *loader)
{
	for (size_t i = 0; i < loader->sources_count; i++)
		conffile_source_fini(&loader->sources[i]);
	free(loader->sources);
	free(loader->scratch);
	conffile_report_fini(&loader->report);
}

int conffile_load(const char *path, struct config **config, FILE *errors)
{
	struct conffile_loader loader = {
		.file = calloc(1, sizeof(*loader.file)),
		.scratch = malloc(CONFFILE_STRING_MAX),
	};
	struct order order = { path, path == NULL };
	char usual[4096];
	int rc = -ENOMEM;

	if (path == NULL) {
		conffile_default_path(usual, sizeof(usual));
		order.path = usual;
	}
	if (loader.file != NULL && loader.scratch != NULL)
		rc = build(&loader, &order);
	conffile_report_print(&loader.report, errors);
	if (rc == -ENOMEM)
		fprintf(errors, "%s: error: out of memory\n", order.path);
	loader_fini(&loader);
	*config = loader.file != NULL ? &loader.file->config : NULL;
	if (rc != 0) {
		conffile_free(*config);
		*config = NULL;
	}
	return rc;
}

void conffile_free(struct config *config)
{
	struct conffile *file = (struct conffile *)config;
	struct conffile_owned *owned = file != NULL ? file->owned : NULL;

	while (owned != NULL) {
		struct conffile_owned *next = owned->next;

		free(owned);
		owned = next;
	}
	free(file);
}
