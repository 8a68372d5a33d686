/* strays - what a node left running that was killed whole.
 *
 * Guardian, supervisor and worker each end what the others started, but nobody
 * is left to when all of them are killed at one moment.  Then its control
 * groups tell the next start what to kill; where there are none, this does, by
 * what stands in the environment of each process.  One that was started
 * with another by them is not found.
 */
#ifndef HOLDFAST_IO_STRAYS_H
#define HOLDFAST_IO_STRAYS_H

#include <stdint.h>

/* Kills every process but this one that was started with a variable that
 * begins as ENTRY does ("NAME=…", not empty), and waits until none is left.
 * Those of other namespaces of processes, containers that is, are spared.  How
 * many there were, -ETIMEDOUT when one would not die within BUDGET_MS, or
 * another negative errno.
 */
int strays_end(const char *entry, int64_t budget_ms);

#endif
