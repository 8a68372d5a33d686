#define _GNU_SOURCE
#include "io/view.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

static char state[TMP_DIR_MAX];
static struct view *writer;
static struct view *reader;
static char buf[8192];
static struct view_head head;
/* What a list gave: the ids, each behind the other. */
static char listed[4096];

static void setup(void)
{
	int rc;

	tmp_dir(state, "view");
	writer = view_open_writer(state, true, &rc);
	ck_assert_ptr_nonnull(writer);
	/* LMDB wants one opening per process; two in one test do no harm as
	 * long as neither is ever closed. */
	reader = view_open_reader(state, &rc);
	ck_assert_ptr_nonnull(reader);
	ck_assert_int_eq(rc, 0);
}

static void teardown(void)
{
	tmp_dir_remove(state);
}

/* The id whose last letters are NUMBER, in decimal. */
static const char *id_of(unsigned number)
{
	static char id[JOB_ID_LEN + 1];

	snprintf(id, sizeof(id), "%026u", number);
	return id;
}

static struct view_job job_of(unsigned number, const char *user)
{
	static char json[32];
	static char record[32];

	snprintf(json, sizeof(json), "{\"n\":%u}", number);
	snprintf(record, sizeof(record), "record %u", number);
	return (struct view_job){
		.version = { number + 1, 2 },
		.state = JOB_PROCESSING,
		.created_ms = 1000 + (int64_t)number,
		.user = text_of(user),
		.type = text_of(number % 2 ? "odd" : "even"),
		.json = text_of(json),
		.record = text_of(record),
	};
}

static int put(unsigned number, const char *user)
{
	struct view_job job = job_of(number, user);

	return writer->ops->put(writer, id_of(number), &job);
}

static void put_all(unsigned count)
{
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(put(i, i % 3 ? "ada" : "bob"), 0);
	ck_assert_int_eq(writer->ops->commit(writer), 0);
}

static int read_one(unsigned number)
{
	return view_read_job(reader, id_of(number), &head, buf, sizeof(buf),
			     false);
}

static bool note(void *arg, const char *id, struct text json)
{
	size_t len = strlen(listed);

	ck_assert_uint_gt(json.len, 0);
	ck_assert_uint_lt(len + 8, sizeof(listed));
	snprintf(listed + len, sizeof(listed) - len, " %lu",
		 strtoul(id, NULL, 10));
	return arg == NULL;
}

static const char *list(const struct view_query *query, bool *more)
{
	listed[0] = '\0';
	ck_assert_int_eq(view_read_list(reader, query, note, NULL, more), 0);
	return listed;
}

START_TEST(what_was_committed_is_read)
{
	setup();
	put_all(3);
	ck_assert_int_eq(
		view_read_job(reader, id_of(1), &head, buf, sizeof(buf), true),
		0);
	ck_assert_uint_eq(head.json_len, 7);
	ck_assert_mem_eq(buf, "{\"n\":1}record 1", head.json_len + 8);
	ck_assert_uint_eq(head.record_len, 8);
	ck_assert_uint_eq(head.version.token, 2);
	ck_assert_uint_eq(head.version.step, 2);
	ck_assert_int_eq(head.state, JOB_PROCESSING);
	ck_assert_int_eq(head.created_ms, 1001);
	ck_assert_str_eq(head.user, "ada");
	ck_assert_str_eq(head.type, "odd");
	ck_assert_int_eq(read_one(9), -ENOENT);
	ck_assert_int_eq(view_read_job(reader, id_of(1), &head, buf, 6, false),
			 -ENOSPC);
	teardown();
}
END_TEST

START_TEST(what_was_not_committed_is_not_read)
{
	uint64_t count;

	setup();
	put_all(1);
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	ck_assert_int_eq(put(5, "ada"), 0);
	ck_assert_int_eq(read_one(5), -ENOENT);
	writer->ops->abort(writer);
	ck_assert_int_eq(read_one(5), -ENOENT);
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	ck_assert_int_eq(writer->ops->count(writer, &count), 0);
	ck_assert_uint_eq(count, 1);
	writer->ops->abort(writer);
	teardown();
}
END_TEST

START_TEST(a_list_is_newest_first)
{
	struct view_query query = { .limit = 100 };
	bool more;

	setup();
	put_all(8);
	ck_assert_str_eq(list(&query, &more), " 7 6 5 4 3 2 1 0");
	ck_assert(!more);
	query.limit = 8;
	list(&query, &more);
	ck_assert(!more);
	query.limit = 3;
	ck_assert_str_eq(list(&query, &more), " 7 6 5");
	ck_assert(more);
	query.after = text_of(id_of(5));
	ck_assert_str_eq(list(&query, &more), " 4 3 2");
	teardown();
}
END_TEST

START_TEST(a_list_is_of_one_user_type_and_state)
{
	struct view_query query = { .limit = 100, .user = text_of("ada") };
	struct view_job job;
	bool more;

	setup();
	put_all(8);
	ck_assert_str_eq(list(&query, &more), " 7 5 4 2 1");
	query.type = text_of("even");
	ck_assert_str_eq(list(&query, &more), " 4 2");
	job = job_of(4, "ada");
	job.state = JOB_READY;
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	ck_assert_int_eq(writer->ops->put(writer, id_of(4), &job), 0);
	ck_assert_int_eq(writer->ops->commit(writer), 0);
	query.state = JOB_READY;
	ck_assert_str_eq(list(&query, &more), " 4");
	query.user = text_of("nobody");
	ck_assert_str_eq(list(&query, &more), "");
	query.after = text_of("00000000000000000000000099");
	ck_assert_int_eq(view_read_list(reader, &query, note, NULL, &more),
			 -ENOENT);
	teardown();
}
END_TEST

START_TEST(a_forgotten_job_is_not_listed)
{
	struct view_query query = { .limit = 100 };
	struct view_job job;
	bool more;

	setup();
	put_all(3);
	job = job_of(1, "ada");
	job.forgotten = true;
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	ck_assert_int_eq(writer->ops->put(writer, id_of(1), &job), 0);
	ck_assert_int_eq(writer->ops->commit(writer), 0);
	ck_assert_str_eq(list(&query, &more), " 2 0");
	ck_assert_int_eq(read_one(1), 0);
	ck_assert(head.forgotten);
	teardown();
}
END_TEST

START_TEST(a_put_moves_the_job_in_every_index)
{
	struct view_query query = { .limit = 100 };
	struct view_job job;
	char id[JOB_ID_LEN + 1];
	int64_t due;
	bool more;

	setup();
	put_all(4);
	job = job_of(1, "eve");
	job.created_ms = 9000;
	job.due_ms = 500;
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	ck_assert_int_eq(writer->ops->put(writer, id_of(1), &job), 0);
	ck_assert_int_eq(writer->ops->first_due(writer, 1, id, &due), 0);
	ck_assert_str_eq(id, id_of(1));
	ck_assert_int_eq(due, 500);
	job.due_ms = 0;
	ck_assert_int_eq(writer->ops->put(writer, id_of(1), &job), 0);
	ck_assert_int_eq(writer->ops->first_due(writer, 1, id, &due), -ENOENT);
	ck_assert_int_eq(writer->ops->commit(writer), 0);
	ck_assert_str_eq(list(&query, &more), " 1 3 2 0");
	query.user = text_of("ada");
	ck_assert_str_eq(list(&query, &more), " 2");
	query.user = text_of("eve");
	ck_assert_str_eq(list(&query, &more), " 1");
	teardown();
}
END_TEST

START_TEST(a_removed_job_is_gone_from_every_index)
{
	struct view_query query = { .limit = 100 };
	struct view_job job;
	char id[JOB_ID_LEN + 1] = "";
	int64_t due;
	bool more;

	setup();
	put_all(2);
	job = job_of(1, "ada");
	job.due_ms = 77;
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	ck_assert_int_eq(writer->ops->put(writer, id_of(1), &job), 0);
	ck_assert_int_eq(writer->ops->remove(writer, id_of(1)), 0);
	ck_assert_int_eq(writer->ops->remove(writer, id_of(1)), -ENOENT);
	ck_assert_int_eq(writer->ops->first_due(writer, 1, id, &due), -ENOENT);
	ck_assert_int_eq(writer->ops->commit(writer), 0);
	ck_assert_str_eq(list(&query, &more), " 0");
	ck_assert_int_eq(read_one(1), -ENOENT);
	teardown();
}
END_TEST

START_TEST(the_writer_walks_through_all)
{
	char id[JOB_ID_LEN + 1] = "";
	struct view_job job;
	unsigned count = 0;

	setup();
	put_all(5);
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	while (writer->ops->next(writer, id, &job) == 0) {
		ck_assert_str_eq(id, id_of(count));
		ck_assert_uint_eq(job.version.token, count + 1);
		count++;
	}
	ck_assert_uint_eq(count, 5);
	writer->ops->abort(writer);
	teardown();
}
END_TEST

START_TEST(the_earliest_is_due_first)
{
	static const int64_t due[] = { 0, 70000, 300, INT64_MAX, 70001 };
	struct view_job job;
	char id[JOB_ID_LEN + 1];
	int64_t first;

	setup();
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	for (unsigned i = 0; i < 5; i++) {
		job = job_of(i, "ada");
		job.due_ms = due[i];
		ck_assert_int_eq(writer->ops->put(writer, id_of(i), &job), 0);
	}
	ck_assert_int_eq(writer->ops->first_due(writer, 1, id, &first), 0);
	ck_assert_str_eq(id, id_of(2));
	ck_assert_int_eq(first, 300);
	ck_assert_int_eq(writer->ops->remove(writer, id), 0);
	ck_assert_int_eq(writer->ops->first_due(writer, 1, id, &first), 0);
	ck_assert_int_eq(first, 70000);
	ck_assert_int_eq(writer->ops->first_due(writer, 70001, id, &first), 0);
	ck_assert_str_eq(id, id_of(4));
	ck_assert_int_eq(writer->ops->first_due(writer, 70002, id, &first), 0);
	ck_assert_int_eq(first, INT64_MAX);
	ck_assert_int_eq(writer->ops->commit(writer), 0);
	teardown();
}
END_TEST

/* A child is killed inside a write transaction; the next writer goes on with
 * what was committed.
 */
START_TEST(a_writer_killed_half_way_leaves_what_was_committed)
{
	int status;
	int rc;
	pid_t pid;

	tmp_dir(state, "view");
	pid = fork();
	if (pid == 0) {
		writer = view_open_writer(state, true, &rc);
		put_all(3);
		writer->ops->begin(writer);
		put(7, "ada");
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	writer = view_open_writer(state, false, &rc);
	ck_assert_ptr_nonnull(writer);
	reader = view_open_reader(state, &rc);
	ck_assert_int_eq(read_one(2), 0);
	ck_assert_int_eq(read_one(7), -ENOENT);
	put_all(9);
	ck_assert_int_eq(read_one(7), 0);
	teardown();
}
END_TEST

START_TEST(a_reader_waits_for_a_writer)
{
	int rc;

	tmp_dir(state, "view");
	ck_assert_ptr_null(view_open_reader(state, &rc));
	ck_assert_int_eq(rc, -ENOENT);
	teardown();
}
END_TEST

/* A dead reader pins pages until it is cleared. */
START_TEST(the_file_does_not_grow_with_changes)
{
	uint64_t before;
	uint64_t after;
	uint64_t limit;

	setup();
	put_all(200);
	for (int i = 0; i < 20; i++)
		put_all(200);
	ck_assert_int_eq(view_size(writer, &before, &limit), 0);
	for (int i = 0; i < 200; i++)
		put_all(200);
	view_clear_dead_readers(writer);
	ck_assert_int_eq(view_size(writer, &after, &limit), 0);
	ck_assert_uint_le(after, before + before / 4);
	ck_assert_uint_gt(limit, 100 * before);
	teardown();
}
END_TEST

/* In the child of the test below: 0 = as it should be, 77 = not allowed. */
static int fill_up(void)
{
	static char json[2000];
	struct view_job job;
	unsigned number = 0;
	int rc;

	if (unshare(CLONE_NEWNS) == -1 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == -1 ||
	    mount("none", state, "tmpfs", 0, "size=2m") == -1)
		return 77;
	writer = view_open_writer(state, true, &rc);
	if (writer == NULL)
		return 1;
	memset(json, 'j', sizeof(json));
	do {
		writer->ops->begin(writer);
		for (unsigned i = 0; i < 20; i++) {
			job = job_of(number + i, "ada");
			job.json = (struct text){ json, sizeof(json) };
			writer->ops->put(writer, id_of(number + i), &job);
		}
		rc = writer->ops->commit(writer);
		number += 20;
	} while (rc == 0 && number < 100000);
	if (rc != -ENOSPC)
		return 2;
	reader = view_open_reader(state, &rc);
	if (reader == NULL || read_one(number - 21) != 0 ||
	    head.json_len != sizeof(json) || read_one(number - 20) != -ENOENT)
		return 3;
	/* What was there can be removed, and then there is room. */
	writer->ops->begin(writer);
	for (unsigned i = 0; i < 200; i++)
		writer->ops->remove(writer, id_of(i));
	rc = writer->ops->commit(writer);
	return rc == 0 || rc == -ENOSPC ? 0 : 4;
}

START_TEST(a_full_file_system_undoes_the_transaction_alone)
{
	int status;
	pid_t pid;

	tmp_dir(state, "view");
	pid = fork();
	if (pid == 0)
		_exit(fill_up());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
	teardown();
}
END_TEST

START_TEST(registers_are_kept_walked_through_and_read)
{
	struct view_register in = { .version = { 7, 1 },
				    .served = text_of("1"),
				    .record = text_of("record a") };
	char key[RECORD_KEY_MAX + 1] = "";
	struct view_register out;
	char served[8];

	setup();
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	ck_assert_int_eq(writer->ops->get_register(writer, text_of("a"), &out),
			 -ENOENT);
	ck_assert_int_eq(writer->ops->put_register(writer, text_of("a"), &in),
			 0);
	in.served = text_of("0");
	ck_assert_int_eq(writer->ops->put_register(writer, text_of("b/c"), &in),
			 0);
	in.served = (struct text){ NULL, 0 };
	ck_assert_int_eq(writer->ops->put_register(writer, text_of("d"), &in),
			 0);
	ck_assert_int_eq(writer->ops->get_register(writer, text_of("a"), &out),
			 0);
	ck_assert_uint_eq(out.version.token, 7);
	ck_assert(text_is(out.record, "record a"));
	ck_assert_int_eq(writer->ops->next_register(writer, key, &out), 0);
	ck_assert_str_eq(key, "a");
	ck_assert_int_eq(writer->ops->next_register(writer, key, &out), 0);
	ck_assert_str_eq(key, "b/c");
	ck_assert(text_is(out.served, "0"));
	ck_assert_int_eq(writer->ops->next_register(writer, key, &out), 0);
	ck_assert_uint_eq(out.served.len, 0);
	ck_assert(text_is(out.record, "record a"));
	ck_assert_int_eq(writer->ops->next_register(writer, key, &out),
			 -ENOENT);
	ck_assert_int_eq(view_read_register(reader, "a", served, 8), -ENOENT);
	ck_assert_int_eq(writer->ops->commit(writer), 0);
	ck_assert_int_eq(view_read_register(reader, "a", served, 8), 1);
	ck_assert_str_eq(served, "1");
	ck_assert_int_eq(view_read_register(reader, "a", served, 1), -ENOSPC);
	teardown();
}
END_TEST

START_TEST(a_register_that_was_removed_is_gone)
{
	struct view_register in = { .version = { 7, 1 },
				    .record = text_of("record") };
	char key[RECORD_KEY_MAX + 1] = "";
	struct view_register out;

	setup();
	ck_assert_int_eq(writer->ops->begin(writer), 0);
	ck_assert_int_eq(writer->ops->put_register(writer, text_of("a"), &in),
			 0);
	ck_assert_int_eq(writer->ops->put_register(writer, text_of("b"), &in),
			 0);
	ck_assert_int_eq(writer->ops->remove_register(writer, text_of("a")), 0);
	ck_assert_int_eq(writer->ops->remove_register(writer, text_of("a")),
			 -ENOENT);
	ck_assert_int_eq(writer->ops->next_register(writer, key, &out), 0);
	ck_assert_str_eq(key, "b");
	ck_assert_int_eq(writer->ops->commit(writer), 0);
	teardown();
}
END_TEST

TEST_MAIN("view", what_was_committed_is_read,
	  what_was_not_committed_is_not_read, a_list_is_newest_first,
	  a_list_is_of_one_user_type_and_state, a_forgotten_job_is_not_listed,
	  a_put_moves_the_job_in_every_index,
	  a_removed_job_is_gone_from_every_index, the_writer_walks_through_all,
	  the_earliest_is_due_first,
	  a_writer_killed_half_way_leaves_what_was_committed,
	  a_reader_waits_for_a_writer, the_file_does_not_grow_with_changes,
	  a_full_file_system_undoes_the_transaction_alone,
	  registers_are_kept_walked_through_and_read,
	  a_register_that_was_removed_is_gone)
