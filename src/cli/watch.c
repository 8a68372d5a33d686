#define _GNU_SOURCE
#include "cli/watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/bar.h"
#include "cli/command.h"
#include "io/clock.h"

#define TICK_MS		  200
#define POLL_S		  25
#define BACKOFF_MS	  100
#define BACKOFF_MAX_MS	  2000
#define AWAY_MAX_MS	  60000 /* without -w: the daemon is given up then */
#define LEARNS_MS	  10000 /* a node that begins: all jobs by then */
#define ESTIMATE_AFTER_MS 2000	/* before that an estimate is a guess */

static volatile sig_atomic_t interrupted;

struct watch {
	struct api *api;
	const char *id;
	enum watch_how how;
	struct bar bar;
	char etag[128];
	json_t *job; /* as last seen, NULL before */
	double high; /* the most percent of any attempt */
	bool away;   /* the daemon does not answer */
	int64_t backoff_ms;
	int64_t heard_ms; /* clock_ms() of its last answer */
	unsigned frame;
};

static void on_signal(int signal)
{
	interrupted = signal;
}

void watch_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool watch_interrupted(void)
{
	return interrupted != 0;
}

/* Left to go in ms, below 0 when not known. */
static int64_t estimate(const struct answer *answer, int64_t elapsed_ms)
{
	if (answer->eta_s >= 0)
		return answer->eta_s * 1000;
	if (answer->percent < 1 || elapsed_ms < ESTIMATE_AFTER_MS)
		return -1;
	return (int64_t)((double)elapsed_ms * (100 - answer->percent) /
			 answer->percent);
}

static void show(struct watch *watch)
{
	struct answer answer;
	struct bar_state state;

	if (watch->how != WATCH_BAR || watch->job == NULL)
		return;
	answer = answer_of(watch->job);
	state = (struct bar_state){
		.label = answer.type,
		.state = answer.state,
		.message = answer.message,
		.note = watch->away ? "the daemon is away; asking again" : "",
		.percent = answer.percent,
		.high = watch->high,
		.attempt = answer.attempt,
		.elapsed_ms = answer.created_ms > 0
				      ? clock_wall_ms() - answer.created_ms
				      : -1,
		.left_ms = -1,
		.frame = watch->frame,
	};
	if (answer_has_ended(&answer) && answer.updated_ms > 0)
		state.elapsed_ms = answer.updated_ms - answer.created_ms;
	if (state.elapsed_ms < 0)
		state.elapsed_ms = 0;
	if (strcmp(answer.state, "processing") == 0)
		state.left_ms = estimate(&answer, state.elapsed_ms);
	bar_show(&watch->bar, &state, clock_ms());
}

static int tick(void *arg)
{
	struct watch *watch = arg;

	if (interrupted != 0)
		return -EINTR;
	watch->frame++;
	show(watch);
	return 0;
}

/* Sleeps, ticking.  0, or what the tick said. */
static int sleep_ticking(struct watch *watch, int64_t ms)
{
	int64_t until_ms = api_deadline(watch->api, ms);
	int rc = 0;

	for (int64_t left; rc == 0 && (left = until_ms - clock_ms()) > 0;) {
		poll(NULL, 0, (int)(left < TICK_MS ? left : TICK_MS));
		rc = tick(watch);
	}
	return rc;
}

/* Takes over what the answer says.  True when the job has ended. */
static bool take_answer(struct watch *watch)
{
	struct api *api = watch->api;
	struct answer answer;

	text_copy(client_header(&api->response, "ETag"), watch->etag,
		  sizeof(watch->etag));
	json_decref(watch->job);
	watch->job = json_incref(api->answer);
	if (watch->how == WATCH_JSON) {
		api_print(api);
		fflush(stdout);
	}
	answer = answer_of(watch->job);
	if (answer.percent > watch->high)
		watch->high = answer.percent;
	return answer_has_ended(&answer);
}

static int ask(struct watch *watch)
{
	char target[API_TARGET_MAX] = "/v1/jobs/";
	char match[160];

	target_add(target, watch->id);
	if (*watch->etag == '\0' || watch->away)
		return api_ask(watch->api, "GET", target, NULL, NULL);
	snprintf(target + strlen(target), sizeof(target) - strlen(target),
		 "?wait=%ds", POLL_S);
	snprintf(match, sizeof(match), "If-None-Match: %s\r\n", watch->etag);
	return api_ask(watch->api, "GET", target, match, NULL);
}

/* The daemon does not answer: 0 to ask again, or the exit code. */
static int endure(struct watch *watch, int rc)
{
	struct api *api = watch->api;
	int64_t now_ms = clock_ms();
	bool never_heard = watch->heard_ms == 0;

	if (now_ms >= api->deadline_ms) {
		bar_keep(&watch->bar);
		if (never_heard)
			return api_failed(api, rc != 0 ? rc : -ECONNREFUSED);
		complain("job %s has not ended within -w", watch->id);
		return EXIT_CODE_TIMEOUT;
	}
	/* Who never answered and won't be waited for is not there. */
	if (api->deadline_ms == INT64_MAX &&
	    (never_heard || now_ms - watch->heard_ms > AWAY_MAX_MS)) {
		bar_keep(&watch->bar);
		return rc != 0 ? api_failed(api, rc) : api_refused(api);
	}
	watch->away = true;
	show(watch);
	rc = sleep_ticking(watch, watch->backoff_ms);
	watch->backoff_ms *= 2;
	if (watch->backoff_ms > BACKOFF_MAX_MS)
		watch->backoff_ms = BACKOFF_MAX_MS;
	return rc;
}

/* Tells how it ended; the exit code. */
static int conclude(struct watch *watch)
{
	struct answer answer = answer_of(watch->job);
	bool quiet = watch->api->options->quiet;
	char size[32];

	if (watch->how == WATCH_RESULT)
		api_print(watch->api);
	if (strcmp(answer.state, "error") == 0) {
		complain("job %s failed", watch->id);
		fputs("  ", stderr);
		print_plain(stderr, answer.error_title);
		if (*answer.error_detail != '\0') {
			fputs("\n  ", stderr);
			print_plain(stderr, answer.error_detail);
		}
		fputc('\n', stderr);
	} else if (strcmp(answer.state, "cancelled") == 0) {
		complain("job %s was cancelled", watch->id);
	} else if (watch->how == WATCH_BAR && !quiet &&
		   *answer.output_name != '\0') {
		size_text(answer.output_size, size, sizeof(size));
		fputs("ready: ", stdout);
		print_plain(stdout, answer.output_name);
		printf(", %s; get it with ", size);
		options_hint(stdout, watch->api->options, "fetch", watch->id);
		putchar('\n');
	} else if (watch->how == WATCH_BAR && !quiet) {
		printf("ready\n");
	}
	return answer_exit_code(&answer);
}

/* A node of a cluster that has just begun again may not know the job yet. */
static bool is_forgetful(const struct watch *watch, int rc)
{
	return rc == 0 && watch->api->response.status == 404 &&
	       watch->heard_ms != 0 && clock_ms() - watch->heard_ms < LEARNS_MS;
}

/* One turn: 0 to go on, OPTIONS_GO_ON when the job ended, or an exit code. */
static int turn(struct watch *watch)
{
	struct api *api = watch->api;
	int64_t asked_ms = clock_ms();
	int rc = ask(watch);

	if (rc == -EINTR)
		return rc;
	if (api_is_passing(api, rc) || is_forgetful(watch, rc))
		return endure(watch, rc);
	if (rc != 0) {
		bar_keep(&watch->bar);
		return api_failed(api, rc);
	}
	watch->heard_ms = clock_ms();
	watch->away = false;
	watch->backoff_ms = BACKOFF_MS;
	if (api->response.status == 304) {
		/* Whoever answers too soon is not to be asked in a rush. */
		show(watch);
		if (watch->heard_ms - asked_ms < BACKOFF_MS)
			return sleep_ticking(watch, BACKOFF_MS);
		return 0;
	}
	if (api->response.status != 200) {
		bar_keep(&watch->bar);
		return api_refused(api);
	}
	if (!take_answer(watch)) {
		show(watch);
		return 0;
	}
	show(watch);
	return OPTIONS_GO_ON;
}

int watch_job(struct api *api, const char *id, enum watch_how how)
{
	struct watch watch = {
		.api = api, .id = id, .how = how, .backoff_ms = BACKOFF_MS
	};
	int rc;

	bar_open(&watch.bar, stdout, api->options->no_color);
	watch_catch_signals();
	api->client.tick = tick;
	api->client.tick_arg = &watch;
	api->client.tick_ms = TICK_MS;
	do
		rc = turn(&watch);
	while (rc == 0);
	if (rc == OPTIONS_GO_ON) {
		bar_keep(&watch.bar);
		rc = conclude(&watch);
	} else if (rc == -EINTR) {
		bar_keep(&watch.bar);
		rc = 128 + interrupted;
	}
	api->client.tick = NULL;
	api->client.tick_arg = NULL;
	json_decref(watch.job);
	return rc;
}

int watch_leave(const struct options *options, const char *id, int rc)
{
	if (rc <= 128)
		return rc;
	if (!options->quiet) {
		fputs("holdfast: the job goes on; ", stderr);
		options_hint(stderr, options, "watch", id);
		fputs(" shows it, ", stderr);
		options_hint(stderr, options, "cancel", id);
		fputs(" ends it\n", stderr);
	}
	fflush(NULL);
	signal(rc - 128, SIG_DFL);
	raise(rc - 128);
	return rc;
}

bool watch_pause(const struct api *api, int64_t ms)
{
	int64_t left = api_deadline(api, ms) - clock_ms();

	if (left > 0)
		poll(NULL, 0, (int)left);
	return clock_ms() < api->deadline_ms;
}

static const struct usage watch_usage = {
	.name = "watch",
	.synopsis = "[-w SECONDS] [--json] ID",
	.text = "Shows how far a job is until it ends: 0 ready, 1 ended in "
		"error.\n",
	.accepts = "wJqC",
	.arguments_min = 1,
	.arguments_max = 1,
};

static const struct usage wait_usage = {
	.name = "wait",
	.synopsis = "[-w SECONDS] [--json] ID",
	.text = "Waits in silence until a job ends: 0 ready, 1 ended in "
		"error.\n",
	.accepts = "wJqC",
	.arguments_min = 1,
	.arguments_max = 1,
};

static int watch_command(const struct usage *usage, int argc, char **argv)
{
	struct options options;
	struct api api;
	int rc = options_parse(&options, usage, argc, argv);
	enum watch_how how;

	if (rc != OPTIONS_GO_ON)
		return rc;
	if (usage == &wait_usage)
		how = options.json ? WATCH_RESULT : WATCH_SILENT;
	else if (options.quiet && !options.json)
		how = WATCH_SILENT;
	else
		how = options.json ? WATCH_JSON : WATCH_BAR;
	rc = api_open(&api, &options);
	if (rc == 0)
		rc = watch_leave(&options, options.argv[0],
				 watch_job(&api, options.argv[0], how));
	api_close(&api);
	return rc;
}

int command_watch(int argc, char **argv)
{
	return watch_command(&watch_usage, argc, argv);
}

int command_wait(int argc, char **argv)
{
	return watch_command(&wait_usage, argc, argv);
}
