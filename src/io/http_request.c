#define _GNU_SOURCE
#include <stdlib.h>

#include "io/http_inside.h"

#define BODY_FIRST_BYTES 1024
/* A body too large is read to its end up to this length: who is refused while
 * it still sends is cut off by its own kernel before it reads why.
 */
#define BODY_DISCARD_MAX (16u << 20)

static struct inner *inner_of(struct http_request *request)
{
	return (struct inner *)request;
}

static struct text field_of(struct MHD_Connection *mhd, const char *name)
{
	struct text value = { 0 };

	if (MHD_lookup_connection_value_n(mhd, MHD_HEADER_KIND, name,
					  strlen(name), &value.at,
					  &value.len) != MHD_YES)
		value = (struct text){ 0 };
	return value;
}

/* ---- refusals of our own, before a handler sees anything ---- */

static enum MHD_Result refuse(struct inner *inner, unsigned status,
			      const char *document)
{
	struct http_reply reply = { .status = status,
				    .bytes = HTTP_BYTES_STATIC,
				    .body = text_of(document) };

	http_add_field(&reply, "Content-Type", "application/problem+json");
	http_add_field(&reply, "Connection", "close");
	http_reply(&inner->request, &reply);
	return inner->failed ? MHD_NO : MHD_YES;
}

#define DOCUMENT(STATUS, TITLE, DETAIL)                   \
	"{\"status\":" STATUS ",\"title\":\"" TITLE "\"," \
	"\"detail\":\"" DETAIL "\"}"

static enum MHD_Result refuse_framing(struct inner *inner)
{
	return refuse(inner, 400,
		      DOCUMENT("400", "Bad Request",
			       "It is not clear where the request ends."));
}

static enum MHD_Result refuse_size(struct inner *inner)
{
	return refuse(inner, 413,
		      DOCUMENT("413", "Content Too Large",
			       "The body is longer than http.max-body."));
}

/* Is a body of BYTES worth reading only to throw it away?  Not when its sender
 * asked first, and waits.
 */
static bool is_discarded(struct MHD_Connection *mhd, uint64_t bytes)
{
	return bytes <= BODY_DISCARD_MAX && field_of(mhd, "Expect").len == 0;
}

static enum MHD_Result count_lengths(void *cls, enum MHD_ValueKind kind,
				     const char *name, size_t name_len,
				     const char *value, size_t value_len)
{
	unsigned *counts = cls;

	(void)kind;
	(void)value;
	(void)value_len;
	if (name_len == 14 && strcasecmp(name, "Content-Length") == 0)
		counts[0]++;
	if (name_len == 17 && strcasecmp(name, "Transfer-Encoding") == 0)
		counts[1]++;
	return MHD_YES;
}

/* A request that two readers could frame differently smuggles another one
 * past a proxy: RFC 9112 section 6.
 */
static bool is_framed_well(struct MHD_Connection *mhd)
{
	unsigned counts[2] = { 0, 0 };
	struct text encoding = field_of(mhd, "Transfer-Encoding");

	MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, count_lengths,
				    counts);
	if (counts[0] + counts[1] > 1)
		return false;
	return counts[1] == 0 ||
	       (encoding.at != NULL && strcasecmp(encoding.at, "chunked") == 0);
}

/* ---- what the library calls ---- */

static enum MHD_Result begin(struct http *http, struct MHD_Connection *mhd,
			     const char *url, const char *method,
			     void **context)
{
	const union MHD_ConnectionInfo *info;
	struct inner *inner;
	struct text length;
	uint64_t bytes = 0;

	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	if (info->socket_context == NULL)
		return MHD_NO;
	inner = calloc(1, sizeof(*inner));
	if (inner == NULL)
		return MHD_NO;
	*context = inner;
	http->requests++;
	inner->mhd = mhd;
	inner->http = http;
	inner->connection = info->socket_context;
	inner->request.method = route_method(text_of(method));
	inner->request.path = text_of(url);
	inner->request.over_unix = inner->connection->over_unix;
	inner->request.peer_uid = inner->connection->peer_uid;
	if (!inner->request.over_unix) {
		info = MHD_get_connection_info(
			mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		inner->request.address = info->client_addr;
	}
	if (!is_framed_well(mhd))
		return refuse_framing(inner);
	length = field_of(mhd, "Content-Length");
	if (length.len > 0 && !text_to_u64(length, UINT64_MAX, &bytes))
		return refuse_size(inner);
	inner->too_large = bytes > http->setup.max_body;
	if (inner->too_large && !is_discarded(mhd, bytes))
		return refuse_size(inner);
	return MHD_YES;
}

static enum MHD_Result take_body(struct inner *inner, const char *data,
				 size_t *size)
{
	size_t len = inner->request.body.len;
	size_t wanted = len + *size;

	if (inner->too_large || wanted > inner->http->setup.max_body) {
		inner->too_large = true;
		*size = 0;
		return MHD_YES;
	}
	if (wanted > inner->body_cap) {
		size_t cap = inner->body_cap * 2;
		char *body;

		if (cap < BODY_FIRST_BYTES)
			cap = BODY_FIRST_BYTES;
		if (cap < wanted)
			cap = wanted;
		body = realloc(inner->body, cap);
		if (body == NULL)
			return MHD_NO;
		inner->body = body;
		inner->body_cap = cap;
	}
	memcpy(inner->body + len, data, *size);
	inner->request.body = (struct text){ inner->body, wanted };
	*size = 0;
	return MHD_YES;
}

enum MHD_Result http_on_access(void *cls, struct MHD_Connection *mhd,
			       const char *url, const char *method,
			       const char *version, const char *data,
			       size_t *size, void **context)
{
	struct http *http = cls;
	struct inner *inner = *context;

	(void)version;
	if (inner == NULL)
		return begin(http, mhd, url, method, context);
	if (*size > 0)
		return take_body(inner, data, size);
	if (!inner->complete) {
		inner->complete = true;
		connection_unlist(inner->connection);
		if (inner->too_large)
			return refuse_size(inner);
	}
	if (inner->answered)
		return MHD_YES;
	inner->held = false;
	http->setup.handle(http->setup.arg, &inner->request);
	return inner->failed ? MHD_NO : MHD_YES;
}

void http_on_end(void *cls, struct MHD_Connection *mhd, void **context,
		 enum MHD_RequestTerminationCode code)
{
	struct http *http = cls;
	struct inner *inner = *context;

	(void)mhd;
	(void)code;
	if (inner == NULL)
		return;
	*context = NULL;
	http->requests--;
	if (inner->sends_file)
		http->files--;
	http->setup.gone(http->setup.arg, &inner->request);
	/* The next request on it may begin. */
	connection_list(inner->connection);
	free(inner->body);
	free(inner);
}

/* ---- what handlers call ---- */

struct text http_field(const struct http_request *request, const char *name)
{
	return field_of(((const struct inner *)request)->mhd, name);
}

bool http_query(const struct http_request *request, const char *name,
		struct text *value)
{
	const struct inner *inner = (const struct inner *)request;

	*value = (struct text){ 0 };
	if (MHD_lookup_connection_value_n(inner->mhd, MHD_GET_ARGUMENT_KIND,
					  name, strlen(name), &value->at,
					  &value->len) != MHD_YES)
		return false;
	if (value->at == NULL)
		value->len = 0;
	return true;
}

void http_hold(struct http_request *request)
{
	struct inner *inner = inner_of(request);

	inner->held = true;
	MHD_suspend_connection(inner->mhd);
}

void http_wake(struct http_request *request)
{
	struct inner *inner = inner_of(request);

	if (!inner->held)
		return;
	inner->held = false;
	inner->http->woken = true;
	MHD_resume_connection(inner->mhd);
}
