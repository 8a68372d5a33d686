/* bounds - what a lease of some length promises, for a person. */
#ifndef HOLDFAST_CLI_BOUNDS_H
#define HOLDFAST_CLI_BOUNDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/lease_terms.h"

void bounds_put_head(FILE *file);
void bounds_put(FILE *file, const struct lease_terms *terms);
json_t *bounds_json(const struct lease_terms *terms);

/* A table of leases from 1 s to 60 s on stdout; the exit code. */
int bounds_put_all(bool json);

#endif
