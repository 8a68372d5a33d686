#include "core/cgroup_path.h"

#include <errno.h>

#include "core/out.h"

/* Cuts the text up to the first C off *REST; all of it when there is no C. */
static struct text cut(struct text *rest, char c)
{
	const char *end = rest->len > 0 ? memchr(rest->at, c, rest->len) : NULL;
	struct text head = *rest;

	if (end == NULL) {
		rest->at += rest->len;
		rest->len = 0;
		return head;
	}
	head.len = (size_t)(end - rest->at);
	rest->at += head.len + 1;
	rest->len -= head.len + 1;
	return head;
}

static bool begins_with(struct text text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len >= len && memcmp(text.at, prefix, len) == 0;
}

/* The path in the line "0::PATH"; empty if there is none. */
static struct text version2_path(struct text groups)
{
	while (groups.len > 0) {
		struct text line = cut(&groups, '\n');

		if (begins_with(line, "0::/"))
			return (struct text){ line.at + 3, line.len - 3 };
	}
	return (struct text){ NULL, 0 };
}

/* Is LINE of mountinfo a cgroup2 mount?  "ID PARENT DEV ROOT POINT OPTIONS
 * [OPTIONAL…] - TYPE SOURCE OPTIONS"
 */
static bool is_version2_mount(struct text line, struct text *root,
			      struct text *point)
{
	for (int i = 0; i < 3; i++)
		cut(&line, ' ');
	*root = cut(&line, ' ');
	*point = cut(&line, ' ');
	while (line.len > 0)
		if (text_is(cut(&line, ' '), "-"))
			return text_is(cut(&line, ' '), "cgroup2");
	return false;
}

/* mountinfo writes blanks, tabs, newlines and backslashes in octal. */
static void out_unescaped(struct out *out, struct text text)
{
	for (size_t i = 0; i < text.len; i++) {
		const char *c = text.at + i;

		if (*c != '\\' || text.len - i < 4) {
			out_char(out, *c);
			continue;
		}
		out_char(out, (char)((c[1] - '0') << 6 | (c[2] - '0') << 3 |
				     (c[3] - '0')));
		i += 3;
	}
}

/* What of PATH lies below ROOT.  False when it lies elsewhere. */
static bool below(struct text path, struct text root, struct text *rest)
{
	if (text_is(root, "/"))
		root.len = 0;
	if (path.len < root.len || memcmp(path.at, root.at, root.len) != 0)
		return false;
	*rest = (struct text){ path.at + root.len, path.len - root.len };
	return rest->len == 0 || rest->at[0] == '/';
}

int cgroup_path(struct text groups, struct text mounts, char *path, size_t cap)
{
	struct text own = version2_path(groups);

	/* Outside our cgroup namespace the kernel shows /../… */
	if (own.len == 0 || begins_with(own, "/.."))
		return -ENOENT;
	while (mounts.len > 0) {
		struct text line = cut(&mounts, '\n');
		struct out out = out_init(path, cap);
		struct text root;
		struct text point;
		struct text rest;

		if (!is_version2_mount(line, &root, &point) ||
		    !below(own, root, &rest))
			continue;
		out_unescaped(&out, point);
		out_text(&out, rest);
		return out_end(&out) == 0 ? 0 : -ENAMETOOLONG;
	}
	return -ENOENT;
}
