/* Where things are by default, and what the machine itself answers. */
#define _GNU_SOURCE
#include <errno.h>
#include <pwd.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/out.h"
#include "io/conffile.h"
#include "io/conffile_loader.h"

#define PLACE_MAX 4096 /* bytes */

static const char *home(void)
{
	const char *found = getenv("HOME");
	const struct passwd *entry;

	if (found != NULL && found[0] == '/')
		return found;
	entry = getpwuid(geteuid());
	return entry != NULL && entry->pw_dir[0] == '/' ? entry->pw_dir : "";
}

/* $VARIABLE/REST, or ~/USUAL/REST where it is unset or no absolute path. */
static int xdg(char *buf, size_t cap, const char *variable, const char *usual,
	       const char *rest)
{
	const char *base = getenv(variable);
	struct out out = out_init(buf, cap);

	if (base != NULL && base[0] == '/') {
		out_string(&out, base);
	} else {
		out_string(&out, home());
		out_char(&out, '/');
		out_string(&out, usual);
	}
	out_string(&out, rest);
	return out_end(&out);
}

int conffile_default_path(char *buf, size_t cap)
{
	struct out out = out_init(buf, cap);

	if (geteuid() != 0)
		return xdg(buf, cap, "XDG_CONFIG_HOME", ".config",
			   "/holdfast/holdfast.conf");
	out_string(&out, "/etc/holdfast/holdfast.conf");
	return out_end(&out);
}

static int default_shared(char *buf, size_t cap)
{
	struct out out = out_init(buf, cap);

	if (geteuid() != 0)
		return xdg(buf, cap, "XDG_STATE_HOME", ".local/state",
			   "/holdfast");
	out_string(&out, "/var/lib/holdfast");
	return out_end(&out);
}

/* Without XDG_RUNTIME_DIR: where it would be, or the cache, since all that is
 * there can be made again.  Not /tmp: others may have been there before us.
 */
static int default_state(char *buf, size_t cap)
{
	struct out out = out_init(buf, cap);
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat stat_buf;

	if (geteuid() == 0) {
		out_string(&out, "/run/holdfast");
		return out_end(&out);
	}
	if (runtime != NULL && runtime[0] == '/')
		return xdg(buf, cap, "XDG_RUNTIME_DIR", "", "/holdfast");
	out_string(&out, "/run/user/");
	out_u64(&out, geteuid());
	if (out_end(&out) == 0 && stat(buf, &stat_buf) == 0 &&
	    stat_buf.st_uid == geteuid()) {
		out_string(&out, "/holdfast");
		return out_end(&out);
	}
	return xdg(buf, cap, "XDG_CACHE_HOME", ".cache", "/holdfast/run");
}

static unsigned count_cores(void)
{
	cpu_set_t set;
	long count = 0;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		count = CPU_COUNT(&set);
	if (count < 1)
		count = sysconf(_SC_NPROCESSORS_ONLN);
	if (count < 1)
		return 1;
	return count > CONFIG_WORKERS_MAX ? CONFIG_WORKERS_MAX
					  : (unsigned)count;
}

static void set_node(struct conffile_loader *loader)
{
	char name[256] = "";
	const char *fault;

	if (gethostname(name, sizeof(name) - 1) != 0)
		name[0] = '\0';
	fault = conffile_form(FORM_NODE, text_of(name));
	if (fault != NULL)
		conffile_error(loader, NULL,
			       "the host name \"%s\" can't be the node's: %s; "
			       "set \"node\"",
			       name, fault);
	loader->file->config.node = conffile_strdup(loader, text_of(name));
}

static void set_state(struct conffile_loader *loader)
{
	char buf[PLACE_MAX];
	const char *fault = "too long";

	if (default_state(buf, sizeof(buf)) == 0)
		fault = conffile_form(FORM_STATE, text_of(buf));
	if (fault != NULL)
		conffile_error(loader, NULL,
			       "%s can't hold the state: %s; set \"state\"",
			       buf, fault);
	loader->file->config.state = conffile_strdup(loader, text_of(buf));
}

/* A prefix ends with '/', however it was written. */
static void close_base(struct conffile_loader *loader)
{
	struct config_http *http = &loader->file->config.http;
	size_t len = http->base != NULL ? strlen(http->base) : 0;
	char *closed;

	if (len == 0 || http->base[len - 1] == '/')
		return;
	closed = conffile_alloc(loader, len + 2);
	if (closed == NULL)
		return;
	memcpy(closed, http->base, len);
	closed[len] = '/';
	http->base = closed;
}

void conffile_places(struct conffile_loader *loader)
{
	struct config *config = &loader->file->config;
	char buf[PLACE_MAX];

	loader->source = loader->sources;
	if (config->node == NULL)
		set_node(loader);
	if (config->state == NULL)
		set_state(loader);
	if (config->shared == NULL) {
		if (default_shared(buf, sizeof(buf)) != 0)
			conffile_error(loader, NULL,
				       "the home directory's name is too long; "
				       "set \"shared\"");
		config->shared = conffile_strdup(loader, text_of(buf));
	}
	if (config->workers == 0)
		config->workers = count_cores();
	close_base(loader);
}
