/* seal - who may speak to the cluster by UDP: authentication and secrecy.
 *
 * XChaCha20-Poly1305 with a random nonce.  On the wire: "hfd", a version, four
 * bytes that name the cluster, four that name the key, 24 of nonce, then the
 * sealed bytes and their tag; the first twelve are authenticated, too.  What
 * opens was made by a holder of the key; that it was not recorded yesterday is
 * core/peers.h to see.
 *
 * A file of keys has one "ID HEX" line per key; blank lines and those that
 * begin with '#' say nothing.  An ID has up to 31 letters, digits, '-', '_'
 * and '.'; HEX are 64 hexadecimal digits.  The first key seals, each of them
 * opens.  To change keys: add the new one as the last line everywhere, then
 * make it the first everywhere, then take the old one away everywhere; reload
 * after each step.
 */
#ifndef HOLDFAST_IO_SEAL_H
#define HOLDFAST_IO_SEAL_H

#include "core/text.h"

#define SEAL_OVERHEAD  52 /* bytes it adds */
#define SEAL_KEYS_MAX  8
#define SEAL_KEY_BYTES 32
#define SEAL_ID_MAX    31 /* bytes */

struct seal_key {
	char id[SEAL_ID_MAX + 1];
	uint32_t number; /* stands for ID on the wire */
	uint8_t key[SEAL_KEY_BYTES];
};

struct seal {
	uint32_t cluster; /* stands for its name on the wire */
	struct seal_key keys[SEAL_KEYS_MAX]; /* the first one seals */
	size_t count;
};

/* What is wrong with a file of keys. */
struct seal_mistake {
	unsigned line; /* 0: the file as a whole */
	const char *what;
};

/* Reads BYTES, the contents of a file of keys for CLUSTER, into SEAL.  0, or
 * -EINVAL with *MISTAKE, and then SEAL has no keys.
 */
int seal_parse(struct seal *seal, struct text bytes, const char *cluster,
	       struct seal_mistake *mistake);

/* The same from the file PATH; a mistake is logged with place and cure.  SEAL
 * changes only when all is well.  0 or a negative errno.
 */
int seal_load(struct seal *seal, const char *path, const char *cluster);

/* Forgets the keys. */
void seal_fini(struct seal *seal);

/* Seals LEN bytes at PLAIN into OUT of CAP bytes.  Bytes written, or -ENOSPC.
 */
int seal_close(const struct seal *seal, const void *plain, size_t len,
	       void *out, size_t cap);

/* Opens what came in.  Bytes written to PLAIN, or why not:
 * -EBADMSG not ours at all, or damaged;
 * -EPROTONOSUPPORT of another version of this format;
 * -EXDEV of another cluster;
 * -ENOKEY sealed with a key that is not in our file;
 * -EKEYREJECTED forged, or its key differs from ours of the same ID;
 * -ENOSPC more than CAP bytes.
 */
int seal_open(const struct seal *seal, const void *sealed, size_t len,
	      void *plain, size_t cap);

/* What seal_open said, in words. */
const char *seal_reason(int rc);

#endif
