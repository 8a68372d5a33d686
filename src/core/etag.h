/* etag - is what the client has still what we have?
 *
 * Pure.  Source: RFC 9110 sections 8.8.3 and 13.1.  Tags of ours are strong
 * and carry their quotes.
 */
#ifndef HOLDFAST_CORE_ETAG_H
#define HOLDFAST_CORE_ETAG_H

#include "core/version.h"

/* Does If-None-Match, the list FIELD, name TAG?  "*" names every tag.  The
 * comparison is weak: W/"x" names "x".
 */
bool etag_is_listed(struct text field, struct text tag);

/* Does If-Range allow a part of what TAG names?  The comparison is strong; a
 * date never matches, since we give none.  An empty field allows it.
 */
bool etag_allows_range(struct text field, struct text tag);

/* The tag of a version is "TOKEN.STEP", or "TOKEN.STEP-stale" of what is served
 * as stale.  TAG has ETAG_VERSION_MAX bytes, quotes and terminator included.
 */
#define ETAG_VERSION_MAX (VERSION_TEXT_MAX + 8)
void etag_of_version(char *tag, struct version version, bool stale);
/* The highest version that FIELD lists; false when it lists none. */
bool etag_highest(struct text field, struct version *version);

#endif
