/* What an attempt left: its output and its log. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "core/etag.h"
#include "core/range.h"
#include "io/clock.h"
#include "roles/server_behind.h"
#include "roles/server_reply.h"
#include "roles/server_storage.h"

#define TAIL_LINES_DEFAULT 100
#define TAIL_LINES_MAX	   100000
#define LOG_BYTES_MAX	   (1u << 20) /* of one answer */
#define DISPOSITION_MAX	   (4 * JOB_OUTPUT_NAME_MAX + 64)
#define RANGE_TEXT_MAX	   80

/* Reads the job with its record; 0, or an answer was sent. */
static int load(struct visit *visit, struct job *job)
{
	struct server *server = visit->server;
	struct record record;
	struct view_head head;
	char id[JOB_ID_LEN + 1];
	int rc;

	text_copy(visit->route.about, id, sizeof(id));
	rc = read_job(visit, id, &head, true);
	if (rc != 0)
		return rc;
	rc = record_decode(&record, server->buf + head.json_len,
			   head.record_len);
	if (rc == 0)
		rc = job_decode(job, &record);
	if (rc != 0)
		reply_status(visit, 500, "The record of the job is damaged.");
	return rc;
}

/* ---- the output ---- */

/* RFC 6266 and 5987: a plain name for the old, the true one for the rest. */
static void disposition(char *buf, size_t cap, struct text name)
{
	struct out out = out_init(buf, cap);

	out_string(&out, "attachment; filename=\"");
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		out_char(&out, c < 0x20 || c >= 0x7f || c == '"' || c == '\\' ||
					       c == '%' || c == '/'
				       ? '_'
				       : (char)c);
	}
	out_string(&out, "\"; filename*=UTF-8''");
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		    (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
		    c == '_' || c == '~') {
			out_char(&out, (char)c);
		} else {
			out_char(&out, '%');
			out_char(&out, "0123456789ABCDEF"[c >> 4]);
			out_char(&out, "0123456789ABCDEF"[c & 15]);
		}
	}
	if (out_end(&out) != 0)
		text_copy(text_of("attachment"), buf, cap);
}

static void content_range(char *buf, size_t cap, const struct range *range,
			  uint64_t size)
{
	struct out out = out_init(buf, cap);

	out_string(&out, "bytes ");
	if (range != NULL) {
		out_u64(&out, range->first);
		out_char(&out, '-');
		out_u64(&out, range->first + range->len - 1);
	} else {
		out_char(&out, '*');
	}
	out_char(&out, '/');
	out_u64(&out, size);
	out_end(&out);
}

/* A value that may not stand in a header field is replaced. */
static void content_type(char *buf, size_t cap, struct text type)
{
	bool plain = type.len > 0 && type.len < cap;

	for (size_t i = 0; plain && i < type.len; i++)
		plain = type.at[i] >= 0x20 && type.at[i] < 0x7f;
	text_copy(plain ? type : text_of("application/octet-stream"), buf, cap);
}

static void send_unsatisfied(struct visit *visit, uint64_t size)
{
	struct http_reply reply = { .status = 416, .bytes = HTTP_BYTES_STATIC };
	char total[RANGE_TEXT_MAX];

	content_range(total, sizeof(total), NULL, size);
	http_add_field(&reply, "Content-Range", total);
	http_reply(visit->request, &reply);
}

/* What every answer about the file says. */
static void add_fields(struct http_reply *reply, const char *type,
		       const char *name, const char *tag)
{
	http_add_field(reply, "Content-Type", type);
	http_add_field(reply, "Content-Disposition", name);
	http_add_field(reply, "ETag", tag);
	http_add_field(reply, "Accept-Ranges", "bytes");
	http_add_field(reply, "Cache-Control", "private, no-cache");
	http_add_field(reply, "Vary", "Cookie, Authorization");
	http_add_field(reply, "Content-Security-Policy",
		       "sandbox; default-src 'none'");
	http_add_field(reply, "X-Content-Type-Options", "nosniff");
}

static void send_file(struct visit *visit, const struct job *job,
		      struct storage_file *file)
{
	struct http_request *request = visit->request;
	struct http_reply reply = { .status = 200, .bytes = HTTP_BYTES_STATIC };
	struct range range;
	enum range_verdict verdict = RANGE_WHOLE;
	char name[DISPOSITION_MAX];
	char type[128];
	char part[RANGE_TEXT_MAX];
	char tag[TAG_MAX];

	etag_of_version(tag, (struct version){ .token = job->held }, false);
	if (etag_allows_range(http_field(request, "If-Range"), text_of(tag)))
		verdict = range_judge(http_field(request, "Range"), file->size,
				      &range);
	if (verdict == RANGE_WHOLE)
		range = (struct range){ .first = 0, .len = file->size };
	if (etag_is_listed(http_field(request, "If-None-Match"),
			   text_of(tag))) {
		storage_close(file);
		reply.status = 304;
	} else if (verdict == RANGE_UNSATISFIED) {
		send_unsatisfied(visit, file->size);
		storage_close(file);
		return;
	} else {
		int rc = storage_send(file, range.first, range.len, &reply);

		if (rc != 0) {
			storage_error(visit, rc);
			return;
		}
	}
	if (reply.status == 200 && verdict == RANGE_PART) {
		reply.status = 206;
		content_range(part, sizeof(part), &range, file->size);
		http_add_field(&reply, "Content-Range", part);
	}
	disposition(name, sizeof(name), job->output_name);
	content_type(type, sizeof(type), job->output_type);
	add_fields(&reply, type, name, tag);
	http_reply(request, &reply);
}

void server_output(struct visit *visit)
{
	struct storage_file file;
	struct job job;
	int rc;

	if (load(visit, &job) != 0)
		return;
	if (!job_has_ended(&job)) {
		if (behind_end(visit, job.id))
			return;
		reply_status(visit, 409, "The job is not ready yet.");
		return;
	}
	if (job.state != JOB_READY) {
		reply_status(visit, 409, "The job ended without a file.");
		return;
	}
	if (job.output_name.len == 0) {
		reply_status(visit, 404, "Jobs of this kind make no file.");
		return;
	}
	if (job.expires_ms != 0 && job.expires_ms <= clock_wall_ms()) {
		reply_status(visit, 410, "The file is kept no longer.");
		return;
	}
	rc = storage_open(visit->server, &job, "/output", &file);
	if (rc == 0 && file.size != job.output_size) {
		storage_close(&file);
		reply_status(visit, 500,
			     "The file is not what it was when it was made.");
	} else if (rc == 0) {
		send_file(visit, &job, &file);
	} else if (rc == -ENOENT) {
		reply_status(visit, 410, "The file is gone.");
	} else {
		storage_error(visit, rc);
	}
}

/* ---- the log ---- */

/* The end of the file, from malloc; its length, or a negative errno. */
static ssize_t read_tail(const struct storage_file *file, uint64_t lines,
			 char **body)
{
	uint64_t size = file->size;
	uint64_t from = size > LOG_BYTES_MAX ? size - LOG_BYTES_MAX : 0;
	size_t room = (size_t)(size - from);
	struct text last;
	ssize_t got;

	*body = malloc(room + 1);
	if (*body == NULL)
		return -ENOMEM;
	got = storage_read(file, from, *body, room);
	if (got < 0)
		return got;
	last = text_last_lines((struct text){ *body, (size_t)got }, lines);
	memmove(*body, last.at, last.len);
	return (ssize_t)last.len;
}

void server_log(struct visit *visit)
{
	struct http_reply reply = { .status = 200, .bytes = HTTP_BYTES_TAKE };
	uint64_t lines = TAIL_LINES_DEFAULT;
	struct text text;
	struct job job;
	char *body = NULL;
	struct storage_file file;
	ssize_t len = 0;
	int rc;

	if (http_query(visit->request, "tail", &text) &&
	    !text_to_u64(text, TAIL_LINES_MAX, &lines)) {
		reply_status(visit, 400, "tail is a number up to 100000.");
		return;
	}
	if (load(visit, &job) != 0)
		return;
	rc = job.held != 0 ? storage_open(visit->server, &job, "/log", &file)
			   : -ENOENT;
	if (rc == 0) {
		len = read_tail(&file, lines, &body);
		storage_close(&file);
	} else if (rc != -ENOENT) {
		len = rc;
	}
	if (len < 0) {
		free(body);
		storage_error(visit, (int)len);
		return;
	}
	if (body == NULL)
		reply.bytes = HTTP_BYTES_STATIC;
	reply.body = (struct text){ body != NULL ? body : "", (size_t)len };
	http_add_field(&reply, "Content-Type", "text/plain; charset=utf-8");
	http_add_field(&reply, "Cache-Control", "private, no-store");
	http_add_field(&reply, "X-Content-Type-Options", "nosniff");
	http_reply(visit->request, &reply);
}
