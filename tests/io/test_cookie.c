#define _GNU_SOURCE
#include "io/cookie.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

static uint8_t secret[SECRET_BYTES] = { 1, 2, 3 };
static const struct cookie_wish plain = { .base = "/" };
static const struct cookie_wish below_hf = { .base = "/hf/" };
static const struct cookie_wish over_tls = { .base = "/", .secure = true };
static char user[COOKIE_USER_LEN + 1];
static char back[COOKIE_USER_LEN + 1];
static char field[COOKIE_FIELD_MAX];

/* "holdfast=VALUE" of what was made last. */
static struct text pair(void)
{
	return (struct text){ field, strcspn(field, ";") };
}

START_TEST(a_cookie_is_accepted_by_every_node_with_the_secret)
{
	struct cookie here;
	struct cookie there;

	cookie_init(&here, secret);
	cookie_init(&there, secret);
	ck_assert_int_eq(
		cookie_make(&here, &below_hf, user, field, sizeof(field)), 0);
	ck_assert(strstr(field, "; Path=/hf/;") != NULL);
	ck_assert(strstr(field, "HttpOnly; SameSite=Lax") != NULL);
	ck_assert(strstr(field, "Secure") == NULL);
	ck_assert(cookie_find(&there, pair(), back));
	ck_assert_str_eq(user, back);
	ck_assert_int_eq(user[0], '~');
	/* And once more, from memory. */
	ck_assert(cookie_find(&there, pair(), back));
}
END_TEST

START_TEST(a_request_asked_again_makes_the_same_user_on_any_node)
{
	struct cookie_wish wish = { .base = "/", .request = text_of("r1") };
	struct cookie here;
	struct cookie there;

	cookie_init(&here, secret);
	cookie_init(&there, secret);
	ck_assert_int_eq(cookie_make(&here, &wish, user, field, sizeof(field)),
			 0);
	ck_assert(cookie_find(&there, pair(), back));
	ck_assert_str_eq(user, back);
	cookie_make(&there, &wish, back, field, sizeof(field));
	ck_assert_str_eq(user, back);
	wish.request = text_of("r2");
	cookie_make(&there, &wish, back, field, sizeof(field));
	ck_assert_str_ne(user, back);
	cookie_make(&there, &plain, user, field, sizeof(field));
	cookie_make(&there, &plain, back, field, sizeof(field));
	ck_assert_str_ne(user, back);
}
END_TEST

START_TEST(a_cookie_changed_in_one_place_is_refused)
{
	struct cookie cookie;
	size_t len;

	cookie_init(&cookie, secret);
	cookie_make(&cookie, &over_tls, user, field, sizeof(field));
	ck_assert(strstr(field, "; Secure") != NULL);
	len = pair().len;
	for (size_t i = sizeof("holdfast=") - 1; i < len; i++) {
		char was = field[i];

		field[i] = was == 'A' ? 'Q' : 'A';
		ck_assert_msg(!cookie_find(&cookie, pair(), back), "%zu", i);
		field[i] = was;
		ck_assert(cookie_find(&cookie, pair(), back));
	}
}
END_TEST

START_TEST(another_secret_refuses_it)
{
	struct cookie cookie;

	cookie_init(&cookie, secret);
	cookie_make(&cookie, &plain, user, field, sizeof(field));
	secret[0]++;
	cookie_init(&cookie, secret);
	ck_assert(!cookie_find(&cookie, pair(), back));
}
END_TEST

START_TEST(ours_is_found_among_others)
{
	struct cookie cookie;
	char all[1024];

	cookie_init(&cookie, secret);
	cookie_make(&cookie, &plain, user, field, sizeof(field));
	snprintf(all, sizeof(all),
		 "a=b; holdfast=x; xholdfast=%.*s;  %.*s ; c=d;",
		 (int)pair().len, field, (int)pair().len, field);
	ck_assert(cookie_find(&cookie, text_of(all), back));
	ck_assert(!cookie_find(&cookie, text_of(""), back));
	ck_assert(!cookie_find(&cookie, text_of("holdfast"), back));
	ck_assert(!cookie_find(&cookie, text_of(";;;"), back));
}
END_TEST

START_TEST(the_secret_is_made_once_and_only_ours_to_read)
{
	char dir[TMP_DIR_MAX];
	char path[TMP_DIR_MAX + 16];
	uint8_t first[SECRET_BYTES];
	uint8_t second[SECRET_BYTES];
	struct stat stat_of;

	tmp_dir(dir, "cookie");
	snprintf(path, sizeof(path), "%s/cookie.key", dir);
	ck_assert_int_eq(secret_load(NULL, dir, first), 0);
	ck_assert_int_eq(secret_load(NULL, dir, second), 0);
	ck_assert_mem_eq(first, second, sizeof(first));
	ck_assert_int_eq(secret_load(path, "/nowhere", second), 0);
	ck_assert_mem_eq(first, second, sizeof(first));
	ck_assert_int_eq(stat(path, &stat_of), 0);
	ck_assert_uint_eq(stat_of.st_mode & 0777, 0600);
	ck_assert_int_eq(truncate(path, 8), 0);
	ck_assert_int_eq(secret_load(path, "/nowhere", second), -EINVAL);
	unlink(path);
	ck_assert_int_eq(secret_load(path, dir, second), -ENOENT);
	rmdir(dir);
	ck_assert_int_eq(secret_load(NULL, dir, second), -ENOENT);
}
END_TEST

TEST_MAIN("cookie", a_cookie_is_accepted_by_every_node_with_the_secret,
	  a_request_asked_again_makes_the_same_user_on_any_node,
	  a_cookie_changed_in_one_place_is_refused, another_secret_refuses_it,
	  ours_is_found_among_others,
	  the_secret_is_made_once_and_only_ours_to_read)
