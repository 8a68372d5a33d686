/* giveback - the last act of whoever is left of a node: its lease.
 *
 * When all of the node is proven dead, others need not wait for the lease to
 * run out: a lease role of its own shows that, under another number, and goes.
 * Where storage does not answer within the budget, they wait.
 */
#ifndef HOLDFAST_ROLES_GIVEBACK_H
#define HOLDFAST_ROLES_GIVEBACK_H

#include "roles/heritage.h"

struct loop;

/* To be called by guardian or supervisor, all else being proven dead.  Does
 * nothing on a node without a cluster, or when nothing is held any more.
 */
void giveback(struct heritage *heritage, struct loop *loop);

#endif
