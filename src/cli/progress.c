/* progress - the command by which a unit tells how far it is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "core/out.h"
#include "core/progress.h"
#include "core/tidy.h"
#include "io/notify_send.h"

#define LINE_MAX_BYTES 1024

static const struct usage usage = {
	.name = "progress",
	.synopsis = "PERCENT [TEXT...]",
	.text = "Inside a unit: tells how far it is.\n",
	.accepts = "q",
	.arguments_min = 1,
	.arguments_max = -1,
};

/* "PERCENT TEXT…" into LINE. */
static int put_line(const struct options *options, char *line, size_t cap)
{
	char words[LINE_MAX_BYTES];
	struct out out = out_init(line, cap);
	struct progress progress;

	for (int i = 0; i < options->argc; i++) {
		if (i > 0)
			out_char(&out, ' ');
		out_string(&out, options->argv[i]);
	}
	if (out_end(&out) != 0)
		return options_wrong(options, "more than %d bytes of text",
				     LINE_MAX_BYTES);
	/* A line feed in TEXT would begin another report. */
	(void)tidy_copy((struct text){ line, out.len }, words, sizeof(words));
	memcpy(line, words, strlen(words) + 1);
	if (!progress_parse(text_of(line), &progress) ||
	    !progress_parse(text_of(options->argv[0]), &progress) ||
	    progress.message.len > 0)
		return options_wrong(options,
				     "\"%s\" is not a number from 0 to "
				     "100",
				     options->argv[0]);
	return OPTIONS_GO_ON;
}

/* The descriptor the unit was given, or -1. */
static int find_descriptor(void)
{
	const char *text = getenv("HOLDFAST_PROGRESS_FD");
	char *end = NULL;
	long fd = text != NULL ? strtol(text, &end, 10) : -1;

	if (fd < 0 || fd > INT32_MAX || end == text || *end != '\0' ||
	    fcntl((int)fd, F_GETFD) == -1)
		return -1;
	return (int)fd;
}

/* In one write, so that it is never mixed with another's. */
static int write_line(int fd, const char *line)
{
	return dprintf(fd, "%s\n", line) < 0 ? -errno : 0;
}

static int send_line(const char *line)
{
	char datagram[LINE_MAX_BYTES + 32];
	struct notify_sender sender;

	notify_sender_open(&sender);
	if (sender.fd == -1)
		return -ENOTCONN;
	snprintf(datagram, sizeof(datagram), "X_HOLDFAST_PROGRESS=%s", line);
	notify_send(&sender, datagram);
	return 0;
}

int command_progress(int argc, char **argv)
{
	char line[LINE_MAX_BYTES];
	struct options options;
	int rc = options_parse(&options, &usage, argc, argv);
	int fd = find_descriptor();

	if (rc == OPTIONS_GO_ON)
		rc = put_line(&options, line, sizeof(line));
	if (rc != OPTIONS_GO_ON)
		return rc;
	/* A descriptor that a shell closed on the way is no reason to fail. */
	rc = fd >= 0 ? write_line(fd, line) : -EBADF;
	if (rc != 0)
		rc = send_line(line);
	if (rc == 0)
		return EXIT_CODE_DONE;
	if (!options.quiet)
		complain("nobody listens: neither HOLDFAST_PROGRESS_FD nor "
			 "NOTIFY_SOCKET is set; this is meant for inside of a "
			 "job");
	return EXIT_CODE_FAILED;
}
