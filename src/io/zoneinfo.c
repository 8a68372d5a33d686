#define _GNU_SOURCE
#include "io/zoneinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "core/suggest.h"
#include "io/names.h"

#define HOUR_S	  3600
#define LEARN_S	  (72 * HOUR_S) /* to either side: what one search looks at */
#define DEPTH_MAX 3		/* America/Argentina/Salta */

/* Where C libraries look, the first one with zones in it. */
static const char *const places[] = {
	"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo",
	"/share/zoneinfo",     "/etc/zoneinfo",
};

#define PLACES (sizeof(places) / sizeof(places[0]))

/* ---- names ---- */

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "_+-/");

	/* Those count leap seconds, Unix does not. */
	return len > 0 && len <= ZONEINFO_NAME_MAX && name[len] == '\0' &&
	       name[0] != '/' && strncmp(name, "right/", 6) != 0;
}

/* Does PATH hold a zone?  The C library would take UTC if not. */
static bool is_zone(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	if (fd == -1)
		return false;
	got = read(fd, magic, sizeof(magic));
	close(fd);
	return got == sizeof(magic) && memcmp(magic, "TZif", 4) == 0;
}

static const char *place(size_t index)
{
	const char *own = getenv("TZDIR");

	if (own != NULL && own[0] == '/')
		return index == 0 ? own : NULL;
	return index < PLACES ? places[index] : NULL;
}

int zoneinfo_open(struct zoneinfo *info, const char *name)
{
	*info = (struct zoneinfo){ .tz = "" };
	if (name == NULL)
		return 0;
	if (!is_name(name))
		return -EINVAL;
	for (size_t i = 0; place(i) != NULL; i++) {
		int len = snprintf(info->tz, sizeof(info->tz), ":%s/%s",
				   place(i), name);

		if (len > 0 && (size_t)len < sizeof(info->tz) &&
		    is_zone(info->tz + 1))
			return 0;
	}
	info->tz[0] = '\0';
	/* Known where there are no files at all. */
	if (strcmp(name, "UTC") != 0)
		return -ENOENT;
	memcpy(info->tz, "UTC0", sizeof("UTC0"));
	return 0;
}

/* ---- what its clock shows ---- */

static void set_tz(const char *tz)
{
	if (tz != NULL)
		setenv("TZ", tz, 1);
	else
		unsetenv("TZ");
	tzset();
}

static int32_t ask(int64_t utc_s)
{
	time_t time = (time_t)utc_s;
	struct tm tm;

	return localtime_r(&time, &tm) != NULL ? (int32_t)tm.tm_gmtoff : 0;
}

/* The time nearest to SAME_S whose offset is OFFSET_S, as that of SAME_S,
 * while that of OTHER_S, later or earlier, is another.
 */
static int64_t last_same(int32_t offset_s, int64_t same_s, int64_t other_s)
{
	while (same_s - other_s > 1 || other_s - same_s > 1) {
		int64_t middle_s = same_s + (other_s - same_s) / 2;

		if (ask(middle_s) == offset_s)
			same_s = middle_s;
		else
			other_s = middle_s;
	}
	return same_s;
}

static struct zoneinfo_stretch learn(int64_t utc_s)
{
	struct zoneinfo_stretch found = { utc_s, utc_s, ask(utc_s) };

	while (found.from_s > utc_s - LEARN_S &&
	       ask(found.from_s - HOUR_S) == found.offset_s)
		found.from_s -= HOUR_S;
	found.from_s =
		last_same(found.offset_s, found.from_s, found.from_s - HOUR_S);
	while (found.until_s < utc_s + LEARN_S &&
	       ask(found.until_s + HOUR_S) == found.offset_s)
		found.until_s += HOUR_S;
	found.until_s = last_same(found.offset_s, found.until_s,
				  found.until_s + HOUR_S) +
			1;
	return found;
}

static struct zoneinfo_stretch learn_in(const char *tz, int64_t utc_s)
{
	struct zoneinfo_stretch found;
	char *own;

	if (tz[0] == '\0') {
		tzset();
		return learn(utc_s);
	}
	own = getenv("TZ");
	if (own != NULL)
		own = strdup(own);
	set_tz(tz);
	found = learn(utc_s);
	set_tz(own);
	free(own);
	return found;
}

static int32_t offset(void *arg, int64_t utc_s)
{
	struct zoneinfo *info = arg;
	struct zoneinfo_stretch *known = info->known;

	for (size_t i = 0; i < 2; i++)
		if (known[i].from_s <= utc_s && utc_s < known[i].until_s)
			return known[i].offset_s;
	known += info->oldest;
	info->oldest = !info->oldest;
	*known = learn_in(info->tz, utc_s);
	return known->offset_s;
}

struct zone zoneinfo_zone(struct zoneinfo *info)
{
	return (struct zone){ .offset_s = offset, .arg = info };
}

/* ---- the nearest name ---- */

struct search {
	struct suggest suggest;
	struct text word;
	int dir;
	size_t depth;
	char path[ZONEINFO_NAME_MAX + 2]; /* below the place */
	size_t path_len;
	char city[ZONEINFO_NAME_MAX + 1]; /* the name that ends in WORD */
	char nearest[ZONEINFO_NAME_MAX + 1];
};

static void offer(struct search *search, const char *last)
{
	struct text path = { search->path, search->path_len };
	size_t distance = search->suggest.distance;

	if (search->word.len == strlen(last) &&
	    strncasecmp(last, search->word.at, search->word.len) == 0)
		text_copy(path, search->city, sizeof(search->city));
	suggest_offer(&search->suggest, path);
	if (search->suggest.distance < distance)
		text_copy(path, search->nearest, sizeof(search->nearest));
}

static void look(void *arg, const char *name, bool is_directory)
{
	struct search *search = arg;
	size_t len = search->path_len;
	size_t more = strlen(name);
	int dir = search->dir;

	/* Zones begin with a capital; posix, right and tables do not. */
	if (name[0] < 'A' || name[0] > 'Z' || len + more > ZONEINFO_NAME_MAX)
		return;
	memcpy(search->path + len, name, more + 1);
	search->path_len = len + more;
	if (!is_directory) {
		offer(search, name);
	} else if (search->depth < DEPTH_MAX) {
		search->dir =
			openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		search->path[search->path_len++] = '/';
		search->depth++;
		if (search->dir != -1) {
			names_each(search->dir, look, search);
			close(search->dir);
		}
		search->depth--;
		search->dir = dir;
	}
	search->path_len = len;
}

void zoneinfo_nearest(struct text name, char *buf, size_t cap)
{
	struct search search = { .suggest = suggest_init(name), .word = name };

	for (size_t i = 0; place(i) != NULL; i++) {
		search.dir = open(place(i), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (search.dir == -1)
			continue;
		names_each(search.dir, look, &search);
		close(search.dir);
	}
	text_copy(
		text_of(search.city[0] != '\0' ? search.city : search.nearest),
		buf, cap);
}
