/* The handlers of control and http, with a stand-in for the journal role. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/message.h"
#include "io/channel.h"
#include "io/clock.h"
#include "io/loop.h"
#include "io/view.h"
#include "roles/heritage.h"
#include "roles/jobspec.h"
#include "tests/core/test.h"
#include "tests/io/tmp_dir.h"

#define LONG_AGO "00000000000000000000000000"

static char dir[TMP_DIR_MAX];
static struct heritage heritage;
static struct sockaddr_in tcp;
static struct sockaddr_un local;
static char answer[1 << 20];
static char job_id[JOB_ID_LEN + 1];
static char cookie[256];

/* ---- the journal's stand-in ---- */

static struct view *view;
static struct job job;
static uint32_t counter;

static void put(void)
{
	static char json[JOB_JSON_MAX];
	static uint8_t value[RECORD_MAX];
	static uint8_t whole[RECORD_MAX];
	char key[RECORD_KEY_MAX];
	struct record record = { .key = job_key(job.id, key),
				 .version = job.version };
	struct view_job kept = { .version = job.version,
				 .state = job.state,
				 .forgotten = job.forgotten,
				 .created_ms = job.created_ms,
				 .user = job.user,
				 .type = job.type };
	struct board *board = heritage.board;
	uint64_t change = atomic_load(&board->change);
	int len = job_encode(&job, value, sizeof(value));

	record.value = (struct text){ (char *)value, (size_t)len };
	len = record_encode(&record, whole, sizeof(whole));
	kept.record = (struct text){ (char *)whole, (size_t)len };
	len = job_json(&job, json, sizeof(json));
	kept.json = (struct text){ json, (size_t)len };
	view->ops->begin(view);
	view->ops->put(view, job.id, &kept);
	if (view->ops->commit(view) != 0)
		_exit(2);
	atomic_store(&board->changes[change % BOARD_CHANGES_MAX],
		     board_hash(job.id, JOB_ID_LEN));
	atomic_store(&board->change, change + 1);
	bell_ring(heritage.bells[ROLE_HTTP]);
	bell_ring(heritage.bells[ROLE_CONTROL]);
}

static int32_t submit(const struct message *message, struct message *reply)
{
	static char texts[4][512];

	if (text_is(message->type, "full"))
		return ENOSPC;
	if (text_is(message->type, "crowded"))
		return EAGAIN;
	if (text_is(message->type, "busy") && job.id[0] != '\0') {
		memcpy(reply->id, job.id, sizeof(job.id));
		return message->busy == BUSY_REJECT ? EEXIST : 0;
	}
	if (strcmp(job.id, message->id) == 0) {
		reply->joined = true;
		return 0;
	}
	job = (struct job){ .state = JOB_PENDING,
			    .percent = JOB_PERCENT_NONE,
			    .created_ms = clock_wall_ms(),
			    .exit = -1 };
	memcpy(job.id, message->id, sizeof(job.id));
	text_copy(message->type, texts[0], 512);
	text_copy(message->user, texts[1], 512);
	text_copy(message->key, texts[2], 512);
	text_copy(message->unique, texts[3], 512);
	job.type = text_of(texts[0]);
	job.user = text_of(texts[1]);
	job.key = text_of(texts[2]);
	job.unique = text_of(texts[3]);
	job.version.token = token_make(1, ++counter);
	put();
	return 0;
}

/* What a worker would say: percent, or that the output is there. */
static void advance(const struct message *message)
{
	job.version.step++;
	job.updated_ms = clock_wall_ms();
	job.held = job.version.token;
	if (message->kind == MESSAGE_PROGRESS) {
		job.state = JOB_PROCESSING;
		job.percent = message->percent;
	} else {
		job.state = JOB_READY;
		job.output_name = text_of("r\xc3\xa9sum\xc3\xa9 \"1\".txt");
		job.output_type = text_of("text/plain");
		job.output_size = 10;
		job.expires_ms = message->percent + clock_wall_ms();
	}
	put();
}

static void take(int fd, int worker)
{
	static uint8_t buf[MESSAGE_MAX];
	struct message message;
	struct message reply = { .kind = MESSAGE_REPLY };
	int len = channel_receive(fd, buf, sizeof(buf));

	if (len <= 0 || message_decode(&message, buf, (size_t)len) != 0)
		return;
	if (worker) {
		advance(&message);
		channel_send(fd, "x", 1);
		return;
	}
	reply.request = message.request;
	memcpy(reply.id, message.id, sizeof(reply.id));
	if (message.kind == MESSAGE_SUBMIT) {
		if (text_is(message.type, "mute"))
			return;
		reply.status = submit(&message, &reply);
	} else {
		job.version.token = token_make(1, ++counter);
		job.version.step = 0;
		job.cancelling = message.kind == MESSAGE_CANCEL;
		job.forgotten = message.kind == MESSAGE_FORGET;
		put();
	}
	len = message_encode(&reply, buf, sizeof(buf));
	channel_send(fd, buf, (size_t)len);
}

static void journal(void)
{
	struct pollfd fds[3] = {
		{ heritage.links[ROLE_HTTP][1], POLLIN, 0 },
		{ heritage.links[ROLE_CONTROL][1], POLLIN, 0 },
		{ heritage.worker_link[1], POLLIN, 0 },
	};
	int rc;

	view = view_open_writer(heritage.config->state, true, &rc);
	if (view == NULL)
		_exit(2);
	atomic_store(&heritage.board->epoch, 1);
	atomic_store(&heritage.board->ready, 1);
	atomic_store(&heritage.board->supervisor_beat_ms, clock_ms());
	for (;;) {
		poll(fds, 3, -1);
		for (int i = 0; i < 3; i++)
			if (fds[i].revents != 0)
				take(fds[i].fd, i == 2);
	}
}

/* ---- the node ---- */

static char type_names[][16] = { "report",  "busy", "full",
				 "crowded", "mute", "free" };
static char month_name[] = "month";
static char month_match[] = "[0-9]{4}-[0-9]{2}";
static char loopback[] = "127.0.0.1";

#define TYPES (sizeof(type_names) / sizeof(type_names[0]))

static const struct config *configure(const char *base)
{
	static struct config config;
	static struct unit units[TYPES];
	static struct config_param month = { .name = month_name,
					     .match = month_match,
					     .required = true };
	static char *proxies[] = { loopback, NULL };

	for (size_t i = 0; i < TYPES; i++)
		units[i] = (struct unit){ .kind = UNIT_JOB,
					  .name = type_names[i],
					  .enabled = true,
					  .unique = UNIQUE_NONE };
	units[0].params = &month;
	units[0].params_count = 1;
	units[1].unique = UNIQUE_USER;
	units[1].when_busy = BUSY_REJECT;
	config = (struct config){
		.path = strdup("x.conf"),
		.node = strdup("node-a"),
		.shared = dir,
		.state = dir,
		.units = units,
		.units_count = TYPES,
		.http = { .base = strdup(base),
			  .processes = 1,
			  .connections = 100,
			  .max_body = 65536,
			  .user_header = strdup("X-Remote-User"),
			  .request_header = strdup("X-Request-Id"),
			  .trusted_proxies = { proxies, 1 } },
	};
	return &config;
}

static void spawn(void (*body)(void))
{
	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	body();
	_exit(0);
}

static void run_http(void)
{
	http_main(&heritage, 0);
}

static void run_control(void)
{
	control_main(&heritage);
}

static void bind_all(void)
{
	socklen_t len = sizeof(tcp);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	tcp.sin_family = AF_INET;
	tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&tcp, len), 0);
	ck_assert_int_eq(listen(fd, 100), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&tcp, &len), 0);
	heritage.listen_tcp[0] = fd;
	heritage.listen_tcp_count = 1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	local.sun_family = AF_UNIX;
	snprintf(local.sun_path, sizeof(local.sun_path), "%s/control", dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&local, sizeof(local)), 0);
	ck_assert_int_eq(listen(fd, 100), 0);
	heritage.listen_unix = fd;
}

static void setup_below(const char *base)
{
	char path[TMP_DIR_MAX + 16];

	tmp_dir(dir, "server");
	heritage.config = configure(base);
	heritage.board = board_new();
	bind_all();
	for (int i = 0; i < ROLE_MAX; i++) {
		heritage.bells[i] = bell_open();
		ck_assert_int_eq(channel_pair(heritage.links[i]), 0);
	}
	ck_assert_int_eq(channel_pair(heritage.worker_link), 0);
	ck_assert_int_eq(channel_pair(heritage.control_link), 0);
	snprintf(path, sizeof(path), "%s/work", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	spawn(journal);
	spawn(run_http);
	spawn(run_control);
}

static void setup(void)
{
	setup_below("/");
}

static void teardown(void)
{
	tmp_dir_remove(dir);
}

/* ---- a client ---- */

static int dial(bool unix_socket)
{
	int fd = socket(unix_socket ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
	const struct sockaddr *to = unix_socket ? (struct sockaddr *)&local
						: (struct sockaddr *)&tcp;

	ck_assert_int_eq(
		connect(fd, to, unix_socket ? sizeof(local) : sizeof(tcp)), 0);
	return fd;
}

static int begin(bool unix_socket, const char *method, const char *target,
		 const char *fields, const char *body)
{
	char head[8192];
	int fd = dial(unix_socket);
	int len = snprintf(head, sizeof(head),
			   "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
			   "Content-Length: %zu\r\n%s\r\n%s",
			   method, target, strlen(body), fields, body);

	ck_assert_int_lt(len, (int)sizeof(head));
	ck_assert_int_eq(send(fd, head, (size_t)len, MSG_NOSIGNAL), len);
	return fd;
}

/* Reads the whole answer; the status. */
static int finish(int fd)
{
	size_t len = 0;

	for (;;) {
		struct pollfd poll_of = { .fd = fd, .events = POLLIN };
		ssize_t got;

		ck_assert_int_eq(poll(&poll_of, 1, 20000), 1);
		got = recv(fd, answer + len, sizeof(answer) - len - 1, 0);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	answer[len] = '\0';
	close(fd);
	ck_assert_int_gt((int)len, 12);
	return atoi(answer + 9);
}

static int ask(const char *method, const char *target, const char *fields,
	       const char *body)
{
	return finish(begin(false, method, target, fields, body));
}

static int ask_operator(const char *method, const char *target,
			const char *fields, const char *body)
{
	return finish(begin(true, method, target, fields, body));
}

static bool has(const char *what)
{
	return strstr(answer, what) != NULL;
}

static const char *field(const char *name)
{
	static char value[512];
	char mark[64];
	const char *at;

	snprintf(mark, sizeof(mark), "\n%s: ", name);
	at = strcasestr(answer, mark);
	if (at == NULL)
		return "";
	at += strlen(mark);
	text_copy((struct text){ at, strcspn(at, "\r") }, value, sizeof(value));
	return value;
}

static const char *url(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static const char *url(const char *format, ...)
{
	static char target[512];
	va_list args;

	va_start(args, format);
	vsnprintf(target, sizeof(target), format, args);
	va_end(args);
	return target;
}

static void wait_until_ready(void)
{
	int64_t until_ms = clock_ms() + 10000;

	while (ask("GET", "/readyz", "", "") != 200 ||
	       ask_operator("GET", "/readyz", "", "") != 200) {
		ck_assert_int_lt(clock_ms(), until_ms);
		usleep(10000);
	}
}

/* Submits as the user of `cookie`, who is made when there is none. */
static int submit_body(const char *body)
{
	char fields[1024] = "Content-Type: application/json\r\n";
	int status;

	if (cookie[0] != '\0')
		snprintf(fields + strlen(fields), 512, "Cookie: %s\r\n",
			 cookie);
	status = ask("POST", "/v1/jobs", fields, body);
	if (cookie[0] == '\0' && has("Set-Cookie: "))
		text_copy((struct text){ field("Set-Cookie"),
					 strcspn(field("Set-Cookie"), ";") },
			  cookie, sizeof(cookie));
	if (has("\"id\":\""))
		text_copy((struct text){ strstr(answer, "\"id\":\"") + 6,
					 JOB_ID_LEN },
			  job_id, sizeof(job_id));
	return status;
}

static const char *with_cookie(const char *more)
{
	static char fields[1024];

	snprintf(fields, sizeof(fields), "Cookie: %s\r\n%s", cookie, more);
	return fields;
}

static void tell(enum message_kind kind, int32_t percent)
{
	struct message message = { .kind = kind, .percent = percent };
	struct pollfd poll_of = { .fd = heritage.worker_link[0],
				  .events = POLLIN };
	uint8_t buf[1024];
	int len = message_encode(&message, buf, sizeof(buf));

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(
		channel_send(heritage.worker_link[0], buf, (size_t)len), 0);
	ck_assert_int_eq(poll(&poll_of, 1, 5000), 1);
	channel_receive(heritage.worker_link[0], buf, sizeof(buf));
}

#define REPORT "{\"type\":\"report\",\"params\":{\"month\":\"2026-11\"}}"

/* ---- what it does ---- */

START_TEST(a_job_is_accepted_polled_and_seen_by_its_user_alone)
{
	setup();
	wait_until_ready();
	ck_assert_int_eq(submit_body(REPORT), 202);
	ck_assert_str_eq(field("Location"), url("/v1/jobs/%s", job_id));
	ck_assert_str_ne(cookie, "");
	ck_assert(has("\"state\":\"pending\""));
	ck_assert_int_eq(
		ask("GET", url("/v1/jobs/%s", job_id), with_cookie(""), ""),
		200);
	ck_assert_str_eq(field("ETag"), "\"4294967297.0\"");
	ck_assert_int_eq(ask("GET", url("/v1/jobs/%s", job_id),
			     with_cookie("If-None-Match: \"4294967297.0\"\r\n"),
			     ""),
			 304);
	ck_assert_int_eq(ask("GET", url("/v1/jobs/%s", job_id), "", ""), 404);
	ck_assert_int_eq(ask("DELETE", url("/v1/jobs/%s", job_id), "", ""),
			 404);
	ck_assert_int_eq(
		ask_operator("GET", url("/v1/jobs/%s", job_id), "", ""), 200);
	ck_assert_int_eq(ask("GET", "/v1/jobs", with_cookie(""), ""), 200);
	ck_assert(has(job_id));
	ck_assert_int_eq(ask("GET", "/v1/jobs", "", ""), 200);
	ck_assert(has("{\"jobs\":[]}"));
	ck_assert(has("Set-Cookie"));
	ck_assert_int_eq(ask_operator("GET", "/v1/jobs?limit=1", "", ""), 200);
	ck_assert(has(job_id));
	teardown();
}
END_TEST

START_TEST(a_parked_poll_is_answered_when_the_job_changes)
{
	struct pollfd held = { .events = POLLIN };
	int64_t since_ms;

	setup();
	wait_until_ready();
	submit_body(REPORT);
	held.fd = begin(false, "GET", url("/v1/jobs/%s?wait=25s", job_id),
			with_cookie("If-None-Match: \"4294967297.0\"\r\n"), "");
	ck_assert_int_eq(poll(&held, 1, 200), 0);
	tell(MESSAGE_PROGRESS, 4200);
	ck_assert_int_eq(finish(held.fd), 200);
	ck_assert(has("\"percent\":42"));
	/* Without a tag: from now on. */
	held.fd = begin(false, "GET", url("/v1/jobs/%s?wait=25s", job_id),
			with_cookie(""), "");
	ck_assert_int_eq(poll(&held, 1, 200), 0);
	tell(MESSAGE_PROGRESS, 4300);
	ck_assert_int_eq(finish(held.fd), 200);
	ck_assert(has("\"percent\":43"));
	/* The list too. */
	held.fd = begin(false, "GET", "/v1/jobs?wait=25s", with_cookie(""), "");
	ck_assert_int_eq(poll(&held, 1, 200), 0);
	tell(MESSAGE_PROGRESS, 4400);
	ck_assert_int_eq(finish(held.fd), 200);
	ck_assert(has("\"percent\":44"));
	since_ms = clock_ms();
	ck_assert_int_eq(ask("GET", url("/v1/jobs/%s?wait=300ms", job_id),
			     with_cookie("If-None-Match: \"4294967297.3\"\r\n"),
			     ""),
			 304);
	ck_assert_int_ge(clock_ms() - since_ms, 299);
	ck_assert_int_eq(ask("GET", url("/v1/jobs/%s?wait=x", job_id),
			     with_cookie(""), ""),
			 400);
	teardown();
}
END_TEST

static void make_output(const char *text)
{
	char path[TMP_DIR_MAX + 128];
	struct out out = out_init(path, sizeof(path));
	char command[512];
	FILE *file;

	jobspec_work_dir(&out, dir, job_id, token_make(1, 1));
	out_end(&out);
	snprintf(command, sizeof(command), "mkdir -p %s", path);
	ck_assert_int_eq(system(command), 0);
	snprintf(command, sizeof(command), "%s/output", path);
	file = fopen(command, "w");
	fputs(text, file);
	fclose(file);
	snprintf(command, sizeof(command), "%s/log", path);
	file = fopen(command, "w");
	fputs("one\ntwo\nthree\n", file);
	fclose(file);
}

START_TEST(the_output_is_served_whole_and_in_parts)
{
	char target[128];

	setup();
	wait_until_ready();
	submit_body(REPORT);
	snprintf(target, sizeof(target), "/v1/jobs/%s/output", job_id);
	ck_assert_int_eq(ask("GET", target, with_cookie(""), ""), 409);
	make_output("0123456789");
	tell(MESSAGE_OUTCOME, 100000);
	ck_assert_int_eq(ask("GET", target, with_cookie(""), ""), 200);
	ck_assert(has("\r\n\r\n0123456789"));
	ck_assert_str_eq(field("Content-Disposition"),
			 "attachment; filename=\"r__sum__ _1_.txt\"; filename*="
			 "UTF-8''r%C3%A9sum%C3%A9%20%221%22.txt");
	ck_assert_str_eq(field("ETag"), "\"4294967297.0\"");
	ck_assert_int_eq(
		ask("GET", target, with_cookie("Range: bytes=3-5\r\n"), ""),
		206);
	ck_assert_str_eq(field("Content-Range"), "bytes 3-5/10");
	ck_assert(has("\r\n\r\n345"));
	ck_assert(!has("3456"));
	ck_assert_int_eq(ask("GET", target,
			     with_cookie("Range: bytes=8-\r\n"
					 "If-Range: \"4294967297.0\"\r\n"),
			     ""),
			 206);
	ck_assert_int_eq(ask("GET", target,
			     with_cookie("Range: bytes=8-\r\n"
					 "If-Range: \"other\"\r\n"),
			     ""),
			 200);
	ck_assert_int_eq(
		ask("GET", target, with_cookie("Range: bytes=10-\r\n"), ""),
		416);
	ck_assert_str_eq(field("Content-Range"), "bytes */10");
	ck_assert_int_eq(ask("GET", target,
			     with_cookie("If-None-Match: \"4294967297.0\"\r\n"),
			     ""),
			 304);
	ck_assert_int_eq(ask("HEAD", target, with_cookie(""), ""), 200);
	ck_assert_str_eq(field("Content-Length"), "10");
	ck_assert(!has("0123456789"));
	ck_assert_int_eq(ask("GET", target, "", ""), 404);
	ck_assert_int_eq(ask("GET", url("/v1/jobs/%s/log?tail=2", job_id),
			     with_cookie(""), ""),
			 200);
	ck_assert(has("\r\n\r\ntwo\nthree\n"));
	tell(MESSAGE_OUTCOME, -1000);
	ck_assert_int_eq(ask("GET", target, with_cookie(""), ""), 410);
	teardown();
}
END_TEST

START_TEST(cancelling_and_forgetting_are_told_apart)
{
	char target[128];

	setup();
	wait_until_ready();
	submit_body(REPORT);
	snprintf(target, sizeof(target), "/v1/jobs/%s", job_id);
	ck_assert_int_eq(ask("DELETE", target, with_cookie(""), ""), 202);
	tell(MESSAGE_OUTCOME, 100000);
	ck_assert_int_eq(ask("DELETE", target, with_cookie(""), ""), 204);
	ck_assert_int_eq(ask("GET", target, with_cookie(""), ""), 404);
	teardown();
}
END_TEST

START_TEST(what_the_journal_refuses_becomes_a_problem)
{
	int64_t since_ms;

	setup();
	wait_until_ready();
	ck_assert_int_eq(submit_body("{\"type\":\"full\"}"), 507);
	ck_assert_int_eq(submit_body("{\"type\":\"crowded\"}"), 503);
	ck_assert_str_eq(field("Retry-After"), "1");
	ck_assert(has("application/problem+json"));
	ck_assert_int_eq(submit_body("{\"type\":\"busy\"}"), 202);
	ck_assert_int_eq(submit_body("{\"type\":\"busy\"}"), 409);
	ck_assert(has(url("\"instance\":\"/v1/jobs/%s\"", job_id)));
	/* Of somebody else's job nothing is told. */
	ck_assert_int_eq(ask("POST", "/v1/jobs", "", "{\"type\":\"busy\"}"),
			 409);
	ck_assert(!has("instance"));
	since_ms = clock_ms();
	ck_assert_int_eq(submit_body("{\"type\":\"mute\"}"), 503);
	ck_assert_int_ge(clock_ms() - since_ms, 4900);
	teardown();
}
END_TEST

START_TEST(a_key_names_the_same_job_again)
{
	char first[JOB_ID_LEN + 1];

	setup();
	wait_until_ready();
	ck_assert_int_eq(submit_body("{\"type\":\"free\",\"key\":\"k\"}"), 202);
	ck_assert(!has("joined"));
	memcpy(first, job_id, sizeof(first));
	ck_assert_int_eq(submit_body("{\"type\":\"free\",\"key\":\"k\"}"), 202);
	ck_assert(has("\"joined\":true"));
	ck_assert_str_eq(first, job_id);
	ck_assert_int_eq(ask("POST", "/v1/jobs",
			     with_cookie("Idempotency-Key: k\r\n"),
			     "{\"type\":\"free\"}"),
			 202);
	ck_assert(has("\"joined\":true"));
	ck_assert_int_eq(submit_body("{\"type\":\"free\",\"key\":\"l\"}"), 202);
	ck_assert_str_ne(first, job_id);
	teardown();
}
END_TEST

#define FREE	    "{\"type\":\"free\"}"
#define REQUEST(id) "X-Request-Id: 0123456789abcdef0123456789abcd" id "\r\n"

START_TEST(what_a_proxy_asks_again_is_the_same_job_of_the_same_user)
{
	static char first_cookie[256];
	char first[JOB_ID_LEN + 1];

	setup();
	wait_until_ready();
	/* Whoever has no cookie yet. */
	ck_assert_int_eq(ask("POST", "/v1/jobs", REQUEST("01"), FREE), 202);
	text_copy(text_of(field("Set-Cookie")), first_cookie,
		  sizeof(first_cookie));
	text_copy(text_of(field("Location")), first, sizeof(first));
	ck_assert_int_eq(ask("POST", "/v1/jobs", REQUEST("01"), FREE), 202);
	ck_assert_str_eq(field("Set-Cookie"), first_cookie);
	ck_assert(has("\"joined\":true"));
	ck_assert_int_eq(ask("POST", "/v1/jobs", REQUEST("02"), FREE), 202);
	ck_assert_str_ne(field("Set-Cookie"), first_cookie);
	ck_assert(!has("joined"));
	/* A key of the client's own tells more. */
	ck_assert_int_eq(ask("POST", "/v1/jobs",
			     REQUEST("03") "X-Remote-User: ann\r\n"
					   "Idempotency-Key: k\r\n",
			     FREE),
			 202);
	ck_assert_int_eq(ask("POST", "/v1/jobs",
			     REQUEST("04") "X-Remote-User: ann\r\n"
					   "Idempotency-Key: k\r\n",
			     FREE),
			 202);
	ck_assert(has("\"joined\":true"));
	teardown();
}
END_TEST

START_TEST(bad_requests_are_refused_and_name_the_field)
{
	setup();
	wait_until_ready();
	ck_assert_int_eq(submit_body("{\"type\":\"report\"}"), 422);
	ck_assert(has("\"field\":\"month\""));
	ck_assert_int_eq(submit_body("{\"type\":\"report\",\"params\":"
				     "{\"month\":\"May\"}}"),
			 422);
	ck_assert(has("\"field\":\"month\""));
	ck_assert_int_eq(submit_body("{\"type\":\"nothing\"}"), 422);
	ck_assert(has("\"field\":\"type\""));
	ck_assert_int_eq(submit_body("nonsense"), 400);
	ck_assert_int_eq(submit_body("{\"type\":\"free\",\"user\":\"bob\"}"),
			 403);
	ck_assert_int_eq(
		ask("POST", "/v1/jobs", "Content-Type: text/plain\r\n", "x"),
		415);
	ck_assert_int_eq(ask("PUT", "/v1/jobs", "", ""), 405);
	ck_assert_str_eq(field("Allow"), "GET, HEAD, POST");
	ck_assert_int_eq(ask("POST", "/healthz", "", ""), 405);
	ck_assert_int_eq(ask("GET", "/v1/nothing", "", ""), 404);
	ck_assert_int_eq(ask("GET", "/v1/jobs/" LONG_AGO, "", ""), 404);
	ck_assert_int_eq(ask("GET", "/v1/jobs?limit=0", "", ""), 400);
	ck_assert_int_eq(ask("GET", "/v1/jobs?state=x", "", ""), 400);
	ck_assert_int_eq(ask("GET", "/v1/jobs?after=../x", "", ""), 400);
	ck_assert_int_eq(
		ask("GET", "/v1/status", "Authorization: Bearer x\r\n", ""),
		401);
	teardown();
}
END_TEST

START_TEST(a_page_of_another_site_cannot_submit)
{
	setup();
	wait_until_ready();
	ck_assert_int_eq(ask("POST", "/v1/jobs",
			     "Sec-Fetch-Site: cross-site\r\n", REPORT),
			 403);
	ck_assert_int_eq(
		ask("POST", "/v1/jobs", "Origin: http://evil\r\n", REPORT),
		403);
	ck_assert_int_eq(
		ask("POST", "/v1/jobs", "Origin: http://x\r\n", REPORT), 202);
	teardown();
}
END_TEST

START_TEST(a_form_leads_back_to_the_page)
{
	setup();
	wait_until_ready();
	ck_assert_int_eq(
		ask("POST", "/v1/jobs",
		    "Content-Type: application/x-www-form-urlencoded\r\n"
		    "X-Remote-User: ann\r\n",
		    "type=report&param.month=2026-11"),
		303);
	ck_assert_int_eq(strncmp(field("Location"), "/#", 2), 0);
	ck_assert_int_eq(ask("GET", "/v1/jobs", "X-Remote-User: ann\r\n", ""),
			 200);
	ck_assert(has("\"user\":\"ann\""));
	teardown();
}
END_TEST

START_TEST(a_base_stands_before_every_link)
{
	setup_below("/hf/");
	while (ask("GET", "/hf/readyz", "", "") != 200)
		usleep(10000);
	ck_assert_int_eq(ask("GET", "/v1/jobs", "", ""), 404);
	ck_assert_int_eq(ask("GET", "/hf", "", ""), 308);
	ck_assert_str_eq(field("Location"), "/hf/");
	ck_assert_int_eq(ask("GET", "/hf/", "", ""), 200);
	ck_assert(has("Content-Security-Policy"));
	ck_assert_int_eq(
		ask("POST", "/hf/v1/jobs", "X-Remote-User: ann\r\n", REPORT),
		202);
	ck_assert_int_eq(strncmp(field("Location"), "/hf/v1/jobs/", 12), 0);
	text_copy((struct text){ field("Location") + 12, JOB_ID_LEN }, job_id,
		  sizeof(job_id));
	tell(MESSAGE_OUTCOME, 100000);
	ck_assert_int_eq(ask("GET", url("/hf/v1/jobs/%s", job_id),
			     "X-Remote-User: ann\r\n", ""),
			 200);
	ck_assert(has(url("\"href\":\"/hf/v1/jobs/%s/output\"", job_id)));
	teardown();
}
END_TEST

START_TEST(operators_see_more_of_the_status)
{
	setup();
	wait_until_ready();
	ck_assert_int_eq(ask("GET", "/v1/status", "", ""), 200);
	ck_assert(has("\"type\":\"report\""));
	ck_assert(has("\"match\":\"[0-9]{4}-[0-9]{2}\""));
	ck_assert(!has("\"roles\""));
	ck_assert_int_eq(ask_operator("GET", "/v1/status", "", ""), 200);
	ck_assert(has("\"roles\""));
	ck_assert(has("\"epoch\":1"));
	ck_assert_int_eq(ask_operator("GET", "/healthz", "", ""), 200);
	ck_assert_int_eq(ask("GET", "/version", "", ""), 200);
	ck_assert(has("holdfast "));
	ck_assert_int_eq(ask_operator("POST", "/v1/jobs", "",
				      "{\"type\":\"free\",\"user\":\"bob\"}"),
			 202);
	ck_assert(has("\"user\":\"bob\""));
	teardown();
}
END_TEST

TEST_MAIN("server", a_job_is_accepted_polled_and_seen_by_its_user_alone,
	  a_parked_poll_is_answered_when_the_job_changes,
	  the_output_is_served_whole_and_in_parts,
	  cancelling_and_forgetting_are_told_apart,
	  what_the_journal_refuses_becomes_a_problem,
	  a_key_names_the_same_job_again,
	  what_a_proxy_asks_again_is_the_same_job_of_the_same_user,
	  bad_requests_are_refused_and_name_the_field,
	  a_page_of_another_site_cannot_submit, a_form_leads_back_to_the_page,
	  a_base_stands_before_every_link, operators_see_more_of_the_status)
