/* memview - the view in memory, for simulations.
 *
 * A begin works on a copy of the index; commit makes it the truth, abort or
 * the death of the process (memview_die) drops it.  Jobs are never changed in
 * place, so what the last commit showed stays readable until memview_clear.
 */
#ifndef HOLDFAST_TESTS_SIM_MEMVIEW_H
#define HOLDFAST_TESTS_SIM_MEMVIEW_H

#include "io/view.h"

#define MEMVIEW_JOBS_MAX      512
#define MEMVIEW_REGISTERS_MAX 256

struct memview_job {
	struct memview_job *next; /* of all ever made */
	char id[JOB_ID_LEN + 1];
	struct view_job job; /* texts point behind the struct */
};

struct memview_index {
	struct memview_job *jobs[MEMVIEW_JOBS_MAX]; /* by id */
	size_t count;
};

struct memview_register {
	char key[RECORD_KEY_MAX + 1];
	struct version version;
	char served[8];
	char record[512];
	size_t record_len;
};

struct memview_registers {
	struct memview_register at[MEMVIEW_REGISTERS_MAX];
	size_t count;
};

struct memview {
	struct view view;	    /* what the ledger takes */
	struct memview_index shown; /* committed */
	struct memview_index working;
	struct memview_registers shown_registers;
	struct memview_registers working_registers;
	bool open;
	struct memview_job *all;
};

extern const struct view_ops memview_ops;

void memview_init(struct memview *memview);
/* The process that had it open died. */
void memview_die(struct memview *memview);
/* The machine died: nothing is left. */
void memview_clear(struct memview *memview);
/* The job as committed, NULL if there is none. */
const struct view_job *memview_find(const struct memview *memview,
				    const char *id);
/* Its whole record, empty if there is none. */
struct text memview_register_record(const struct memview *memview,
				    const char *key);
/* What the register KEY serves as committed, "" if there is none. */
const char *memview_register(const struct memview *memview, const char *key);

#endif
