#define _GNU_SOURCE
#include "io/client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

/* A server that says what it is told to, piece by piece, one connection after
 * the other.
 */
struct script {
	const char *says[8]; /* "" = close and take the next connection;
				NULL = hold what there is, say nothing */
};

static char dir[TMP_DIR_MAX];
static char path[CLIENT_PATH_MAX];
static pid_t server;
static struct client client;
static struct client_response response;

/* Reads up to the blank line of a request. */
static void read_request(int fd)
{
	char buf[4096];
	size_t len = 0;

	do {
		ssize_t n = read(fd, buf + len, sizeof(buf) - 1 - len);

		if (n <= 0)
			return;
		len += (size_t)n;
		buf[len] = '\0';
	} while (strstr(buf, "\r\n\r\n") == NULL);
}

static void serve(int listener, const struct script *script)
{
	const char *const *say = script->says;

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		for (; *say != NULL && **say != '\0'; say++) {
			if (strncmp(*say, "HTTP", 4) == 0)
				read_request(fd);
			if (write(fd, *say, strlen(*say)) == -1)
				_exit(1);
			usleep(2000);
		}
		if (*say == NULL) {
			pause();
			_exit(0);
		}
		say++;
		close(fd);
	}
}

static void start(const struct script *script)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	tmp_dir(dir, "client");
	snprintf(path, sizeof(path), "%s/socket", dir);
	memcpy(address.sun_path, path, sizeof(address.sun_path));
	ck_assert_int_eq(
		bind(listener, (struct sockaddr *)&address, sizeof(address)),
		0);
	ck_assert_int_eq(listen(listener, 8), 0);
	server = fork();
	if (server == 0)
		serve(listener, script);
	close(listener);
	ck_assert_int_eq(client_open(&client, path), 0);
}

static void stop(void)
{
	client_response_free(&response);
	client_close(&client);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(path);
	rmdir(dir);
}

static int get(const struct client_sink *sink)
{
	struct client_request request = {
		.method = "GET",
		.target = "/",
		.deadline_ms = clock_ms() + 5000,
		.sink = sink,
	};

	client_response_free(&response);
	return client_do(&client, &request, &response);
}

START_TEST(a_body_with_a_length_may_come_in_pieces)
{
	start(&(struct script){ { "HTTP/1.1 200 OK\r\nContent-Le",
				  "ngth: 5\r\netag:  \"7\" \r\n\r\nhe",
				  "llo" } });
	ck_assert_int_eq(get(NULL), 0);
	ck_assert_int_eq(response.status, 200);
	ck_assert_str_eq(response.body, "hello");
	ck_assert(text_is(client_header(&response, "ETag"), "\"7\""));
	ck_assert_uint_eq(client_header(&response, "ETa").len, 0);
	stop();
}
END_TEST

START_TEST(a_chunked_body_is_put_together)
{
	start(&(struct script){
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "3\r\nabc\r\nA;x=y\r\n0123",
		  "456789\r\n0\r\nTrailer: x\r\n\r\n",
		  "HTTP/1.1 204 No Content\r\n\r\n" } });
	ck_assert_int_eq(get(NULL), 0);
	ck_assert_str_eq(response.body, "abc0123456789");
	ck_assert_int_eq(get(NULL), 0);
	ck_assert_int_eq(response.status, 204);
	stop();
}
END_TEST

START_TEST(a_connection_is_kept_and_one_that_died_is_made_anew)
{
	start(&(struct script){
		{ "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n",
		  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "",
		  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb" } });
	ck_assert_int_eq(get(NULL), 0);
	ck_assert_int_eq(response.status, 304);
	ck_assert_int_eq(get(NULL), 0);
	ck_assert_str_eq(response.body, "a");
	usleep(50000);
	ck_assert_int_eq(get(NULL), 0);
	ck_assert_str_eq(response.body, "b");
	stop();
}
END_TEST

START_TEST(a_body_that_breaks_off_is_an_error)
{
	start(&(struct script){
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "",
		  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "9\r\nhalf",
		  "" } });
	ck_assert_int_eq(get(NULL), -ECONNRESET);
	ck_assert_int_eq(get(NULL), -ECONNRESET);
	stop();
}
END_TEST

START_TEST(silence_ends_at_the_deadline)
{
	struct client_request request = { .method = "GET", .target = "/" };
	int64_t from_ms = clock_ms();

	start(&(struct script){ { "HTTP/1.1 200 OK\r\n" } });
	request.deadline_ms = from_ms + 100;
	ck_assert_int_eq(client_do(&client, &request, &response), -ETIMEDOUT);
	ck_assert_int_ge(clock_ms() - from_ms, 100);
	ck_assert_int_eq(client.fd, -1);
	stop();
}
END_TEST

START_TEST(what_is_not_http_is_refused)
{
	static const char *const wrong[] = {
		"HTTP/1.1 2x0 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		start(&(struct script){ { wrong[i] } });
		ck_assert_int_eq(get(NULL), -EPROTO);
		stop();
	}
}
END_TEST

static int begun;
static size_t taken;

static int on_begin(void *arg, const struct client_response *from)
{
	(void)arg;
	begun = from->status;
	return 0;
}

static int on_write(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	taken += len;
	return taken > 5 ? -ENOSPC : 0;
}

START_TEST(a_sink_takes_the_body_of_a_success_alone)
{
	struct client_sink sink = { on_begin, on_write, NULL };

	start(&(struct script){
		{ "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
		  "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\n"
		  "hello",
		  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!" } });
	ck_assert_int_eq(get(&sink), 0);
	ck_assert_str_eq(response.body, "no");
	ck_assert_int_eq(begun, 0);
	ck_assert_int_eq(get(&sink), 0);
	ck_assert_int_eq(begun, 206);
	ck_assert_uint_eq(taken, 5);
	ck_assert_ptr_null(response.body);
	ck_assert_int_eq(get(&sink), -ENOSPC);
	stop();
}
END_TEST

START_TEST(nobody_there_and_too_long_a_path_are_told)
{
	char longer[200];

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_int_eq(client_open(&client, longer), -ENAMETOOLONG);
	ck_assert_int_eq(client_open(&client, "/nowhere/socket"), 0);
	ck_assert_int_eq(get(NULL), -ENOENT);
}
END_TEST

TEST_MAIN("client", a_body_with_a_length_may_come_in_pieces,
	  a_chunked_body_is_put_together,
	  a_connection_is_kept_and_one_that_died_is_made_anew,
	  a_body_that_breaks_off_is_an_error, silence_ends_at_the_deadline,
	  what_is_not_http_is_refused, a_sink_takes_the_body_of_a_success_alone,
	  nobody_there_and_too_long_a_path_are_told)
