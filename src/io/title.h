/* title - what `ps` calls a process.
 *
 * Overwrites the arguments it was started with; the environment behind them
 * is moved away first.
 */
#ifndef HOLDFAST_IO_TITLE_H
#define HOLDFAST_IO_TITLE_H

/* Once, before the first fork.  Where it can't be done, title_set sets the
 * short name alone.
 */
void title_open(void);

/* "holdfast: ROLE" is the long name, "hf-ROLE" the short one (comm, cut to 15
 * bytes).
 */
void title_set(const char *role);

#endif
