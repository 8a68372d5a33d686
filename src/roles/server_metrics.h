/* server_metrics - how metrics are written, in the text format of Prometheus
 * (version 0.0.4).
 */
#ifndef HOLDFAST_ROLES_SERVER_METRICS_H
#define HOLDFAST_ROLES_SERVER_METRICS_H

#include "core/out.h"
#include "roles/server.h"

/* Announces the family NAME of TYPE. */
void metric_family(struct out *out, const char *name, const char *type,
		   const char *help);
/* LABEL may be NULL.  Names need no escapes: they have none of the characters
 * that would.
 */
void metric_sample(struct out *out, const char *name, const char *label,
		   const char *value_of_label, uint64_t value);
/* A family of one. */
void metric_gauge(struct out *out, const char *name, const char *help,
		  uint64_t value);
void metric_counter(struct out *out, const char *name, const char *help,
		    uint64_t value);

/* server_metrics_cluster.c: nothing without a cluster. */
void metrics_of_cluster(struct out *out, const struct server *server);

#endif
