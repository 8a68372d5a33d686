#define _GNU_SOURCE
#include "io/seal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define HEX_A "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"
#define HEX_B "ffffffffffffffffffffffffffffffffFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

static uint8_t sealed[256];
static uint8_t plain[256];

static struct seal keys(const char *file)
{
	struct seal_mistake mistake;
	struct seal seal;

	ck_assert_int_eq(seal_parse(&seal, text_of(file), "plant7", &mistake),
			 0);
	return seal;
}

static size_t say(const struct seal *seal)
{
	int len = seal_close(seal, "hello", 5, sealed, sizeof(sealed));

	ck_assert_int_eq(len, 5 + SEAL_OVERHEAD);
	return (size_t)len;
}

static int hear(const struct seal *seal, size_t len)
{
	return seal_open(seal, sealed, len, plain, sizeof(plain));
}

START_TEST(what_was_sealed_opens_with_the_same_key)
{
	struct seal seal = keys("a " HEX_A "\n");

	ck_assert_int_eq(hear(&seal, say(&seal)), 5);
	ck_assert_mem_eq(plain, "hello", 5);
}
END_TEST

START_TEST(a_datagram_of_a_former_build_still_opens)
{
	static const uint8_t golden[] = {
		0x68, 0x66, 0x64, 0x01, 0xb4, 0xd8, 0xc2, 0xe2, 0x27, 0xc3,
		0x5e, 0x6e, 0x70, 0x84, 0x19, 0xfb, 0x57, 0x20, 0xc1, 0x16,
		0xdc, 0x67, 0x82, 0x73, 0xb7, 0x7d, 0x32, 0x1e, 0xb9, 0xb9,
		0xe3, 0x7f, 0x93, 0x72, 0x8d, 0xc9, 0x86, 0x2a, 0x83, 0xc8,
		0x63, 0xe2, 0x8f, 0x15, 0x9e, 0xbe, 0x09, 0x81, 0x34, 0x8e,
		0x9a, 0x11, 0xd6, 0x89, 0xa8, 0x61, 0x70,
	};
	struct seal seal = keys("a " HEX_A "\n");

	memcpy(sealed, golden, sizeof(golden));
	ck_assert_int_eq(hear(&seal, sizeof(golden)), 5);
	ck_assert_mem_eq(plain, "hello", 5);
}
END_TEST

START_TEST(nothing_sealed_looks_like_what_is_inside)
{
	struct seal seal = keys("a " HEX_A "\n");
	uint8_t first[256];
	size_t len = say(&seal);

	memcpy(first, sealed, len);
	ck_assert_ptr_null(memmem(sealed, len, "hello", 5));
	say(&seal);
	ck_assert_mem_ne(first + 12, sealed + 12, len - 12);
}
END_TEST

START_TEST(every_flipped_bit_is_noticed)
{
	struct seal seal = keys("a " HEX_A "\n");
	size_t len = say(&seal);

	for (size_t bit = 0; bit < 8 * len; bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_lt(hear(&seal, len), 0);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++)
		ck_assert_int_lt(hear(&seal, cut), 0);
	ck_assert_int_eq(hear(&seal, len), 5);
}
END_TEST

START_TEST(each_refusal_says_what_to_look_at)
{
	struct seal_mistake mistake;
	struct seal seal = keys("a " HEX_A "\n");
	struct seal other = keys("b " HEX_A "\n");
	struct seal same_id = keys("a " HEX_B "\n");
	struct seal foreign;
	size_t len = say(&seal);

	ck_assert_int_eq(hear(&other, len), -ENOKEY);
	ck_assert_int_eq(hear(&same_id, len), -EKEYREJECTED);
	seal_parse(&foreign, text_of("a " HEX_A), "plant8", &mistake);
	ck_assert_int_eq(hear(&foreign, len), -EXDEV);
	ck_assert_int_eq(seal_open(&seal, sealed, len, plain, 4), -ENOSPC);
	sealed[3]++;
	ck_assert_int_eq(hear(&seal, len), -EPROTONOSUPPORT);
	sealed[0]++;
	ck_assert_int_eq(hear(&seal, len), -EBADMSG);
	ck_assert_str_ne(seal_reason(-ENOKEY), seal_reason(-EKEYREJECTED));
}
END_TEST

START_TEST(a_key_opens_for_one_cluster_alone)
{
	struct seal_mistake mistake;
	struct seal seal = keys("a " HEX_A "\n");
	struct seal foreign;
	size_t len = say(&seal);

	seal_parse(&foreign, text_of("a " HEX_A), "plant8", &mistake);
	foreign.cluster = seal.cluster; /* two names of one number */
	ck_assert_int_eq(hear(&foreign, len), -EKEYREJECTED);
}
END_TEST

START_TEST(at_no_step_of_a_rotation_is_anyone_unheard)
{
	static const char *const steps[] = {
		"old " HEX_A "\n",
		"old " HEX_A "\nnew " HEX_B "\n",
		"new " HEX_B "\nold " HEX_A "\n",
		"new " HEX_B "\n",
	};

	for (size_t i = 0; i + 1 < sizeof(steps) / sizeof(steps[0]); i++) {
		struct seal before = keys(steps[i]);
		struct seal after = keys(steps[i + 1]);

		ck_assert_int_eq(hear(&after, say(&before)), 5);
		ck_assert_int_eq(hear(&before, say(&after)), 5);
	}
}
END_TEST

START_TEST(a_file_may_have_comments_and_the_ends_of_lines_of_others)
{
	struct seal seal = keys("# made today\r\n\n \t2026-11.b\t" HEX_B
				" \r\n a_1 " HEX_A);

	ck_assert_uint_eq(seal.count, 2);
	ck_assert_str_eq(seal.keys[0].id, "2026-11.b");
	ck_assert_str_eq(seal.keys[1].id, "a_1");
}
END_TEST

static const struct {
	const char *file;
	unsigned line;
	const char *word; /* in what is said */
} mistakes[] = {
	{ "", 0, "no key" },
	{ "# nothing\n", 0, "no key" },
	{ "a " HEX_A "\nb\n", 2, "after the ID" },
	{ "a " HEX_A "0\n", 1, "64" },
	{ "a " HEX_A "\n\nb g" HEX_A, 3, "64" },
	{ HEX_A "\n", 1, "ID has" },
	{ "a/b " HEX_A "\n", 1, "ID has" },
	{ "a " HEX_A " b\n", 1, "follow" },
	{ "a " HEX_A "\na " HEX_B "\n", 2, "has this ID" },
	{ "a z00102030405060708090a0b0c0d0e0f"
	  "000102030405060708090a0b0c0d0e0f",
	  1, "hexadecimal digits alone" },
	{ "1 " HEX_A "\n2 " HEX_A "\n3 " HEX_A "\n4 " HEX_A "\n5 " HEX_A
	  "\n6 " HEX_A "\n7 " HEX_A "\n8 " HEX_A "\n9 " HEX_A "\n",
	  9, "more than 8" },
};

START_TEST(every_mistake_is_told_with_its_line)
{
	struct seal_mistake mistake;
	struct seal seal;

	ck_assert_int_eq(
		seal_parse(&seal, text_of(mistakes[_i].file), "c", &mistake),
		-EINVAL);
	ck_assert_uint_eq(mistake.line, mistakes[_i].line);
	ck_assert_ptr_nonnull(strstr(mistake.what, mistakes[_i].word));
	ck_assert_uint_eq(seal.count, 0);
	ck_assert_int_eq(seal_close(&seal, "", 0, sealed, sizeof(sealed)),
			 -ENOKEY);
}
END_TEST

START_TEST(a_bad_file_leaves_the_keys_as_they_were)
{
	char path[TMP_DIR_MAX];
	struct seal seal = keys("a " HEX_A "\n");
	int fd = tmp_file(path, "keys");

	ck_assert_int_eq(write(fd, "b " HEX_B "\n", 67), 67);
	ck_assert_int_eq(seal_load(&seal, path, "plant7"), 0);
	ck_assert_str_eq(seal.keys[0].id, "b");
	ck_assert_int_eq(write(fd, "c\n", 2), 2);
	ck_assert_int_eq(seal_load(&seal, path, "plant7"), -EINVAL);
	ck_assert_str_eq(seal.keys[0].id, "b");
	unlink(path);
	ck_assert_int_eq(seal_load(&seal, path, "plant7"), -ENOENT);
	ck_assert_int_eq(seal_load(&seal, "/dev/null", "plant7"), -EINVAL);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("seal");
	TCase *tcase = tcase_create("seal");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, what_was_sealed_opens_with_the_same_key);
	tcase_add_test(tcase, a_datagram_of_a_former_build_still_opens);
	tcase_add_test(tcase, nothing_sealed_looks_like_what_is_inside);
	tcase_add_test(tcase, every_flipped_bit_is_noticed);
	tcase_add_test(tcase, each_refusal_says_what_to_look_at);
	tcase_add_test(tcase, a_key_opens_for_one_cluster_alone);
	tcase_add_test(tcase, at_no_step_of_a_rotation_is_anyone_unheard);
	tcase_add_test(
		tcase,
		a_file_may_have_comments_and_the_ends_of_lines_of_others);
	tcase_add_loop_test(tcase, every_mistake_is_told_with_its_line, 0,
			    sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tcase, a_bad_file_leaves_the_keys_as_they_were);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
