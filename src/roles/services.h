/* services - what control makes of the configured services.
 *
 * Control owns the holdings below BOARD_LEADER_FIRST.  Each configured service
 * has one, by name, as long as it is configured; what should run is written
 * there, and what became of it is read from the board, so a control that takes
 * over from one that died changes nothing that runs.  Nothing here touches
 * shared storage.
 *
 * The goal of a service, shown on the board:
 *
 *   WAITING   what it starts after is not ready          -> UP
 *   UP        it runs, or is about to
 *             it ended as it may                         -> DONE
 *             it ended too often                         -> FAILED
 *   STOPPED   an operator said so                        -> UP by start
 *   DISABLED  the configuration or an operator said so   -> UP by enable
 *
 * A service waits for what it names in `after` to be ready; for one that is
 * stopped, disabled or done it does not wait.
 */
#ifndef HOLDFAST_ROLES_SERVICES_H
#define HOLDFAST_ROLES_SERVICES_H

#include "core/message.h"
#include "core/spec.h"
#include "io/view.h"
#include "roles/heritage.h"

#define SERVICES_MAX	      BOARD_LEADER_FIRST
#define SERVICES_NO_DEADLINE  INT64_MAX
#define SERVICES_LOSS_MS      100   /* after the second loss in a row, … */
#define SERVICES_LOSS_MAX_MS  10000 /* … doubling up to that */
#define SERVICES_STOP_LOOK_MS 200   /* between two looks while stopping */
/* How long the first start waits to hear what operators enabled and disabled:
 * that is in the journal, on shared storage. */
#define SERVICES_PATIENCE_MS 5000

struct service {
	const struct unit *unit; /* NULL: not configured */
	bool disabled;		 /* by an operator */
	bool enabled;		 /* by an operator */
	uint64_t digest;	 /* of its definition, 0 = not known */
	uint32_t losses;	 /* of its worker, in a row */
	int64_t not_before_ms;	 /* it is not started before */
};

struct services {
	struct heritage *heritage;
	struct board *board;
	const struct config *config;
	int work_dir;	     /* STATE/work */
	unsigned high;	     /* slots from there on have never been used */
	bool supervise;	     /* the supervisor has something to see */
	bool goals_changed;  /* in this turn */
	bool knows;	     /* what operators enabled and disabled */
	int64_t patience_ms; /* nothing is started before, unless it knows */
	struct service at[SERVICES_MAX];
	char words[SPEC_MAX];
	uint8_t spec[SPEC_MAX];
};

/* SERVICES is zeroed.  0 or a negative errno. */
int services_open(struct services *services, struct heritage *heritage,
		  const struct config *config);
/* CONFIG holds from now on: what is new starts, what is gone stops, what
 * changed is started again, the rest is not touched.
 */
void services_configure(struct services *services, const struct config *config,
			int64_t now_ms);
/* VIEW shows what operators enabled and disabled; once is enough. */
void services_learn(struct services *services, struct view *view);
/* Makes the holdings like what should run. */
void services_turn(struct services *services, int64_t now_ms);
/* When services_turn has something to do without being rung. */
int64_t services_deadline(const struct services *services, int64_t now_ms);

/* What an operator wants of the service NAME.  0, -ENOENT, or -EINVAL when it
 * can't be: a disabled one is not started.
 */
int services_act(struct services *services, struct text name,
		 enum message_action action, int64_t now_ms);

/* ---- what its files share ---- */

struct holding *services_holding(const struct services *services,
				 unsigned slot);
struct board_unit *services_shown(const struct services *services,
				  unsigned slot);
uint32_t services_goal(const struct services *services, unsigned slot);
void services_set_goal(struct services *services, unsigned slot,
		       enum goal goal);
/* May it run, as configuration and operators have it? */
bool services_is_enabled(const struct service *service);
/* Is NAME the one shown in SLOT? */
bool services_has_name(const struct services *services, unsigned slot,
		       const char *name);
/* The spec of UNIT under TOKEN, in services->spec; its length or a negative
 * errno.
 */
int services_build(struct services *services, const struct unit *unit,
		   uint64_t token);
/* What runs in SLOT is told to stop, or be killed; never less than it was. */
void services_want(struct services *services, unsigned slot,
		   enum wanted wanted);
/* The slot of the service NAME, or -1. */
int services_slot(const struct services *services, const char *name);
/* Is one of them alive that starts after NAME? */
bool services_has_dependent(const struct services *services, const char *name);
/* The node stops: the next in the order may go. */
void services_stop(struct services *services);
/* How long stopping all of them may take. */
int64_t services_stop_budget_ms(const struct services *services);
/* Does something run that is no service?  Looks only as far as there is. */
bool services_leader_works(const struct board *board);

#endif
