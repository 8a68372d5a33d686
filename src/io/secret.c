#define _GNU_SOURCE
#include "io/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MIN 16
#define FILE_BYTES_MAX 4096
#define PATH_BYTES     (PATH_MAX + 64)

/* Bytes read, or a negative errno. */
static ssize_t read_file(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd == -1)
		return -errno;
	got = read(fd, buf, cap);
	if (got == -1)
		got = -errno;
	close(fd);
	return got;
}

static int write_file(const char *path, const char *buf, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc = 0;

	if (fd == -1)
		return -errno;
	if (write(fd, buf, len) != (ssize_t)len || fsync(fd) == -1)
		rc = errno != 0 ? -errno : -EIO;
	close(fd);
	return rc;
}

/* Several processes may try at once: each writes a file of its own, and the
 * first to link it to the name has made the secret.
 */
static int make_file(const char *path)
{
	uint8_t bits[SECRET_BYTES];
	char hex[2 * SECRET_BYTES + 2];
	char own[PATH_BYTES];
	int rc;

	randombytes_buf(bits, sizeof(bits));
	sodium_bin2hex(hex, sizeof(hex), bits, sizeof(bits));
	hex[2 * SECRET_BYTES] = '\n';
	if (snprintf(own, sizeof(own), "%s.%08x", path, randombytes_random()) >=
	    (int)sizeof(own))
		return -ENAMETOOLONG;
	rc = write_file(own, hex, 2 * SECRET_BYTES + 1);
	if (rc == 0 && link(own, path) == -1 && errno != EEXIST)
		rc = -errno;
	unlink(own);
	sodium_memzero(bits, sizeof(bits));
	sodium_memzero(hex, sizeof(hex));
	return rc;
}

int secret_load(const char *path, const char *shared,
		uint8_t secret[SECRET_BYTES])
{
	char own[PATH_BYTES];
	char bytes[FILE_BYTES_MAX];
	ssize_t len;
	int rc;

	if (path == NULL) {
		if (snprintf(own, sizeof(own), "%s/cookie.key", shared) >=
		    PATH_MAX)
			return -ENAMETOOLONG;
		len = read_file(own, bytes, sizeof(bytes));
		if (len == -ENOENT) {
			rc = make_file(own);
			if (rc != 0)
				return rc;
			len = read_file(own, bytes, sizeof(bytes));
		}
	} else {
		len = read_file(path, bytes, sizeof(bytes));
	}
	if (len < 0)
		return (int)len;
	while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
		len--;
	if (len < FILE_BYTES_MIN)
		return -EINVAL;
	crypto_generichash(secret, SECRET_BYTES, (const uint8_t *)bytes,
			   (size_t)len, NULL, 0);
	sodium_memzero(bytes, sizeof(bytes));
	return 0;
}

void secret_derive(const uint8_t secret[SECRET_BYTES], const char *purpose,
		   uint8_t key[SECRET_BYTES])
{
	crypto_generichash(key, SECRET_BYTES, (const uint8_t *)purpose,
			   strlen(purpose), secret, SECRET_BYTES);
}
