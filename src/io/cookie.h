/* cookie - the signed name of a user who has none.
 *
 * `holdfast=NAME.MAC`: 128 random bits and a keyed hash of them, both in
 * base64 for URLs.  Any node with the same secret accepts it.  The user is
 * called "~NAME", so that no proxy's user is taken for one.
 */
#ifndef HOLDFAST_IO_COOKIE_H
#define HOLDFAST_IO_COOKIE_H

#include "core/text.h"
#include "io/secret.h"

#define COOKIE_NAME_LEN	 22			   /* 16 bytes in base64 */
#define COOKIE_VALUE_LEN (2 * COOKIE_NAME_LEN + 1) /* NAME.MAC */
#define COOKIE_USER_LEN	 (COOKIE_NAME_LEN + 1)	   /* ~NAME */
#define COOKIE_KNOWN_MAX 64  /* verified ones we remember; a power of two */
#define COOKIE_FIELD_MAX 512 /* bytes of a Set-Cookie field */

struct cookie {
	uint8_t key[SECRET_BYTES];
	char known[COOKIE_KNOWN_MAX][COOKIE_VALUE_LEN]; /* by hash */
};

void cookie_init(struct cookie *cookie, const uint8_t secret[SECRET_BYTES]);

/* Finds ours in FIELD, the value of a Cookie field, and checks it; then USER,
 * terminated, is its user.  False when there is none that is genuine.
 */
bool cookie_find(struct cookie *cookie, struct text field,
		 char user[COOKIE_USER_LEN + 1]);

struct cookie_wish {
	const char *base; /* for paths below it */
	bool secure;	  /* over TLS only */
	/* An id nobody else can know: the same user for it on any node.
	 * Empty: another user each time. */
	struct text request;
};

/* Makes a new user, and writes the Set-Cookie field that tells the browser.
 * 0 or -ENOSPC.
 */
int cookie_make(const struct cookie *cookie, const struct cookie_wish *wish,
		char user[COOKIE_USER_LEN + 1], char *field, size_t cap);

#endif
