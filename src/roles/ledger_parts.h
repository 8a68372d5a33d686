/* ledger_parts - what the files of the ledger share among themselves. */
#ifndef HOLDFAST_ROLES_LEDGER_PARTS_H
#define HOLDFAST_ROLES_LEDGER_PARTS_H

#include "roles/ledger.h"

/* ledger.c */

/* A token never given before. */
uint64_t ledger_token(struct ledger *ledger);
/* What the configuration allows to run at once. */
void ledger_set_limits(struct ledger *ledger);
/* The unit of the job, NULL if the configuration has it no more. */
const struct unit *ledger_unit(const struct ledger *ledger,
			       const struct job *job);
/* Its index, QUEUE_NONE when no node known offers it. */
uint32_t ledger_type(const struct ledger *ledger, struct text type);

/* ledger_store.c */
/* Opens the batch's transaction if it is not open; 0 or a negative errno. */
int ledger_begin(struct ledger *ledger);
/* Reads the job ID; its texts live until the next ledger_load. */
int ledger_load(struct ledger *ledger, const char *id, struct job *job);
/* Puts JOB under its version into the view and, if DURABLE, the journal. */
int ledger_store(struct ledger *ledger, const struct job *job, bool durable);
/* Encodes JOB into ledger->record and ledger->json and fills KEPT and RECORD.
 */
int ledger_encode(struct ledger *ledger, const struct job *job,
		  struct record *record, struct view_job *kept);
/* Once the batch is durable, files of job ID may go: see struct ledger_ops. */
void ledger_sweep(struct ledger *ledger, const char *id, uint64_t below);
/* Replaces the job in the view and keeps the books of its size. */
int ledger_put(struct ledger *ledger, const char *id,
	       const struct view_job *kept);
/* Who waits for job ID is told once the batch is durable. */
void ledger_mark_changed(struct ledger *ledger, const char *id);

/* ledger_commit.c */

/* Opens a batch when it is time for a new segment. */
void ledger_look_at_segment(struct ledger *ledger, struct ledger_now now);
/* The slot shows SHOWN: what was written before that segment may go. */
void ledger_drop_segments(struct ledger *ledger, const struct lease_end *shown);

/* ledger_expire.c */

/* Of what is due by NOW: first its files go, later its record. */
void ledger_expire(struct ledger *ledger, struct ledger_now now);

/* ledger_queue.c */
/* Of type and unique value, 0 if it has none. */
uint64_t ledger_unique(const struct job *job);
/* JOB is live: it waits, or its node has it.  NULL when there is no room. */
struct queue_entry *ledger_enqueue(struct ledger *ledger,
				   const struct job *job);
/* What else JOB says of it. */
void ledger_enqueue_tell(struct ledger *ledger, struct queue_entry *entry,
			 const struct job *job);

/* ledger_requests.c */
/* What is told to the asker at LINK once the batch is durable. */
void ledger_answer(struct ledger *ledger, unsigned link,
		   const struct message *message, const char *id,
		   int32_t status, bool joined);
void ledger_submit(struct ledger *ledger, unsigned link,
		   const struct message *message, struct ledger_now now);

/* The live job that holds the same unique value, or NULL. */
struct queue_entry *ledger_find_rival(struct ledger *ledger,
				      const struct job *wanted);
/* May one more job of that type wait?  0 or the errno of the reply. */
int32_t ledger_check_room(struct ledger *ledger, const struct unit *unit,
			  uint32_t type);

/* ledger_cancel.c */
void ledger_cancel(struct ledger *ledger, unsigned link,
		   const struct message *message, struct ledger_now now);
void ledger_forget(struct ledger *ledger, unsigned link,
		   const struct message *message, struct ledger_now now);
/* A wish for a job was read. */
void ledger_wish_heard(struct ledger *ledger);
/* Does what is wished of jobs that are ours, and drops what is done. */
void ledger_wishes_turn(struct ledger *ledger, struct ledger_now now);

/* ledger_asked.c */

/* Keeps JOB for the leader to take, and answers once that has, or when it takes
 * long.  JOB->version is of what is known of it, 0 if nothing is.
 */
void ledger_ask(struct ledger *ledger, unsigned link,
		const struct message *message, struct job *job,
		struct ledger_now now);
/* Answers MESSAGE, which wishes JOB to be forgotten, once that is so, or when
 * it takes long.
 */
void ledger_ask_forget(struct ledger *ledger, unsigned link,
		       const struct message *message, const struct job *job,
		       struct ledger_now now);
/* Answers as the one who asked for it before is. */
void ledger_ask_along(struct ledger *ledger, unsigned link,
		      const struct message *message, struct ledger_now now);
/* Was JOB, which nobody has taken yet, perhaps acknowledged? */
bool ledger_is_promised(const struct job *job);
/* Writes JOB, as it is asked for, above the version KNOWN of what has its id; 0
 * or a negative errno.
 */
int ledger_ask_anew(struct ledger *ledger, struct job *job,
		    struct version known);
/* That of ROUND was; should it have been refused, it is asked for once more, or
 * taken by who leads.  0 or a negative errno.
 */
int ledger_mend_promise(struct ledger *ledger, const char *id, uint32_t round);
/* Answers who asked here; the leader takes what was asked anywhere. */
void ledger_asked_turn(struct ledger *ledger, struct ledger_now now);

/* ledger_attempts.c */
void ledger_started(struct ledger *ledger, const struct message *message,
		    struct ledger_now now);
void ledger_progress(struct ledger *ledger, const struct message *message,
		     struct ledger_now now);
/* What was said of ENTRY goes into the journal as well. */
void ledger_sync_progress(struct ledger *ledger, struct queue_entry *entry,
			  struct ledger_now now);
void ledger_outcome(struct ledger *ledger, const struct message *message,
		    struct ledger_now now);
/* Nothing of it runs any more, or ever did: the leader takes it back. */
void ledger_take_back(struct ledger *ledger, struct queue_entry *entry,
		      struct ledger_now now);
/* JOB was given away and is so no more, as if it had never been. */
void ledger_withdraw(struct job *job);
/* Was JOB given to this life of this node? */
bool ledger_job_is_mine(const struct ledger *ledger, const struct job *job);
/* Gives waiting jobs away while there is room. */
void ledger_assign(struct ledger *ledger, struct ledger_now now);

/* ledger_holdings.c */

/* A holding nobody uses, or BOARD_HOLDINGS_MAX. */
uint32_t ledger_find_slot(const struct ledger *ledger);
/* TOKEN is in SLOT from now on. */
void ledger_use_slot(struct ledger *ledger, uint32_t slot, enum unit_kind kind,
		     enum wanted wanted, uint64_t token);
/* What TOKEN did in SLOT is kept: its worker may go once that is durable. */
void ledger_settle(struct ledger *ledger, uint32_t slot, uint64_t token);
/* Settles what the supervisor proved dead. */
void ledger_look_at_holdings(struct ledger *ledger, struct ledger_now now);
/* After the commit: shows the holdings of what was given away. */
void ledger_publish_holdings(struct ledger *ledger);
/* At the start: matches the board with the jobs.  0, or -EAGAIN: something runs
 * of which nobody knows and which is being ended.
 */
int ledger_adopt(struct ledger *ledger, struct ledger_now now);

/* ledger_registers.c */

enum ledger_register {
	LEDGER_ENABLED, /* flags, as the next: */
	LEDGER_STOPPED,
	LEDGER_ASKED,
	LEDGER_SINGLE,
	LEDGER_MOVE,
	LEDGER_OFFER,
	LEDGER_ENDED,
	LEDGER_CANCEL,
	LEDGER_FORGET,
};

/* enum ledger_register, or -1. */
int ledger_register_kind(struct text key);
/* Brings the view to RECORD; -EALREADY when it has that version or a higher
 * one.
 */
int ledger_show_register(struct ledger *ledger, const struct record *record);
/* What the wish KEY is to be written with next. */
struct version ledger_wish_version(struct ledger *ledger, struct text key);

/* RECORD was read; takes it if it is such a register.  0 or a negative errno.
 */
int ledger_replay_register(struct ledger *ledger, const struct record *record);
/* At the start: adds what they take to live_bytes. */
int ledger_count_registers(struct ledger *ledger);
/* Appends all of them to the snapshot. */
int ledger_append_registers(struct ledger *ledger);
/* Keeps RECORD in journal and view, in a batch.  0 or a negative errno. */
int ledger_put_register(struct ledger *ledger, const struct record *record);
/* Out of the view, and so of the coming snapshots: who still reads it from an
 * older one is to drop it likewise.  0, or -ENOENT.
 */
int ledger_drop_register(struct ledger *ledger, struct text key);
/* 0, or -ENOENT; borrowed until the next put. */
int ledger_get_register(struct ledger *ledger, struct text key,
			struct record *record);
int ledger_put_flag(struct ledger *ledger, struct text key, bool flag);
int ledger_get_flag(struct ledger *ledger, struct text key, bool *flag);

/* ledger_units.c */

/* An operator wants something of a unit. */
void ledger_operator(struct ledger *ledger, unsigned link,
		     const struct message *message, struct ledger_now now);
/* "WHAT/NODE/NAME" or, NODE being empty, "WHAT/NAME", into KEY of
 * RECORD_KEY_MAX + 1 bytes; the empty text when that is too short.
 */
struct text ledger_wish_key(const char *what, const char *node,
			    struct text name, char *key);

/* ledger_cluster.c */

/* In a cluster: which generation is this?  0, or -EAGAIN. */
int ledger_begin_generation(struct ledger *ledger);
/* Shows the board how far the journal is synced. */
void ledger_tell_end(struct ledger *ledger);
/* Did not come to lead: lets others try for a while. */
void ledger_step_aside(struct ledger *ledger, struct ledger_now now);
/* The others counted this generation dead, though no clock of ours says so:
 * what runs under it is to die at once.
 */
void ledger_give_up(struct ledger *ledger);

/* ledger_merge.c */

/* Up to which generation a leader has read what NODE left, as is known. */
uint64_t ledger_settled(struct ledger *ledger, struct text node);
/* RECORD, perhaps behind what counts, tells up to which generation somebody
 * has read what a node left: so that has ended, be it the present one of ours.
 */
void ledger_hear_end(struct ledger *ledger, const struct record *record);
/* RECORD counts; takes it in if it is news.  0 or a negative errno. */
int ledger_merge(struct ledger *ledger, const struct record *record,
		 struct ledger_now now);

/* ledger_nodes.c */

/* The node NAME, NULL when no slot is its. */
struct ledger_node *ledger_node_of(struct ledger *ledger, struct text name);
/* Has that generation of the node NAME ended? */
bool ledger_has_ended(struct ledger *ledger, struct text name,
		      uint64_t generation);
/* Is something unread that others have shown for long? */
bool ledger_is_late(const struct ledger *ledger, struct ledger_now now);
/* Forgets what was read and heard. */
void ledger_nodes_reset(struct ledger *ledger);

/* ledger_settle.c */

/* Reads what is left of all generations that ended, and keeps it; of how many
 * nodes, or a negative errno: -ESTALE when somebody has led under CLAIM, or
 * above, or we are counted dead.  The slots may have forgotten that, should
 * they be torn or all have begun anew.  -ECANCELED: a newer one is to be
 * promised first.
 */
int ledger_settle_ended(struct ledger *ledger, uint64_t claim,
			struct ledger_now now);

/* ledger_lead.c */

/* All journals were read to the ends shown behind the barrier of CLAIM: leads.
 * False: not yet, or ledger->open is false.
 */
bool ledger_lead(struct ledger *ledger, uint64_t claim, struct ledger_now now);
/* Takes back what ended generations held. */
void ledger_lead_turn(struct ledger *ledger, struct ledger_now now);
/* It was heard that GENERATION of the node NAME has something, or was GIVEN it
 * and has not accepted it yet (else 0).
 */
void ledger_note_orphan(struct ledger *ledger, struct text name,
			uint64_t generation, uint64_t given);
void ledger_resign(struct ledger *ledger);

/* ledger_offers.c */

/* NODE offers what RECORD tells; 0 or -errno. */
int ledger_hear_offer(struct ledger *ledger, struct text name,
		      const struct record *record);
/* The same for all nodes, of what is kept. */
void ledger_hear_offers(struct ledger *ledger);
/* The digest of the definition NODE has of it, 0 when NODE may not be given it
 * at present.
 */
uint64_t ledger_offered(const struct ledger *ledger,
			const struct ledger_node *node,
			const struct ledger_single *single);
void ledger_foreign_free(struct unit *unit);
/* Tells what this node offers, if it is something else; 0 or -errno. */
int ledger_offer(struct ledger *ledger);

/* ledger_differ.c */

/* Of the definition UNIT of jobs; not 0. */
uint64_t ledger_job_digest(struct ledger *ledger, const struct unit *unit);
/* NODE offers TYPE by a definition of that digest. */
void ledger_differ_hear(struct ledger *ledger, struct ledger_node *node,
			uint32_t type, uint64_t digest);
/* Shows the board which types are defined differently. */
void ledger_differ_show(struct ledger *ledger);

/* ledger_spread.c */

/* Before jobs are given away in a cluster: who has room?  False: give none. */
bool ledger_spread_begin(struct ledger *ledger, struct ledger_now now);
/* The node to give JOB, of TYPE, to; NULL when none has room. */
struct ledger_node *ledger_spread(struct ledger *ledger, uint32_t type,
				  const struct job *job, struct ledger_now now);
/* ENTRY was given to NODE. */
void ledger_spread_note(struct ledger *ledger, struct queue_entry *entry,
			struct ledger_node *node, struct ledger_now now);
/* Takes what was assigned to this node, or declines it. */
void ledger_accept_jobs(struct ledger *ledger, struct ledger_now now);
/* Leads no more when a node ignores what it was given. */
void ledger_jobs_judge(struct ledger *ledger, struct ledger_now now);

/* ledger_hints.c */

/* Is what was said of ENTRY to go into the journal?  Only every now and then,
 * for that of all jobs to go there at once.
 */
bool ledger_is_to_sync(struct ledger *ledger, const struct queue_entry *entry,
		       struct ledger_now now);
/* A further step of ENTRY was shown. */
void ledger_note_step(struct ledger *ledger, struct queue_entry *entry);
/* Packs what the others have not been told; to be called in each turn. */
void ledger_gather_hints(struct ledger *ledger, struct ledger_now now);
int64_t ledger_hints_deadline(const struct ledger *ledger);
/* After the commit. */
void ledger_send_hints(struct ledger *ledger);
void ledger_drop_hints(struct ledger *ledger);
/* The version of the record, which what is shown may be ahead of. */
struct version ledger_counted(const struct view_job *kept);
/* As ledger_encode, of a JOB that counts; but what is shown, KNOWN (NULL:
 * none), stays so if it is newer.
 */
int ledger_encode_under(struct ledger *ledger, const struct job *job,
			const struct view_job *known, struct view_job *kept);
/* Keeps such a JOB in the view; 0 or a negative errno. */
int ledger_take_in(struct ledger *ledger, const struct job *job,
		   const struct view_job *known);

/* ledger_place.c */

/* Before any of a turn is placed. */
void ledger_place_turn(struct ledger *ledger, struct ledger_now now);
/* Nodes that joined are given what is to move then. */
void ledger_rebalance(struct ledger *ledger);
/* The node to give it to, or NULL. */
struct ledger_node *ledger_place(struct ledger *ledger,
				 const struct ledger_single *single,
				 uint64_t *digest);

/* ledger_estimate.c */

/* JOB is ready: such jobs take about as long. */
void ledger_learn(struct ledger *ledger, const struct job *job);
/* How long JOB will take, 0 when there is no telling. */
int64_t ledger_estimate(const struct ledger *ledger, const struct job *job);
/* CONFIG comes in place of the present one. */
void ledger_carry_estimates(struct ledger *ledger, const struct config *config);

#endif
