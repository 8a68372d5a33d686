/* watchdog - the machine's own, which resets it when nobody pings in time.
 *
 * Armed from watchdog_open on, and by whatever happens to us; only who writes
 * the word for it, and then closes, disarms it (LEASE K4).
 */
#ifndef HOLDFAST_IO_WATCHDOG_H
#define HOLDFAST_IO_WATCHDOG_H

#include <stdbool.h>

/* Opens and arms the device PATH, to reset the machine SECONDS after a ping,
 * no later.  The descriptor or a negative errno (logged); it is disarmed then.
 */
int watchdog_open(const char *path, int seconds);
void watchdog_ping(int fd);
/* Has it disarmed once all who have it are gone. */
void watchdog_disarm(int fd);

#endif
