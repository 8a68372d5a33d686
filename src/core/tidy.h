/* tidy - makes a line of foreign bytes fit to be shown.
 *
 * Pure.  What a command prints may hold anything: colours, control
 * characters, half a character.  Users see none of it.
 */
#ifndef HOLDFAST_CORE_TIDY_H
#define HOLDFAST_CORE_TIDY_H

#include "core/text.h"

/* Copies LINE, terminated, into BUF of CAP bytes (CAP > 0): terminal escapes
 * left out, runs of blanks and control characters as one space, none at
 * either end, bytes that are not UTF-8 as U+FFFD; what does not fit is cut,
 * never inside a character.  Returns the bytes copied.
 */
size_t tidy_copy(struct text line, char *buf, size_t cap);

#endif
