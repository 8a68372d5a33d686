/* ledger_units - what operators want of units, kept over restarts. */
#include <errno.h>

#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

struct text ledger_wish_key(const char *what, const char *node,
			    struct text name, char *key)
{
	struct out out = out_init(key, RECORD_KEY_MAX + 1);

	out_string(&out, what);
	out_char(&out, '/');
	if (node[0] != '\0') {
		out_string(&out, node);
		out_char(&out, '/');
	}
	out_text(&out, name);
	if (out_end(&out) != 0)
		return text_of("");
	return (struct text){ key, out.len };
}

/* A service is of one node. */
static int keep_for_service(struct ledger *ledger, struct text name,
			    enum message_action action)
{
	char key[RECORD_KEY_MAX + 1];

	if (action != ACTION_ENABLE && action != ACTION_DISABLE)
		return -EINVAL;
	return ledger_put_flag(
		ledger,
		ledger_wish_key("enabled", ledger->world.place.node, name, key),
		action == ACTION_ENABLE);
}

void ledger_operator(struct ledger *ledger, unsigned link,
		     const struct message *message, struct ledger_now now)
{
	int rc = -EINVAL;

	/* What others answered of the same comes before. */
	if (ledger_is_late(ledger, now))
		rc = -EIO;
	else if (message->unit_kind == UNIT_SERVICE)
		rc = keep_for_service(ledger, message->type, message->action);
	else if (message->unit_kind == UNIT_SINGLETON)
		rc = ledger_single_act(ledger, message, now);
	ledger_answer(ledger, link, message, "", -rc, false);
}
