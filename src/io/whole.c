#include "io/whole.h"

#include <errno.h>
#include <unistd.h>

int whole_write(int fd, const void *buf, size_t len)
{
	const char *at = buf;

	while (len > 0) {
		ssize_t put = write(fd, at, len);

		if (put == -1 && errno == EINTR)
			continue;
		if (put <= 0)
			return put == 0 ? -EIO : -errno;
		at += put;
		len -= (size_t)put;
	}
	return 0;
}
