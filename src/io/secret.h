/* secret - the one secret of a cluster, and the keys made of it.
 *
 * Its file is made once, in the shared directory unless the configuration
 * names another, so that any node accepts what another gave out.
 */
#ifndef HOLDFAST_IO_SECRET_H
#define HOLDFAST_IO_SECRET_H

#include <stdint.h>

#define SECRET_BYTES 32

/* Reads the secret from PATH, or with NULL from SHARED/cookie.key, which is
 * made (mode 0600) when it is not there.  0 or a negative errno; -EINVAL when
 * the file is shorter than 16 bytes.
 */
int secret_load(const char *path, const char *shared,
		uint8_t secret[SECRET_BYTES]);

/* The key for PURPOSE; each purpose has one of its own. */
void secret_derive(const uint8_t secret[SECRET_BYTES], const char *purpose,
		   uint8_t key[SECRET_BYTES]);

#endif
