/* api_unit - asks for a service or singleton, and until it is what it shall be.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>

#include "cli/api.h"
#include "cli/command.h"
#include "io/clock.h"

#define LOOK_MS	    20	  /* between two looks */
#define PATIENCE_MS 90000 /* unless -w says otherwise */

int api_find_unit(struct api *api, const char *name, char *target)
{
	static const char *const places[] = { "/v1/services/",
					      "/v1/singletons/" };
	const size_t count = sizeof(places) / sizeof(places[0]);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < count; i++) {
		snprintf(target, API_TARGET_MAX, "%s", places[i]);
		target_add(target, name);
		rc = api_ask(api, "GET", target, NULL, NULL);
		if (rc == 0 && api->response.status != 404)
			break;
	}
	if (rc != 0)
		return api_failed(api, rc);
	return api->response.status < 300 ? 0 : api_refused(api);
}

void api_nap(void)
{
	static const struct timespec span = { 0, LOOK_MS * 1000000L };

	nanosleep(&span, NULL);
}

int api_follow_unit(struct api *api, const char *name, const char *target,
		    bool (*has_arrived)(const json_t *unit, const void *arg),
		    const void *arg)
{
	int64_t deadline_ms = api_deadline(api, PATIENCE_MS);
	int rc;

	for (;;) {
		rc = api_call(api, "GET", target, NULL);
		if (rc != 0 || has_arrived(api->answer, arg))
			return rc;
		if (clock_ms() >= deadline_ms) {
			complain("%s is still %s", name,
				 json_text(api->answer, "state"));
			return EXIT_CODE_TIMEOUT;
		}
		api_nap();
	}
}
