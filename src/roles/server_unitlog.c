/* The latest lines a unit printed, from STATE/log. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/unitlog.h"
#include "roles/server_reply.h"
#include "roles/server_units.h"

#define LINES_DEFAULT 100
#define LINES_MAX     100000
#define ROOM	      (2 * UNITLOG_TAIL_MAX)

/* Appends the file STATE/log/NAMEENDING to the LEN bytes at BODY. */
static size_t append(const struct server *server, const char *name,
		     const char *ending, char *body, size_t len)
{
	char path[PATH_MAX];
	ssize_t got;
	int fd;

	if (snprintf(path, sizeof(path), "%s/log/%s%s", server->config->state,
		     name, ending) >= (int)sizeof(path))
		return len;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return len;
	while (len < ROOM && (got = read(fd, body + len, ROOM - len)) > 0)
		len += (size_t)got;
	close(fd);
	return len;
}

void server_unit_log(struct visit *visit, enum unit_kind kind)
{
	struct http_reply reply = { .status = 200, .bytes = HTTP_BYTES_TAKE };
	const struct unit *unit = unit_asked(visit, kind);
	uint64_t lines = LINES_DEFAULT;
	struct text text;
	size_t len;
	char *body;

	if (unit == NULL)
		return;
	if (http_query(visit->request, "tail", &text) &&
	    !text_to_u64(text, LINES_MAX, &lines)) {
		reply_status(visit, 400, "tail is a number up to 100000.");
		return;
	}
	body = malloc(ROOM);
	if (body == NULL) {
		reply_error(visit, -ENOMEM);
		return;
	}
	len = append(visit->server, unit->name, ".1", body, 0);
	len = append(visit->server, unit->name, "", body, len);
	text = text_last_lines((struct text){ body, len }, lines);
	memmove(body, text.at, text.len);
	reply.body = (struct text){ body, text.len };
	http_add_field(&reply, "Content-Type", "text/plain; charset=utf-8");
	http_add_field(&reply, "Cache-Control", "private, no-store");
	http_add_field(&reply, "X-Content-Type-Options", "nosniff");
	http_reply(visit->request, &reply);
}
