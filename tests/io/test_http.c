#define _GNU_SOURCE
#include "io/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "tests/core/test.h"

#define MAX_BODY 1000

/* ---- the server: a process of its own that echoes ---- */

static struct http_request *parked;
static struct http_answer *kept;

static void handle(void *arg, struct http_request *request)
{
	struct http_reply reply = { .status = 200 };
	char text[MAX_BODY + 256];

	(void)arg;
	if (text_is(request->path, "/hold") && request->state == NULL) {
		request->state = text;
		parked = request;
		http_hold(request);
		return;
	}
	if (text_is(request->path, "/wake") && parked != NULL) {
		http_wake(parked);
		parked = NULL;
	}
	if (text_is(request->path, "/kept")) {
		http_send(request, kept);
		return;
	}
	snprintf(text, sizeof(text), "%d %.*s %.*s", (int)request->method,
		 (int)request->path.len, request->path.at,
		 (int)request->body.len, request->body.at);
	reply.body = text_of(text);
	http_add_field(&reply, "ETag", "\"x\"");
	http_reply(request, &reply);
}

static void gone(void *arg, struct http_request *request)
{
	(void)arg;
	if (parked == request)
		parked = NULL;
}

static void serve(int fd)
{
	static const int signals[] = { SIGUSR1, 0 };
	static struct loop loop;
	struct http_setup setup = { .connections = 100,
				    .max_body = MAX_BODY,
				    .handle = handle,
				    .gone = gone };
	struct http_reply reply = { .status = 200, .body = { "kept", 4 } };
	struct http *http;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (loop_open(&loop, signals) != 0 ||
	    http_open(&http, &loop, &setup) != 0 || http_listen(http, fd) != 0)
		_exit(1);
	kept = http_answer_new(&reply);
	for (;;) {
		loop_wait(&loop, http_deadline(http, clock_ms()));
		http_turn(http, clock_ms());
	}
}

static struct sockaddr_in where;

static void setup(void)
{
	socklen_t len = sizeof(where);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	where.sin_family = AF_INET;
	where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&where, len), 0);
	ck_assert_int_eq(listen(fd, 100), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&where, &len), 0);
	if (fork() == 0)
		serve(fd);
	close(fd);
}

/* ---- the client ---- */

static char answer[65536];

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&where, sizeof(where)),
			 0);
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
}

/* Reads until END is in what came, or the end of the stream. */
static const char *hear(int fd, const char *end)
{
	size_t len = 0;

	for (;;) {
		struct pollfd poll_of = { .fd = fd, .events = POLLIN };
		ssize_t got;

		answer[len] = '\0';
		if (strstr(answer, end) != NULL)
			break;
		ck_assert_int_eq(poll(&poll_of, 1, 10000), 1);
		got = recv(fd, answer + len, sizeof(answer) - len - 1, 0);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	return answer;
}

static const char *ask(const char *text, const char *end)
{
	int fd = dial();
	const char *heard;

	say(fd, text);
	heard = hear(fd, end);
	close(fd);
	return heard;
}

#define HOST "Host: x\r\n"
#define ONE  " HTTP/1.1\r\n" HOST "\r\n"

START_TEST(a_connection_carries_request_after_request)
{
	int fd;

	setup();
	fd = dial();
	for (int i = 0; i < 3; i++) {
		say(fd, "GET /a" ONE);
		ck_assert_ptr_nonnull(strstr(hear(fd, "1 /a "), "200 OK"));
		ck_assert_ptr_nonnull(strstr(answer, "ETag: \"x\""));
		say(fd, "GET /kept" ONE);
		ck_assert_ptr_nonnull(strstr(hear(fd, "kept"), "200 OK"));
	}
	say(fd, "GET /1" ONE "GET /2" ONE);
	ck_assert_ptr_nonnull(strstr(hear(fd, "1 /2 "), "1 /1 "));
	close(fd);
}
END_TEST

START_TEST(a_body_arrives_whole_however_it_is_cut)
{
	int fd;

	setup();
	fd = dial();
	say(fd, "POST /b HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\nab");
	say(fd, "cd");
	say(fd, "ef");
	hear(fd, "4 /b abcdef");
	say(fd, "POST /c HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
		"2\r\nab\r\n4\r\ncdef\r\n0\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(hear(fd, "4 /c abcdef"), "4 /c abcdef"));
	close(fd);
}
END_TEST

START_TEST(a_body_too_large_is_refused_with_a_problem)
{
	char text[4096];

	setup();
	/* Nothing of it need be sent when it is far too large, or asked. */
	ask("POST /b HTTP/1.1\r\n" HOST "Content-Length: 17000000\r\n\r\n",
	    "}");
	ck_assert_ptr_nonnull(strstr(answer, " 413 "));
	ask("POST /b HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
	    "Content-Length: 1001\r\n\r\n",
	    "}");
	ck_assert_ptr_nonnull(strstr(answer, " 413 "));
	ck_assert_ptr_nonnull(strstr(answer, "application/problem+json"));
	snprintf(text, sizeof(text),
		 "POST /b HTTP/1.1\r\n" HOST
		 "Transfer-Encoding: chunked\r\n\r\n"
		 "3e9\r\n%01001d\r\n0\r\n\r\n",
		 0);
	ask(text, "}");
	ck_assert_ptr_nonnull(strstr(answer, " 413 "));
}
END_TEST

START_TEST(who_sends_a_body_too_large_reads_why_it_is_refused)
{
	static char body[8 << 20];
	size_t sent = 0;
	int fd;

	setup();
	memset(body, 'x', sizeof(body));
	fd = dial();
	say(fd, "POST /b HTTP/1.1\r\n" HOST "Content-Length: 8388608\r\n\r\n");
	while (sent < sizeof(body)) {
		ssize_t some = send(fd, body + sent, sizeof(body) - sent,
				    MSG_NOSIGNAL);

		ck_assert_int_gt(some, 0);
		sent += (size_t)some;
	}
	ck_assert_ptr_nonnull(strstr(hear(fd, "}"), " 413 "));
	close(fd);
}
END_TEST

START_TEST(a_request_that_can_be_framed_in_two_ways_is_refused)
{
	static const char *const fields[] = {
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
		"Content-Length: 5\r\nContent-Length: 6\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
		"Transfer-Encoding: gzip, chunked\r\n",
		"Content-Length: -5\r\n",
		"Content-Length: 5x\r\n",
	};
	char text[512];

	setup();
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		snprintf(text, sizeof(text),
			 "POST /b HTTP/1.1\r\n" HOST "%s\r\n0\r\n\r\n",
			 fields[i]);
		ask(text, " 400 ");
		ck_assert_msg(strstr(answer, " 400 ") != NULL, "%s: %s",
			      fields[i], answer);
	}
}
END_TEST

START_TEST(a_foreign_cookie_of_4_kb_passes_and_a_huge_head_does_not)
{
	char text[32768];

	setup();
	snprintf(text, sizeof(text),
		 "GET /a HTTP/1.1\r\n" HOST "Cookie: x=%04096d\r\n\r\n", 0);
	ask(text, "1 /a ");
	ck_assert_ptr_nonnull(strstr(answer, "200 OK"));
	snprintf(text, sizeof(text),
		 "GET /a HTTP/1.1\r\n" HOST "X: %020000d\r\n\r\n", 0);
	ask(text, " 431 ");
	ck_assert_ptr_nonnull(strstr(answer, " 431 "));
}
END_TEST

START_TEST(a_head_that_comes_in_pieces_is_waited_for)
{
	char text[8192];
	int fd;

	setup();
	fd = dial();
	say(fd, "GET /a HT");
	usleep(50000);
	say(fd, "TP/1.1\r\n" HOST);
	usleep(50000);
	snprintf(text, sizeof(text), "Cookie: x=%04096d\r\n\r\n", 0);
	for (size_t at = 0; at < strlen(text); at += 1000) {
		char piece[1001];

		snprintf(piece, sizeof(piece), "%s", text + at);
		say(fd, piece);
		usleep(10000);
	}
	ck_assert_ptr_nonnull(strstr(hear(fd, "1 /a "), "200 OK"));
	close(fd);
	/* One that ends before its head does no harm. */
	fd = dial();
	say(fd, "GET /a");
	shutdown(fd, SHUT_WR);
	hear(fd, "nothing comes");
	close(fd);
	ask("GET /a" ONE, "1 /a ");
	ck_assert_ptr_nonnull(strstr(answer, "200 OK"));
}
END_TEST

START_TEST(a_held_request_is_answered_once_it_is_woken)
{
	struct pollfd held = { .events = POLLIN };

	setup();
	held.fd = dial();
	say(held.fd, "GET /hold" ONE);
	ck_assert_int_eq(poll(&held, 1, 200), 0);
	ask("GET /wake" ONE, "1 /wake ");
	ck_assert_ptr_nonnull(strstr(hear(held.fd, "1 /hold "), "200 OK"));
	close(held.fd);
}
END_TEST

START_TEST(a_head_request_gets_no_body)
{
	int fd;

	setup();
	fd = dial();
	say(fd, "HEAD /a" ONE);
	hear(fd, "\r\n\r\n");
	ck_assert_ptr_nonnull(strstr(answer, "Content-Length: 5"));
	ck_assert_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
	close(fd);
}
END_TEST

TEST_MAIN("http", a_connection_carries_request_after_request,
	  a_body_arrives_whole_however_it_is_cut,
	  a_body_too_large_is_refused_with_a_problem,
	  who_sends_a_body_too_large_reads_why_it_is_refused,
	  a_request_that_can_be_framed_in_two_ways_is_refused,
	  a_foreign_cookie_of_4_kb_passes_and_a_huge_head_does_not,
	  a_head_that_comes_in_pieces_is_waited_for,
	  a_held_request_is_answered_once_it_is_woken,
	  a_head_request_gets_no_body)
