#define _GNU_SOURCE
#include "cli/demo_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/options.h"
#include "core/text.h"
#include "io/tree.h"

/* Where the node's socket is, below the directory. */
#define SOCKET_NAME "/state/control"

/* What may follow "$" is a name in braces; "$$" is a dollar. */
static const char count_script[] =
	"total=$(($1 * 5)) i=0; "
	"while [ $i -lt $total ]; do "
	"echo \"$((i * 100 / total)) second $((i / 5 + 1)) of $1\" >&3; "
	"sleep 0.2; i=$((i + 1)); done; "
	"echo '100 counted' >&3";
static const char stumble_script[] =
	"for i in 10 20 30 40 50 60; do "
	"echo \"$i looking for the file\" >&3; sleep 0.4; done; "
	"cat /nowhere/to/be/found";

static int join(char buf[PATH_MAX], const char *dir, const char *name)
{
	int len = snprintf(buf, PATH_MAX, "%s%s", dir, name);

	return len < PATH_MAX ? 0 : -ENAMETOOLONG;
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

static void put_script(FILE *file, const char *name, const char *script,
		       const char *argument)
{
	fprintf(file, "\t%s = {\n\t\tcommand = [ \"/bin/sh\", \"-c\", ", name);
	put_string(file, script);
	fprintf(file, ", \"%s\"%s ];\n", name, argument);
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
	put_script(file, "count", count_script, ", \"${param.seconds}\"");
	fputs("\t\tparams = { seconds = { match = \"[1-9][0-9]{0,2}\"; "
	      "default = \"10\"; }; };\n"
	      "\t\tunique = \"none\"; keep = \"1h\";\n\t};\n",
	      file);
	put_script(file, "stumble", stumble_script, "");
	fputs("\t\tattempts = 1; keep = \"1h\";\n\t};\n};\n", file);
}

static int write_config(const struct demo_files *files, long port)
{
	const struct passwd *passwd = getpwuid(geteuid());
	char path[PATH_MAX];
	FILE *file = fopen(files->config, "we");
	int rc = 0;

	if (file == NULL)
		goto failed;
	put_setting(file, "node", "demo");
	if (passwd != NULL) /* stay who we are */
		put_setting(file, "user", passwd->pw_name);
	rc = join(path, files->dir, "/shared");
	put_setting(file, "shared", path);
	if (rc == 0)
		rc = join(path, files->dir, "/state");
	put_setting(file, "state", path);
	fprintf(file, "http = { listen = \"127.0.0.1:%ld\"; };\n", port);
	put_jobs(file, files);
	if (fclose(file) == 0 && rc == 0)
		return 0;
failed:
	if (rc == 0)
		rc = -errno;
	complain("cannot write %s: %s", files->config, strerror(-rc));
	return rc;
}

static int make_subdirs(const struct demo_files *files)
{
	static const char *const names[] = { "/shared", "/state" };
	char path[PATH_MAX];

	for (size_t i = 0; i < 2; i++) {
		int rc = join(path, files->dir, names[i]);

		if (rc == 0 && mkdir(path, 0700) == -1)
			rc = -errno;
		if (rc != 0) {
			complain("cannot make %s: %s", path, strerror(-rc));
			return rc;
		}
	}
	return 0;
}

int demo_files_make(struct demo_files *files, long port)
{
	int rc;

	memset(files, 0, sizeof(*files));
	rc = find_archive(files);
	if (rc == 0)
		rc = make_dir(files);
	if (rc == 0)
		rc = make_subdirs(files);
	if (rc == 0)
		rc = join(files->config, files->dir, "/holdfast.conf");
	if (rc == 0)
		rc = join(files->socket, files->dir, SOCKET_NAME);
	if (rc == 0)
		rc = join(files->log, files->dir, "/log");
	find_subject(files);
	return rc == 0 ? write_config(files, port) : rc;
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
