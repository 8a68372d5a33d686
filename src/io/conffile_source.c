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

static int open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat stat;
	int rc = 0;

	if (fd == -1)
		return -errno;
	if (fstat(fd, &stat) == -1)
		rc = -errno;
	else if (!S_ISREG(stat.st_mode))
		rc = S_ISDIR(stat.st_mode) ? -EISDIR : -ENODEV;
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static int open_any(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd != -1 ? fd : -errno;
}

int conffile_source_read(struct conffile_source *source, bool must_be_regular)
{
	int fd = must_be_regular ? open_regular(source->path)
				 : open_any(source->path);
	char *cut;
	ssize_t len;

	if (fd < 0)
		return fd;
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

int conffile_source_parse(struct conffile_source *source,
			  conffile_syntax_fn *fn, void *arg)
{
	enum conffile_syntax verdict;
	size_t len = strlen(source->text) + 1;
	char *text = malloc(len + CONFFILE_SYNTAX_MORE);

	if (text == NULL)
		return -ENOMEM;
	memcpy(text, source->text, len);
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		memcpy(text, "   ", 3);
	verdict = conffile_syntax(text, fn, arg);
	if (verdict != SYNTAX_BROKEN)
		source->parsed = config_read_string(&source->settings, text) ==
				 CONFIG_TRUE;
	free(text);
	if (verdict == SYNTAX_GOOD && !source->parsed)
		fn(arg, (unsigned)config_error_line(&source->settings),
		   config_error_text(&source->settings), false);
	source->mended = source->parsed && verdict != SYNTAX_GOOD;
	source->cut = verdict == SYNTAX_CUT;
	return verdict == SYNTAX_GOOD && source->parsed ? 0 : -EINVAL;
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
