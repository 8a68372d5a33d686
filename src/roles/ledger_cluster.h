/* ledger_cluster - the ledger as one of several: follows the journals of the
 * others, promises epochs, leads when it may.
 *
 * What others wrote counts up to the end they show; what an ended generation
 * wrote behind that counts only once the leader has written it again, under a
 * token of its own.  Once a newer epoch is promised nothing more of them counts
 * before its leader was read: who led until then may not know that it was
 * counted dead.  What we wrote counts when the sync returned while the lease
 * held.  Everything else follows from the registers:
 *
 *	leader	assigns, to a member that offers the unit, by name and
 *		generation; under a new epoch, what was assigned and not
 *		accepted is void
 *	node	accepts what names it and its generation under no epoch older
 *		than promised; runs it when that is durable; releases it when
 *		all of it is proven dead
 *	leader	takes back what an ended generation held, after its journal
 *		was read to the physical end
 *
 * The board (io/board_cluster.h) carries what lease and journal role tell each
 * other.
 */
#ifndef HOLDFAST_ROLES_LEDGER_CLUSTER_H
#define HOLDFAST_ROLES_LEDGER_CLUSTER_H

#include "roles/ledger.h"

/* Reads what others wrote, in a batch; before ledger_turn. */
void ledger_follow(struct ledger *ledger, struct ledger_now now);

/* Promises, stands, begins to lead, or gives it up; after ledger_commit.  When
 * ledger->open is false afterwards the generation is over, and with it all it
 * held: open again.
 */
void ledger_cluster_turn(struct ledger *ledger, struct ledger_now now);

/* Its own directory failed the role before this one, and may fail it, too: for
 * a while it leaves it to others to lead.
 */
void ledger_begin_aside(struct ledger *ledger, struct ledger_now now);

/* When it has something to do without being asked, on the clock of NOW.ms. */
int64_t ledger_cluster_deadline(const struct ledger *ledger,
				struct ledger_now now);

/* May messages be taken?  In a cluster only with a lease, and when a leader has
 * read what ended generations left, ours and those of others: it may hold what
 * was answered, and is to be overtaken.  For a moment they also wait for
 * whoever leads under the epoch promised last.  Outcomes wait with the rest;
 * whoever sent one says it again.  Who asks has a deadline of its own.
 */
bool ledger_may_take(struct ledger *ledger);

/* May what this node holds run, and what it writes count, at this moment? */
bool ledger_holds(const struct ledger *ledger);

#endif
