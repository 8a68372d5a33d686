#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/bar.h"
#include "cli/command.h"
#include "cli/disposition.h"
#include "cli/watch.h"
#include "io/clock.h"

#define PATH_CAP    4096
#define TAG_MAX	    64
#define RETRY_MS    250
#define AWAY_MAX_MS 60000 /* without a byte: the daemon is given up */
#define TICK_MS	    200
#define ASK_AGAIN   (-EAGAIN)	/* part of the file is here already … */
#define HAVE_ALL    (-EALREADY) /* … or all of it */

static const struct usage usage = {
	.name = "fetch",
	.synopsis = "[-o FILE] ID",
	.text = "Gets the file a job made.  What an earlier try left behind "
		"is continued.\n",
	.accepts = "oqwC",
	.arguments_min = 1,
	.arguments_max = 1,
};

/* What is fetched lies beside its place, under a name that holds its ETag,
 * until it is complete: so a part is never continued with other bytes, and
 * the file's own name never shows half a file.
 */
struct fetch {
	struct api *api;
	const char *id;
	char etag[128];
	char path[PATH_CAP]; /* "" = standard output */
	char part[PATH_CAP + TAG_MAX + 8];
	int fd;
	int64_t done;  /* bytes we have */
	int64_t total; /* below 0: not known yet */
	int64_t heard_ms;
	int64_t begun_ms;
	struct bar bar;
};

/* The exit code of what a sink returned, after a message. */
static int fail(struct fetch *fetch, int rc)
{
	const char *path = *fetch->path != '\0' ? fetch->path : "output";

	if (rc == -EEXIST)
		complain("%s exists: name a file with -o", path);
	else if (rc == -EWOULDBLOCK)
		complain("%s is being fetched by somebody else", path);
	else if (rc == -ESTALE)
		complain("%s changed while it was fetched", path);
	else if (rc == -EBADMSG)
		complain("the daemon proposes no usable name: "
			 "name a file with -o");
	else
		complain("%s: %s", path, strerror(-rc));
	return EXIT_CODE_FAILED;
}

/* Where the file goes: -o, or the name the daemon gives, never a path. */
static int choose_path(struct fetch *fetch, const struct client_response *from)
{
	const char *output = fetch->api->options->output;
	char name[256];
	struct stat st;
	bool into =
		output != NULL && stat(output, &st) == 0 && S_ISDIR(st.st_mode);
	int len;

	if (output == NULL || into) {
		if (!disposition_name(
			    client_header(from, "Content-Disposition"), name,
			    sizeof(name)))
			return -EBADMSG;
		len = snprintf(fetch->path, sizeof(fetch->path), "%s%s%s",
			       into ? output : "", into ? "/" : "", name);
		if (len >= PATH_CAP)
			return -ENAMETOOLONG;
		return access(fetch->path, F_OK) == 0 ? -EEXIST : 0;
	}
	len = snprintf(fetch->path, sizeof(fetch->path), "%s", output);
	return len < PATH_CAP ? 0 : -ENAMETOOLONG;
}

static void name_part(struct fetch *fetch)
{
	char tag[TAG_MAX];
	size_t len = 0;

	for (const char *s = fetch->etag; *s != '\0' && len < TAG_MAX - 1; s++)
		if (strchr("\"/\\ ", *s) == NULL)
			tag[len++] = *s;
	tag[len] = '\0';
	snprintf(fetch->part, sizeof(fetch->part), "%s.%s.part", fetch->path,
		 tag);
}

/* Opens what an earlier try left, or a new part. */
static int open_part(struct fetch *fetch, const struct client_response *from)
{
	struct stat st;
	int rc = choose_path(fetch, from);

	if (rc != 0)
		return rc;
	name_part(fetch);
	fetch->fd = open(fetch->part, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fetch->fd == -1)
		return -errno;
	if (flock(fetch->fd, LOCK_EX | LOCK_NB) == -1 ||
	    fstat(fetch->fd, &st) == -1 || lseek(fetch->fd, 0, SEEK_END) == -1)
		return -errno;
	fetch->done = st.st_size;
	if (fetch->done == 0)
		return 0;
	if (fetch->done == fetch->total)
		return HAVE_ALL;
	return fetch->done < fetch->total ? ASK_AGAIN : 0;
}

/* A whole file comes although we have a part of it: begin anew. */
static int begin_anew(struct fetch *fetch)
{
	if (fetch->done == 0)
		return 0;
	if (*fetch->path == '\0')
		return -ESTALE;
	fetch->done = 0;
	if (ftruncate(fetch->fd, 0) == -1 ||
	    lseek(fetch->fd, 0, SEEK_SET) == -1)
		return -errno;
	return 0;
}

/* "bytes FIRST-LAST/TOTAL", FIRST being what we asked for. */
static int take_range(struct fetch *fetch, struct text range)
{
	char buf[96];
	long long first;
	long long last;
	long long total;

	text_copy(range, buf, sizeof(buf));
	if (sscanf(buf, "bytes %lld-%lld/%lld", &first, &last, &total) != 3 ||
	    first != fetch->done || total <= last)
		return -EPROTO;
	fetch->total = total;
	return 0;
}

static int on_begin(void *arg, const struct client_response *response)
{
	struct fetch *fetch = arg;
	struct text length = client_header(response, "Content-Length");
	bool opened = fetch->fd != -1;
	uint64_t total;
	int rc;

	if (response->status == 206)
		return take_range(fetch,
				  client_header(response, "Content-Range"));
	text_copy(client_header(response, "ETag"), fetch->etag,
		  sizeof(fetch->etag));
	fetch->total = -1;
	if (text_to_u64(length, INT64_MAX, &total))
		fetch->total = (int64_t)total;
	if (!opened) {
		rc = open_part(fetch, response);
		if (rc != 0)
			return rc;
	}
	return begin_anew(fetch);
}

static int on_write(void *arg, const void *data, size_t len)
{
	struct fetch *fetch = arg;
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fetch->fd, at, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -errno;
		at += n;
		len -= (size_t)n;
		fetch->done += n;
	}
	fetch->heard_ms = clock_ms();
	return 0;
}

/* Shown on a terminal only, on stderr: stdout may be the file. */
static int on_tick(void *arg)
{
	struct fetch *fetch = arg;
	struct bar_state state = { .state = "processing", .note = "" };
	char done[32];
	char message[96];
	char total[32];

	if (!fetch->bar.live || fetch->total <= 0)
		return 0;
	size_text(fetch->done, done, sizeof(done));
	size_text(fetch->total, total, sizeof(total));
	snprintf(message, sizeof(message), "%s of %s", done, total);
	state.label = "fetch";
	state.message = message;
	state.percent = 100.0 * (double)fetch->done / (double)fetch->total;
	state.elapsed_ms = clock_ms() - fetch->begun_ms;
	state.left_ms = -1;
	bar_show(&fetch->bar, &state, clock_ms());
	return 0;
}

/* One request for what is missing: 0 or a negative errno. */
static int ask(struct fetch *fetch)
{
	struct client_sink sink = { on_begin, on_write, fetch };
	struct api *api = fetch->api;
	char target[API_TARGET_MAX] = "/v1/jobs/";
	char headers[256];
	int rc;

	target_add(target, fetch->id);
	snprintf(target + strlen(target), sizeof(target) - strlen(target),
		 "/output");
	snprintf(headers, sizeof(headers),
		 "Range: bytes=%lld-\r\nIf-Range: %s\r\n",
		 (long long)fetch->done, fetch->etag);
	rc = api_ask_sink(api, target, fetch->done > 0 ? headers : NULL, &sink);
	if (rc == 0 && api->response.status < 300 && fetch->total >= 0 &&
	    fetch->done < fetch->total)
		rc = -ECONNRESET;
	return rc;
}

static bool may_retry(const struct fetch *fetch, int rc)
{
	const struct api *api = fetch->api;
	int64_t now_ms = clock_ms();

	if (!api_is_passing(api, rc) || now_ms >= api->deadline_ms)
		return false;
	if (api->deadline_ms != INT64_MAX)
		return true;
	return fetch->heard_ms != 0 && now_ms - fetch->heard_ms < AWAY_MAX_MS;
}

static int finish(struct fetch *fetch)
{
	bool quiet = fetch->api->options->quiet;
	char size[32];

	bar_clear(&fetch->bar);
	if (*fetch->path == '\0')
		return EXIT_CODE_DONE;
	if (rename(fetch->part, fetch->path) == -1)
		return fail(fetch, -errno);
	size_text(fetch->done, size, sizeof(size));
	if (!quiet)
		printf("%s, %s\n", fetch->path, size);
	return EXIT_CODE_DONE;
}

static int fetch_all(struct fetch *fetch)
{
	struct api *api = fetch->api;
	int rc;

	for (;;) {
		rc = ask(fetch);
		if (rc == ASK_AGAIN)
			continue;
		if (rc == HAVE_ALL || (rc == 0 && api->response.status < 300))
			return finish(fetch);
		if (!may_retry(fetch, rc))
			break;
		watch_pause(api, RETRY_MS);
	}
	bar_keep(&fetch->bar);
	if (rc == 0)
		return api_refused(api);
	if (api_is_passing(api, rc) || rc == -EPROTO)
		return api_failed(api, rc);
	return fail(fetch, rc);
}

int command_fetch(int argc, char **argv)
{
	struct options options;
	struct api api;
	struct fetch fetch = { .api = &api, .fd = -1, .total = -1 };
	int rc = options_parse(&options, &usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	fetch.id = options.argv[0];
	fetch.begun_ms = clock_ms();
	if (options.output != NULL && strcmp(options.output, "-") == 0)
		fetch.fd = STDOUT_FILENO;
	bar_open(&fetch.bar, stderr, options.no_color);
	fetch.bar.live = fetch.bar.live && !options.quiet;
	rc = api_open(&api, &options);
	api.client.tick = on_tick;
	api.client.tick_arg = &fetch;
	api.client.tick_ms = TICK_MS;
	if (rc == 0)
		rc = fetch_all(&fetch);
	if (fetch.fd > STDERR_FILENO)
		close(fetch.fd);
	api_close(&api);
	return rc;
}
