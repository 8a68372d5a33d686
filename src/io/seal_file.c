/* The file of keys of io/seal.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/codec.h"
#include "io/log.h"
#include "io/seal.h"
#include "io/secret.h"

#define FILE_BYTES_MAX 8192
#define CLUSTER_MAX    64 /* bytes of its name */
#define CURE	       "; \"openssl rand -hex 32\" makes one"

/* Four bytes that stand for TEXT. */
static uint32_t number_of(const char *text)
{
	uint8_t hash[crypto_generichash_BYTES_MIN];

	crypto_generichash(hash, sizeof(hash), (const uint8_t *)text,
			   strlen(text), NULL, 0);
	return le32_get(hash);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word off LINE; empty at its end. */
static struct text take_word(struct text *line)
{
	struct text word;

	while (line->len > 0 && is_blank(*line->at)) {
		line->at++;
		line->len--;
	}
	word = (struct text){ line->at, 0 };
	while (line->len > 0 && !is_blank(*line->at)) {
		line->at++;
		line->len--;
		word.len++;
	}
	return word;
}

static bool is_id(struct text id)
{
	for (size_t i = 0; i < id.len; i++) {
		char c = id.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
			return false;
	}
	return id.len > 0 && id.len <= SEAL_ID_MAX;
}

/* What is wrong with HEX, NULL if nothing. */
static const char *read_key(struct text hex, uint8_t key[SEAL_KEY_BYTES])
{
	size_t got = 0;

	if (hex.len == 0)
		return "there is no key after the ID" CURE;
	if (hex.len != 2 * SEAL_KEY_BYTES)
		return "a key has 64 hexadecimal digits" CURE;
	if (sodium_hex2bin(key, SEAL_KEY_BYTES, hex.at, hex.len, NULL, &got,
			   NULL) != 0 ||
	    got != SEAL_KEY_BYTES)
		return "a key has hexadecimal digits alone" CURE;
	return NULL;
}

/* What is wrong with LINE, NULL if nothing. */
static const char *read_line(struct seal *seal, struct text line,
			     const char *cluster)
{
	struct text id = take_word(&line);
	struct text hex = take_word(&line);
	struct seal_key *key = &seal->keys[seal->count];
	char purpose[CLUSTER_MAX + 16];
	uint8_t bits[SEAL_KEY_BYTES];
	const char *what;

	if (id.len == 0 || id.at[0] == '#')
		return NULL;
	if (!is_id(id))
		return "an ID has up to 31 letters, digits, '-', '_' and '.'";
	what = read_key(hex, bits);
	if (what != NULL)
		return what;
	if (take_word(&line).len > 0)
		return "nothing may follow the key";
	if (seal->count == SEAL_KEYS_MAX)
		return "there are more than 8 keys; take the oldest away";
	text_copy(id, key->id, sizeof(key->id));
	key->number = number_of(key->id);
	for (size_t i = 0; i < seal->count; i++)
		if (seal->keys[i].number == key->number)
			return "another key has this ID; choose a new one";
	snprintf(purpose, sizeof(purpose), "datagram/%.*s", CLUSTER_MAX,
		 cluster);
	secret_derive(bits, purpose, key->key);
	sodium_memzero(bits, sizeof(bits));
	seal->count++;
	return NULL;
}

static struct text take_line(struct text *bytes)
{
	const char *end = memchr(bytes->at, '\n', bytes->len);
	size_t len = end != NULL ? (size_t)(end - bytes->at) : bytes->len;
	struct text line = { bytes->at, len };
	size_t whole = end != NULL ? len + 1 : len;

	bytes->at += whole;
	bytes->len -= whole;
	return line;
}

int seal_parse(struct seal *seal, struct text bytes, const char *cluster,
	       struct seal_mistake *mistake)
{
	*seal = (struct seal){ .cluster = number_of(cluster) };
	*mistake = (struct seal_mistake){ 0 };
	while (bytes.len > 0 && mistake->what == NULL) {
		mistake->line++;
		mistake->what = read_line(seal, take_line(&bytes), cluster);
	}
	if (mistake->what == NULL && seal->count > 0)
		return 0;
	if (mistake->what == NULL)
		*mistake = (struct seal_mistake){
			0, "there is no key in it; a line is \"ID HEX\"" CURE
		};
	seal_fini(seal);
	return -EINVAL;
}

/* Bytes read, or a negative errno. */
static int read_file(const char *path, char *bytes, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat info;
	ssize_t got = -1;
	int rc = 0;

	if (fd == -1)
		return -errno;
	if (fstat(fd, &info) == -1)
		rc = -errno;
	else if (!S_ISREG(info.st_mode))
		rc = -EINVAL;
	else if ((info.st_mode & S_IRWXO) != 0)
		log_warn(0, "seal: anyone may read %s; chmod o= helps", path);
	if (rc == 0)
		got = read(fd, bytes, cap);
	if (rc == 0 && got == -1)
		rc = -errno;
	if (rc == 0 && (size_t)got == cap)
		rc = -EFBIG;
	close(fd);
	return rc != 0 ? rc : (int)got;
}

int seal_load(struct seal *seal, const char *path, const char *cluster)
{
	char bytes[FILE_BYTES_MAX] = { 0 };
	struct seal_mistake mistake;
	struct seal loaded;
	int rc;

	if (sodium_init() == -1)
		return -EIO;
	rc = read_file(path, bytes, sizeof(bytes));
	if (rc < 0) {
		log_err(rc, "seal: cannot read the keys in %s", path);
		return rc;
	}
	rc = seal_parse(&loaded, (struct text){ bytes, (size_t)rc }, cluster,
			&mistake);
	sodium_memzero(bytes, sizeof(bytes));
	if (rc == 0)
		*seal = loaded;
	else if (mistake.line > 0)
		log_err(0, "seal: %s:%u: error: %s", path, mistake.line,
			mistake.what);
	else
		log_err(0, "seal: %s: error: %s", path, mistake.what);
	seal_fini(&loaded);
	return rc;
}

void seal_fini(struct seal *seal)
{
	sodium_memzero(seal->keys, sizeof(seal->keys));
	seal->count = 0;
}
