#define _GNU_SOURCE
#include "io/conffile_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int conffile_source_init(struct conffile_source *source, const char *path)
{
	*source = (struct conffile_source){ .path = strdup(path) };
	config_init(&source->settings);
	return source->path != NULL ? 0 : -ENOMEM;
}

void conffile_source_fini(struct conffile_source *source)
{
	config_destroy(&source->settings);
	free(source->text);
	free(source->path);
}

/* Reads up to the end of FD or CONFFILE_BYTES_MAX; bytes or a negative errno.
 */
static ssize_t read_all(int fd, char *buf)
{
	size_t len = 0;

	while (len <= CONFFILE_BYTES_MAX) {
		ssize_t got = read(fd, buf + len, CONFFILE_BYTES_MAX + 1 - len);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -errno;
		if (got == 0)
			return (ssize_t)len;
		len += (size_t)got;
	}
	return -EFBIG;
}

int conffile_source_read(struct conffile_source *source)
{
	int fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char *cut;
	ssize_t len;

	if (fd == -1)
		return -errno;
	source->text = malloc(CONFFILE_BYTES_MAX + 2);
	len = source->text != NULL ? read_all(fd, source->text) : -ENOMEM;
	close(fd);
	if (len < 0) {
		free(source->text);
		source->text = NULL;
		return (int)len;
	}
	source->text[len] = '\0';
	if (memchr(source->text, '\0', (size_t)len) != NULL)
		return -EILSEQ;
	cut = realloc(source->text, (size_t)len + 1);
	if (cut != NULL)
		source->text = cut;
	return 0;
}

/* Finds what libconfig takes without a word and gets wrong: numbers that do
 * not fit wrap around.  And what would let a file reach beyond itself:
 * @include.
 */
struct scan {
	const char *at;
	unsigned line;
	bool line_begins; /* nothing but blanks before `at` */
};

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*';
}

static void scan_step(struct scan *scan)
{
	if (*scan->at == '\n') {
		scan->line++;
		scan->line_begins = true;
	} else if (*scan->at != ' ' && *scan->at != '\t') {
		scan->line_begins = false;
	}
	scan->at++;
}

static void scan_until(struct scan *scan, const char *end)
{
	while (*scan->at != '\0' && strncmp(scan->at, end, strlen(end)) != 0)
		scan_step(scan);
	for (size_t i = 0; *scan->at != '\0' && i < strlen(end); i++)
		scan_step(scan);
}

static void scan_string(struct scan *scan)
{
	scan_step(scan);
	while (*scan->at != '\0' && *scan->at != '"') {
		if (*scan->at == '\\' && scan->at[1] != '\0')
			scan_step(scan);
		scan_step(scan);
	}
	if (*scan->at != '\0')
		scan_step(scan);
}

/* Steps over a word or number; false when it is a number that is too large. */
static bool scan_word(struct scan *scan)
{
	const char *from = scan->at;
	unsigned long long value;

	while (is_name_char(*scan->at))
		scan_step(scan);
	while (*from == '-')
		from++;
	if (*from < '0' || *from > '9')
		return true;
	errno = 0;
	value = strtoull(from, NULL,
			 from[0] == '0' && (from[1] | 32) == 'x' ? 16 : 10);
	return errno == 0 && value <= INT32_MAX;
}

static const char *scan_fault(struct scan *scan)
{
	while (*scan->at != '\0') {
		if (*scan->at == '"')
			scan_string(scan);
		else if (*scan->at == '#' || strncmp(scan->at, "//", 2) == 0)
			scan_until(scan, "\n");
		else if (strncmp(scan->at, "/*", 2) == 0)
			scan_until(scan, "*/");
		else if (scan->line_begins &&
			 strncmp(scan->at, "@include", 8) == 0)
			return "@include is not read here; put the file into "
			       "the directory of *.conf files";
		else if (!is_name_char(*scan->at))
			scan_step(scan);
		else if (!scan_word(scan))
			return "no number is that large here";
	}
	return NULL;
}

int conffile_source_parse(struct conffile_source *source,
			  struct conffile_fault *fault)
{
	struct scan scan = { source->text, 1, true };

	if (strncmp(source->text, "\xef\xbb\xbf", 3) == 0)
		memcpy(source->text, "   ", 3);
	fault->what = scan_fault(&scan);
	fault->line = scan.line;
	if (fault->what != NULL)
		return -EINVAL;
	if (config_read_string(&source->settings, source->text) !=
	    CONFIG_TRUE) {
		fault->what = config_error_text(&source->settings);
		fault->line = (unsigned)config_error_line(&source->settings);
		return -EINVAL;
	}
	source->parsed = true;
	return 0;
}

struct text conffile_source_line(const struct conffile_source *source,
				 unsigned line)
{
	const char *at = source->text;

	if (at == NULL || line == 0)
		return (struct text){ NULL, 0 };
	while (line > 1) {
		at = strchr(at, '\n');
		if (at == NULL)
			return (struct text){ NULL, 0 };
		at++;
		line--;
	}
	return (struct text){ at, strcspn(at, "\r\n") };
}
