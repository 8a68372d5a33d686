#define _GNU_SOURCE
#include "io/leasefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/leaseprobe.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define SLOTS 8

static char top[TMP_DIR_MAX];
static struct leasefile file;
static struct lease_terms terms;

static const char *in_top(const char *name)
{
	static char path[TMP_DIR_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	return path;
}

static void make_top(void)
{
	tmp_dir(top, "leasefile");
	terms = lease_terms_for(3000, SLOTS);
	ck_assert_int_eq(leasefile_make(top, &terms, 0), 0);
	ck_assert_int_eq(leasefile_open(&file, top, &terms, 0), 0);
}

static void remove_top(void)
{
	leasefile_close(&file);
	tmp_dir_remove(top);
}

static void put(uint32_t slot, uint64_t number)
{
	struct lease_record record = {
		.file_id = file.header.file_id,
		.slot = slot,
		.number = number,
		.generation = 1,
		.name = "node-a",
	};
	uint8_t bytes[LEASE_RECORD];

	lease_record_encode(&record, bytes);
	ck_assert_int_eq(
		leasefile_write(&file, slot, lease_block_of(number), bytes), 0);
	record.flags = LEASE_TOMB;
	lease_record_encode(&record, bytes);
	ck_assert_int_eq(
		leasefile_write(&file, slot, lease_block_of(number) ^ 1, bytes),
		0);
}

static struct lease_slot slot_of(uint32_t number)
{
	struct lease_slot slot;

	lease_slot_decode(&slot, leasefile_block(&file, number, 0),
			  leasefile_block(&file, number, 1),
			  file.header.file_id, number);
	return slot;
}

/* S4 */
START_TEST(the_file_has_its_whole_size_from_the_beginning)
{
	struct stat status;

	make_top();
	ck_assert_int_eq(stat(in_top("lease"), &status), 0);
	ck_assert_int_eq(status.st_size, (off_t)lease_file_bytes(SLOTS));
	put(SLOTS - 1, 2);
	put(SLOTS - 1, 3);
	ck_assert_int_eq(stat(in_top("lease"), &status), 0);
	ck_assert_int_eq(status.st_size, (off_t)lease_file_bytes(SLOTS));
	remove_top();
}
END_TEST

START_TEST(what_was_written_is_read_by_another_opener)
{
	make_top();
	put(2, 4);
	put(2, 5);
	leasefile_close(&file);
	ck_assert_int_eq(leasefile_open(&file, top, &terms, 0), 0);
	ck_assert_int_eq(leasefile_read(&file, SLOTS), 0);
	ck_assert_int_eq(slot_of(2).state, LEASE_SLOT_SHOWN);
	ck_assert_uint_eq(slot_of(2).record.number, 5);
	ck_assert_int_eq(slot_of(1).state, LEASE_SLOT_FREE);
	ck_assert_int_eq(slot_of(3).state, LEASE_SLOT_FREE);
	remove_top();
}
END_TEST

START_TEST(a_second_maker_finds_the_file_as_it_is)
{
	uint64_t id;

	make_top();
	id = file.header.file_id;
	ck_assert_int_eq(leasefile_make(top, &terms, 0), 0);
	leasefile_close(&file);
	ck_assert_int_eq(leasefile_open(&file, top, NULL, 0), 0);
	ck_assert_uint_eq(file.header.file_id, id);
	remove_top();
}
END_TEST

/* T12 */
START_TEST(who_wants_another_lease_is_refused)
{
	struct lease_terms other = lease_terms_for(5000, SLOTS);
	struct leasefile second;

	make_top();
	ck_assert_int_eq(leasefile_open(&second, top, &other, 0), -EPROTO);
	other = lease_terms_for(3000, SLOTS + 1);
	ck_assert_int_eq(leasefile_open(&second, top, &other, 0), -EPROTO);
	remove_top();
}
END_TEST

/* Scenario 19 */
START_TEST(a_file_cut_short_or_zeroed_is_refused)
{
	struct leasefile second;

	make_top();
	ck_assert_int_eq(truncate(in_top("lease"), 8192), 0);
	ck_assert_int_eq(leasefile_open(&second, top, &terms, 0), -EBADMSG);
	ck_assert_int_eq(leasefile_read(&file, SLOTS), -EIO);
	ck_assert_int_eq(truncate(in_top("lease"), 0), 0);
	ck_assert_int_eq(
		truncate(in_top("lease"), (off_t)lease_file_bytes(SLOTS)), 0);
	ck_assert_int_eq(leasefile_open(&second, top, &terms, 0), -ENODATA);
	remove_top();
}
END_TEST

START_TEST(a_lost_file_is_not_made_again_while_there_are_members)
{
	uint32_t slot;

	make_top();
	ck_assert_int_eq(leasefile_slot(top, &file.header, "node-a", &slot), 0);
	ck_assert_int_eq(unlink(in_top("lease")), 0);
	ck_assert_int_eq(leasefile_make(top, &terms, 0), -ESTALE);
	remove_top();
}
END_TEST

START_TEST(members_of_another_file_are_refused)
{
	struct lease_header other;
	uint32_t slot;

	make_top();
	ck_assert_int_eq(leasefile_slot(top, &file.header, "node-a", &slot), 0);
	other = file.header;
	other.file_id++;
	ck_assert_int_eq(leasefile_slot(top, &other, "node-a", &slot), -ESTALE);
	remove_top();
}
END_TEST

START_TEST(a_slot_that_is_known_to_be_a_nodes_is_nobody_elses)
{
	uint32_t slot;

	make_top();
	ck_assert_int_eq(leasefile_restore(top, &file.header, "node-a", 0), 0);
	ck_assert_int_eq(leasefile_restore(top, &file.header, "node-a", 0), 0);
	ck_assert_int_eq(leasefile_slot(top, &file.header, "node-b", &slot), 0);
	ck_assert_uint_eq(slot, 1);
	ck_assert_int_eq(leasefile_slot(top, &file.header, "node-a", &slot), 0);
	ck_assert_uint_eq(slot, 0);
	remove_top();
}
END_TEST

START_TEST(slots_are_given_out_from_the_lowest_and_kept)
{
	uint32_t slot;

	make_top();
	ck_assert_int_eq(leasefile_slot(top, &file.header, "node-a", &slot), 0);
	ck_assert_uint_eq(slot, 0);
	ck_assert_int_eq(leasefile_slot(top, &file.header, "node-b", &slot), 0);
	ck_assert_uint_eq(slot, 1);
	ck_assert_int_eq(leasefile_slot(top, &file.header, "node-a", &slot), 0);
	ck_assert_uint_eq(slot, 0);
	for (int i = 2; i < SLOTS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "node-%d", i);
		ck_assert_int_eq(leasefile_slot(top, &file.header, name, &slot),
				 0);
	}
	ck_assert_int_eq(leasefile_slot(top, &file.header, "late", &slot),
			 -ENOSPC);
	remove_top();
}
END_TEST

START_TEST(eight_that_come_at_once_get_a_slot_each)
{
	unsigned seen = 0;

	make_top();
	for (int i = 0; i < SLOTS; i++)
		if (fork() == 0) {
			char name[16];
			uint32_t slot = 0;

			snprintf(name, sizeof(name), "node-%d", i);
			if (leasefile_slot(top, &file.header, name, &slot) != 0)
				_exit(255);
			_exit((int)slot);
		}
	for (int i = 0; i < SLOTS; i++) {
		int status;

		ck_assert_int_gt(wait(&status), 0);
		seen |= 1U << WEXITSTATUS(status);
	}
	ck_assert_uint_eq(seen, (1U << SLOTS) - 1);
	remove_top();
}
END_TEST

/* A copy in its place, as a restore leaves it. */
START_TEST(a_file_put_in_its_place_is_told_from_ours)
{
	char command[256];

	make_top();
	put(2, 5);
	ck_assert(!leasefile_is_replaced(&file, top, 2, 1));
	snprintf(command, sizeof(command), "cp '%s/lease' '%s/copy'", top, top);
	ck_assert_int_eq(system(command), 0);
	put(2, 7);
	ck_assert(!leasefile_is_replaced(&file, top, 2, 1));
	snprintf(command, sizeof(command), "mv '%s/copy' '%s/lease'", top, top);
	ck_assert_int_eq(system(command), 0);
	ck_assert(leasefile_is_replaced(&file, top, 2, 1));
	ck_assert(!leasefile_is_replaced(&file, top, 3, 1));
	ck_assert_int_eq(truncate(in_top("lease"), 4096), 0);
	ck_assert(leasefile_is_replaced(&file, top, 3, 1));
	ck_assert_int_eq(unlink(in_top("lease")), 0);
	ck_assert(!leasefile_is_replaced(&file, top, 2, 1));
	remove_top();
}
END_TEST

START_TEST(a_number_is_never_given_twice)
{
	uint64_t last = 0;

	make_top();
	for (int i = 0; i < 20; i++) {
		uint64_t number;

		ck_assert_int_eq(leasefile_number(top, 3, 0, &number), 0);
		ck_assert_uint_gt(number, last);
		last = number;
	}
	ck_assert_int_eq(leasefile_number(top, 3, 99, &last), 0);
	ck_assert_uint_eq(last, 100);
	ck_assert_int_eq(leasefile_number(top, 4, 0, &last), 0);
	ck_assert_uint_eq(last, 1);
	remove_top();
}
END_TEST

START_TEST(a_local_directory_is_fit)
{
	struct leaseprobe probe;

	make_top();
	ck_assert_int_eq(leaseprobe(&probe, top), 0);
	ck_assert(probe.coherent && probe.exclusive);
	ck_assert_ptr_null(leaseprobe_fault(&probe));
	ck_assert_int_le(probe.write.median_us, probe.write.worst_us);
	remove_top();
}
END_TEST

START_TEST(a_directory_that_is_not_there_cannot_be_probed)
{
	struct leaseprobe probe;

	ck_assert_int_eq(leaseprobe(&probe, "/nonexistent"), -ENOENT);
}
END_TEST

TEST_MAIN("leasefile", the_file_has_its_whole_size_from_the_beginning,
	  what_was_written_is_read_by_another_opener,
	  a_second_maker_finds_the_file_as_it_is,
	  who_wants_another_lease_is_refused,
	  a_file_cut_short_or_zeroed_is_refused,
	  a_lost_file_is_not_made_again_while_there_are_members,
	  members_of_another_file_are_refused,
	  a_slot_that_is_known_to_be_a_nodes_is_nobody_elses,
	  slots_are_given_out_from_the_lowest_and_kept,
	  eight_that_come_at_once_get_a_slot_each,
	  a_file_put_in_its_place_is_told_from_ours,
	  a_number_is_never_given_twice, a_local_directory_is_fit,
	  a_directory_that_is_not_there_cannot_be_probed)
