#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "io/http_inside.h"

struct http_answer {
	unsigned status;
	struct MHD_Response *response;
};

static struct MHD_Response *from_bytes(struct text body,
				       enum MHD_ResponseMemoryMode mode)
{
	void *at = NULL;

	/* The library does not write to it. */
	memcpy(&at, &body.at, sizeof(at));
	return MHD_create_response_from_buffer(body.len, at, mode);
}

static struct MHD_Response *make(const struct http_reply *reply)
{
	struct MHD_Response *response;

	switch (reply->bytes) {
	case HTTP_BYTES_STATIC:
		return from_bytes(reply->body, MHD_RESPMEM_PERSISTENT);
	case HTTP_BYTES_TAKE:
		response = from_bytes(reply->body, MHD_RESPMEM_MUST_FREE);
		if (response == NULL) {
			void *at;

			memcpy(&at, &reply->body.at, sizeof(at));
			free(at);
		}
		return response;
	case HTTP_BYTES_FILE:
		response = MHD_create_response_from_fd_at_offset64(
			reply->len, reply->fd, reply->offset);
		if (response == NULL)
			close(reply->fd);
		return response;
	default:
		return from_bytes(reply->body,
				  reply->body.len > 0 ? MHD_RESPMEM_MUST_COPY
						      : MHD_RESPMEM_PERSISTENT);
	}
}

/* With the header fields of REPLY. */
static struct MHD_Response *complete(struct MHD_Response *response,
				     const struct http_reply *reply)
{
	if (response == NULL)
		return NULL;
	for (size_t i = 0; i < reply->fields_count; i++) {
		const struct http_field *field = &reply->fields[i];

		if (field->value[0] != '\0' &&
		    MHD_add_response_header(response, field->name,
					    field->value) != MHD_YES) {
			MHD_destroy_response(response);
			return NULL;
		}
	}
	return response;
}

void http_add_field(struct http_reply *reply, const char *name,
		    const char *value)
{
	if (reply->fields_count == HTTP_FIELDS_MAX)
		abort();
	reply->fields[reply->fields_count++] =
		(struct http_field){ name, value };
}

struct http_answer *http_answer_new(const struct http_reply *reply)
{
	struct http_answer *answer = malloc(sizeof(*answer));

	if (answer == NULL)
		return NULL;
	answer->status = reply->status;
	answer->response = complete(make(reply), reply);
	if (answer->response == NULL) {
		free(answer);
		return NULL;
	}
	return answer;
}

void http_answer_free(struct http_answer *answer)
{
	if (answer == NULL)
		return;
	MHD_destroy_response(answer->response);
	free(answer);
}

static void queue(struct http_request *request, unsigned status,
		  struct MHD_Response *response)
{
	struct inner *inner = (struct inner *)request;

	inner->answered = true;
	if (response == NULL ||
	    MHD_queue_response(inner->mhd, status, response) != MHD_YES)
		inner->failed = true;
}

void http_send(struct http_request *request, const struct http_answer *answer)
{
	queue(request, answer->status, answer->response);
}

void http_reply(struct http_request *request, const struct http_reply *reply)
{
	struct inner *inner = (struct inner *)request;
	struct MHD_Response *response = complete(
		reply->bytes == HTTP_BYTES_STREAM ? http_stream(inner, reply)
						  : make(reply),
		reply);

	if (reply->bytes == HTTP_BYTES_FILE && response != NULL) {
		inner->sends_file = true;
		inner->http->files++;
	}
	queue(request, reply->status, response);
	if (response != NULL)
		MHD_destroy_response(response);
}
