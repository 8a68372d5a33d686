#define _GNU_SOURCE
#include "io/notifysock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int address_of(const char *path, struct sockaddr_un *address,
		      socklen_t *len)
{
	size_t path_len = strlen(path);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (path_len == 0 || path_len >= sizeof(address->sun_path))
		return path_len == 0 ? -EINVAL : -ENAMETOOLONG;
	memcpy(address->sun_path, path, path_len);
	if (path[0] == '@')
		address->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path_len);
	return 0;
}

int notifysock_open(const char *path, uid_t uid)
{
	struct sockaddr_un address;
	socklen_t len;
	int rc = address_of(path, &address, &len);
	int fd;

	if (rc != 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -errno;
	/* On Linux the mode of the socket becomes that of its name, so there
	 * is no moment in which others may write. */
	rc = fchmod(fd, S_IRUSR | S_IWUSR) == -1 ? -errno : 0;
	if (rc == 0 && bind(fd, (struct sockaddr *)&address, len) == -1) {
		rc = -errno;
		if (rc == -EADDRINUSE && unlink(path) == 0)
			rc = bind(fd, (struct sockaddr *)&address, len) == -1
				     ? -errno
				     : 0;
	}
	if (rc == 0 && uid != (uid_t)-1 && chown(path, uid, (gid_t)-1) == -1)
		rc = -errno;
	if (rc != 0) {
		close(fd);
		return rc;
	}
	return fd;
}

int notifysock_receive(int fd, void *buf, size_t cap)
{
	ssize_t got;

	do
		got = recv(fd, buf, cap, MSG_DONTWAIT);
	while (got == -1 && errno == EINTR);
	return got == -1 ? -errno : (int)got;
}

int notifysock_send(const char *path, const void *buf, size_t len)
{
	struct sockaddr_un address;
	socklen_t address_len;
	int rc = address_of(path, &address, &address_len);
	int fd;

	if (rc != 0)
		return rc;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	if (sendto(fd, buf, len, MSG_NOSIGNAL, (struct sockaddr *)&address,
		   address_len) == -1)
		rc = -errno;
	close(fd);
	return rc;
}
