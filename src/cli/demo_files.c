#define _GNU_SOURCE
#include "cli/demo_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/options.h"
#include "core/out.h"
#include "io/tree.h"

/* What may follow "$" is a name in braces; "$$" is a dollar. */
static const char count_script[] =
	"total=$(($1 * 5)) i=0; "
	"[ -z \"$HOLDFAST_STATE\" ] || i=$(cat \"$HOLDFAST_STATE\"); "
	"while [ $i -lt $total ]; do "
	"echo \"$((i * 100 / total)) second $((i / 5 + 1)) of $1\" >&3; "
	"sleep 0.2; i=$((i + 1)); "
	"echo $i | \"$2\" checkpoint -; done; "
	"echo '100 counted' >&3";
static const char stumble_script[] =
	"for i in 10 20 30 40 50 60; do "
	"echo \"$i looking for the file\" >&3; sleep 0.4; done; "
	"cat /nowhere/to/be/found";
static const char ticker_script[] =
	"while :; do echo \"tick on $HOLDFAST_NODE, "
	"token $HOLDFAST_TOKEN\"; sleep 1; done";

static int join(char buf[PATH_MAX], const char *dir, const char *name)
{
	struct out out = out_init(buf, PATH_MAX);

	out_string(&out, dir);
	out_string(&out, name);
	return out_end(&out) == 0 ? 0 : -ENAMETOOLONG;
}

/* DIR, which is not there yet. */
static int make_named_dir(struct demo_files *files, const char *dir)
{
	int rc = 0;

	if (mkdir(dir, 0700) == -1 || realpath(dir, files->dir) == NULL)
		rc = -errno;
	if (rc != 0) {
		complain("cannot make %s: %s", dir, strerror(-rc));
		files->dir[0] = '\0';
	}
	files->shown = dir;
	return rc;
}

static int make_dir(struct demo_files *files)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *parent = "/tmp";
	int rc;

	if (runtime != NULL && access(runtime, W_OK) == 0 &&
	    strlen(runtime) < sizeof(((struct sockaddr_un *)0)->sun_path) - 48)
		parent = runtime;
	rc = join(files->dir, parent, "/holdfast-demo-XXXXXX");
	if (rc == 0 && mkdtemp(files->dir) == NULL)
		rc = -errno;
	if (rc != 0) {
		complain("cannot make a directory in %s: %s", parent,
			 strerror(-rc));
		files->dir[0] = '\0';
	}
	files->shown = files->dir;
	return rc;
}

/* The example jobs: beside the binary when it was just built, installed, or
 * in the sources it was built from.
 */
static int find_archive(struct demo_files *files)
{
	static const char name[] = "/contrib/jobs/archive";
	char self[PATH_MAX - 1];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[len > 0 ? len : 0] = '\0';
	text_copy(text_of(self), files->self, sizeof(files->self));
	slash = strrchr(self, '/');
	if (slash != NULL)
		*slash = '\0';
	if (join(files->archive, self, name) == 0 &&
	    access(files->archive, X_OK) == 0)
		return 0;
	if (join(files->archive, HOLDFAST_PKGLIBEXECDIR, "/jobs/archive") ==
		    0 &&
	    access(files->archive, X_OK) == 0)
		return 0;
	if (join(files->archive, HOLDFAST_SOURCE_DIR, name) == 0 &&
	    access(files->archive, X_OK) == 0)
		return 0;
	complain("cannot find the example job contrib/jobs/archive");
	return -ENOENT;
}

static void find_subject(struct demo_files *files)
{
	static const char *const dirs[] = { "/usr/share/doc", "/usr/share",
					    "/usr/lib", "/etc" };

	files->subject = "/";
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (access(dirs[i], R_OK | X_OK) == 0) {
			files->subject = dirs[i];
			return;
		}
	}
}

/* TEXT as a string of the configuration. */
static void put_string(FILE *file, const char *text)
{
	fputc('"', file);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', file);
		if (*text == '$')
			fputc('$', file);
		fputc(*text, file);
	}
	fputc('"', file);
}

static void put_setting(FILE *file, const char *name, const char *text)
{
	fprintf(file, "%s = ", name);
	put_string(file, text);
	fputs(";\n", file);
}

/* ARGUMENTS as they stand in the file; PATH, if not NULL, behind them. */
static void put_script(FILE *file, const char *name, const char *script,
		       const char *arguments, const char *path)
{
	fprintf(file, "\t%s = {\n\t\tcommand = [ \"/bin/sh\", \"-c\", ", name);
	put_string(file, script);
	fprintf(file, ", \"%s\"%s", name, arguments);
	if (path != NULL)
		put_string(file, path);
	fputs(" ];\n", file);
}

static void put_jobs(FILE *file, const struct demo_files *files)
{
	fputs("jobs = {\n\tarchive = {\n\t\tcommand = [ ", file);
	put_string(file, files->archive);
	fputs(", \"${param.dir}\" ];\n"
	      "\t\tparams = { dir = { match = \"/.*\"; default = ",
	      file);
	put_string(file, files->subject);
	fputs("; }; };\n"
	      "\t\toutput = \"archive.tar.gz\"; type = \"application/gzip\";\n"
	      "\t\tunique = \"user\"; keep = \"1h\";\n\t};\n",
	      file);
	put_script(file, "count", count_script, ", \"${param.seconds}\", ",
		   files->self);
	fputs("\t\tparams = { seconds = { match = \"[1-9][0-9]{0,2}\"; "
	      "default = \"10\"; }; };\n"
	      "\t\tunique = \"none\"; resume = \"checkpoint\"; "
	      "keep = \"1h\";\n\t};\n",
	      file);
	put_script(file, "stumble", stumble_script, "", NULL);
	fputs("\t\tattempts = 1; keep = \"1h\";\n\t};\n};\n", file);
}

static void put_singletons(FILE *file)
{
	fputs("singletons = {\n", file);
	put_script(file, "ticker", ticker_script, "", NULL);
	fputs("\t};\n};\n", file);
}

static void put_cluster(FILE *file, const struct demo_files *files,
			const struct demo_place *place)
{
	const char *comma = "";

	fprintf(file,
		"cluster = {\n\tname = \"demo\"; lease = \"3s\";\n"
		"\tlisten = \"127.0.0.1:%ld\"; peers = [",
		place->port);
	for (unsigned i = 0; i < files->count; i++) {
		if (&files->places[i] == place)
			continue;
		fprintf(file, "%s \"127.0.0.1:%ld\"", comma,
			files->places[i].port);
		comma = ",";
	}
	fputs(" ];\n\t", file);
	put_setting(file, "key-file", files->key);
	fputs("};\n", file);
}

static int write_config(const struct demo_files *files,
			const struct demo_place *place)
{
	const struct passwd *passwd = getpwuid(geteuid());
	FILE *file = fopen(place->config, "we");
	int rc = 0;

	if (file == NULL)
		goto failed;
	put_setting(file, "node", place->name);
	if (passwd != NULL) /* stay who we are */
		put_setting(file, "user", passwd->pw_name);
	put_setting(file, "shared", files->shared);
	put_setting(file, "state", place->state);
	if (files->count > 1)
		put_cluster(file, files, place);
	fprintf(file, "http = { listen = \"127.0.0.1:%ld\"; };\n", place->port);
	put_singletons(file);
	put_jobs(file, files);
	if (fclose(file) == 0 && rc == 0)
		return 0;
failed:
	if (rc == 0)
		rc = -errno;
	complain("cannot write %s: %s", place->config, strerror(-rc));
	return rc;
}

/* One key for this demo alone. */
static int write_key(const struct demo_files *files)
{
	unsigned char key[32];
	FILE *file;
	int rc = 0;

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		rc = -EIO;
	file = fopen(files->key, "we");
	if (file == NULL)
		rc = -errno;
	if (file != NULL && rc == 0) {
		fputs("demo ", file);
		for (size_t i = 0; i < sizeof(key); i++)
			fprintf(file, "%02x", key[i]);
		fputc('\n', file);
	}
	if (file != NULL && fclose(file) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && chmod(files->key, 0600) == -1)
		rc = -errno;
	if (rc != 0)
		complain("cannot write %s: %s", files->key, strerror(-rc));
	return rc;
}

static int make_subdir(const char *path)
{
	if (mkdir(path, 0700) == 0)
		return 0;
	complain("cannot make %s: %s", path, strerror(errno));
	return -errno;
}

static int make_place(const struct demo_files *files, struct demo_place *place)
{
	char name[sizeof(place->name) + 1];
	int rc;

	snprintf(name, sizeof(name), "/%s", place->name);
	rc = join(place->state, files->dir, name);
	if (rc == 0)
		rc = join(place->shown, files->shown, name);
	if (rc == 0)
		rc = join(place->config, place->state, ".conf");
	if (rc == 0)
		rc = join(place->log, place->state, ".log");
	if (rc == 0)
		rc = join(place->pid, place->state, ".pid");
	if (rc == 0)
		rc = make_subdir(place->state);
	return rc;
}

int demo_files_make(struct demo_files *files, const char *dir,
		    const long *ports, unsigned count)
{
	int rc;

	memset(files, 0, sizeof(*files));
	files->count = count;
	rc = find_archive(files);
	if (rc == 0)
		rc = dir != NULL ? make_named_dir(files, dir) : make_dir(files);
	if (rc == 0)
		rc = join(files->shared, files->dir, "/shared");
	if (rc == 0)
		rc = join(files->key, files->dir, "/key");
	if (rc == 0)
		rc = make_subdir(files->shared);
	if (rc == 0 && count > 1)
		rc = write_key(files);
	find_subject(files);
	for (unsigned i = 0; i < count && rc == 0; i++) {
		files->places[i].port = ports[i];
		snprintf(files->places[i].name, sizeof(files->places[i].name),
			 count > 1 ? "demo-%u" : "demo", i + 1);
		rc = make_place(files, &files->places[i]);
	}
	for (unsigned i = 0; i < count && rc == 0; i++)
		rc = write_config(files, &files->places[i]);
	return rc;
}

void demo_files_remove(const struct demo_files *files)
{
	char parent[PATH_MAX];
	const char *name = strrchr(files->dir, '/');
	int fd;
	int rc;

	if (name == NULL)
		return;
	text_copy((struct text){ files->dir, (size_t)(name - files->dir) },
		  parent, sizeof(parent));
	fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	rc = fd != -1 ? tree_remove(fd, name + 1) : -errno;
	if (rc != 0)
		complain("cannot remove %s: %s", files->dir, strerror(-rc));
	if (fd != -1)
		close(fd);
}
