#define _GNU_SOURCE
#include "io/knock.h"

#include <errno.h>
#include <unistd.h>

#include "core/out.h"
#include "io/address.h"

#define PLACE_BYTES 64

static int add_way(struct knock *knock, const char *host, struct text port)
{
	char place[PLACE_BYTES];
	struct out out = out_init(place, sizeof(place));
	int rc;

	out_string(&out, host);
	out_text(&out, port);
	if (out_end(&out) != 0)
		return -EINVAL;
	rc = address_parse(text_of(place), &knock->ways[knock->count],
			   &knock->lens[knock->count]);
	if (rc == 0)
		knock->count++;
	return rc;
}

int knock_init(struct knock *knock, struct text place)
{
	static const char here[] = "localhost:";
	const size_t here_len = sizeof(here) - 1;
	uint64_t port;
	int rc;

	knock->count = 0;
	knock->fd = -1;
	if (place.len > here_len && memcmp(place.at, here, here_len) == 0)
		place = (struct text){ place.at + here_len,
				       place.len - here_len };
	if (!text_to_u64(place, 65535, &port))
		return add_way(knock, "", place);
	rc = add_way(knock, "127.0.0.1:", place);
	return rc == 0 ? add_way(knock, "[::1]:", place) : rc;
}

/* Where nobody listens, a socket may be given that very port for its own end,
 * and reach itself.
 */
static bool reached_itself(int fd)
{
	struct sockaddr_storage own;
	struct sockaddr_storage other;
	socklen_t own_len = sizeof(own);
	socklen_t other_len = sizeof(other);

	memset(&own, 0, sizeof(own));
	memset(&other, 0, sizeof(other));
	return getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
	       getpeername(fd, (struct sockaddr *)&other, &other_len) == 0 &&
	       own_len == other_len && memcmp(&own, &other, own_len) == 0;
}

static int end_attempt(struct knock *knock, bool connected)
{
	int rc = connected && !reached_itself(knock->fd);

	knock_close(knock);
	return rc;
}

/* Tries the ways that were not tried yet. */
static int go_on(struct knock *knock)
{
	while (knock->next < knock->count) {
		const struct sockaddr *way =
			(const struct sockaddr *)&knock->ways[knock->next];
		bool connected;

		knock->fd =
			socket(way->sa_family,
			       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (knock->fd == -1) {
			knock->next++;
			continue;
		}
		connected = connect(knock->fd, way,
				    knock->lens[knock->next++]) == 0;
		if (!connected && errno == EINPROGRESS)
			return -EINPROGRESS;
		if (end_attempt(knock, connected) == 1)
			return 1;
	}
	return 0;
}

int knock_try(struct knock *knock)
{
	knock_close(knock);
	knock->next = 0;
	return go_on(knock);
}

int knock_ask(struct knock *knock)
{
	int error = 0;
	socklen_t len = sizeof(error);
	int rc = getsockopt(knock->fd, SOL_SOCKET, SO_ERROR, &error, &len);

	if (end_attempt(knock, rc == 0 && error == 0) == 1)
		return 1;
	return go_on(knock);
}

void knock_close(struct knock *knock)
{
	if (knock->fd >= 0)
		close(knock->fd);
	knock->fd = -1;
}
