/* ledger_parts - what the files of the ledger share among themselves. */
#ifndef HOLDFAST_ROLES_LEDGER_PARTS_H
#define HOLDFAST_ROLES_LEDGER_PARTS_H

#include "roles/ledger.h"

/* ledger.c */

/* A token never given before. */
uint64_t ledger_token(struct ledger *ledger);
/* Opens the batch's transaction if it is not open; 0 or a negative errno. */
int ledger_begin(struct ledger *ledger);
/* Reads the job ID; its texts live until the next ledger_load. */
int ledger_load(struct ledger *ledger, const char *id, struct job *job);
/* Puts JOB under its version into the view and, if DURABLE, the journal. */
int ledger_store(struct ledger *ledger, const struct job *job, bool durable);
/* The unit of the job, NULL if the configuration has it no more. */
const struct unit *ledger_unit(const struct ledger *ledger,
			       const struct job *job);
uint32_t ledger_type(const struct ledger *ledger, struct text type);
uint64_t ledger_unique(const struct job *job);

/* ledger_requests.c */
/* What is told to the asker at LINK once the batch is durable. */
void ledger_answer(struct ledger *ledger, unsigned link,
		   const struct message *message, const char *id,
		   int32_t status, bool joined);
void ledger_submit(struct ledger *ledger, unsigned link,
		   const struct message *message, struct ledger_now now);
void ledger_cancel(struct ledger *ledger, unsigned link,
		   const struct message *message, struct ledger_now now);
void ledger_forget(struct ledger *ledger, unsigned link,
		   const struct message *message, struct ledger_now now);

/* ledger_attempts.c */
void ledger_started(struct ledger *ledger, const struct message *message,
		    struct ledger_now now);
void ledger_progress(struct ledger *ledger, const struct message *message,
		     struct ledger_now now);
void ledger_outcome(struct ledger *ledger, const struct message *message,
		    struct ledger_now now);
/* Settles what the supervisor proved dead. */
void ledger_look_at_holdings(struct ledger *ledger, struct ledger_now now);
/* Gives waiting jobs away while there is room. */
void ledger_assign(struct ledger *ledger, struct ledger_now now);
/* After the commit: shows the holdings of what was given away. */
void ledger_publish_holdings(struct ledger *ledger);
/* At the start: matches the board with the jobs. */
void ledger_adopt(struct ledger *ledger, struct ledger_now now);

/* ledger_units.c */

/* An operator wants something of a unit. */
void ledger_operator(struct ledger *ledger, unsigned link,
		     const struct message *message);
/* RECORD was read; takes it if it is of a unit.  0 or a negative errno. */
int ledger_replay_unit(struct ledger *ledger, const struct record *record);
/* At the start: adds what they take to live_bytes. */
int ledger_count_registers(struct ledger *ledger);
/* Appends all registers of units to the snapshot. */
int ledger_append_registers(struct ledger *ledger);

/* ledger_estimate.c */

/* JOB is ready: such jobs take about as long. */
void ledger_learn(struct ledger *ledger, const struct job *job);
/* How long JOB will take, 0 when there is no telling. */
int64_t ledger_estimate(const struct ledger *ledger, const struct job *job);
/* CONFIG comes in place of the present one. */
void ledger_carry_estimates(struct ledger *ledger, const struct config *config);

#endif
