#define _GNU_SOURCE
#include "io/devlog.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/out.h"

#define AGAIN_MS	250
#define FACILITY_DAEMON (3 << 3)

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void devlog_open(struct devlog *devlog, const char *path)
{
	*devlog = (struct devlog){
		.path = path != NULL ? path : DEVLOG_PATH,
		.fd = -1,
	};
	/* Reads the time zone here, not at a line that cannot wait. */
	tzset();
}

/* ---- the form of a line ---- */

static void put_two(struct out *out, int value, char fill)
{
	if (value < 10)
		out_char(out, fill);
	out_i64(out, value);
}

size_t devlog_format(char *buf, size_t cap, const struct devlog_line *line,
		     const struct tm *when)
{
	struct out out = out_init(buf, cap);
	size_t room;

	out_char(&out, '<');
	out_i64(&out, FACILITY_DAEMON | (int)line->severity);
	out_char(&out, '>');
	/* The month's name is the same in every locale. */
	out_text(&out, (struct text){ months + 3 * when->tm_mon, 3 });
	out_char(&out, ' ');
	put_two(&out, when->tm_mday, ' ');
	out_char(&out, ' ');
	put_two(&out, when->tm_hour, '0');
	out_char(&out, ':');
	put_two(&out, when->tm_min, '0');
	out_char(&out, ':');
	put_two(&out, when->tm_sec, '0');
	out_char(&out, ' ');
	out_string(&out, line->tag);
	out_char(&out, '[');
	out_i64(&out, line->pid);
	out_string(&out, "]: ");
	room = cap - 1 - out.len;
	out_text(&out, text_cut(line->text, room));
	return out.len;
}

/* ---- the daemon ---- */

static int reach(struct devlog *devlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(devlog->path);
	int rc = 0;

	if (len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, devlog->path, len);
	devlog->fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (devlog->fd == -1)
		return -errno;
	if (connect(devlog->fd, (const struct sockaddr *)&address,
		    sizeof(address)) == -1) {
		rc = -errno;
		devlog_close(devlog);
	}
	return rc;
}

static int send_once(struct devlog *devlog, const char *buf, size_t len)
{
	int rc = devlog->fd == -1 ? reach(devlog) : 0;

	if (rc != 0)
		return rc;
	if (send(devlog->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT) != -1)
		return 0;
	rc = -errno;
	if (rc == -EAGAIN || rc == -ENOBUFS || rc == -EINTR)
		return -EAGAIN;
	devlog_close(devlog);
	return rc;
}

int devlog_send(struct devlog *devlog, const struct devlog_line *line,
		int64_t now_ms, int64_t wall_ms)
{
	char buf[DEVLOG_LINE_MAX];
	time_t wall_s = (time_t)(wall_ms / 1000);
	struct tm when = { .tm_mday = 1 };
	size_t len;
	int rc;

	if (devlog->fd == -1 && now_ms < devlog->again_ms)
		return devlog->rc;
	(void)localtime_r(&wall_s, &when);
	len = devlog_format(buf, sizeof(buf), line, &when);
	rc = send_once(devlog, buf, len);
	/* It may have been started anew since. */
	if (rc != 0 && rc != -EAGAIN)
		rc = send_once(devlog, buf, len);
	if (rc != 0 && rc != -EAGAIN) {
		devlog->rc = rc;
		devlog->again_ms = now_ms + AGAIN_MS;
	}
	return rc;
}

void devlog_close(struct devlog *devlog)
{
	if (devlog->fd != -1)
		close(devlog->fd);
	devlog->fd = -1;
}
