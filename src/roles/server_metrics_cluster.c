/* The cluster in numbers. */
#include "io/clock.h"
#include "roles/nodes.h"
#include "roles/server_metrics.h"

#define MS_PER_S 1000

static void write_states(struct out *out, const struct nodes *nodes)
{
	metric_family(out, "cluster_nodes", "gauge",
		      "Nodes, by their state as this one sees it.");
	for (int state = 0; state < NODE_STATES; state++) {
		uint64_t count = 0;

		for (size_t i = 0; i < nodes->count; i++)
			count += nodes->at[i].state == (enum node_state)state;
		metric_sample(out, "cluster_nodes", "state",
			      node_state_name((enum node_state)state), count);
	}
}

/* A number of seconds with its thousandths. */
static void write_seconds(struct out *out, const char *name, const char *help,
			  int64_t ms)
{
	metric_family(out, name, "gauge", help);
	out_string(out, "holdfast_");
	out_string(out, name);
	out_char(out, ' ');
	out_i64(out, ms / MS_PER_S);
	out_char(out, '.');
	for (int64_t unit = MS_PER_S / 10; unit > 0; unit /= 10)
		out_char(out, (char)('0' + ms % MS_PER_S / unit % 10));
	out_char(out, '\n');
}

static void write_nodes(struct out *out, const struct server *server)
{
	struct nodes nodes;
	uint64_t heard = 0;
	bool leads = false;
	int64_t left_ms = 0;

	if (nodes_take(&nodes, server->heritage, server->now_ms) != 0)
		return;
	for (size_t i = 0; i < nodes.count; i++) {
		const struct node *node = &nodes.at[i];

		heard += !node->self && node->at >= 0 && node->heard.heard;
		leads = leads || (node->self && node->state == NODE_LEADS);
		left_ms += node->self ? node->left_ms : 0;
	}
	write_states(out, &nodes);
	nodes_free(&nodes);
	metric_gauge(out, "cluster_peers_heard", "Nodes heard by UDP.", heard);
	metric_gauge(out, "cluster_is_leader", "Whether this node leads.",
		     leads);
	write_seconds(out, "cluster_lease_left_seconds",
		      "Until the lease of this node ends, 0 = it has none.",
		      left_ms);
}

void metrics_of_cluster(struct out *out, const struct server *server)
{
	const struct board_cluster *cluster = &server->heritage->board->cluster;

	if (!cluster->present)
		return;
	write_nodes(out, server);
	metric_gauge(out, "cluster_epoch", "The highest epoch that was seen.",
		     atomic_load(&cluster->highest));
	metric_gauge(out, "cluster_lease_trouble",
		     "Number of the error of the latest look or write.",
		     (uint64_t)(atomic_load(&cluster->trouble) < 0
					? -atomic_load(&cluster->trouble)
					: atomic_load(&cluster->trouble)));
	metric_counter(out, "cluster_looks_total",
		       "Looks at the lease file that were counted.",
		       atomic_load(&cluster->looks));
	metric_counter(out, "cluster_lease_reads_total",
		       "Reads of the lease file.",
		       atomic_load(&cluster->reads));
	metric_counter(out, "cluster_lease_read_bytes_total",
		       "Bytes read of the lease file.",
		       atomic_load(&cluster->read_bytes));
	metric_counter(out, "cluster_lease_writes_total",
		       "Writes to the lease file.",
		       atomic_load(&cluster->writes));
	metric_counter(out, "cluster_generations_lost_total",
		       "Times the lease was lost, other than by release.",
		       atomic_load(&cluster->lost));
	metric_counter(out, "datagrams_sent_total", "Datagrams sent.",
		       atomic_load(&cluster->sent));
	metric_counter(out, "datagrams_received_total", "Datagrams received.",
		       atomic_load(&cluster->received));
	metric_counter(out, "datagrams_refused_total",
		       "Datagrams that were not authentic, or replayed.",
		       atomic_load(&cluster->refused));
}
