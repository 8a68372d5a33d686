#include "core/problem.h"

static const struct {
	unsigned status;
	const char *title;
} titles[] = {
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 422, "Unprocessable Content" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 507, "Insufficient Storage" },
};

const char *problem_title(unsigned status)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

static void member(struct out *out, const char *name, struct text value)
{
	if (value.len == 0)
		return;
	out_string(out, ",\"");
	out_string(out, name);
	out_string(out, "\":");
	out_json(out, value);
}

int problem_json(const struct problem *problem, char *buf, size_t cap)
{
	struct out out = out_init(buf, cap);
	int rc;

	out_string(&out, "{\"status\":");
	out_u64(&out, problem->status);
	member(&out, "title", text_of(problem_title(problem->status)));
	member(&out, "detail", problem->detail);
	member(&out, "instance", problem->instance);
	member(&out, "field", problem->field);
	out_char(&out, '}');
	rc = out_end(&out);
	return rc == 0 ? (int)out.len : rc;
}
