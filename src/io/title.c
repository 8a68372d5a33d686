#define _GNU_SOURCE
#include "io/title.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/out.h"

#define COMM_BYTES 16
#define STAT_BYTES 1024
/* proc(5): arg_start is the 48th field, env_end the 51st, both in the count
 * of those after the name, which are fields 3 and up. */
#define FIELD_ARG_START (48 - 3)
#define FIELD_ENV_END	(51 - 3)

/* A process has one title. */
static char *area;
static size_t area_len;

/* The field NUMBER after "PID (NAME) "; 0 if there is none. */
static uintptr_t field(const char *at, int number)
{
	while (number-- > 0) {
		at = strchr(at, ' ');
		if (at == NULL)
			return 0;
		at++;
	}
	return (uintptr_t)strtoull(at, NULL, 10);
}

static void find_area(uintptr_t *start, uintptr_t *end)
{
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	char buf[STAT_BYTES];
	const char *at;
	ssize_t len;

	*start = *end = 0;
	if (fd == -1)
		return;
	len = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (len <= 0)
		return;
	buf[len] = '\0';
	at = strrchr(buf, ')');
	if (at == NULL || at[1] == '\0')
		return;
	*start = field(at + 2, FIELD_ARG_START);
	*end = field(at + 2, FIELD_ENV_END);
}

/* Copies the environment, so that its place may be reused. */
static int move_environment(void)
{
	size_t count = 0;
	size_t bytes = 0;
	char **moved;
	char *text;

	for (; environ != NULL && environ[count] != NULL; count++)
		bytes += strlen(environ[count]) + 1;
	moved = malloc((count + 1) * sizeof(*moved) + bytes);
	if (moved == NULL)
		return -1;
	text = (char *)(moved + count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(environ[i]) + 1;

		moved[i] = memcpy(text, environ[i], len);
		text += len;
	}
	moved[count] = NULL;
	environ = moved;
	return 0;
}

void title_open(void)
{
	uintptr_t start;
	uintptr_t end;

	find_area(&start, &end);
	if (start == 0 || end <= start || move_environment() != 0)
		return;
	/* The kernel gives it as a number. */
	area = (char *)start; /* NOLINT(performance-no-int-to-ptr) */
	area_len = end - start;
}

void title_set(const char *role)
{
	char comm[COMM_BYTES];
	struct out out = out_init(comm, sizeof(comm));

	out_string(&out, "hf-");
	out_string(&out, role);
	out_end(&out);
	comm[COMM_BYTES - 1] = '\0';
	prctl(PR_SET_NAME, comm, 0, 0, 0);
	if (area == NULL)
		return;
	memset(area, 0, area_len);
	out = out_init(area, area_len);
	out_string(&out, "holdfast: ");
	out_string(&out, role);
	out_end(&out);
}
