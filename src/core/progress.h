/* progress - what a command says while it runs.
 *
 * Pure.  Two forms: a line `PERCENT [MESSAGE]`, and a datagram of sd_notify,
 * `NAME=VALUE` lines.  Commands print all kinds of things; what is not
 * progress is no error, it is left aside.
 */
#ifndef HOLDFAST_CORE_PROGRESS_H
#define HOLDFAST_CORE_PROGRESS_H

#include "core/text.h"

#define PROGRESS_WHOLE 10000 /* hundredths of a percent */

struct progress {
	int32_t percent;     /* hundredths, 0 to PROGRESS_WHOLE */
	struct text message; /* as it was said, empty if none; see tidy.h */
};

/* Reads "42", "42.5 copying", " 42% copying".  False when LINE is nothing of
 * the kind, or above 100.
 */
bool progress_parse(struct text line, struct progress *progress);

/* What one datagram said; texts are borrowed from it. */
struct notice {
	bool ready;	   /* READY=1 */
	bool watchdog;	   /* WATCHDOG=1 */
	bool failing;	   /* WATCHDOG=trigger */
	bool stopping;	   /* STOPPING=1 */
	bool has_progress; /* X_HOLDFAST_PROGRESS= */
	bool has_status;   /* STATUS= */
	bool has_address;  /* X_HOLDFAST_ADDRESS= */
	struct progress progress;
	struct text status;
	struct text address;
};

/* Of a name given twice the last one counts. */
void notice_parse(struct text datagram, struct notice *notice);

#endif
