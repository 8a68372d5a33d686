#define _GNU_SOURCE
#include "roles/specfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/out.h"
#include "io/tree.h"

#define NAME_BYTES   32
#define COMPARE_PART 4096

static void put_name(char name[NAME_BYTES], uint64_t token, const char *ending)
{
	struct out out = out_init(name, NAME_BYTES);

	out_hex(&out, token, 16);
	out_string(&out, ending);
	(void)out_end(&out);
}

int specfile_open(const char *state)
{
	int dir = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int work = -1;
	int rc = 0;

	if (dir != -1)
		work = openat(dir, "work", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (work == -1)
		rc = -errno;
	if (dir != -1)
		close(dir);
	return rc != 0 ? rc : work;
}

int specfile_write(int work_dir, uint64_t token, const void *spec, size_t len)
{
	char name[NAME_BYTES];

	put_name(name, token, "");
	return tree_write(work_dir, name, spec, len);
}

void specfile_remove(int work_dir, uint64_t token)
{
	char name[NAME_BYTES];

	put_name(name, token, "");
	(void)unlinkat(work_dir, name, 0);
	put_name(name, token, ".notify");
	(void)unlinkat(work_dir, name, 0);
}

bool specfile_is(int work_dir, uint64_t token, const void *spec, size_t len)
{
	const char *expected = spec;
	char part[COMPARE_PART];
	char name[NAME_BYTES];
	size_t at = 0;
	ssize_t got = 1;
	int fd;

	put_name(name, token, "");
	fd = openat(work_dir, name, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	while (at <= len && (got = read(fd, part, sizeof(part))) > 0) {
		if ((size_t)got > len - at ||
		    memcmp(part, expected + at, (size_t)got) != 0)
			break;
		at += (size_t)got;
	}
	close(fd);
	return got == 0 && at == len;
}
