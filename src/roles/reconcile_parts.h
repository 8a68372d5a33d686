/* reconcile_parts - what the files of reconcile share among themselves. */
#ifndef HOLDFAST_ROLES_RECONCILE_PARTS_H
#define HOLDFAST_ROLES_RECONCILE_PARTS_H

#include "roles/reconcile.h"

/* reconcile.c */

/* The first slot from SLOT on that may be in use, BOARD_HOLDINGS_MAX after the
 * last.
 */
unsigned reconcile_slot_from(const struct reconcile *reconcile, unsigned slot);
struct holding *reconcile_holding(struct reconcile *reconcile, unsigned slot);
void reconcile_show(struct reconcile *reconcile, unsigned slot,
		    enum phase phase);

/* reconcile_stop.c */

void reconcile_kill_group(struct reconcile *reconcile, unsigned slot);
/* Tells it to stop, once. */
void reconcile_tell(struct reconcile *reconcile, unsigned slot);
void reconcile_kill(struct reconcile *reconcile, unsigned slot);

/* reconcile_proof.c */

/* Those that ended by themselves left nothing; for the others, kills what came
 * to us until nothing does.
 */
void reconcile_clear_ended(struct reconcile *reconcile);

#endif
