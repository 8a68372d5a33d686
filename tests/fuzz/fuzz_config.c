/* fuzz_config - whatever a file holds is a configuration or refused in words;
 * and a configuration that is written back is read as the same.
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
			   size_t len)
{
	struct config *config;
	int rc;

	if (ftruncate(world->fd, 0) != 0 ||
	    pwrite(world->fd, data, len, 0) != (ssize_t)len)
		abort();
	rc = conffile_load(world->path, &config, world->errors);
	if ((rc == 0) != (config != NULL))
		abort();
	return config;
}

static char *dump(const struct config *config)
{
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (file == NULL || conffile_dump(config, file) != 0 ||
	    fclose(file) != 0)
		abort();
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct world world = { .fd = -1 };
	struct config *config;
	char *first;
	char *second;

	if (world.fd == -1)
		make_world(&world);
	config = load(&world, data, len);
	if (config == NULL)
		return 0;
	first = dump(config);
	conffile_free(config);
	config = load(&world, first, strlen(first));
	if (config == NULL)
		abort();
	second = dump(config);
	if (strcmp(first, second) != 0)
		abort();
	conffile_free(config);
	free(first);
	free(second);
	return 0;
}
