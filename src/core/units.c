#include "core/units.h"

#include <errno.h>

struct scale {
	const char *name;
	uint64_t factor;
};

/* The largest first. */
static const struct scale durations[] = {
	{ "d", UINT64_C(86400000) },
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};

static const struct scale sizes[] = {
	{ "T", UINT64_C(1) << 40 }, { "G", 1u << 30 }, { "M", 1u << 20 },
	{ "K", 1u << 10 },	    { "B", 1 },
};

#define SCALES 5

static const struct scale *find_scale(const struct scale *scales,
				      struct text name)
{
	for (size_t i = 0; i < SCALES; i++)
		if (text_is(name, scales[i].name))
			return &scales[i];
	return NULL;
}

static int parse(const struct scale *scales, struct text text, uint64_t max,
		 uint64_t *value)
{
	struct text digits = { text.at, 0 };
	const struct scale *scale;
	struct text name;
	uint64_t number;

	while (digits.len < text.len && text.at[digits.len] >= '0' &&
	       text.at[digits.len] <= '9')
		digits.len++;
	if (digits.len == 0)
		return -EINVAL;
	name = (struct text){ text.at + digits.len, text.len - digits.len };
	if (name.len == 0)
		return -EDOM;
	scale = find_scale(scales, name);
	if (scale == NULL)
		return -EINVAL;
	if (!text_to_u64(digits, max / scale->factor, &number))
		return -ERANGE;
	*value = number * scale->factor;
	return 0;
}

int units_parse_duration(struct text text, int64_t *ms)
{
	uint64_t value;
	int rc = parse(durations, text, INT64_MAX, &value);

	if (rc == 0)
		*ms = (int64_t)value;
	return rc;
}

int units_parse_size(struct text text, uint64_t *bytes)
{
	return parse(sizes, text, UINT64_MAX, bytes);
}

static void out_scaled(struct out *out, const struct scale *scales,
		       const struct scale *of_zero, uint64_t value)
{
	const struct scale *scale = of_zero;

	if (value != 0) {
		scale = scales;
		while (value % scale->factor != 0)
			scale++;
	}
	out_u64(out, value / scale->factor);
	out_string(out, scale->name);
}

void units_out_duration(struct out *out, int64_t ms)
{
	out_scaled(out, durations, &durations[3], (uint64_t)ms);
}

void units_out_size(struct out *out, uint64_t bytes)
{
	out_scaled(out, sizes, &sizes[4], bytes);
}
