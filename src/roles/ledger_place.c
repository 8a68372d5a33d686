/* ledger_place - who is given a singleton, and who gives it up to a node that
 * has joined.
 */
#include "core/list.h"
#include "core/place.h"
#include "io/log.h"
#include "roles/ledger_parts.h"
#include "roles/ledger_singles.h"

#define LISTS_BYTES	8192
#define REBALANCE_APART 2 /* fewer are no reason to move */

struct choice {
	struct place_node nodes[LEASE_SLOTS_MAX];
	struct place_wish wish;
	char prefer[LISTS_BYTES];
	char require[LISTS_BYTES];
};

static void count_held(struct ledger *ledger)
{
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		ledger->nodes[i].held = 0;
	for (unsigned i = 0; i < ledger->singles_high; i++) {
		const struct single *kept = &ledger->singles[i].kept;
		struct ledger_node *node;

		if (!ledger->singles[i].used || !kept->held)
			continue;
		node = ledger_node_of(ledger, text_of(kept->node));
		if (node != NULL)
			node->held++;
	}
	ledger->counted = true;
}

static uint32_t members(const struct ledger *ledger)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		count += ledger->nodes[i].member;
	return count;
}

void ledger_place_turn(struct ledger *ledger, struct ledger_now now)
{
	ledger->counted = false;
	ledger->early = false;
	if (!ledger->leads || now.ms - ledger->led_ms >= LEDGER_OFFERS_MS)
		return;
	for (uint32_t i = 0; i < ledger->nodes_count; i++)
		if (ledger->nodes[i].member &&
		    ledger->nodes[i].offered != ledger->nodes[i].generation)
			ledger->early = true;
}

/* False when its lists are too long to judge. */
static bool make_choice(struct ledger *ledger,
			const struct ledger_single *single,
			struct choice *choice)
{
	const struct unit *unit = single->unit;
	bool moves = single->move != 0 && single->move == single->kept.token;

	choice->wish = (struct place_wish){ .unit = text_of(single->name) };
	if (moves && single->move_to[0] != '\0')
		choice->wish.to = text_of(single->move_to);
	else if (moves)
		choice->wish.away = text_of(single->kept.node);
	for (uint32_t i = 0; i < ledger->nodes_count; i++) {
		const struct ledger_node *node = &ledger->nodes[i];

		choice->nodes[i] = (struct place_node){
			.name = text_of(node->name),
			.tags = { node->tags, node->tags_len },
			.eligible = ledger_offered(ledger, node, single) != 0,
			.held = node->held,
		};
	}
	failures_judge(&single->failed, choice->nodes, ledger->nodes_count);
	return list_of(&choice->wish.prefer, &unit->prefer, choice->prefer,
		       sizeof(choice->prefer)) == 0 &&
	       list_of(&choice->wish.require, &unit->require, choice->require,
		       sizeof(choice->require)) == 0;
}

struct ledger_node *ledger_place(struct ledger *ledger,
				 const struct ledger_single *single,
				 uint64_t *digest)
{
	struct choice choice;
	int at;

	if (ledger->early || members(ledger) < single->unit->min_nodes)
		return NULL;
	if (!ledger->counted)
		count_held(ledger);
	if (!make_choice(ledger, single, &choice))
		return NULL;
	at = place_choose(&choice.wish, choice.nodes, ledger->nodes_count);
	if (at < 0)
		return NULL;
	ledger->nodes[at].held++;
	*digest = ledger_offered(ledger, &ledger->nodes[at], single);
	return &ledger->nodes[at];
}

/* ---- nodes that join ---- */

/* Is B so much better for it than A, which has it? */
static bool is_worth_it(const struct choice *choice, uint32_t a, uint32_t b)
{
	int old = list_find(choice->wish.prefer, choice->nodes[a].name);
	int new = list_find(choice->wish.prefer, choice->nodes[b].name);

	if (old != new)
		return new >= 0 && (old < 0 || new < old);
	return choice->nodes[a].held + 1 >=
	       choice->nodes[b].held + REBALANCE_APART;
}

static void rebalance(struct ledger *ledger, struct ledger_single *single)
{
	struct ledger_node *node =
		ledger_node_of(ledger, text_of(single->kept.node));
	struct choice choice;
	uint32_t from;
	int at;

	if (node == NULL || !make_choice(ledger, single, &choice))
		return;
	from = (uint32_t)(node - ledger->nodes);
	if (choice.nodes[from].held > 0)
		choice.nodes[from].held--; /* without this one */
	at = place_choose(&choice.wish, choice.nodes, ledger->nodes_count);
	if (at < 0 || (uint32_t)at == from ||
	    !is_worth_it(&choice, from, (uint32_t)at))
		return;
	if (ledger_single_move(ledger, single,
			       text_of(ledger->nodes[at].name)) != 0)
		return;
	log_info("journal: singleton=%s moves from node=%s to node=%s, which "
		 "has joined",
		 single->name, node->name, ledger->nodes[at].name);
	node->held--;
	ledger->nodes[at].held++;
}

void ledger_rebalance(struct ledger *ledger)
{
	if (!ledger->joined)
		return;
	ledger->joined = false;
	count_held(ledger);
	for (unsigned i = 0; i < ledger->singles_high; i++) {
		struct ledger_single *single = &ledger->singles[i];

		if (single->used && single->kept.held &&
		    single->kept.accepted && single->unit != NULL &&
		    single->unit->rebalance == REBALANCE_JOIN &&
		    !unit_is_timed(single->unit) &&
		    single->move != single->kept.token)
			rebalance(ledger, single);
	}
}
