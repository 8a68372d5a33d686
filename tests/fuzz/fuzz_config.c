/* fuzz_config - whatever a file holds is a configuration or refused in words;
 * and a configuration that is written back, with or without where its values
 * came from, is read as the same.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/conffile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* libconfig 1.5 loses the strings it has read when a later one has a mistake;
 * that is known and not ours.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig\n";
}

const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

struct world {
	int fd; /* of a file that has a name only here */
	char path[32];
	FILE *errors;
};

/* The same whoever runs it. */
static void make_world(struct world *world)
{
	clearenv();
	setenv("HOME", "/root", 1);
	setenv("A", "5$ ${HOME} \"\\\n", 1);
	setenv("N", "4", 1);
	world->fd = memfd_create("config", MFD_CLOEXEC);
	world->errors = fopen("/dev/null", "we");
	if (world->fd == -1 || world->errors == NULL)
		abort();
	snprintf(world->path, sizeof(world->path), "/proc/self/fd/%d",
		 world->fd);
}

static struct config *load(const struct world *world, const void *data,
			   size_t len, struct conffile_origins **origins)
{
	struct config *config;
	int rc;

	if (ftruncate(world->fd, 0) != 0 ||
	    pwrite(world->fd, data, len, 0) != (ssize_t)len)
		abort();
	rc = conffile_load_origins(world->path, &config, origins,
				   world->errors);
	if ((rc == 0) != (config != NULL) || (rc == 0) != (*origins != NULL))
		abort();
	return config;
}

/* Without ORIGINS as a node writes it, with them as people read it. */
static char *dump(const struct config *config,
		  const struct conffile_origins *origins)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	int rc = -1;

	if (file != NULL && origins != NULL)
		rc = conffile_dump_origins(config, origins, file);
	else if (file != NULL)
		rc = conffile_dump(config, file);
	if (rc != 0 || fclose(file) != 0)
		abort();
	return text;
}

static void must_give(const struct world *world, const char *text,
		      const char *wanted)
{
	struct conffile_origins *origins;
	struct config *config = load(world, text, strlen(text), &origins);
	char *got;

	if (config == NULL)
		abort();
	got = dump(config, NULL);
	if (strcmp(got, wanted) != 0)
		abort();
	conffile_origins_free(origins);
	conffile_free(config);
	free(got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct world world = { .fd = -1 };
	struct conffile_origins *origins;
	struct config *config;
	char *plain;
	char *told;

	if (world.fd == -1)
		make_world(&world);
	config = load(&world, data, len, &origins);
	if (config == NULL)
		return 0;
	plain = dump(config, NULL);
	told = dump(config, origins);
	conffile_origins_free(origins);
	conffile_free(config);
	must_give(&world, plain, plain);
	must_give(&world, told, plain);
	free(plain);
	free(told);
	return 0;
}
