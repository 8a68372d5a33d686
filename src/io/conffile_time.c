/* What is wrong with a time: an expression, or the name of a zone. */
#include "core/cron.h"
#include "core/out.h"
#include "io/conffile_loader.h"
#include "io/zoneinfo.h"

static const char *keep(struct conffile_loader *loader, struct out *out)
{
	const char *kept;

	out_end(out);
	kept = conffile_strdup(loader, text_of(out->buf));
	return kept != NULL ? kept : "there is no memory to tell";
}

const char *conffile_cron(struct conffile_loader *loader, struct text text)
{
	char buf[CRON_FAULT_MAX + 40];
	struct out out = out_init(buf, sizeof(buf));
	struct cron_fault fault;
	struct cron cron;

	if (cron_parse(&cron, text, &fault) == 0)
		return NULL;
	out_string(&out, fault.what);
	out_string(&out, " (at character ");
	out_u64(&out, fault.at + 1);
	out_char(&out, ')');
	return keep(loader, &out);
}

const char *conffile_zone(struct conffile_loader *loader, struct text text)
{
	char buf[200];
	struct out out = out_init(buf, sizeof(buf));
	char name[ZONEINFO_NAME_MAX + 1];
	struct zoneinfo info;

	if (text.len < sizeof(name) &&
	    memchr(text.at, '\0', text.len) == NULL) {
		text_copy(text, name, sizeof(name));
		if (zoneinfo_open(&info, name) == 0)
			return NULL;
	}
	zoneinfo_nearest(text, name, sizeof(name));
	out_string(&out, "this machine knows no such time zone");
	if (name[0] != '\0') {
		out_string(&out, "; did you mean \"");
		out_string(&out, name);
		out_string(&out, "\"?");
	} else {
		out_string(&out, "; one looks like \"Europe/Berlin\"");
	}
	return keep(loader, &out);
}
