/* supervisor_parts - what the files of the supervisor share among themselves.
 */
#ifndef HOLDFAST_ROLES_SUPERVISOR_PARTS_H
#define HOLDFAST_ROLES_SUPERVISOR_PARTS_H

#include "io/loop.h"
#include "roles/crew.h"
#include "roles/deadline.h"
#include "roles/reconcile.h"

/* Of a stop, in this order. */
enum stage {
	STAGE_RUN,
	STAGE_WORK,    /* waiting for the work to stop */
	STAGE_FRONT,   /* http and control */
	STAGE_JOURNAL, /* after them, since they tell it how they ended */
	STAGE_LEASE,   /* after that, so that it shows all of the journal */
	STAGE_BEAT,    /* heartbeat, last, since it tells the others of it */
	STAGE_DONE,
};

struct supervisor {
	struct heritage *heritage;
	struct board *board;
	struct loop loop;
	struct crew crew;
	struct reconcile work;
	struct deadline deadline;
	enum stage stage;
	int64_t stage_ms;    /* when the stage began */
	int64_t deadline_ms; /* of the stage */
	int64_t say_ms;	     /* what is waited for is named next */
	uint32_t stopping;   /* the board's, as last acted upon */
	bool guardian_gone;
};

/* One turn of an orderly stop, if there is one: supervisor_stop.c. */
void supervisor_stop(struct supervisor *supervisor, int64_t now_ms);

#endif
