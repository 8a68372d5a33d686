/* ledger_singles - the part of the ledger that decides about singletons, and
 * what its files share with the others of the ledger.
 */
#ifndef HOLDFAST_ROLES_LEDGER_SINGLES_H
#define HOLDFAST_ROLES_LEDGER_SINGLES_H

#include "roles/ledger.h"

/* ledger_singles.c */

bool ledger_single_is_enabled(const struct ledger_single *single);
bool ledger_single_is_timed(const struct ledger_single *single);
/* Is the node stopping or draining? */
bool ledger_is_leaving(const struct ledger *ledger);
bool ledger_single_may_run(const struct ledger *ledger,
			   const struct ledger_single *single);
/* Keeps NEXT; 0 or a negative errno. */
int ledger_single_keep(struct ledger *ledger, struct ledger_single *single,
		       const struct single *next);
/* SLOT_MS is the time it is for, 0 = none. */
void ledger_single_assign(struct ledger *ledger, struct ledger_single *single,
			  int64_t slot_ms, struct ledger_now now);
/* Decides about all of them. */
void ledger_singles_turn(struct ledger *ledger, struct ledger_now now);
/* When that has something to do without being asked, on the clock of NOW.ms. */
int64_t ledger_singles_deadline(const struct ledger *ledger,
				struct ledger_now now);
/* Nodes, or what they offer, have changed: look at all. */
void ledger_singles_wake(struct ledger *ledger);

/* ledger_singles_board.c */

/* After the commit: GIVEN gets its holding.  False: try again later. */
bool ledger_single_publish(struct ledger *ledger,
			   const struct ledger_given *given);
/* Of the definition UNIT, 0 when it can't be run. */
uint64_t ledger_single_digest(struct ledger *ledger, const struct unit *unit);
/* What the board shall want of its holding. */
enum wanted ledger_single_wanted(const struct ledger *ledger,
				 const struct ledger_single *single);
/* Shows it on the board. */
void ledger_single_show(struct ledger *ledger,
			const struct ledger_single *single,
			struct ledger_now now);

/* ledger_singles_config.c */

/* At the start: what they are, from the board, the configuration and the
 * registers.  0 or a negative errno.
 */
int ledger_singles_open(struct ledger *ledger);
/* CONFIG holds from now on.  0 or a negative errno: what is kept of one of them
 * can't be read.
 */
int ledger_singles_configure(struct ledger *ledger,
			     const struct config *config);
/* What only others can run is decided by UNIT, which is the ledger's from now
 * on.  Its place in the table, or NULL.
 */
struct ledger_single *ledger_single_borrow(struct ledger *ledger,
					   struct unit *unit, uint64_t digest);
/* Operators' wishes for the singleton NAME have changed; 0 or -errno. */
int ledger_single_hear(struct ledger *ledger, struct text name);
/* What a definition that is gone left holds no more.  0 or a negative errno. */
int ledger_single_forget(struct ledger *ledger, struct ledger_single *single);
/* The one of that name, or NULL. */
struct ledger_single *ledger_single_find(struct ledger *ledger,
					 struct text name);
/* The one that has TOKEN, or NULL. */
struct ledger_single *ledger_single_of(struct ledger *ledger, uint64_t token);

/* ledger_singles_act.c */

/* An operator wants, or no longer wants, a run that has not begun.  0 or a
 * negative errno.
 */
int ledger_single_ask(struct ledger *ledger, struct ledger_single *single,
		      bool asked);
/* 0, -ENOENT, -EINVAL when it can't be: a disabled one is not started; -EBUSY
 * where there is nothing to hand over.
 */
int ledger_single_act(struct ledger *ledger, const struct message *message,
		      struct ledger_now now);

/* ledger_singles_end.c */

/* Is MESSAGE, an outcome, of one of them?  Then it was taken. */
bool ledger_single_outcome(struct ledger *ledger, const struct message *message,
			   struct ledger_now now);
/* Nothing of it runs any more, or ever did: it is taken back. */
void ledger_single_take_back(struct ledger *ledger,
			     struct ledger_single *single,
			     struct ledger_now now);
/* The supervisor proved it dead.  When it was told to stop, that is no loss. */
void ledger_single_take_loss(struct ledger *ledger,
			     struct ledger_single *single,
			     struct ledger_now now);
/* When is it assigned again, after that end? */
void ledger_single_pause(struct ledger *ledger, struct ledger_single *single,
			 const struct message *message, struct ledger_now now);

/* ledger_singles_times.c */

/* Decides about one with times. */
void ledger_single_turn_timed(struct ledger *ledger,
			      struct ledger_single *single,
			      struct ledger_now now);

/* ledger_singles_accept.c */

/* Does this life of this node have it? */
bool ledger_single_is_mine(const struct ledger *ledger,
			   const struct ledger_single *single);
/* What is kept of the singleton RECORD is about has changed elsewhere. */
void ledger_single_merge(struct ledger *ledger, const struct record *record,
			 struct ledger_now now);
/* Takes what was assigned to this node, or declines it. */
void ledger_single_accept(struct ledger *ledger, struct ledger_single *single,
			  struct ledger_now now);
/* How long a node may ignore what it was given. */
int64_t ledger_patience_ms(const struct ledger *ledger);
/* Leads no more when a node ignores what it was given. */
void ledger_singles_judge(struct ledger *ledger, struct ledger_now now);
/* Asks its node to give it up, for TO to have it; 0 or -errno. */
int ledger_single_move(struct ledger *ledger, struct ledger_single *single,
		       struct text to);
/* At the start, and when it changed: was it told to move? */
int ledger_single_hear_move(struct ledger *ledger,
			    struct ledger_single *single);

#endif
