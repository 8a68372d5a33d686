#include "core/version.h"

#include <errno.h>

int version_compare(struct version a, struct version b)
{
	if (a.token != b.token)
		return a.token < b.token ? -1 : 1;
	if (a.step != b.step)
		return a.step < b.step ? -1 : 1;
	return 0;
}

void version_out(struct out *out, struct version version)
{
	out_u64(out, version.token);
	out_char(out, '.');
	out_u64(out, version.step);
}

int version_parse(struct text text, struct version *version)
{
	const char *dot = NULL;
	struct text token;
	struct text step;
	uint64_t value;

	if (text.len > 0)
		dot = memchr(text.at, '.', text.len);
	if (dot == NULL)
		return -EINVAL;
	token = (struct text){ text.at, (size_t)(dot - text.at) };
	step = (struct text){ dot + 1, text.len - token.len - 1 };
	if (!text_to_u64(step, UINT32_MAX, &value) ||
	    !text_to_u64(token, UINT64_MAX, &version->token))
		return -EINVAL;
	version->step = (uint32_t)value;
	return 0;
}
