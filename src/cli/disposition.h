/* disposition - the file name a Content-Disposition proposes. */
#ifndef HOLDFAST_CLI_DISPOSITION_H
#define HOLDFAST_CLI_DISPOSITION_H

#include "core/text.h"

/* Reads filename*=UTF-8''… or else filename=….  Only a plain name is taken:
 * what is before the last slash or backslash is dropped, control characters
 * and a leading dot are refused.  False when nothing usable is left.
 */
bool disposition_name(struct text header, char *buf, size_t cap);

#endif
