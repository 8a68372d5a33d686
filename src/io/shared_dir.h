/* shared_dir - the shared storage as a directory.
 *
 *	SHARED/lock			OFD lock of the one node that uses it
 *	SHARED/journal/NODE/NUMBER	a segment, ten digits
 *	SHARED/journal/NODE/NUMBER.damaged
 *					set aside, for a person to look at
 *
 * Whatever can't be done is said in the log, once, with the path.  SHARED
 * itself is never made here: a missing mount point must not be papered over.
 */
#ifndef HOLDFAST_IO_SHARED_DIR_H
#define HOLDFAST_IO_SHARED_DIR_H

#include <limits.h>
#include <stdbool.h>

#include "io/shared.h"

struct shared_dir {
	struct shared shared; /* what journal_init takes */
	char path[PATH_MAX];  /* SHARED/journal/NODE, for the log */
	char node[256];	      /* the own one */
	int journal;	      /* descriptor of SHARED/journal */
	int own;	      /* descriptor of SHARED/journal/NODE */
	int segment;	      /* descriptor of the current segment, or -1 */
	uint32_t number;      /* of the current segment */
	uint64_t size;	      /* bytes of the current segment */
	bool refresh;	      /* before the next read */
	int reader;	      /* descriptor of the segment read last, or -1 */
	uint32_t reader_number;
	char reader_node[256];
	int told;	/* the failure told last */
	int told_other; /* the same, of other nodes' journals */
};

/* Opens SHARED (PATH) for NODE and makes the directories below it.  0 or a
 * negative errno, said in the log unless it is TOLD, what an earlier try gave.
 */
int shared_dir_open(struct shared_dir *dir, const char *path, const char *node,
		    int told);
/* Accepts a half-opened one. */
void shared_dir_close(struct shared_dir *dir);

/* Takes the lock of the directory for this node.  The descriptor, which holds
 * the lock until every copy of it is closed, or a negative errno: -EAGAIN
 * when another node has it, named in the log; TOLD as above.
 */
int shared_dir_lock(const char *path, const char *node, int told);

#endif
