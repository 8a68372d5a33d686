#define _GNU_SOURCE
#include "io/conffile.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/conffile_dir.h"
#include "io/conffile_loader.h"

/* What is asked of one load. */
struct order {
	const char *path;
	bool may_be_missing;
};

static void fault(void *arg, unsigned line, const char *what, bool mild)
{
	struct conffile_loader *loader = arg;

	if (mild)
		conffile_report_add_mild(&loader->report, loader->source, line,
					 what);
	else
		conffile_report_add(&loader->report, loader->source, line, "%s",
				    what);
}

static void file_fault(struct conffile_loader *loader, const char *what)
{
	fault(loader, 0, what, false);
}

/* Why SOURCE can't be read, and the cure. */
static void read_fault(struct conffile_loader *loader, int rc)
{
	bool is_main = loader->source == loader->sources;
	const char *cure = "";
	char allow[64];

	if (rc == -EFBIG) {
		file_fault(loader, "cannot read it: larger than 1 MiB");
		return;
	}
	if (rc == -EILSEQ) {
		file_fault(loader, "cannot read it: holds zero bytes, so it is "
				   "no text");
		return;
	}
	if (rc == -EISDIR || rc == -ENODEV) {
		file_fault(loader,
			   rc == -ENODEV ? "cannot read it: is no regular file"
			   : is_main	 ? "cannot read it: is a directory; "
					   "name a file"
					 : "cannot read it: is a directory");
		return;
	}
	if (rc == -ENOENT && !is_main) {
		file_fault(loader,
			   "cannot read it: is a link to nothing; remove it, "
			   "or make what it names");
		return;
	}
	if (rc == -ENOENT)
		cure = "; `holdfast init` prints one to begin with";
	if (rc == -EACCES || rc == -EPERM) {
		snprintf(allow, sizeof(allow), "; uid %u has to be allowed to",
			 (unsigned)geteuid());
		cure = allow;
	}
	conffile_report_add(&loader->report, loader->source, 0,
			    "cannot read it: %s%s", strerror(-rc), cure);
}

static void dir_fault(struct conffile_loader *loader, int rc)
{
	const char *path = loader->sources[0].path;
	const char *slash = strrchr(path, '/');

	if (rc == -E2BIG)
		conffile_report_add(&loader->report, loader->source, 0,
				    "has more than %d *.conf files",
				    CONFFILE_FILES_MAX);
	else if (rc == -ENOTDIR)
		conffile_report_add(&loader->report, loader->source, 0,
				    "is no directory: its *.conf files are "
				    "read after %s",
				    slash != NULL ? slash + 1 : path);
	else
		read_fault(loader, rc);
}

/* Reads and parses SOURCE, applies nothing yet. */
static void take(struct conffile_loader *loader, struct conffile_source *source,
		 bool may_be_missing)
{
	int rc;

	loader->source = source;
	rc = conffile_source_read(source, source != loader->sources);
	if (rc == -ENOENT && may_be_missing)
		return;
	if (rc != 0)
		read_fault(loader, rc);
	else if (conffile_source_parse(source, fault, loader) == -ENOMEM)
		loader->out_of_memory = true;
	if (!source->parsed || source->cut)
		loader->incomplete = true;
}

static int name_source(struct conffile_loader *loader, const char *path)
{
	struct conffile_source *source =
		&loader->sources[loader->sources_count++];

	return conffile_source_init(source, path);
}

/* Names the main file and those of DIR; the directory itself, too, where RC
 * says that it can't be read: something has to be told of it.
 */
static int name_sources(struct conffile_loader *loader,
			const struct order *order,
			const struct conffile_dir *dir, int dir_rc)
{
	size_t count = dir_rc == 0 ? dir->count : 1;
	int rc;

	loader->sources = calloc(count + 1, sizeof(*loader->sources));
	if (loader->sources == NULL)
		return -ENOMEM;
	rc = name_source(loader, order->path);
	if (dir_rc != 0)
		return rc != 0 ? rc : name_source(loader, dir->path);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", dir->path,
			     dir->entries[i]->d_name) == -1)
			return -ENOMEM;
		rc = name_source(loader, path);
		free(path);
	}
	return rc;
}

static int take_all(struct conffile_loader *loader, const struct order *order)
{
	struct conffile_dir dir;
	int dir_rc = conffile_dir_read(&dir, order->path);
	int rc = dir_rc == -ENOMEM ? -ENOMEM
				   : name_sources(loader, order, &dir, dir_rc);

	if (rc == 0 && dir_rc != 0) {
		loader->source = &loader->sources[1];
		dir_fault(loader, dir_rc);
		loader->incomplete = true;
		take(loader, loader->sources, order->may_be_missing);
	} else if (rc == 0) {
		for (size_t i = 0; i < loader->sources_count; i++)
			take(loader, &loader->sources[i],
			     i == 0 && order->may_be_missing);
	}
	conffile_dir_fini(&dir);
	return rc;
}

/* Applies every file in its order. */
static void apply_all(struct conffile_loader *loader)
{
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
}

/* Services, singletons, jobs; in each the order of the files.  Until then they
 * are where they can grow, from now on where the configuration keeps them.
 */
static void sort_units(struct conffile_loader *loader)
{
	struct config *config = &loader->file->config;
	size_t room = config->units_count + 1;
	struct unit *sorted = conffile_alloc(loader, room * sizeof(*sorted));
	struct conffile_origin *origins = calloc(room, sizeof(*origins));
	size_t count = 0;

	for (int kind = UNIT_SERVICE; kind <= UNIT_JOB; kind++)
		for (size_t i = 0; i < config->units_count; i++) {
			if (sorted == NULL || origins == NULL ||
			    config->units[i].kind != (enum unit_kind)kind)
				continue;
			origins[count] = loader->origins[i];
			sorted[count++] = config->units[i];
		}
	if (origins == NULL)
		loader->out_of_memory = true;
	free(loader->origins);
	free(loader->units);
	loader->origins = origins;
	loader->units = NULL;
	config->units = sorted;
	config->units_count = count;
}

static int build(struct conffile_loader *loader, const struct order *order)
{
	int rc = take_all(loader, order);
	struct config *config = &loader->file->config;

	if (rc != 0)
		return rc;
	apply_all(loader);
	conffile_places(loader);
	config->path = conffile_strdup(
		loader, text_of(loader->sources[0].parsed ? order->path : ""));
	if (loader->out_of_memory)
		return -ENOMEM;
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
	free(loader->origins);
	free(loader->units);
	free(loader->scratch);
	conffile_report_fini(&loader->report);
}

/* Hands the files over to who wants to know where things came from. */
static int take_origins(struct conffile_loader *loader,
			struct conffile_origins **origins)
{
	*origins = calloc(1, sizeof(**origins));
	if (*origins == NULL)
		return -ENOMEM;
	**origins = (struct conffile_origins){ loader->sources,
					       loader->sources_count,
					       loader->origins };
	loader->sources = NULL;
	loader->sources_count = 0;
	loader->origins = NULL;
	return 0;
}

static int load(const struct order *order, struct config **config,
		struct conffile_origins **origins, FILE *errors)
{
	struct conffile_loader loader = {
		.file = calloc(1, sizeof(*loader.file)),
		.scratch = malloc(CONFFILE_STRING_MAX),
	};
	int rc = -ENOMEM;

	if (loader.file != NULL && loader.scratch != NULL)
		rc = build(&loader, order);
	if (rc == 0 && origins != NULL)
		rc = take_origins(&loader, origins);
	conffile_report_print(&loader.report, errors);
	if (rc == -ENOMEM)
		fprintf(errors, "%s: error: out of memory\n", order->path);
	loader_fini(&loader);
	*config = loader.file != NULL ? &loader.file->config : NULL;
	if (rc != 0) {
		conffile_free(*config);
		*config = NULL;
	}
	return rc;
}

int conffile_load_origins(const char *path, struct config **config,
			  struct conffile_origins **origins, FILE *errors)
{
	struct order order = { path, path == NULL };
	char usual[4096];

	if (origins != NULL)
		*origins = NULL;
	if (path == NULL) {
		conffile_default_path(usual, sizeof(usual));
		order.path = usual;
	}
	return load(&order, config, origins, errors);
}

int conffile_load(const char *path, struct config **config, FILE *errors)
{
	return conffile_load_origins(path, config, NULL, errors);
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
