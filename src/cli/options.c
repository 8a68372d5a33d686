#define _GNU_SOURCE
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "io/log.h"

/* Letters of options without a short form are capitals. */
static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "socket", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ "all", no_argument, NULL, 'a' },
	{ "json", no_argument, NULL, 'J' },
	{ "follow", no_argument, NULL, 'f' },
	{ "key", required_argument, NULL, 'K' },
	{ "no-color", no_argument, NULL, 'C' },
	{ "nodes", required_argument, NULL, 'n' },
	{ "limit", required_argument, NULL, 'n' },
	{ "once", no_argument, NULL, 'O' },
	{ "output", required_argument, NULL, 'o' },
	{ "port", required_argument, NULL, 'P' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "state", required_argument, NULL, 'S' },
	{ "timeout", required_argument, NULL, 'w' },
	{ "type", required_argument, NULL, 'T' },
	{ "user", required_argument, NULL, 'U' },
	{ "wait", no_argument, NULL, 'A' },
	{ "watch", no_argument, NULL, 'W' },
	{ NULL, 0, NULL, 0 },
};

static const struct {
	char letter;
	const char *text;
} help[] = {
	{ 'W', "--watch        show a bar until the job ends" },
	{ 'A', "--wait         wait until the job ends, in silence" },
	{ 'U', "--user USER    on behalf of this user" },
	{ 'K', "--key KEY      the same key gives the same job" },
	{ 'o', "-o FILE        write to this file; - is standard output" },
	{ 'T', "--type JOB     only jobs of this type" },
	{ 'S', "--state STATE  pending, processing, ready, error, cancelled" },
	{ 'n', "-n NUMBER      how many" },
	{ 'a', "-a, --all      all of them" },
	{ 'f', "-f, --follow   go on as more comes" },
	{ 'O', "--once         stop after the first job" },
	{ 'P', "--port PORT    of the page; default 8080 or the next free" },
	{ 'J', "--json         the answer as JSON" },
	{ 'q', "-q             say less" },
	{ 'w', "-w SECONDS     wait at most that long (exit code 7)" },
	{ 'C', "--no-color     plain text; so does NO_COLOR" },
	{ 'c', "-c FILE        the configuration" },
	{ 's', "-s SOCKET      the control socket, or its directory; default "
	       "STATE" },
	{ 'h', "-h             this help" },
};

void complain(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	fputs(log_prefix(LOG_LEVEL_ERR), stderr);
	fputs("holdfast: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

int options_wrong(const struct options *options, const char *format, ...)
{
	const char *name = options->usage->name;
	va_list args;

	va_start(args, format);
	fprintf(stderr, "holdfast: %s: ", name);
	vfprintf(stderr, format, args);
	fprintf(stderr,
		"\nusage: holdfast %s%s%s\n"
		"`holdfast help %s` tells more.\n",
		name, *options->usage->synopsis != '\0' ? " " : "",
		options->usage->synopsis, name);
	va_end(args);
	return EXIT_CODE_USAGE;
}

void options_hint(FILE *file, const struct options *options,
		  const char *command, const char *id)
{
	fprintf(file, "`holdfast %s", command);
	if (options->socket != NULL)
		fprintf(file, " -s %s", options->socket);
	else if (options->config != NULL)
		fprintf(file, " -c %s", options->config);
	fprintf(file, " %s`", id);
}

static bool accepts(const struct usage *usage, int letter)
{
	return strchr("csh", letter) != NULL ||
	       strchr(usage->accepts, letter) != NULL;
}

static int print_help(const struct usage *usage)
{
	printf("usage: holdfast %s%s%s\n\n%s\n", usage->name,
	       *usage->synopsis != '\0' ? " " : "", usage->synopsis,
	       usage->text);
	for (size_t i = 0; i < sizeof(help) / sizeof(help[0]); i++)
		if (accepts(usage, help[i].letter))
			printf("  %s\n", help[i].text);
	return EXIT_CODE_DONE;
}

/* Whole TEXT as a number from MIN to MAX. */
static bool read_number(const char *text, double min, double max, double *value)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	return end != text && *end == '\0' && errno == 0 && *value >= min &&
	       *value <= max;
}

static int take_number(struct options *options, int letter, const char *text)
{
	double value;

	switch (letter) {
	case 'w':
		if (!read_number(text, 0, 1e9, &value))
			return options_wrong(options,
					     "-w %s: not a number of seconds",
					     text);
		options->wait_ms = (int64_t)(value * 1000);
		break;
	case 'P':
		if (!read_number(text, 1, 65535, &value))
			return options_wrong(options, "--port %s: not a port",
					     text);
		options->port = (long)value;
		break;
	default:
		if (!read_number(text, 1, 1000000, &value))
			return options_wrong(options, "-n %s: not a number",
					     text);
		options->number = (long)value;
	}
	return OPTIONS_GO_ON;
}

static int take_option(struct options *options, int letter, const char *text)
{
	switch (letter) {
	case 'c':
		options->config = text;
		break;
	case 's':
		options->socket = text;
		break;
	case 'K':
		options->key = text;
		break;
	case 'U':
		options->user = text;
		break;
	case 'o':
		options->output = text;
		break;
	case 'T':
		options->type = text;
		break;
	case 'S':
		options->state = text;
		break;
	case 'J':
		options->json = true;
		break;
	case 'q':
		options->quiet = true;
		break;
	case 'C':
		options->no_color = true;
		break;
	case 'W':
		options->watch = true;
		break;
	case 'A':
		options->wait = true;
		break;
	case 'O':
		options->once = true;
		break;
	case 'a':
		options->all = true;
		break;
	case 'f':
		options->follow = true;
		break;
	default:
		return take_number(options, letter, text);
	}
	return OPTIONS_GO_ON;
}

int options_parse(struct options *options, const struct usage *usage, int argc,
		  char **argv)
{
	int letter;

	*options =
		(struct options){ .usage = usage, .wait_ms = OPTIONS_FOREVER };
	opterr = 0;
	optind = 1;
	while ((letter = getopt_long(argc, argv, "c:s:hn:o:qw:af", long_options,
				     NULL)) != -1) {
		int rc;

		if (letter == '?' || !accepts(usage, letter))
			return options_wrong(options, "cannot take \"%s\"",
					     argv[optind - 1]);
		if (letter == 'h')
			return print_help(usage);
		rc = take_option(options, letter, optarg);
		if (rc != OPTIONS_GO_ON)
			return rc;
	}
	options->argc = argc - optind;
	options->argv = argv + optind;
	if (options->argc < usage->arguments_min)
		return options_wrong(options, "something is missing");
	if (usage->arguments_max >= 0 && options->argc > usage->arguments_max)
		return options_wrong(options, "\"%s\" is one too many",
				     options->argv[usage->arguments_max]);
	return OPTIONS_GO_ON;
}
