#define _GNU_SOURCE
#include "tests/lab/faultfs_late.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/lab/faultfs_rules.h"

struct late {
	int fd;
	long ms;	      /* 0: at the next clear, */
	unsigned long clears; /* after so many */
	off_t offset;
	size_t size;
	char bytes[];
};

static void *land(void *arg)
{
	struct late *late = arg;

	if (late->ms > 0)
		rules_wait_ms(late->ms);
	else
		rules_wait_clear(late->clears);
	if (pwrite(late->fd, late->bytes, late->size, late->offset) == -1)
		perror("faultfs: late write");
	close(late->fd);
	free(late);
	return NULL;
}

void late_write(int fd, const char *buf, size_t size, off_t offset, long ms)
{
	struct late *late = malloc(sizeof(*late) + size);
	pthread_t thread;

	if (late == NULL)
		return;
	*late = (struct late){ dup(fd), ms, rules_clears(), offset, size };
	memcpy(late->bytes, buf, size);
	if (pthread_create(&thread, NULL, land, late) == 0)
		pthread_detach(thread);
}
