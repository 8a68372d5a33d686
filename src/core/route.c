#include "core/route.h"

#include <errno.h>

#include "core/schema.h"

#define READ (METHOD_GET | METHOD_HEAD)

static const struct {
	const char *path;
	struct route route;
} fixed[] = {
	{ "/v1/jobs", { .name = ROUTE_JOBS, .methods = READ | METHOD_POST } },
	{ "/v1/status", { .name = ROUTE_STATUS, .methods = READ } },
	{ "/healthz", { .name = ROUTE_HEALTHZ, .methods = READ } },
	{ "/readyz", { .name = ROUTE_READYZ, .methods = READ } },
	{ "/version", { .name = ROUTE_VERSION, .methods = READ } },
	{ "/v1/services",
	  { .name = ROUTE_UNITS, .methods = READ, .kind = UNIT_SERVICE } },
	{ "/v1/singletons",
	  { .name = ROUTE_UNITS, .methods = READ, .kind = UNIT_SINGLETON } },
	{ "/v1/names", { .name = ROUTE_NAMES, .methods = READ } },
	{ "/v1/nodes", { .name = ROUTE_NODES, .methods = READ } },
	{ "/v1/events", { .name = ROUTE_EVENTS, .methods = READ } },
	{ "/metrics", { .name = ROUTE_METRICS, .methods = READ } },
	{ "/v1/reload", { .name = ROUTE_RELOAD, .methods = METHOD_POST } },
	{ "/v1/node/drain",
	  { .name = ROUTE_DRAIN,
	    .methods = METHOD_POST,
	    .action = { "drain", 5 } } },
	{ "/v1/node/undrain",
	  { .name = ROUTE_DRAIN,
	    .methods = METHOD_POST,
	    .action = { "undrain", 7 } } },
};

/* What may stand behind "/v1/jobs/ID". */
static const struct {
	const char *rest;
	struct route route;
} of_job[] = {
	{ "", { .name = ROUTE_JOB, .methods = READ | METHOD_DELETE } },
	{ "/output", { .name = ROUTE_JOB_OUTPUT, .methods = READ } },
	{ "/log", { .name = ROUTE_JOB_LOG, .methods = READ } },
};

enum method route_method(struct text method)
{
	if (text_is(method, "GET"))
		return METHOD_GET;
	if (text_is(method, "HEAD"))
		return METHOD_HEAD;
	if (text_is(method, "POST"))
		return METHOD_POST;
	if (text_is(method, "DELETE"))
		return METHOD_DELETE;
	return METHOD_OTHER;
}

static bool cut_prefix(struct text *text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (text->len < len || memcmp(text->at, prefix, len) != 0)
		return false;
	text->at += len;
	text->len -= len;
	return true;
}

static struct route find_job(struct text rest)
{
	struct text id = { rest.at, rest.len < JOB_ID_LEN ? 0 : JOB_ID_LEN };
	struct route route = { 0 };

	if (!job_id_is_valid(id))
		return route;
	rest.at += JOB_ID_LEN;
	rest.len -= JOB_ID_LEN;
	for (size_t i = 0; i < sizeof(of_job) / sizeof(of_job[0]); i++) {
		if (!text_is(rest, of_job[i].rest))
			continue;
		route = of_job[i].route;
		route.about = id;
	}
	return route;
}

/* "NAME", "NAME/log" or "NAME/ACTION". */
static struct route find_unit(struct text rest, enum unit_kind kind)
{
	const char *slash =
		rest.len > 0 ? memchr(rest.at, '/', rest.len) : NULL;
	size_t len = slash != NULL ? (size_t)(slash - rest.at) : rest.len;
	struct route route = { .about = { rest.at, len }, .kind = kind };

	if (!schema_is_unit_name(route.about))
		return (struct route){ 0 };
	if (slash == NULL) {
		route.name = ROUTE_UNIT;
		route.methods = READ;
		return route;
	}
	route.action = (struct text){ slash + 1, rest.len - len - 1 };
	if (route.action.len == 0 ||
	    memchr(route.action.at, '/', route.action.len) != NULL)
		return (struct route){ 0 };
	route.name = ROUTE_UNIT_ACTION;
	route.methods = METHOD_POST;
	if (text_is(route.action, "log")) {
		route.name = ROUTE_UNIT_LOG;
		route.methods = READ;
	}
	return route;
}

static struct route find_name(struct text name)
{
	if (!schema_is_unit_name(name))
		return (struct route){ 0 };
	return (struct route){ .name = ROUTE_NAME,
			       .methods = READ,
			       .about = name };
}

struct route route_find(struct text path)
{
	struct route route = { 0 };
	struct text rest = path;

	if (cut_prefix(&rest, "/v1/jobs/"))
		return find_job(rest);
	if (cut_prefix(&rest, "/v1/services/"))
		return find_unit(rest, UNIT_SERVICE);
	if (cut_prefix(&rest, "/v1/singletons/"))
		return find_unit(rest, UNIT_SINGLETON);
	if (cut_prefix(&rest, "/v1/names/"))
		return find_name(rest);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (text_is(path, fixed[i].path))
			return fixed[i].route;
	rest = path;
	if (!cut_prefix(&rest, "/") ||
	    (rest.len > 0 && memchr(rest.at, '/', rest.len) != NULL))
		return route;
	route.name = ROUTE_ASSET;
	route.methods = READ;
	route.about = rest;
	return route;
}

const char *route_allow(unsigned methods)
{
	switch (methods) {
	case READ:
		return "GET, HEAD";
	case READ | METHOD_POST:
		return "GET, HEAD, POST";
	case READ | METHOD_DELETE:
		return "GET, HEAD, DELETE";
	case METHOD_POST:
		return "POST";
	default:
		return "GET";
	}
}

int route_below(struct text base, struct text *path)
{
	if (path->len >= base.len && memcmp(path->at, base.at, base.len) == 0) {
		path->at += base.len - 1;
		path->len -= base.len - 1;
		return 0;
	}
	if (path->len == base.len - 1 &&
	    memcmp(path->at, base.at, path->len) == 0)
		return -EAGAIN;
	return -ENOENT;
}
