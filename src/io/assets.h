/* assets - the page, compiled into the binary.
 *
 * Plain files of src/web, served as they are.  The page asks for everything
 * by relative URL, so that it works below any http.base.
 */
#ifndef HOLDFAST_IO_ASSETS_H
#define HOLDFAST_IO_ASSETS_H

#include "core/text.h"

/* To be sent with every asset: the page needs nothing inline and nothing from
 * any other host.
 */
#define ASSETS_CSP                                                  \
	"default-src 'none'; script-src 'self'; style-src 'self'; " \
	"img-src 'self'; connect-src 'self'; form-action 'self'; "  \
	"base-uri 'none'; frame-ancestors 'none'"
/* As is this: each is small, and a new binary must show at once. */
#define ASSETS_CACHE_CONTROL "no-cache"

struct asset {
	const char *name; /* "app.js" */
	const char *type; /* of the content */
	const char *etag; /* strong, with its quotes */
	const unsigned char *data;
	size_t len; /* bytes */
};

/* The asset of that NAME, which has no slash; the empty name is the page
 * itself.  NULL if there is none.
 */
const struct asset *assets_find(struct text name);

#endif
