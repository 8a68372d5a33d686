#include "core/route.h"

#include <errno.h>

#define READ (METHOD_GET | METHOD_HEAD)

static const struct {
	const char *path;
	struct route route;
} fixed[] = {
	{ "/v1/jobs", { ROUTE_JOBS, READ | METHOD_POST, { 0 } } },
	{ "/v1/status", { ROUTE_STATUS, READ, { 0 } } },
	{ "/healthz", { ROUTE_HEALTHZ, READ, { 0 } } },
	{ "/readyz", { ROUTE_READYZ, READ, { 0 } } },
	{ "/version", { ROUTE_VERSION, READ, { 0 } } },
};

/* What may stand behind "/v1/jobs/ID". */
static const struct {
	const char *rest;
	struct route route;
} of_job[] = {
	{ "", { ROUTE_JOB, READ | METHOD_DELETE, { 0 } } },
	{ "/output", { ROUTE_JOB_OUTPUT, READ, { 0 } } },
	{ "/log", { ROUTE_JOB_LOG, READ, { 0 } } },
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

struct route route_find(struct text path)
{
	struct route route = { 0 };
	struct text rest = path;

	if (cut_prefix(&rest, "/v1/jobs/"))
		return find_job(rest);
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
