/* services_act - what operators want of services. */
#include <errno.h>
#include <string.h>

#include "io/events.h"
#include "roles/news.h"
#include "roles/services.h"

void services_learn(struct services *services, struct view *view)
{
	char key[RECORD_KEY_MAX + 1];
	char served[8];

	for (unsigned slot = 0; slot < services->high; slot++) {
		struct service *service = &services->at[slot];
		struct out out = out_init(key, sizeof(key));

		if (service->unit == NULL)
			continue;
		out_string(&out, "enabled/");
		out_string(&out, services->config->node);
		out_char(&out, '/');
		out_string(&out, service->unit->name);
		if (out_end(&out) != 0 ||
		    view_read_register(view, key, served, sizeof(served)) < 0)
			continue;
		service->enabled = strcmp(served, "1") == 0;
		service->disabled = !service->enabled;
	}
	services->knows = true;
}

static int start(struct services *services, unsigned slot)
{
	struct service *service = &services->at[slot];

	if (!services_is_enabled(service))
		return -EINVAL;
	service->losses = 0;
	service->not_before_ms = 0;
	if (services_goal(services, slot) != GOAL_UP)
		services_set_goal(services, slot, GOAL_WAITING);
	return 0;
}

static void enable(struct services *services, unsigned slot, bool enabled)
{
	struct service *service = &services->at[slot];

	events_add(services->board,
		   enabled ? EVENT_UNIT_ENABLED : EVENT_UNIT_DISABLED,
		   service->unit->name, "by an operator");
	news_tell(services->heritage);
	service->enabled = enabled;
	service->disabled = !enabled;
	if (enabled && services_goal(services, slot) == GOAL_DISABLED)
		services_set_goal(services, slot, GOAL_WAITING);
}

int services_act(struct services *services, struct text name,
		 enum message_action action, int64_t now_ms)
{
	const struct unit *unit =
		config_unit(services->config, UNIT_SERVICE, name.at, name.len);
	int slot = unit != NULL ? services_slot(services, unit->name) : -1;
	int rc = 0;

	if (slot < 0)
		return -ENOENT;
	switch (action) {
	case ACTION_START:
		rc = start(services, (unsigned)slot);
		break;
	case ACTION_STOP:
		if (services_is_enabled(&services->at[slot]))
			services_set_goal(services, (unsigned)slot,
					  GOAL_STOPPED);
		break;
	case ACTION_RESTART:
		rc = start(services, (unsigned)slot);
		if (rc == 0)
			services_want(services, (unsigned)slot, WANTED_STOP);
		break;
	case ACTION_ENABLE:
	case ACTION_DISABLE:
		enable(services, (unsigned)slot, action == ACTION_ENABLE);
		break;
	case ACTION_HANDOVER:
		rc = -EINVAL;
		break;
	}
	services_turn(services, now_ms);
	return rc;
}
