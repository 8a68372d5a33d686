#define _GNU_SOURCE
#include "io/seal.h"

#include <errno.h>
#include <sodium.h>

#include "core/codec.h"

#define HEADER	    12 /* bytes: magic, version, cluster, key */
#define NONCE	    crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG	    crypto_aead_xchacha20poly1305_ietf_ABYTES
#define AT_VERSION  3
#define AT_CLUSTER  4
#define AT_KEY	    8
#define THE_VERSION 1

static const uint8_t magic[AT_VERSION] = { 'h', 'f', 'd' };

_Static_assert(SEAL_OVERHEAD == HEADER + NONCE + TAG, "what a seal takes");
_Static_assert(SEAL_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	       "a key is a key");

static const struct seal_key *find_key(const struct seal *seal, uint32_t number)
{
	for (size_t i = 0; i < seal->count; i++)
		if (seal->keys[i].number == number)
			return &seal->keys[i];
	return NULL;
}

int seal_close(const struct seal *seal, const void *plain, size_t len,
	       void *out, size_t cap)
{
	const struct seal_key *key = &seal->keys[0];
	uint8_t *at = out;
	uint8_t *nonce = at + HEADER;

	if (cap < SEAL_OVERHEAD || cap - SEAL_OVERHEAD < len)
		return -ENOSPC;
	if (seal->count == 0)
		return -ENOKEY;
	memcpy(at, magic, sizeof(magic));
	at[AT_VERSION] = THE_VERSION;
	le32_put(at + AT_CLUSTER, seal->cluster);
	le32_put(at + AT_KEY, key->number);
	randombytes_buf(nonce, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + NONCE, NULL, plain,
						   len, at, HEADER, NULL, nonce,
						   key->key);
	return (int)(len + SEAL_OVERHEAD);
}

int seal_open(const struct seal *seal, const void *sealed, size_t len,
	      void *plain, size_t cap)
{
	const uint8_t *at = sealed;
	const uint8_t *nonce = at + HEADER;
	const struct seal_key *key;

	if (len < SEAL_OVERHEAD || memcmp(at, magic, sizeof(magic)) != 0)
		return -EBADMSG;
	if (at[AT_VERSION] != THE_VERSION)
		return -EPROTONOSUPPORT;
	if (le32_get(at + AT_CLUSTER) != seal->cluster)
		return -EXDEV;
	key = find_key(seal, le32_get(at + AT_KEY));
	if (key == NULL)
		return -ENOKEY;
	if (len - SEAL_OVERHEAD > cap)
		return -ENOSPC;
	if (crypto_aead_xchacha20poly1305_ietf_decrypt(
		    plain, NULL, NULL, nonce + NONCE, len - HEADER - NONCE, at,
		    HEADER, nonce, key->key) != 0)
		return -EKEYREJECTED;
	return (int)(len - SEAL_OVERHEAD);
}

const char *seal_reason(int rc)
{
	switch (rc) {
	case -EPROTONOSUPPORT:
		return "of another version of holdfast";
	case -EXDEV:
		return "of another cluster";
	case -ENOKEY:
		return "sealed with a key that is not in our key-file";
	case -EKEYREJECTED:
		return "forged, or its key differs from ours of the same ID";
	default:
		return "not a datagram of holdfast, or damaged";
	}
}
