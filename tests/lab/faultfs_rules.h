/* faultfs_rules - what goes wrong in a faultfs, and who says so.
 *
 * Commands come over a Unix socket, one a connection:
 *
 *   set OPS ACTION ARG [PATTERN]   a rule; the youngest that fits is applied
 *   clear                          no rules; what hangs goes on, and is done
 *   rate KBS                       so many kB a second are moved, 0: any
 *   counts                         "NAME calls faulty" of each, what hangs,
 *                                  and "moved" bytes: of the lease file read
 *                                  and written, of all else likewise
 *
 *   OPS      all, or of read,write,sync,open,name,stat some
 *   PATTERN  of the path below the mount, as /lease*; without: any
 *   ACTION   delay MS     done after MS
 *            fail ERRNO   not done
 *            hang 0       not answered before "clear"; not even KILL gets the
 *                         caller out of it, as out of a stuck disk
 *            torn BYTES   of a write the first BYTES are done, then EIO
 *            late MS      of a write: EIO at once, done MS later all the same,
 *                         0: at "clear"
 *            lost 0       a write or sync is not done and said to be
 *            stale 0      a read shows what was at the first such read
 *
 * and are answered "ok", the counts, or "what?".
 */
#ifndef HOLDFAST_TESTS_LAB_FAULTFS_RULES_H
#define HOLDFAST_TESTS_LAB_FAULTFS_RULES_H

#define RULE_PATTERN_SIZE 128

enum op { OP_READ, OP_WRITE, OP_SYNC, OP_OPEN, OP_NAME, OP_STAT, OP_MAX };
enum action { NOTHING, DELAY, FAIL, HANG, TORN, LATE, LOST, STALE, ACTION_MAX };

struct rule {
	unsigned ops; /* a bit each */
	enum action action;
	long arg;
	char pattern[RULE_PATTERN_SIZE]; /* empty: any */
};

/* The rule for a call.  DELAY and HANG are over when it returns, and then it
 * says NOTHING.
 */
struct rule rules_meet(enum op op, const char *path);

/* BYTES of PATH were read, or written by OP; takes the time that takes. */
void rules_moved(enum op op, const char *path, long bytes);

void rules_wait_ms(long ms);
/* How many clears there were; waits for the next one after BEFORE of them. */
unsigned long rules_clears(void);
void rules_wait_clear(unsigned long before);

/* Serves CONTROL from a thread of its own.  0, or -1 with errno set. */
int rules_serve(const char *control);

#endif
