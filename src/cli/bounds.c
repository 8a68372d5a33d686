#define _GNU_SOURCE
#include "cli/bounds.h"

#include "cli/command.h"

#define SLOTS 64

static const struct {
	uint32_t lease_ms;
	const char *name;
} presets[] = {
	{ 1000, "" },  { 2000, "" },	     { 3000, "fast" },
	{ 5000, "" },  { 10000, "normal" },  { 20000, "" },
	{ 30000, "" }, { 60000, "patient" },
};

static double seconds(int64_t us)
{
	return (double)us / 1e6;
}

void bounds_put_head(FILE *file)
{
	fprintf(file, "   lease  failover within  storage may hang  renewal"
		      "     poll     kill\n");
}

void bounds_put(FILE *file, const struct lease_terms *terms)
{
	fprintf(file, "%6.1f s  %13.2f s  %14.2f s  %5.2f s  %5.3f s  %5.2f s",
		(double)terms->lease_ms / 1e3,
		seconds(lease_failover_us(terms)),
		seconds(lease_stall_us(terms, 0)),
		seconds(lease_renewal_us(terms)), seconds(lease_poll_us(terms)),
		(double)terms->kill_ms / 1e3);
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (presets[i].lease_ms == terms->lease_ms &&
		    presets[i].name[0] != '\0')
			fprintf(file, "  %s", presets[i].name);
	fputc('\n', file);
}

json_t *bounds_json(const struct lease_terms *terms)
{
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "slots",
		(json_int_t)terms->slots, "lease_ms",
		(json_int_t)terms->lease_ms, "kill_ms",
		(json_int_t)terms->kill_ms, "drift_ppm",
		(json_int_t)terms->drift_ppm, "failover_ms",
		(json_int_t)(lease_failover_us(terms) / 1000), "stall_ms",
		(json_int_t)(lease_stall_us(terms, 0) / 1000), "renewal_ms",
		(json_int_t)(lease_renewal_us(terms) / 1000), "poll_ms",
		(json_int_t)(lease_poll_us(terms) / 1000));
}

int bounds_put_all(bool json)
{
	json_t *all = json_array();

	if (!json)
		bounds_put_head(stdout);
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
		struct lease_terms terms =
			lease_terms_for(presets[i].lease_ms, SLOTS);

		if (json)
			json_array_append_new(all, bounds_json(&terms));
		else
			bounds_put(stdout, &terms);
	}
	if (json) {
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(all);
	return fflush(stdout) == 0 ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}
