/* etag - is what the client has still what we have?
 *
 * Pure.  Source: RFC 9110 sections 8.8.3 and 13.1.  Tags of ours are strong
 * and carry their quotes.
 */
#ifndef HOLDFAST_CORE_ETAG_H
#define HOLDFAST_CORE_ETAG_H

#include "core/text.h"

/* Does If-None-Match, the list FIELD, name TAG?  "*" names every tag.  The
 * comparison is weak: W/"x" names "x".
 */
bool etag_is_listed(struct text field, struct text tag);

/* Does If-Range allow a part of what TAG names?  The comparison is strong; a
 * date never matches, since we give none.  An empty field allows it.
 */
bool etag_allows_range(struct text field, struct text tag);

#endif
