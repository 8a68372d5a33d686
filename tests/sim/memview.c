#include "tests/sim/memview.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static struct memview *memview_of(struct view *view)
{
	return (struct memview *)view; /* its first member */
}

/* Where ID is, or belongs. */
static size_t place_of(const struct memview_index *index, const char *id)
{
	size_t low = 0;
	size_t high = index->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(index->jobs[middle]->id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct memview_index *index, size_t at, const char *id)
{
	return at < index->count && strcmp(index->jobs[at]->id, id) == 0;
}

static void copy_registers(struct memview_registers *to,
			   const struct memview_registers *from)
{
	to->count = from->count;
	memcpy(to->at, from->at, from->count * sizeof(from->at[0]));
}

static int op_begin(struct view *view)
{
	struct memview *memview = memview_of(view);

	assert(!memview->open);
	memview->open = true;
	memview->working = memview->shown;
	copy_registers(&memview->working_registers, &memview->shown_registers);
	return 0;
}

static int op_get(struct view *view, const char *id, struct view_job *job)
{
	struct memview *memview = memview_of(view);
	size_t at = place_of(&memview->working, id);

	assert(memview->open);
	if (!is_at(&memview->working, at, id))
		return -ENOENT;
	*job = memview->working.jobs[at]->job;
	return 0;
}

static struct text keep(char **to, struct text from)
{
	struct text kept = { *to, from.len };

	if (from.len > 0)
		memcpy(*to, from.at, from.len);
	*to += from.len;
	return kept;
}

static int op_put(struct view *view, const char *id, const struct view_job *job)
{
	struct memview *memview = memview_of(view);
	struct memview_index *index = &memview->working;
	size_t at = place_of(index, id);
	size_t len =
		job->user.len + job->type.len + job->json.len + job->record.len;
	struct memview_job *made = malloc(sizeof(*made) + len);
	char *to = (char *)(made + 1);

	assert(memview->open && made != NULL);
	text_copy(text_of(id), made->id, sizeof(made->id));
	made->job = *job;
	made->job.user = keep(&to, job->user);
	made->job.type = keep(&to, job->type);
	made->job.json = keep(&to, job->json);
	made->job.record = keep(&to, job->record);
	made->next = memview->all;
	memview->all = made;
	if (!is_at(index, at, id)) {
		assert(index->count < MEMVIEW_JOBS_MAX);
		memmove(&index->jobs[at + 1], &index->jobs[at],
			(index->count - at) * sizeof(index->jobs[0]));
		index->count++;
	}
	index->jobs[at] = made;
	return 0;
}

static int op_remove(struct view *view, const char *id)
{
	struct memview_index *index = &memview_of(view)->working;
	size_t at = place_of(index, id);

	if (!is_at(index, at, id))
		return -ENOENT;
	index->count--;
	memmove(&index->jobs[at], &index->jobs[at + 1],
		(index->count - at) * sizeof(index->jobs[0]));
	return 0;
}

static int op_next(struct view *view, char id[JOB_ID_LEN + 1],
		   struct view_job *job)
{
	const struct memview_index *index = &memview_of(view)->working;
	size_t at = place_of(index, id);

	if (is_at(index, at, id))
		at++;
	if (at == index->count)
		return -ENOENT;
	text_copy(text_of(index->jobs[at]->id), id, JOB_ID_LEN + 1);
	*job = index->jobs[at]->job;
	return 0;
}

static int op_first_due(struct view *view, int64_t from_ms,
			char id[JOB_ID_LEN + 1], int64_t *due_ms)
{
	const struct memview_index *index = &memview_of(view)->working;
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < index->count; i++) {
		int64_t due = index->jobs[i]->job.due_ms;

		if (due < from_ms || due >= first)
			continue;
		first = due;
		text_copy(text_of(index->jobs[i]->id), id, JOB_ID_LEN + 1);
	}
	*due_ms = first;
	return first == INT64_MAX ? -ENOENT : 0;
}

/* ---- registers ---- */

static struct memview_register *register_of(struct memview *memview,
					    struct text key)
{
	for (size_t i = 0; i < memview->working_registers.count; i++)
		if (text_is(key, memview->working_registers.at[i].key))
			return &memview->working_registers.at[i];
	return NULL;
}

static struct view_register kept_of(const struct memview_register *from)
{
	return (struct view_register){
		.version = from->version,
		.served = text_of(from->served),
		.record = { from->record, from->record_len },
	};
}

static int op_get_register(struct view *view, struct text key,
			   struct view_register *kept)
{
	const struct memview_register *from =
		register_of(memview_of(view), key);

	if (from == NULL)
		return -ENOENT;
	*kept = kept_of(from);
	return 0;
}

static int op_put_register(struct view *view, struct text key,
			   const struct view_register *kept)
{
	struct memview *memview = memview_of(view);
	struct memview_register *into = register_of(memview, key);

	assert(memview->open);
	if (into == NULL) {
		assert(memview->working_registers.count <
		       MEMVIEW_REGISTERS_MAX);
		into = &memview->working_registers
				.at[memview->working_registers.count++];
		text_copy(key, into->key, sizeof(into->key));
	}
	into->version = kept->version;
	text_copy(kept->served, into->served, sizeof(into->served));
	assert(kept->record.len <= sizeof(into->record));
	memcpy(into->record, kept->record.at, kept->record.len);
	into->record_len = kept->record.len;
	return 0;
}

static int op_remove_register(struct view *view, struct text key)
{
	struct memview_registers *all = &memview_of(view)->working_registers;
	struct memview_register *gone = register_of(memview_of(view), key);

	if (gone == NULL)
		return -ENOENT;
	*gone = all->at[--all->count];
	return 0;
}

static int op_next_register(struct view *view, char *key,
			    struct view_register *kept)
{
	const struct memview *memview = memview_of(view);
	const struct memview_register *next = NULL;

	for (size_t i = 0; i < memview->working_registers.count; i++) {
		const struct memview_register *from =
			&memview->working_registers.at[i];

		if (strcmp(from->key, key) > 0 &&
		    (next == NULL || strcmp(from->key, next->key) < 0))
			next = from;
	}
	if (next == NULL)
		return -ENOENT;
	*kept = kept_of(next);
	memcpy(key, next->key, strlen(next->key) + 1);
	return 0;
}

const char *memview_register(const struct memview *memview, const char *key)
{
	for (size_t i = 0; i < memview->shown_registers.count; i++)
		if (strcmp(memview->shown_registers.at[i].key, key) == 0)
			return memview->shown_registers.at[i].served;
	return "";
}

struct text memview_register_record(const struct memview *memview,
				    const char *key)
{
	for (size_t i = 0; i < memview->shown_registers.count; i++) {
		const struct memview_register *at =
			&memview->shown_registers.at[i];

		if (strcmp(at->key, key) == 0)
			return (struct text){ at->record, at->record_len };
	}
	return text_of("");
}

static int op_count(struct view *view, uint64_t *count)
{
	*count = memview_of(view)->working.count;
	return 0;
}

static int op_commit(struct view *view)
{
	struct memview *memview = memview_of(view);

	assert(memview->open);
	memview->open = false;
	memview->shown = memview->working;
	copy_registers(&memview->shown_registers, &memview->working_registers);
	return 0;
}

static void op_abort(struct view *view)
{
	memview_of(view)->open = false;
}

const struct view_ops memview_ops = {
	.begin = op_begin,
	.get = op_get,
	.put = op_put,
	.remove = op_remove,
	.next = op_next,
	.first_due = op_first_due,
	.get_register = op_get_register,
	.put_register = op_put_register,
	.remove_register = op_remove_register,
	.next_register = op_next_register,
	.count = op_count,
	.commit = op_commit,
	.abort = op_abort,
};

void memview_init(struct memview *memview)
{
	memview->view.ops = &memview_ops;
	memview->shown.count = 0;
	memview->shown_registers.count = 0;
	memview->open = false;
	memview->all = NULL;
}

void memview_die(struct memview *memview)
{
	memview->open = false;
}

void memview_clear(struct memview *memview)
{
	while (memview->all != NULL) {
		struct memview_job *job = memview->all;

		memview->all = job->next;
		free(job);
	}
	memview->shown.count = 0;
	memview->shown_registers.count = 0;
	memview->open = false;
}

const struct view_job *memview_find(const struct memview *memview,
				    const char *id)
{
	size_t at = place_of(&memview->shown, id);

	return is_at(&memview->shown, at, id) ? &memview->shown.jobs[at]->job
					      : NULL;
}
