#include <errno.h>

#include "core/job.h"

static void member(struct out *out, const char *name)
{
	out_string(out, ",\"");
	out_string(out, name);
	out_string(out, "\":");
}

/* A text that is not known is null; a longer one than MAX is cut, so that
 * what is served stays within JOB_JSON_MAX.
 */
static void out_words(struct out *out, struct text text, size_t max)
{
	if (text.len == 0)
		out_string(out, "null");
	else
		out_json(out, text_cut(text, max));
}

/* Seconds to go, when it was last heard of, and how that is known: from its
 * progress, as if the rest were as fast as what is done; or from how long such
 * jobs took before.
 */
static void out_eta(struct out *out, const struct job *job)
{
	int64_t took_ms = job->updated_ms - job->started_ms;
	int64_t left = 10000 - job->percent;
	int64_t done = job->percent - (int64_t)job->resumed;
	const char *from = NULL;
	int64_t left_ms = 0;

	if (job->state == JOB_PROCESSING && job->started_ms != 0 &&
	    took_ms >= 0 && took_ms < INT64_MAX / 10000) {
		if (done > 0 && left >= 0 && took_ms > 0) {
			left_ms = took_ms * left / done;
			from = "\"progress\"";
		} else if (job->percent <= 0 && job->expected_ms > took_ms) {
			left_ms = job->expected_ms - took_ms;
			from = "\"history\"";
		}
	}
	if (from != NULL)
		out_i64(out, (left_ms + 999) / 1000);
	else
		out_string(out, "null");
	member(out, "eta_from");
	out_string(out, from != NULL ? from : "null");
}

static void out_progress(struct out *out, const struct job *job)
{
	out_string(out, "{\"percent\":");
	if (job->percent == JOB_PERCENT_NONE)
		out_string(out, "null");
	else
		out_hundredths(out, job->percent);
	member(out, "message");
	out_words(out, job->message, JOB_MESSAGE_MAX);
	member(out, "eta_s");
	out_eta(out, job);
	out_char(out, '}');
}

static void out_output(struct out *out, const struct job *job)
{
	if (job->state != JOB_READY || job->output_name.len == 0) {
		out_string(out, "null");
		return;
	}
	out_string(out, "{\"name\":");
	out_words(out, job->output_name, JOB_OUTPUT_NAME_MAX);
	member(out, "type");
	out_words(out, job->output_type, JOB_OUTPUT_NAME_MAX);
	member(out, "size");
	out_u64(out, job->output_size);
	out_string(out, ",\"href\":\"/v1/jobs/");
	out_string(out, job->id);
	out_string(out, "/output\"}");
}

static void out_error(struct out *out, const struct job *job)
{
	out_string(out, "{\"title\":");
	out_words(out, job->error_title, JOB_MESSAGE_MAX);
	member(out, "detail");
	out_words(out, job->error_detail, JOB_DETAIL_MAX);
	member(out, "exit");
	if (job->exit == -1)
		out_string(out, "null");
	else
		out_i64(out, job->exit);
	out_char(out, '}');
}

static void out_request(struct out *out, const struct job *job)
{
	out_string(out, "{\"id\":\"");
	out_string(out, job->id);
	out_string(out, "\",\"type\":");
	out_words(out, job->type, JOB_NAME_MAX);
	member(out, "user");
	out_words(out, job->user, JOB_USER_MAX);
	member(out, "key");
	out_words(out, job->key, JOB_KEY_MAX);
}

static void out_attempt(struct out *out, const struct job *job)
{
	member(out, "attempt");
	out_u64(out, job->attempt);
	member(out, "token");
	if (job->held == 0) {
		out_string(out, "null");
	} else {
		out_char(out, '"');
		out_u64(out, job->held);
		out_char(out, '"');
	}
	member(out, "node");
	out_words(out, job->node, JOB_NAME_MAX);
}

int job_json(const struct job *job, char *buf, size_t cap)
{
	struct out out = out_init(buf, cap);

	if (cap == 0)
		return -ENOSPC;
	out_request(&out, job);
	out_string(&out, ",\"state\":\"");
	out_string(&out, job_state_name(job->state));
	out_string(&out, "\",\"progress\":");
	out_progress(&out, job);
	out_attempt(&out, job);
	member(&out, "created");
	out_json_time(&out, job->created_ms);
	member(&out, "updated");
	out_json_time(&out, job->updated_ms);
	member(&out, "expires");
	out_json_time(&out, job->expires_ms);
	/* When the next attempt begins, if that has to wait. */
	if (job->state == JOB_PENDING && job->attempt > 0 &&
	    job->not_before_ms != 0) {
		member(&out, "again");
		out_json_time(&out, job->not_before_ms);
	}
	if (job->state == JOB_ERROR) {
		member(&out, "error");
		out_error(&out, job);
	} else {
		member(&out, "output");
		out_output(&out, job);
	}
	out_string(&out, ",\"version\":\"");
	version_out(&out, job->version);
	out_string(&out, "\"}");
	if (out_end(&out) != 0)
		return -ENOSPC;
	return (int)out.len;
}
