/* The nodes of the cluster, as this one sees them. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "roles/server_nodes.h"
#include "roles/server_reply.h"
#include "roles/server_units.h"

#define BODY_FIRST 16384
#define BODY_MAX   (4u << 20)
#define US_PER_MS  1000

static void member_text(struct out *out, const char *name, const char *value)
{
	unit_member(out, name);
	if (value == NULL || *value == '\0')
		out_string(out, "null");
	else
		out_json(out, text_of(value));
}

static void member_bool(struct out *out, const char *name, bool value)
{
	unit_member(out, name);
	out_string(out, value ? "true" : "false");
}

/* ---- the cluster ---- */

static const char *standing_name(const struct board_cluster *cluster)
{
	static const char *const names[] = {
		[LEASE_FOLLOWS] = "follows",
		[LEASE_CLAIMS] = "claims",
		[LEASE_PASSED] = "reads journals",
		[LEASE_LEADS] = "leads",
	};
	struct cluster_lease lease;

	if (!cluster_lease(cluster, &lease) ||
	    lease.kept.standing > LEASE_LEADS)
		return names[LEASE_FOLLOWS];
	return names[lease.kept.standing];
}

void write_cluster(struct out *out, const struct server *server,
		   const struct nodes *nodes)
{
	const struct board_cluster *cluster = &server->heritage->board->cluster;
	const struct lease_terms *terms = &cluster->terms;
	int32_t trouble = atomic_load(&cluster->trouble);
	char why[NODES_WHY_MAX];

	if (!cluster->present) {
		out_string(out, "null");
		return;
	}
	out_string(out, "{\"name\":");
	out_json(out, text_of(server->heritage->config->cluster.name));
	member_text(out, "leader", nodes->leader);
	unit_number(out, "epoch", (int64_t)atomic_load(&cluster->highest));
	unit_number(out, "alive", (int64_t)nodes->alive);
	unit_number(out, "in_use", atomic_load(&cluster->in_use));
	unit_number(out, "slots", terms->slots);
	member_text(out, "standing", standing_name(cluster));
	member_text(out, "why_not_in", nodes_why_not_in(cluster, why));
	member_text(out, "trouble",
		    trouble != 0 ? strerror(abs(trouble)) : NULL);
	unit_number(out, "lease_ms", terms->lease_ms);
	unit_number(out, "failover_ms", lease_failover_us(terms) / US_PER_MS);
	unit_number(out, "stall_ms", lease_stall_us(terms, 0) / US_PER_MS);
	out_char(out, '}');
}

/* ---- one node ---- */

/* Does the node whose bits HEARD has hear the one at AT? */
static const char *hears(const struct cluster_heard *heard, uint32_t at)
{
	if ((heard->unknown[at / 8] >> at % 8 & 1) != 0)
		return "null";
	return (heard->hears[at / 8] >> at % 8 & 1) != 0 ? "true" : "false";
}

static void write_hears(struct out *out, const struct nodes *nodes,
			const struct node *node)
{
	bool first = true;

	unit_member(out, "hears");
	out_char(out, '{');
	for (size_t i = 0; node->at >= 0 && i < nodes->count; i++) {
		const struct node *other = &nodes->at[i];

		if (other == node || other->at < 0)
			continue;
		if (!first)
			out_char(out, ',');
		first = false;
		out_json(out, text_of(other->name));
		out_char(out, ':');
		out_string(out, hears(&node->heard, (uint32_t)other->at));
	}
	out_char(out, '}');
}

static void write_tags(struct out *out, const struct cluster_heard *heard)
{
	unit_member(out, "tags");
	out_char(out, '[');
	for (uint32_t i = 0; i < heard->tags_len;) {
		struct text tag = { heard->tags + i,
				    strnlen(heard->tags + i,
					    heard->tags_len - i) };

		if (i > 0)
			out_char(out, ',');
		out_json(out, tag);
		i += (uint32_t)tag.len + 1;
	}
	out_char(out, ']');
}

static void write_load(struct out *out, const struct datagram_load *load)
{
	unit_member(out, "load");
	out_string(out, "{\"busy\":");
	out_hundredths(out, load->busy);
	unit_number(out, "cores", load->cores);
	unit_number(out, "places", load->places);
	unit_number(out, "running", load->running);
	unit_number(out, "pending", load->pending);
	unit_number(out, "singletons", load->singletons);
	out_char(out, '}');
}

static void write_slot(struct out *out, const struct node *node)
{
	unit_member(out, "slot");
	if (node->has_slot)
		out_u64(out, node->slot);
	else
		out_string(out, "null");
	unit_number(out, "number", (int64_t)node->number);
	unit_number(out, "generation", (int64_t)node->generation);
	unit_number(out, "epoch", (int64_t)node->epoch);
}

/* What is another with each answer. */
static void write_ages(struct out *out, const struct node *node, int64_t now_ms)
{
	unit_number(out, "lease_left_ms", node->left_ms);
	unit_member(out, "heard_ago_ms");
	if (node->at >= 0 && node->heard.heard_ms <= now_ms)
		out_i64(out, now_ms - node->heard.heard_ms);
	else
		out_string(out, "null");
	unit_number(out, "missed", (int64_t)node->heard.missed);
	unit_number(out, "skew_ppm", node->heard.skew_ppm);
	write_load(out, &node->heard.load);
}

static void write_node(struct out *out, const struct server *server,
		       const struct nodes *nodes, const struct node *node,
		       bool ages)
{
	const struct cluster_heard *heard = &node->heard;

	out_string(out, "{\"name\":");
	out_json(out, text_of(node->name));
	member_bool(out, "self", node->self);
	member_text(out, "state", node_state_name(node->state));
	member_bool(out, "draining", heard->draining);
	if (server->heritage->board->cluster.present)
		write_slot(out, node);
	member_bool(out, "heard",
		    node->self || (node->at >= 0 && heard->heard));
	unit_member(out, "hears_us");
	out_string(out, node->self || node->at < 0 ? "null"
						   : hears(heard, PEERS_SELF));
	write_hears(out, nodes, node);
	member_bool(out, "elsewhere", node->at >= 0 && heard->elsewhere);
	member_text(out, "address", heard->address);
	member_text(out, "from", heard->from);
	member_text(out, "version", heard->version);
	write_tags(out, heard);
	if (ages)
		write_ages(out, node, server->now_ms);
	out_char(out, '}');
}

static void write_nodes(struct out *out, const struct server *server,
			const struct nodes *nodes, bool ages)
{
	out_string(out, "{\"cluster\":");
	write_cluster(out, server, nodes);
	out_string(out, ",\"nodes\":[");
	for (size_t i = 0; i < nodes->count; i++) {
		if (i > 0)
			out_char(out, ',');
		write_node(out, server, nodes, &nodes->at[i], ages);
	}
	out_string(out, "]}");
}

/* Who waits is told of what changed, not of ages. */
static bool reply_nodes(struct visit *visit, const struct nodes *nodes,
			size_t cap)
{
	char *body = malloc(cap);
	struct out out;
	uint64_t tag;

	if (body == NULL)
		return false;
	out = out_init(body, cap);
	write_nodes(&out, visit->server, nodes, false);
	(void)out_end(&out);
	tag = reply_tag(body, out.len);
	out = out_init(body, cap);
	write_nodes(&out, visit->server, nodes, true);
	if (out_end(&out) != 0) {
		free(body);
		return false;
	}
	reply_changing_as(visit, body, out.len, tag, "");
	return true;
}

void server_nodes(struct visit *visit)
{
	struct server *server = visit->server;
	struct nodes nodes;
	bool done = false;

	if (reply_unless_operator(visit))
		return;
	if (nodes_take(&nodes, server->heritage, server->now_ms) != 0) {
		reply_error(visit, -ENOMEM);
		return;
	}
	for (size_t cap = BODY_FIRST; !done && cap <= BODY_MAX; cap *= 4)
		done = reply_nodes(visit, &nodes, cap);
	nodes_free(&nodes);
	if (!done)
		reply_status(visit, 503, "There are too many nodes to list.");
}
