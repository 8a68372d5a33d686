/* What a machine that stood still with its clocks tells when it goes on, and
 * what is left of a job that lost its id.
 */
#include "tests/roles/ledger_stand.h"

static void submit(void)
{
	struct message message = { .kind = MESSAGE_SUBMIT,
				   .request = 7,
				   .id = ID,
				   .type = text_of(job_name),
				   .user = text_of("u") };

	turn(&message);
	ck_assert_uint_eq(replies, 0);
	ck_assert(shown_job().asked);
}

/* NODE leads, and takes what is asked. */
static void take(uint32_t node, uint64_t token)
{
	struct job job = a_job(ME, (struct version){ token, 0 });

	put_job(node, &job);
}

static void ck_answered(uint64_t token)
{
	ck_assert_uint_eq(replies, 1);
	ck_assert_int_eq(reply.status, 0);
	ck_assert_uint_eq(reply.request, 7);
	ck_assert_uint_eq(shown_job().version.token, token);
}

START_TEST(who_leads_is_believed)
{
	setup();
	stand_under(8, 0);
	submit();
	take(0, token_make(8, 1));
	show(0, 8, LEASE_LEADING);
	turn(NULL);
	ck_answered(token_make(8, 1));
	teardown();
}
END_TEST

START_TEST(what_counted_before_the_promise_is_answered)
{
	setup();
	stand_under(8, 0);
	submit();
	take(0, token_make(8, 1));
	show(0, 8, LEASE_LEADING);
	promise(9);
	ck_answered(token_make(8, 1));
	teardown();
}
END_TEST

START_TEST(who_led_before_is_not_believed)
{
	setup();
	stand_under(8, 0);
	submit();
	promise(9);
	take(0, token_make(8, 1));
	show(0, 8, LEASE_LEADING);
	turn(NULL);
	turn(NULL);
	ck_assert_uint_eq(replies, 0);
	ck_assert(shown_job().asked);
	/* Nor when it has promised. */
	show(0, 9, 0);
	turn(NULL);
	ck_assert_uint_eq(replies, 0);
	/* The new leader has read all it will ever read of it. */
	put_ended(1, 0, token_make(9, 1));
	show(1, 9, LEASE_LEADING);
	turn(NULL);
	turn(NULL);
	ck_assert_uint_eq(replies, 0);
	take(1, token_make(9, 2));
	show(1, 9, LEASE_LEADING);
	turn(NULL);
	ck_answered(token_make(9, 2));
	teardown();
}
END_TEST

START_TEST(others_are_read_once_the_leader_is)
{
	setup();
	stand_under(8, 0);
	submit();
	promise(9);
	/* It is alive, and the new leader has read that. */
	take(0, token_make(8, 1));
	show(0, 9, 0);
	turn(NULL);
	ck_assert_uint_eq(replies, 0);
	show(1, 9, LEASE_LEADING);
	turn(NULL);
	ck_answered(token_make(8, 1));
	teardown();
}
END_TEST

static int count(void *arg, const struct record *record)
{
	char key[RECORD_KEY_MAX];
	unsigned *times = arg;

	if (text_equal(record->key, job_key(ID, key)))
		(*times)++;
	return 0;
}

/* How often its own journal tells of the job. */
static unsigned told(void)
{
	static uint8_t buf[SEGMENT_BUFFER];
	struct follow follow;
	unsigned times = 0;

	ck_assert_int_eq(follow_init(&follow, &hub, names[ME], buf), 0);
	ck_assert_int_eq(follow_tail(&follow, 0, 1, count, &times), 0);
	return times;
}

/* It knows what node 0 was asked for, and nobody took. */
static void hear_asked(void)
{
	struct job job =
		a_job(0, (struct version){ token_make(0, 1), LEASE_SLOTS_MAX });

	setup();
	stand_under(8, 1);
	job.asked = true;
	put_job(0, &job);
	show(0, 8, 0);
	turn(NULL);
}

START_TEST(what_was_asked_of_one_that_had_ended_is_told_again)
{
	hear_asked();
	ck_assert(shown_job().asked);
	ck_assert_uint_eq(told(), 0);
	put_ended(1, 0, token_make(8, 1));
	show(1, 8, LEASE_LEADING);
	turn(NULL);
	ck_assert_uint_eq(told(), 1);
	turn(NULL);
	ck_assert_uint_eq(told(), 1);
	teardown();
}
END_TEST

START_TEST(what_the_leader_took_is_not_told_again)
{
	hear_asked();
	put_ended(1, 0, token_make(8, 1));
	take(1, token_make(8, 2));
	show(1, 8, LEASE_LEADING);
	turn(NULL);
	ck_assert(!shown_job().asked);
	ck_assert_uint_eq(told(), 0);
	teardown();
}
END_TEST

/* Is a wish left for the second round, which was seen under COUNTER, when the
 * first has the id under counter 5?
 */
static bool is_left(uint32_t counter, bool asked)
{
	struct job job = a_job(0, (struct version){ token_make(8, 5), 0 });
	uint64_t numbers[3] = { WALL_MS, token_make(8, counter), 0 };
	char key[RECORD_KEY_MAX + 1];
	struct text name = ledger_wish_key("cancel", ID, text_of("1"), key);
	bool left;

	setup();
	stand_under(8, 1);
	job.asked = asked;
	put_job(0, &job);
	put_numbers(0, name, (struct version){ token_make(8, 1), 1 }, numbers,
		    3);
	show(0, 8, 0);
	turn(NULL);
	turn(NULL);
	left = memview_register_record(&view, key).len > 0;
	teardown();
	return left;
}

START_TEST(a_wish_goes_with_a_job_that_lost_its_id)
{
	ck_assert(!is_left(2, false));
	/* What it is about may still be read. */
	ck_assert(is_left(7, false));
	/* What is asked may lose, too. */
	ck_assert(is_left(2, true));
}
END_TEST

TEST_MAIN("ledger_woken", who_leads_is_believed,
	  what_counted_before_the_promise_is_answered,
	  who_led_before_is_not_believed, others_are_read_once_the_leader_is,
	  what_was_asked_of_one_that_had_ended_is_told_again,
	  what_the_leader_took_is_not_told_again,
	  a_wish_goes_with_a_job_that_lost_its_id)
