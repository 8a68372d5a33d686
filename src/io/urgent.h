/* urgent - a process that must run when it is due, however busy the machine.
 *
 * As far as it may: what is not allowed is left (LEASE T14).
 */
#ifndef HOLDFAST_IO_URGENT_H
#define HOLDFAST_IO_URGENT_H

/* Puts this process before others, and lets it lock its memory; to be called
 * before it becomes another user.
 */
void urgent_raise(void);
/* Undoes that, for what is forked from such a process and is not urgent. */
void urgent_relax(void);

/* Keeps every page of this process in memory from its first use on, where
 * nothing bounds that.
 */
void urgent_lock(void);

#endif
