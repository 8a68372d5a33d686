#include "io/unitlog_form.h"

#include "core/config.h"
#include "core/out.h"

#define JSON_TEXT_MAX 1280 /* bytes */

static void put_name(struct out *out, const struct unitlog *log)
{
	out_string(out, log->setup.name);
	out_char(out, '[');
	out_i64(out, log->pid);
	out_string(out, "]: ");
}

static void put_stamp(struct out *out, const struct unitlog *log,
		      int64_t wall_ms)
{
	out_time(out, wall_ms);
	out_char(out, ' ');
	put_name(out, log);
}

static void put_json(struct out *out, const struct unitlog *log,
		     struct text line, bool is_stderr, int64_t wall_ms)
{
	out_string(out, "{\"time\":\"");
	out_time(out, wall_ms);
	out_string(out, "\",\"unit\":");
	out_json(out, text_of(log->setup.name));
	out_string(out, ",\"pid\":");
	out_i64(out, log->pid);
	out_string(out, is_stderr ? ",\"stream\":\"stderr\",\"text\":"
				  : ",\"stream\":\"stdout\",\"text\":");
	/* Every byte may take two. */
	out_json(out, text_cut(line, JSON_TEXT_MAX));
	out_char(out, '}');
}

static size_t end_line(const struct out *out, char *buf)
{
	buf[out->len] = '\n';
	return out->len + 1;
}

size_t unitlog_put_stamped(const struct unitlog *log, char *buf,
			   struct text line, int64_t wall_ms)
{
	struct out out = out_init(buf, UNITLOG_LINE_MAX - 1);

	put_stamp(&out, log, wall_ms);
	out_text(&out, line);
	return end_line(&out, buf);
}

size_t unitlog_put(const struct unitlog *log, char *buf, struct text line,
		   bool is_stderr, int64_t wall_ms)
{
	struct out out = out_init(buf, UNITLOG_LINE_MAX - 1);

	if (log->setup.prefixed)
		out_string(&out, is_stderr ? "<4>" : "<6>");
	if (log->setup.format == LOG_JSON) {
		put_json(&out, log, line, is_stderr, wall_ms);
		return end_line(&out, buf);
	}
	/* Who reads prefixed lines has a clock of its own. */
	if (log->setup.prefixed)
		put_name(&out, log);
	else
		put_stamp(&out, log, wall_ms);
	out_text(&out, line);
	return end_line(&out, buf);
}
