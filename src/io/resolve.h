/* resolve - looks up the "dns:NAME[:PORT]" entries of a list, again and again,
 * without ever making its caller wait.
 *
 * getaddrinfo() waits for as long as servers of names do.  So a child process
 * looks up and writes what it finds to a pipe; it is killed when it takes
 * longer than RESOLVE_TIMEOUT_MS, and the next one begins behind the entry that
 * kept it waiting.  An entry that can't be looked up is told as such: its
 * addresses of before are the best there are.
 */
#ifndef HOLDFAST_IO_RESOLVE_H
#define HOLDFAST_IO_RESOLVE_H

#include <netdb.h>
#include <sys/types.h>

#include "core/config.h"
#include "core/endpoint.h"

#define RESOLVE_ADDRESSES_MAX 64 /* of one entry */
#define RESOLVE_TIMEOUT_MS    20000

typedef int resolve_fn(const char *name, const char *port,
		       const struct addrinfo *hints, struct addrinfo **found);

/* What is known of one entry. */
struct resolve_answer {
	uint32_t entry; /* its index in the list */
	int error;	/* 0, or what gai_strerror explains */
	uint32_t count;
	struct endpoint to[RESOLVE_ADDRESSES_MAX];
};

struct resolve {
	const struct strings *list;
	uint16_t port;	  /* of entries without one */
	resolve_fn *look; /* getaddrinfo */
	int fd;		  /* readable: call resolve_next; -1 = no child */
	pid_t pid;	  /* 0 = none, or waited for */
	int64_t deadline_ms;
	uint32_t first; /* the entry behind the latest answer */
	struct resolve_answer answer;
	size_t got; /* bytes of the answer that have come */
};

/* Remembers LIST, which must outlive RESOLVE. */
void resolve_init(struct resolve *resolve, const struct strings *list,
		  uint16_t port);

/* Has the list anything to look up? */
bool resolve_is_needed(const struct resolve *resolve);

/* Starts a child.  0; -EALREADY when one is there yet; or another negative
 * errno.
 */
int resolve_start(struct resolve *resolve, int64_t now_ms);

/* The next answer, NULL when there is none yet; valid until the next call.
 * When the last was taken FD is closed, -1.
 */
const struct resolve_answer *resolve_next(struct resolve *resolve);

/* Kills the child that is too late, waits for the one that has ended. */
void resolve_turn(struct resolve *resolve, int64_t now_ms);

/* Kills the child, if any. */
void resolve_close(struct resolve *resolve);

#endif
