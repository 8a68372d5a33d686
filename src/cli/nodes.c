/* nodes - the cluster as seen from here. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/api.h"
#include "cli/command.h"

static const struct usage usage = {
	.name = "nodes",
	.synopsis = "",
	.text = "Lists the nodes of the cluster as this one sees them: who "
		"leads, who is silent\nor dead; slot and generation; who hears "
		"whom; how busy each is.\n",
	.accepts = "Jqw",
};

static double seconds(const json_t *object, const char *name)
{
	return (double)json_number(object, name) / 1e3;
}

static void print_cluster(const json_t *cluster)
{
	const char *leader = json_text(cluster, "leader");

	printf("cluster ");
	print_plain(stdout, json_text(cluster, "name"));
	printf(": %s%s, epoch %lld, %lld of %lld slots in use\n",
	       *leader != '\0' ? leader : "nobody",
	       *leader != '\0' ? " leads" : " leads yet",
	       (long long)json_number(cluster, "epoch"),
	       (long long)json_number(cluster, "in_use"),
	       (long long)json_number(cluster, "slots"));
	printf("lease %.1f s: a dead node's work moves within %.2f s, storage "
	       "may hang for %.2f s\n",
	       seconds(cluster, "lease_ms"), seconds(cluster, "failover_ms"),
	       seconds(cluster, "stall_ms"));
	if (*json_text(cluster, "why_not_in") != '\0') {
		print_plain(stdout, json_text(cluster, "why_not_in"));
		putchar('\n');
	}
}

/* What is heard of it, in one word, or several when a direction is cut. */
static const char *heard_word(const json_t *node)
{
	const json_t *hears_us = json_object_get(node, "hears_us");

	if (json_is_true(json_object_get(node, "self")))
		return "this node";
	if (!json_is_true(json_object_get(node, "heard")))
		return json_is_null(json_object_get(node, "heard_ago_ms"))
			       ? "never heard"
			       : "not heard";
	if (json_is_true(json_object_get(node, "elsewhere")))
		return "on other storage";
	return json_is_false(hears_us) ? "does not hear us" : "heard";
}

static void print_load(const json_t *node)
{
	const json_t *load = json_object_get(node, "load");

	printf(" load %.2f/%lld, jobs %lld/%lld, singletons %lld",
	       json_number_value(json_object_get(load, "busy")),
	       (long long)json_number(load, "cores"),
	       (long long)json_number(load, "running"),
	       (long long)json_number(load, "places"),
	       (long long)json_number(load, "singletons"));
}

static bool is_heard(const json_t *nodes, const char *name)
{
	const json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
	{
		if (strcmp(json_text(node, "name"), name) == 0)
			return json_is_true(json_object_get(node, "heard"));
	}
	return false;
}

/* Whom of NODES it does not hear, though that one speaks. */
static void print_deaf(json_t *node, const json_t *nodes)
{
	const char *other;
	json_t *hears;
	bool first = true;

	json_object_foreach(json_object_get(node, "hears"), other, hears)
	{
		if (!json_is_false(hears) || !is_heard(nodes, other))
			continue;
		printf(first ? ", does not hear " : " ");
		print_plain(stdout, other);
		first = false;
	}
}

static void print_tags(const json_t *node)
{
	const json_t *tag;
	size_t i;

	json_array_foreach(json_object_get(node, "tags"), i, tag)
	{
		printf(i == 0 ? ", tags " : " ");
		print_plain(stdout, json_string_value(tag));
	}
}

static void print_slot(const json_t *node)
{
	if (json_is_integer(json_object_get(node, "slot")))
		printf(" %3lld.%-4lld", (long long)json_number(node, "slot"),
		       (long long)json_number(node, "generation"));
	else
		printf(" %8s", "");
}

static void print_node(json_t *node, const json_t *nodes)
{
	const char *address = json_text(node, "address");
	const char *version = json_text(node, "version");

	printf("%-16s %-8s", json_text(node, "name"), json_text(node, "state"));
	print_slot(node);
	printf(" %-16s %-21s", heard_word(node), address);
	/* What one said that is not heard is no news. */
	if (is_heard(nodes, json_text(node, "name"))) {
		print_load(node);
		printf(", ");
		print_plain(stdout, version);
		if (json_is_true(json_object_get(node, "draining")))
			printf(", draining");
		print_tags(node);
		print_deaf(node, nodes);
	}
	putchar('\n');
}

static void print_nodes(const json_t *answer)
{
	const json_t *cluster = json_object_get(answer, "cluster");
	const json_t *nodes = json_object_get(answer, "nodes");
	json_t *node;
	size_t i;

	if (json_is_object(cluster))
		print_cluster(cluster);
	else
		printf("no cluster: this node is alone\n");
	json_array_foreach(nodes, i, node)
	{
		print_node(node, nodes);
	}
}

static int nodes(struct api *api)
{
	int rc = api_call(api, "GET", "/v1/nodes", NULL);

	if (rc == 0 && api->options->json)
		api_print(api);
	else if (rc == 0)
		print_nodes(api->answer);
	return rc;
}

int command_nodes(int argc, char **argv)
{
	return api_command(&usage, argc, argv, nodes);
}
