#define _GNU_SOURCE
#include "io/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/client_wire.h"

#define CHUNK_LINE_MAX 128

/* One request on its way. */
struct exchange {
	struct client *client;
	const struct client_request *request;
	struct client_response *response;
	bool to_sink;
	bool keep;	 /* the connection may be used again */
	bool chunked;	 /* how the body ends … */
	bool until_end;	 /* … */
	uint64_t length; /* … bytes */
};

static int send_request(struct exchange *ex)
{
	const struct client_request *request = ex->request;
	char head[CLIENT_HEAD_MAX];
	char body[96] = "";
	int len;
	int rc;

	if (request->body.len > 0)
		snprintf(body, sizeof(body),
			 "Content-Type: application/json\r\n"
			 "Content-Length: %zu\r\n",
			 request->body.len);
	len = snprintf(head, sizeof(head),
		       "%s %s HTTP/1.1\r\nHost: holdfast\r\n%s%s\r\n",
		       request->method, request->target, body,
		       request->headers != NULL ? request->headers : "");
	if (len < 0 || (size_t)len >= sizeof(head))
		return -EMSGSIZE;
	rc = client_send(ex->client, head, (size_t)len, request->deadline_ms);
	if (rc != 0)
		return rc;
	return client_send(ex->client, request->body.at, request->body.len,
			   request->deadline_ms);
}

static int read_head(struct exchange *ex)
{
	struct client_response *response = ex->response;
	struct text line;
	uint64_t status;
	int rc;

	rc = client_line(ex->client, CLIENT_HEAD_MAX / 2,
			 ex->request->deadline_ms, &line);
	if (rc != 0)
		return rc;
	if (line.len < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 ||
	    !text_to_u64((struct text){ line.at + 9, 3 }, 999, &status))
		return -EPROTO;
	response->status = (int)status;
	ex->keep = line.at[7] == '1';
	response->head_len = 0;
	for (;;) {
		rc = client_line(ex->client, CLIENT_HEAD_MAX / 2,
				 ex->request->deadline_ms, &line);
		if (rc != 0)
			return rc;
		if (line.len == 0)
			return 0;
		if (response->head_len + line.len + 2 > CLIENT_HEAD_MAX)
			return -EMSGSIZE;
		memcpy(response->head + response->head_len, line.at, line.len);
		response->head_len += line.len;
		response->head[response->head_len++] = '\n';
		response->head[response->head_len] = '\0';
	}
}

struct text client_header(const struct client_response *response,
			  const char *name)
{
	size_t len = strlen(name);
	const char *at = response->head;
	const char *end = response->head + response->head_len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if ((size_t)(stop - at) > len && at[len] == ':' &&
		    strncasecmp(at, name, len) == 0) {
			const char *value = at + len + 1;

			while (value < stop &&
			       (*value == ' ' || *value == '\t'))
				value++;
			while (stop > value &&
			       (stop[-1] == ' ' || stop[-1] == '\t'))
				stop--;
			return (struct text){ value, (size_t)(stop - value) };
		}
		at = stop + 1;
	}
	return (struct text){ 0 };
}

/* Finds out how the body ends. */
static int frame_body(struct exchange *ex)
{
	const struct client_response *response = ex->response;
	struct text length = client_header(response, "Content-Length");
	struct text coding = client_header(response, "Transfer-Encoding");
	struct text connection = client_header(response, "Connection");

	if (connection.len == 5 && strncasecmp(connection.at, "close", 5) == 0)
		ex->keep = false;
	if (strcmp(ex->request->method, "HEAD") == 0 ||
	    response->status == 204 || response->status == 304) {
		ex->length = 0;
	} else if (coding.len > 0) {
		if (coding.len != 7 ||
		    strncasecmp(coding.at, "chunked", 7) != 0)
			return -EPROTO;
		ex->chunked = true;
	} else if (length.len > 0) {
		if (!text_to_u64(length, INT64_MAX, &ex->length))
			return -EPROTO;
	} else {
		ex->until_end = true;
		ex->keep = false;
	}
	return 0;
}

static int take(struct exchange *ex, const char *data, size_t len)
{
	struct client_response *response = ex->response;
	char *grown;

	if (ex->to_sink)
		return ex->request->sink->write(ex->request->sink->arg, data,
						len);
	if (len > CLIENT_BODY_MAX - response->body_len)
		return -EMSGSIZE;
	grown = realloc(response->body, response->body_len + len + 1);
	if (grown == NULL)
		return -ENOMEM;
	memcpy(grown + response->body_len, data, len);
	response->body = grown;
	response->body_len += len;
	grown[response->body_len] = '\0';
	return 0;
}

/* LENGTH bytes of body, or all up to the end of the connection. */
static int read_run(struct exchange *ex, uint64_t length, bool until_end)
{
	struct client *client = ex->client;

	while (length > 0 || until_end) {
		size_t len = client->end - client->start;
		int rc;

		if (len == 0) {
			ssize_t n =
				client_fill(client, ex->request->deadline_ms);

			if (n < 0)
				return (int)n;
			if (n == 0)
				return until_end ? 0 : -ECONNRESET;
			continue;
		}
		if (!until_end && len > length)
			len = (size_t)length;
		rc = take(ex, client->buf + client->start, len);
		if (rc != 0)
			return rc;
		client->start += len;
		if (!until_end)
			length -= len;
	}
	return 0;
}

static int chunk_length(struct text line, uint64_t *length)
{
	size_t digits = 0;

	*length = 0;
	for (; digits < line.len && line.at[digits] != ';'; digits++) {
		char c = line.at[digits];
		unsigned value;

		if (c >= '0' && c <= '9')
			value = (unsigned)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			value = (unsigned)((c | 32) - 'a') + 10;
		else
			return -EPROTO;
		if (digits >= 15)
			return -EPROTO;
		*length = *length << 4 | value;
	}
	return digits > 0 ? 0 : -EPROTO;
}

static int read_chunks(struct exchange *ex)
{
	int64_t deadline_ms = ex->request->deadline_ms;
	struct text line;
	uint64_t length = 0;
	int rc;

	do {
		rc = client_line(ex->client, CHUNK_LINE_MAX, deadline_ms,
				 &line);
		if (rc == 0)
			rc = chunk_length(line, &length);
		if (rc == 0)
			rc = read_run(ex, length, false);
		if (rc == 0 && length > 0)
			rc = client_line(ex->client, 0, deadline_ms, &line);
		if (rc != 0)
			return rc;
	} while (length > 0);
	do {
		rc = client_line(ex->client, CLIENT_HEAD_MAX, deadline_ms,
				 &line);
	} while (rc == 0 && line.len > 0);
	return rc;
}

static int read_response(struct exchange *ex)
{
	const struct client_sink *sink = ex->request->sink;
	int rc;

	do {
		rc = read_head(ex);
		if (rc != 0)
			return rc;
	} while (ex->response->status < 200);
	rc = frame_body(ex);
	ex->to_sink = sink != NULL && ex->response->status < 300;
	if (rc == 0 && ex->to_sink && sink->begin != NULL)
		rc = sink->begin(sink->arg, ex->response);
	if (rc != 0)
		return rc;
	if (!ex->to_sink) {
		rc = take(ex, "", 0); /* so that body is a string */
		if (rc != 0)
			return rc;
	}
	return ex->chunked ? read_chunks(ex)
			   : read_run(ex, ex->length, ex->until_end);
}

static int exchange_once(struct exchange *ex)
{
	struct client *client = ex->client;
	int rc = 0;

	if (client->fd == -1)
		rc = client_connect(client, ex->request->deadline_ms);
	if (rc == 0)
		rc = send_request(ex);
	if (rc == 0)
		rc = read_response(ex);
	if (rc != 0 || !ex->keep)
		client_close(client);
	else
		client->reused = true;
	return rc;
}

int client_do(struct client *client, const struct client_request *request,
	      struct client_response *response)
{
	struct exchange ex = { .client = client,
			       .request = request,
			       .response = response };
	bool reused = client->reused;
	bool safe = strcmp(request->method, "GET") == 0 ||
		    strcmp(request->method, "HEAD") == 0;
	int rc;

	*response = (struct client_response){ 0 };
	rc = exchange_once(&ex);
	if (rc == -ECONNRESET && reused && safe && response->status == 0) {
		client_response_free(response);
		rc = exchange_once(&ex);
	}
	return rc;
}

void client_response_free(struct client_response *response)
{
	free(response->body);
	*response = (struct client_response){ 0 };
}
