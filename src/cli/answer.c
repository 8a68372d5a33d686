#define _GNU_SOURCE
#include "cli/answer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/api.h"
#include "cli/command.h"

struct answer answer_of(const json_t *job)
{
	const json_t *progress = json_object_get(job, "progress");
	const json_t *output = json_object_get(job, "output");
	const json_t *error = json_object_get(job, "error");
	const json_t *percent = json_object_get(progress, "percent");
	const json_t *eta = json_object_get(progress, "eta_s");

	return (struct answer){
		.id = json_text(job, "id"),
		.type = json_text(job, "type"),
		.user = json_text(job, "user"),
		.state = json_text(job, "state"),
		.message = json_text(progress, "message"),
		.percent = json_is_number(percent) ? json_number_value(percent)
						   : -1,
		.eta_s = json_is_number(eta) ? (int64_t)json_number_value(eta)
					     : -1,
		.attempt = (int)json_number(job, "attempt"),
		.created_ms = time_of(json_text(job, "created")),
		.updated_ms = time_of(json_text(job, "updated")),
		.output_name = json_text(output, "name"),
		.output_size = json_number(output, "size"),
		.error_title = json_text(error, "title"),
		.error_detail = json_text(error, "detail"),
		.joined = json_is_true(json_object_get(job, "joined")),
	};
}

bool answer_has_ended(const struct answer *answer)
{
	return strcmp(answer->state, "ready") == 0 ||
	       strcmp(answer->state, "error") == 0 ||
	       strcmp(answer->state, "cancelled") == 0;
}

int answer_exit_code(const struct answer *answer)
{
	return strcmp(answer->state, "ready") == 0 ? EXIT_CODE_DONE
						   : EXIT_CODE_FAILED;
}

void size_text(int64_t bytes, char *buf, size_t cap)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB" };
	double value = (double)bytes / 1000;
	size_t unit = 0;

	if (bytes < 1000) {
		snprintf(buf, cap, "%lld B", (long long)bytes);
		return;
	}
	while (value >= 999.95 && unit < 3) {
		value /= 1000;
		unit++;
	}
	snprintf(buf, cap, "%.1f %s", value, units[unit]);
}

int64_t time_of(const char *text)
{
	struct tm tm = { 0 };
	int ms = 0;
	int read = sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3d", &tm.tm_year,
			  &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
			  &tm.tm_sec, &ms);

	if (read < 6)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm) * 1000 + ms;
}

void print_plain(FILE *file, const char *text)
{
	for (const unsigned char *s = (const unsigned char *)text; *s != '\0';
	     s++) {
		if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0)
			s++; /* the second block of control characters */
		else if (*s >= ' ' && *s != 0x7f)
			fputc(*s, file);
	}
}
