/* The page and its parts. */
#define _GNU_SOURCE
#include "core/etag.h"
#include "io/assets.h"
#include "roles/server_reply.h"

void server_asset(struct visit *visit)
{
	const struct asset *asset = assets_find(visit->route.about);
	struct http_reply reply = { .status = 200, .bytes = HTTP_BYTES_STATIC };

	if (asset == NULL) {
		reply_status(visit, 404, "There is nothing of that name.");
		return;
	}
	if (etag_is_listed(http_field(visit->request, "If-None-Match"),
			   text_of(asset->etag)))
		reply.status = 304;
	else
		reply.body =
			(struct text){ (const char *)asset->data, asset->len };
	http_add_field(&reply, "Content-Type", asset->type);
	http_add_field(&reply, "ETag", asset->etag);
	http_add_field(&reply, "Cache-Control", ASSETS_CACHE_CONTROL);
	http_add_field(&reply, "Content-Security-Policy", ASSETS_CSP);
	http_add_field(&reply, "X-Content-Type-Options", "nosniff");
	http_add_field(&reply, "Referrer-Policy", "no-referrer");
	http_reply(visit->request, &reply);
}
