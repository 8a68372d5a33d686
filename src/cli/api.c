#define _GNU_SOURCE
#include "cli/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/config.h"
#include "io/clock.h"
#include "io/conffile.h"

/* -s, where the directory of a socket will do; or STATE/control as the
 * configuration says.
 */
static int find_socket(const struct options *options, char *path, size_t cap)
{
	struct config *config;
	struct stat stat_buf;

	if (options->socket != NULL) {
		bool is_dir = stat(options->socket, &stat_buf) == 0 &&
			      S_ISDIR(stat_buf.st_mode);

		snprintf(path, cap, "%s%s", options->socket,
			 is_dir ? "/control" : "");
		return 0;
	}
	if (conffile_load(options->config, &config, stderr) != 0)
		return EXIT_CODE_USAGE;
	snprintf(path, cap, "%s/control", config->state);
	conffile_free(config);
	return 0;
}

int api_open(struct api *api, const struct options *options)
{
	char path[4096];
	int rc;

	memset(api, 0, sizeof(*api));
	api->options = options;
	api->client.fd = -1;
	api->deadline_ms = options->wait_ms == OPTIONS_FOREVER
				   ? INT64_MAX
				   : clock_ms() + options->wait_ms;
	rc = find_socket(options, path, sizeof(path));
	if (rc != 0)
		return rc;
	if (client_open(&api->client, path) != 0) {
		complain("%s: too long for the path of a socket", path);
		return EXIT_CODE_USAGE;
	}
	return 0;
}

static void forget_answer(struct api *api)
{
	json_decref(api->answer);
	api->answer = NULL;
	client_response_free(&api->response);
}

void api_close(struct api *api)
{
	forget_answer(api);
	client_close(&api->client);
}

int api_command(const struct usage *usage, int argc, char **argv,
		int (*ask)(struct api *api))
{
	struct options options;
	struct api api;
	int rc = options_parse(&options, usage, argc, argv);

	if (rc != OPTIONS_GO_ON)
		return rc;
	rc = api_open(&api, &options);
	if (rc == 0)
		rc = ask(&api);
	api_close(&api);
	return rc;
}

int64_t api_deadline(const struct api *api, int64_t patience_ms)
{
	int64_t deadline_ms = clock_ms() + patience_ms;

	return deadline_ms < api->deadline_ms ? deadline_ms : api->deadline_ms;
}

static int ask_until(struct api *api, struct client_request *request)
{
	int rc;

	forget_answer(api);
	rc = client_do(&api->client, request, &api->response);
	if (rc == 0 && api->response.body_len > 0)
		api->answer =
			json_loadb(api->response.body, api->response.body_len,
				   JSON_DECODE_ANY, NULL);
	return rc;
}

int api_ask(struct api *api, const char *method, const char *target,
	    const char *extra, const json_t *body)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct client_request request = {
		.method = method,
		.target = target,
		.headers = extra,
		.body = text_of(text),
		.deadline_ms = api_deadline(api, API_PATIENCE_MS),
	};
	int rc;

	/* A long poll is answered late on purpose. */
	if (strstr(target, "wait=") != NULL)
		request.deadline_ms =
			api_deadline(api, 2 * API_PATIENCE_MS + 25000);
	rc = ask_until(api, &request);
	free(text);
	return rc;
}

int api_ask_sink(struct api *api, const char *target, const char *extra,
		 const struct client_sink *sink)
{
	struct client_request request = {
		.method = "GET",
		.target = target,
		.headers = extra,
		.deadline_ms = api->deadline_ms,
		.sink = sink,
	};

	return ask_until(api, &request);
}

int api_call(struct api *api, const char *method, const char *target,
	     const json_t *body)
{
	int rc = api_ask(api, method, target, NULL, body);

	if (rc != 0)
		return api_failed(api, rc);
	return api->response.status < 300 ? 0 : api_refused(api);
}

int api_failed(const struct api *api, int rc)
{
	const char *path = api->client.path;

	switch (-rc) {
	case ENOENT:
	case ECONNREFUSED:
	case ENOTDIR:
		complain("no daemon at %s: is `holdfast run` running?", path);
		return EXIT_CODE_NO_DAEMON;
	case EACCES:
	case EPERM:
		complain("%s: not allowed to talk to the daemon: "
			 "be its user, or root",
			 path);
		return EXIT_CODE_NOT_ALLOWED;
	case ETIMEDOUT:
		if (clock_ms() >= api->deadline_ms) {
			complain("no answer within -w");
			return EXIT_CODE_TIMEOUT;
		}
		complain("the daemon at %s does not answer", path);
		return EXIT_CODE_NO_DAEMON;
	case ECONNRESET:
		complain("the daemon at %s went away", path);
		return EXIT_CODE_NO_DAEMON;
	default:
		complain("%s: %s", path, strerror(-rc));
		return EXIT_CODE_FAILED;
	}
}

int api_refused(const struct api *api)
{
	const char *title = json_text(api->answer, "title");
	const char *detail = json_text(api->answer, "detail");
	int status = api->response.status;

	if (*detail != '\0' || *title != '\0')
		complain("%s", *detail != '\0' ? detail : title);
	else
		complain("the daemon answered %d", status);
	/* A job's type that isn't there is a name that isn't there. */
	if (status == 404 ||
	    (status == 422 &&
	     strcmp(json_text(api->answer, "field"), "type") == 0))
		return EXIT_CODE_NO_SUCH;
	if (status == 401 || status == 403)
		return EXIT_CODE_NOT_ALLOWED;
	return EXIT_CODE_FAILED;
}

bool api_is_passing(const struct api *api, int rc)
{
	switch (-rc) {
	case 0:
		return api->response.status == 503 ||
		       api->response.status == 502 ||
		       api->response.status == 504;
	case ENOENT:
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

int api_print(const struct api *api)
{
	const struct client_response *response = &api->response;

	fwrite(response->body, 1, response->body_len, stdout);
	if (response->body_len == 0 ||
	    response->body[response->body_len - 1] != '\n')
		putchar('\n');
	return EXIT_CODE_DONE;
}

void target_add(char *target, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	size_t len = strlen(target);

	for (; *value != '\0' && len + 4 <= API_TARGET_MAX; value++) {
		if (strchr(plain, *value) != NULL)
			target[len++] = *value;
		else
			len += (size_t)snprintf(target + len, 4, "%%%02X",
						(unsigned char)*value);
	}
	target[len] = '\0';
}

const char *json_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

int64_t json_number(const json_t *object, const char *name)
{
	return (int64_t)json_number_value(json_object_get(object, name));
}
