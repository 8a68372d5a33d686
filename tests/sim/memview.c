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

static int op_begin(struct view *view)
{
	struct memview *memview = memview_of(view);

	assert(!memview->open);
	memview->open = true;
	memview->working = memview->shown;
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

static int op_first_due(struct view *view, char id[JOB_ID_LEN + 1],
			int64_t *due_ms)
{
	const struct memview_index *index = &memview_of(view)->working;
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < index->count; i++) {
		int64_t due = index->jobs[i]->job.due_ms;

		if (due == 0 || due >= first)
			continue;
		first = due;
		text_copy(text_of(index->jobs[i]->id), id, JOB_ID_LEN + 1);
	}
	*due_ms = first;
	return first == INT64_MAX ? -ENOENT : 0;
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
	return 0;
}

static void op_abort(struct view *view)
{
	memview_of(view)->open = false;
}

void memview_init(struct memview *memview)
{
	static const struct view_ops ops = {
		op_begin,     op_get,	op_put,	   op_remove, op_next,
		op_first_due, op_count, op_commit, op_abort,
	};

	memview->view.ops = &ops;
	memview->shown.count = 0;
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
	memview->open = false;
}

const struct view_job *memview_find(const struct memview *memview,
				    const char *id)
{
	size_t at = place_of(&memview->shown, id);

	return is_at(&memview->shown, at, id) ? &memview->shown.jobs[at]->job
					      : NULL;
}
