#define _GNU_SOURCE
#include "io/sockets.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/identity.h"
#include "io/log.h"

#define BACKLOG	   4096 /* the kernel cuts it to net.core.somaxconn */
#define HOST_BYTES 256

/* Splits "HOST:PORT"; brackets of an IPv6 address are taken off. */
static int split(const char *address, char *host, const char **port)
{
	const char *colon = strrchr(address, ':');
	const char *begin = address;
	size_t len;

	if (colon == NULL)
		return -EINVAL;
	len = (size_t)(colon - address);
	if (len >= 2 && begin[0] == '[' && begin[len - 1] == ']') {
		begin++;
		len -= 2;
	}
	if (len >= HOST_BYTES)
		return -EINVAL;
	memcpy(host, begin, len);
	host[len] = '\0';
	*port = colon + 1;
	return 0;
}

static int resolve(const char *address, struct addrinfo **result)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	char host[HOST_BYTES];
	const char *port;
	int rc = split(address, host, &port);

	if (rc != 0) {
		log_err(0, "sockets: \"%s\" is not HOST:PORT", address);
		return rc;
	}
	rc = getaddrinfo(host[0] == '\0' || strcmp(host, "*") == 0 ? NULL
								   : host,
			 port, &hints, result);
	if (rc == 0)
		return 0;
	log_err(0, "sockets: cannot listen on \"%s\": %s", address,
		gai_strerror(rc));
	return -EADDRNOTAVAIL;
}

static const char *cure(int rc)
{
	switch (rc) {
	case -EADDRINUSE:
		return "; another program listens there";
	case -EADDRNOTAVAIL:
		return "; this machine has no such address";
	case -EACCES:
		return "; ports below 1024 need root";
	default:
		return "";
	}
}

/* Does another of ADDRESSES listen on the same port by IPv4?  Then "[::]"
 * must not take it, too.
 */
static bool shares_port(const struct strings *addresses, const char *address)
{
	const char *port = strrchr(address, ':');

	for (size_t i = 0; i < addresses->count; i++) {
		const char *other = addresses->at[i];
		const char *colon = strrchr(other, ':');

		if (other[0] != '[' && colon != NULL && port != NULL &&
		    strcmp(colon, port) == 0)
			return true;
	}
	return false;
}

static int listen_on(const struct addrinfo *at, bool version6_only)
{
	int on = 1;
	int only = version6_only;
	int fd = socket(at->ai_family,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd == -1)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	if (bind(fd, at->ai_addr, at->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int listen_tcp(const char *address, bool version6_only)
{
	struct addrinfo *found = NULL;
	char name[HOST_BYTES];
	int fd = resolve(address, &found);

	if (fd != 0)
		return fd;
	fd = listen_on(found, version6_only);
	freeaddrinfo(found);
	if (fd < 0) {
		log_err(fd, "sockets: cannot listen on \"%s\"%s", address,
			cure(fd));
		return fd;
	}
	sockets_name(fd, name, sizeof(name));
	log_info("sockets: listening address=%s", name);
	return fd;
}

int sockets_listen(const struct strings *addresses, int fds[CONFIG_LISTEN_MAX])
{
	for (size_t i = 0; i < addresses->count; i++) {
		const char *address = addresses->at[i];
		int rc = i < CONFIG_LISTEN_MAX
				 ? listen_tcp(address,
					      shares_port(addresses, address))
				 : -E2BIG;

		if (rc < 0) {
			while (i > 0)
				close(fds[--i]);
			return rc;
		}
		fds[i] = rc;
	}
	return 0;
}

static int bind_unix(int fd, const struct sockaddr_un *address,
		     const struct identity *owner)
{
	struct stat old;

	if (lstat(address->sun_path, &old) == 0) {
		if (!S_ISSOCK(old.st_mode))
			return -EEXIST;
		unlink(address->sun_path);
	}
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) ==
		    -1 ||
	    chmod(address->sun_path, 0660) == -1 || listen(fd, BACKLOG) == -1)
		return -errno;
	return identity_give_path(owner, address->sun_path);
}

int sockets_listen_unix(const char *path, const struct identity *owner)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd = -1;
	int rc = 0;

	if (len >= sizeof(address.sun_path)) {
		rc = -ENAMETOOLONG;
		goto out;
	}
	memcpy(address.sun_path, path, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	rc = fd == -1 ? -errno : bind_unix(fd, &address, owner);
out:
	if (rc == 0)
		return fd;
	log_err(rc, "sockets: cannot listen on %s", path);
	if (fd != -1)
		close(fd);
	return rc;
}

void sockets_name(int fd, char *buf, size_t cap)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(address);
	char host[HOST_BYTES];
	char port[16];

	if (getsockname(fd, (struct sockaddr *)&address, &len) == -1 ||
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host),
			port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(buf, cap, "?");
	else if (address.ss_family == AF_INET6)
		snprintf(buf, cap, "[%s]:%s", host, port);
	else
		snprintf(buf, cap, "%s:%s", host, port);
}
