#define _GNU_SOURCE
#include "io/conffile_loader.h"

#include <stdarg.h>
#include <stdlib.h>

#include "core/out.h"

void *conffile_alloc(struct conffile_loader *loader, size_t bytes)
{
	struct conffile_owned *owned = calloc(1, sizeof(*owned) + bytes);

	if (owned == NULL) {
		loader->out_of_memory = true;
		return NULL;
	}
	owned->next = loader->file->owned;
	loader->file->owned = owned;
	return owned->data;
}

char *conffile_strdup(struct conffile_loader *loader, struct text text)
{
	char *copy = conffile_alloc(loader, text.len + 1);

	if (copy != NULL && text.len > 0)
		memcpy(copy, text.at, text.len);
	return copy;
}

/* "jobs.report.timeout": names from the root down; what is in a list goes by
 * the list's.  At most so many levels: a file may nest thousands.
 */
static void out_path(struct out *out, const config_setting_t *setting)
{
	const config_setting_t *levels[6];
	size_t count = 0;

	for (; setting != NULL && count < 6; setting = setting->parent)
		if (setting->name != NULL)
			levels[count++] = setting;
	for (size_t i = count; i > 0; i--) {
		out_text(out, text_cut(text_of(levels[i - 1]->name),
				       SCHEMA_NAME_MAX));
		out_string(out, i > 1 ? "." : ": ");
	}
}

void conffile_error(struct conffile_loader *loader,
		    const config_setting_t *setting, const char *format, ...)
{
	char path[CONFFILE_PATH_MAX];
	struct out out = out_init(path, sizeof(path));
	char what[1024];
	va_list args;

	out_path(&out, setting);
	out_end(&out);
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	conffile_report_add(&loader->report, loader->source,
			    setting != NULL ? setting->line : 0, "%s%s", path,
			    what);
}

bool conffile_is_broken(const struct conffile_loader *loader,
			const config_setting_t *setting)
{
	return loader->source->mended && CONFFILE_IS_BROKEN(setting);
}
