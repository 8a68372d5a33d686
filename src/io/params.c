#define _GNU_SOURCE
#include "io/params.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>

#include "core/config.h"

static const char no_memory[] = "could not be checked: out of memory";

/* Does all of VALUE match?  POSIX gives the longest match there is, so the
 * pattern needs no anchors, and numbers of groups in it stay as written.
 */
static const char *match_fault(const char *match, const char *value)
{
	const char *why = "has the wrong form";
	regmatch_t found;
	regex_t regex;

	if (regcomp(&regex, match, REG_EXTENDED) != 0)
		return no_memory;
	if (regexec(&regex, value, 1, &found, 0) == 0 && found.rm_so == 0 &&
	    value[found.rm_eo] == '\0')
		why = NULL;
	regfree(&regex);
	return why;
}

const char *params_fault(const struct config_param *param, struct text value)
{
	const char *why;
	char *string;

	if (value.len > PARAMS_VALUE_MAX)
		return "is too long";
	if (value.len > 0 && memchr(value.at, '\0', value.len) != NULL)
		return "must not hold a zero byte";
	if (param->match == NULL)
		return param->required && value.len == 0 ? "is required" : NULL;
	string = malloc(value.len + 1);
	if (string == NULL)
		return no_memory;
	text_copy(value, string, value.len + 1);
	why = match_fault(param->match, string);
	free(string);
	return why;
}

static const struct config_param *declared(const struct unit *unit,
					   struct text name)
{
	for (size_t i = 0; i < unit->params_count; i++)
		if (text_is(name, unit->params[i].name))
			return &unit->params[i];
	return NULL;
}

static bool is_among(const struct job_param *params, size_t count,
		     struct text name)
{
	for (size_t i = 0; i < count; i++)
		if (text_equal(params[i].name, name))
			return true;
	return false;
}

/* NULL, or what is wrong with parameter I of PARAMS. */
static const char *given_fault(const struct unit *unit,
			       const struct job_param *params, size_t i)
{
	const struct config_param *param = declared(unit, params[i].name);

	if (param == NULL)
		return "is not a parameter of this job";
	if (is_among(params, i, params[i].name))
		return "is given twice";
	return params_fault(param, params[i].value);
}

int params_check(const struct unit *unit, struct job_param *params,
		 size_t *count, struct text *bad_name, const char **why)
{
	for (size_t i = 0; i < *count; i++) {
		*bad_name = params[i].name;
		*why = given_fault(unit, params, i);
		if (*why != NULL)
			return *why == no_memory ? -ENOMEM : -EINVAL;
	}
	for (size_t i = 0; i < unit->params_count; i++) {
		const struct config_param *param = &unit->params[i];
		struct text name = text_of(param->name);

		if (is_among(params, *count, name))
			continue;
		*bad_name = name;
		*why = "is required";
		if (param->fallback != NULL && *count < JOB_PARAMS_MAX)
			params[(*count)++] =
				(struct job_param){ name,
						    text_of(param->fallback) };
		else if (param->required)
			return -EINVAL;
	}
	return 0;
}
