#define _GNU_SOURCE
#include "io/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/udp.h"
#include "tests/core/test.h"

static struct resolve resolve;

static char one[] = "dns:one.example:7401";
static char address[] = "10.0.0.9";
static char none[] = "dns:none.example";
static char two[] = "dns:two.example";
static char local[] = "dns:localhost";
static char *entries[] = { one, address, none, two };
static const struct strings list = { entries, 4 };

/* One address for one.example, two for two.example, no other name. */
static int look(const char *name, const char *port,
		const struct addrinfo *hints, struct addrinfo **found)
{
	struct addrinfo numeric = *hints;

	numeric.ai_flags |= AI_NUMERICHOST;
	if (strcmp(name, "none.example") == 0)
		return EAI_NONAME;
	if (getaddrinfo("10.0.0.1", port, &numeric, found) != 0)
		return EAI_FAIL;
	if (strcmp(name, "two.example") == 0)
		return getaddrinfo("fd00::2", port, &numeric,
				   &(*found)->ai_next);
	return 0;
}

static int look_for_ever(const char *name, const char *port,
			 const struct addrinfo *hints, struct addrinfo **found)
{
	if (strcmp(name, "none.example") != 0)
		return look(name, port, hints, found);
	for (;;)
		pause();
}

static const struct resolve_answer *wait_for_answer(void)
{
	const struct resolve_answer *answer = NULL;

	while (answer == NULL && resolve.fd != -1) {
		struct pollfd ready = { .fd = resolve.fd, .events = POLLIN };

		ck_assert_int_eq(poll(&ready, 1, 10000), 1);
		answer = resolve_next(&resolve);
	}
	return answer;
}

static void wait_for_end(void)
{
	int64_t deadline = clock_ms() + 10000;

	while (resolve.pid != 0 && clock_ms() < deadline) {
		resolve_turn(&resolve, 0);
		usleep(1000);
	}
	ck_assert_int_eq(resolve.pid, 0);
}

static void names_are(const struct resolve_answer *answer, uint32_t entry,
		      const char *first, const char *second)
{
	char name[UDP_NAME_MAX];

	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->entry, entry);
	ck_assert_int_eq(answer->error, 0);
	ck_assert_uint_eq(answer->count, second == NULL ? 1 : 2);
	udp_name(&answer->to[0], name);
	ck_assert_str_eq(name, first);
	if (second == NULL)
		return;
	udp_name(&answer->to[1], name);
	ck_assert_str_eq(name, second);
}

START_TEST(each_name_is_looked_up_and_only_names)
{
	const struct resolve_answer *answer;

	resolve_init(&resolve, &list, 7400);
	resolve.look = look;
	ck_assert(resolve_is_needed(&resolve));
	ck_assert_int_eq(resolve_start(&resolve, 0), 0);
	ck_assert_int_eq(resolve_start(&resolve, 0), -EALREADY);
	names_are(wait_for_answer(), 0, "10.0.0.1:7401", NULL);
	answer = wait_for_answer();
	ck_assert_ptr_nonnull(answer);
	ck_assert_uint_eq(answer->entry, 2);
	ck_assert_int_eq(answer->error, EAI_NONAME);
	ck_assert_uint_eq(answer->count, 0);
	names_are(wait_for_answer(), 3, "10.0.0.1:7400", "[fd00::2]:7400");
	ck_assert_ptr_null(wait_for_answer());
	ck_assert_int_eq(resolve.fd, -1);
	wait_for_end();
	ck_assert_int_eq(resolve_start(&resolve, 0), 0);
	resolve_close(&resolve);
}
END_TEST

START_TEST(a_list_of_addresses_needs_no_child)
{
	struct strings plain = { entries + 1, 1 };

	resolve_init(&resolve, &plain, 7400);
	ck_assert(!resolve_is_needed(&resolve));
}
END_TEST

START_TEST(a_server_that_never_answers_keeps_nobody_waiting)
{
	int64_t began = clock_ms();

	resolve_init(&resolve, &list, 7400);
	resolve.look = look_for_ever;
	resolve_start(&resolve, 0);
	names_are(wait_for_answer(), 0, "10.0.0.1:7401", NULL);
	ck_assert_ptr_null(resolve_next(&resolve));
	resolve_turn(&resolve, RESOLVE_TIMEOUT_MS - 1);
	ck_assert_int_ne(resolve.pid, 0);
	resolve_turn(&resolve, RESOLVE_TIMEOUT_MS);
	ck_assert_ptr_null(wait_for_answer());
	wait_for_end();
	ck_assert_int_lt(clock_ms() - began, 10000);
	/* the next one begins behind what kept it */
	resolve_start(&resolve, 0);
	ck_assert_uint_eq(wait_for_answer()->entry, 3);
	ck_assert_uint_eq(wait_for_answer()->entry, 0);
	resolve_close(&resolve);
}
END_TEST

START_TEST(the_system_is_asked_for_real_names)
{
	static char *names[] = { local };
	struct strings list_of_one = { names, 1 };
	const struct resolve_answer *answer;

	resolve_init(&resolve, &list_of_one, 7400);
	resolve_start(&resolve, 0);
	answer = wait_for_answer();
	ck_assert_ptr_nonnull(answer);
	ck_assert_int_eq(answer->error, 0);
	ck_assert_uint_ge(answer->count, 1);
	ck_assert_uint_eq(answer->to[0].port, 7400);
	resolve_close(&resolve);
}
END_TEST

START_TEST(no_child_is_left_when_it_is_closed)
{
	pid_t pid;

	resolve_init(&resolve, &list, 7400);
	resolve.look = look_for_ever;
	resolve_start(&resolve, 0);
	pid = resolve.pid;
	resolve_close(&resolve);
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

TEST_MAIN("resolve", each_name_is_looked_up_and_only_names,
	  a_list_of_addresses_needs_no_child,
	  a_server_that_never_answers_keeps_nobody_waiting,
	  the_system_is_asked_for_real_names,
	  no_child_is_left_when_it_is_closed)
