/* A unit, and what its file says of it. */
#include "io/conffile_loader.h"

struct conffile_case conffile_case(struct conffile_loader *loader, size_t index)
{
	const struct conffile_origin *origin = &loader->origins[index];

	loader->source = origin->source;
	return (struct conffile_case){ loader,
				       &loader->file->config.units[index],
				       origin->setting };
}

bool conffile_has(const struct conffile_case *at, const char *key)
{
	return config_setting_get_member(at->setting, key) != NULL;
}

bool conffile_at_broken(const struct conffile_case *at, const char *key)
{
	return conffile_has(at, key) &&
	       conffile_is_broken(at->loader, conffile_place(at, key));
}

const config_setting_t *conffile_place(const struct conffile_case *at,
				       const char *key)
{
	const config_setting_t *member =
		config_setting_get_member(at->setting, key);

	return member != NULL ? member : at->setting;
}

const config_setting_t *conffile_place_in(const struct conffile_case *at,
					  const char *key, size_t index)
{
	const config_setting_t *list = conffile_place(at, key);

	if (list != at->setting && config_setting_length(list) > (int)index)
		return config_setting_get_elem(list, (unsigned)index);
	return list;
}
