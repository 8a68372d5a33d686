#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/options.h"
#include "core/config.h"
#include "io/conffile.h"
#include "io/seal.h"

static const struct usage check_usage = {
	.name = "check",
	.synopsis = "[-q] [-a] [FILE]",
	.text = "Tests the configuration: FILE, or the default one, and every "
		"*.conf in the\ndirectory FILE.d.  Tells all mistakes at once "
		"and ends with code 2 if there are\nany.  -a prints all "
		"settings as they are in effect, each with its origin: file\n"
		"and line, or that it is the default.\n",
	.accepts = "qa",
	.arguments_max = 1,
};

static size_t count_units(const struct config *config, enum unit_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < config->units_count; i++)
		if (config->units[i].kind == kind)
			count++;
	return count;
}

static void put_count(const char *before, size_t count, const char *noun)
{
	printf("%s%zu %s%s", before, count, noun, count == 1 ? "" : "s");
}

static void put_verdict(const struct config *config)
{
	printf("%s: ok, node %s",
	       config->path[0] != '\0' ? config->path : "no file, defaults",
	       config->node);
	put_count(": ", count_units(config, UNIT_SERVICE), "service");
	put_count(", ", count_units(config, UNIT_SINGLETON), "singleton");
	put_count(", ", count_units(config, UNIT_JOB), "job");
	putchar('\n');
}

/* The keys of the cluster, which the node would do without.  False when they
 * are no good; of a file that is not here, or not for us, nothing is known.
 */
static bool keys_are_good(const struct config *config)
{
	const struct config_cluster *cluster = &config->cluster;
	struct seal seal = { 0 };
	bool good;

	if (!cluster->present)
		return true;
	if (cluster->key_file == NULL) {
		good = cluster->peers.count == 0 && cluster->multicast == NULL;
		if (!good)
			complain("cluster: without \"key-file\" nobody can be "
				 "spoken to: `peers` and `multicast` are for "
				 "nothing");
		return good;
	}
	if (access(cluster->key_file, R_OK) != 0) {
		/* It may be meant for another machine, or user. */
		complain("cluster: cannot read the keys in %s: %m%s",
			 cluster->key_file,
			 errno == EACCES ? "" : "; the node would go without");
		return true;
	}
	good = seal_load(&seal, cluster->key_file, cluster->name) == 0;
	seal_fini(&seal);
	return good;
}

int command_check(int argc, char **argv)
{
	struct options options;
	struct conffile_origins *origins;
	struct config *config;
	bool good;
	int rc = options_parse(&options, &check_usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	if (options.argc == 1 && options.config != NULL)
		return options_wrong(&options, "give FILE or -c FILE");
	if (conffile_load_origins(options.argc == 1 ? options.argv[0]
						    : options.config,
				  &config, &origins, stderr) != 0)
		return EXIT_CODE_USAGE;
	good = keys_are_good(config);
	if (good && !options.all && !options.quiet)
		put_verdict(config);
	rc = options.all ? conffile_dump_origins(config, origins, stdout)
			 : fflush(stdout);
	conffile_origins_free(origins);
	conffile_free(config);
	if (rc != 0) {
		complain("cannot write: %m");
		return EXIT_CODE_FAILED;
	}
	return good ? EXIT_CODE_DONE : EXIT_CODE_USAGE;
}

static const struct usage init_usage = {
	.name = "init",
	.synopsis = "",
	.text = "Prints a starter configuration:\n"
		"  holdfast init > /etc/holdfast/holdfast.conf\n",
	.accepts = "",
	.arguments_max = 0,
};

/* What has a '#' before it is the default or an example. */
static const char starter[] =
	"# holdfast: configuration of a node.  `holdfast check` tests it,\n"
	"# `holdfast check -a` shows it with every default.\n"
	"#\n"
	"# Durations and sizes are strings with a unit: \"500ms\" \"3s\" "
	"\"5m\" \"24h\" \"7d\",\n"
	"# \"64K\" \"10M\" \"1G\".  ${NAME} and ${NAME:-text} are the "
	"environment at load\n"
	"# time, $$ is a dollar.  *.conf files in the directory "
	"holdfast.conf.d are read\n"
	"# after this one.\n"
	"\n"
	"#node    = \"node-a\";             # default: the host name\n"
	"#user    = \"holdfast\";           # of everything unprivileged, when "
	"started as root\n"
	"#shared  = \"/var/lib/holdfast\";  # what must survive\n"
	"#state   = \"/run/holdfast\";      # node-local, never on a network "
	"file system\n"
	"#workers = 4;                    # jobs running at once; default: "
	"number of cores\n"
	"\n"
	"http = {\n"
	"  listen = \"127.0.0.1:8080\";     # the page and the API\n"
	"  #trusted-proxies = [ \"127.0.0.1\" ];\n"
	"  #user-header     = \"X-Remote-User\";  # believed only from a "
	"trusted proxy\n"
	"  #request-header  = \"X-Request-Id\";   # contrib/nginx.conf sets "
	"both\n"
	"};\n"
	"\n"
	"log = { level = \"info\"; format = \"text\"; };  # text, json, "
	"syslog\n"
	"\n"
	"jobs = {\n"
	"  # A tar.gz of a directory: holdfast submit archive "
	"dir=/usr/share/doc "
	"--watch\n"
	"  archive = {\n"
	"    command   = [ \"" HOLDFAST_PKGLIBEXECDIR "/jobs/archive\", "
	"\"${param.dir}\" ];\n"
	"    params    = { dir = { match = \"/.*\"; required = true; }; };\n"
	"    output    = \"archive.tar.gz\";  type = \"application/gzip\";\n"
	"    unique    = \"${param.dir}\";    # one live job per directory; a "
	"second one joins\n"
	"    timeout   = \"1h\";  keep = \"24h\";\n"
	"    #attempts = 3;                 # more than 1 only where a retry "
	"is "
	"safe\n"
	"  };\n"
	"};\n";

int command_init(int argc, char **argv)
{
	struct options options;
	int rc = options_parse(&options, &init_usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	fputs(starter, stdout);
	return fflush(stdout) == 0 ? EXIT_CODE_DONE : EXIT_CODE_FAILED;
}
