#include "io/cookie.h"

#include <sodium.h>

#include "core/out.h"

#define BITS_LEN     16
#define BASE64	     sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define NAME	     "holdfast="
#define AGE	     "31536000" /* seconds: a year */
#define NAME_END(at) ((at) + COOKIE_NAME_LEN)

void cookie_init(struct cookie *cookie, const uint8_t secret[SECRET_BYTES])
{
	memset(cookie, 0, sizeof(*cookie));
	secret_derive(secret, "holdfast cookie 1", cookie->key);
}

/* Writes the MAC of the name at NAME_AT, without terminator, to MAC. */
static void sign(const struct cookie *cookie, const char *name_at, char *mac)
{
	uint8_t hash[BITS_LEN];
	char text[COOKIE_NAME_LEN + 1];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)name_at,
			   COOKIE_NAME_LEN, cookie->key, sizeof(cookie->key));
	sodium_bin2base64(text, sizeof(text), hash, sizeof(hash), BASE64);
	memcpy(mac, text, COOKIE_NAME_LEN);
}

static bool is_base64(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		      (c >= 'a' && c <= 'z') || c == '-' || c == '_'))
			return false;
	}
	return true;
}

static char *place(struct cookie *cookie, const char *value)
{
	unsigned hash = 0;

	for (size_t i = 0; i < 8; i++)
		hash = hash * 31 + (unsigned char)value[i];
	return cookie->known[hash & (COOKIE_KNOWN_MAX - 1)];
}

static bool is_genuine(struct cookie *cookie, struct text value)
{
	char *known;
	char mac[COOKIE_NAME_LEN];

	if (value.len != COOKIE_VALUE_LEN || *NAME_END(value.at) != '.' ||
	    !is_base64(value.at, COOKIE_NAME_LEN))
		return false;
	known = place(cookie, value.at);
	if (sodium_memcmp(known, value.at, COOKIE_VALUE_LEN) == 0)
		return true;
	sign(cookie, value.at, mac);
	if (sodium_memcmp(mac, NAME_END(value.at) + 1, sizeof(mac)) != 0)
		return false;
	memcpy(known, value.at, COOKIE_VALUE_LEN);
	return true;
}

static void set_user(char user[COOKIE_USER_LEN + 1], const char *name_at)
{
	user[0] = '~';
	memcpy(user + 1, name_at, COOKIE_NAME_LEN);
	user[COOKIE_USER_LEN] = '\0';
}

bool cookie_find(struct cookie *cookie, struct text field,
		 char user[COOKIE_USER_LEN + 1])
{
	while (field.len > 0) {
		const char *end = memchr(field.at, ';', field.len);
		size_t len = end != NULL ? (size_t)(end - field.at) : field.len;
		struct text pair = { field.at, len };

		field.at += end != NULL ? len + 1 : len;
		field.len -= end != NULL ? len + 1 : len;
		while (pair.len > 0 && pair.at[0] == ' ') {
			pair.at++;
			pair.len--;
		}
		while (pair.len > 0 && pair.at[pair.len - 1] == ' ')
			pair.len--;
		if (pair.len < sizeof(NAME) - 1 ||
		    memcmp(pair.at, NAME, sizeof(NAME) - 1) != 0)
			continue;
		pair.at += sizeof(NAME) - 1;
		pair.len -= sizeof(NAME) - 1;
		if (is_genuine(cookie, pair)) {
			set_user(user, pair.at);
			return true;
		}
	}
	return false;
}

static void choose_name(const struct cookie *cookie, struct text request,
			uint8_t bits[BITS_LEN])
{
	static const uint8_t domain[] = "user of request ";
	crypto_generichash_state state;

	if (request.len == 0) {
		randombytes_buf(bits, BITS_LEN);
		return;
	}
	crypto_generichash_init(&state, cookie->key, sizeof(cookie->key),
				BITS_LEN);
	crypto_generichash_update(&state, domain, sizeof(domain));
	crypto_generichash_update(&state, (const uint8_t *)request.at,
				  request.len);
	crypto_generichash_final(&state, bits, BITS_LEN);
}

int cookie_make(const struct cookie *cookie, const struct cookie_wish *wish,
		char user[COOKIE_USER_LEN + 1], char *field, size_t cap)
{
	struct out out = out_init(field, cap);
	uint8_t bits[BITS_LEN];
	char value[COOKIE_VALUE_LEN + 1];

	choose_name(cookie, wish->request, bits);
	sodium_bin2base64(value, COOKIE_NAME_LEN + 1, bits, sizeof(bits),
			  BASE64);
	value[COOKIE_NAME_LEN] = '.';
	sign(cookie, value, value + COOKIE_NAME_LEN + 1);
	value[COOKIE_VALUE_LEN] = '\0';
	set_user(user, value);
	out_string(&out, NAME);
	out_string(&out, value);
	out_string(&out, "; Path=");
	out_string(&out, wish->base);
	out_string(&out, "; Max-Age=" AGE "; HttpOnly; SameSite=Lax");
	if (wish->secure)
		out_string(&out, "; Secure");
	return out_end(&out);
}
