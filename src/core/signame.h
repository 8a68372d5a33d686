/* signame - signals by name, with or without "SIG".
 *
 * Pure.  Real-time signals have no name here.
 */
#ifndef HOLDFAST_CORE_SIGNAME_H
#define HOLDFAST_CORE_SIGNAME_H

#include "core/text.h"

/* The number of "TERM" or "SIGTERM", 0 if there is no such signal. */
int signame_parse(struct text name);
/* "TERM"; NULL if it has no name. */
const char *signame_of(int number);
/* The nearest name, the empty text when none is near. */
struct text signame_nearest(struct text name);

#endif
