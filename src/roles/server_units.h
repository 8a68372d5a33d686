/* server_units - what the handlers about services and singletons share. */
#ifndef HOLDFAST_ROLES_SERVER_UNITS_H
#define HOLDFAST_ROLES_SERVER_UNITS_H

#include "roles/server.h"

/* The slot of the service NAME on the board, or -1. */
int unit_slot(const struct board *board, const char *name);
/* "ready", "restarting", "failed": its state for people. */
const char *unit_state(const struct board *board, unsigned slot);

/* True when the asker is none: the answer is sent. */
bool reply_unless_operator(struct visit *visit);
/* 404, with the name that is near. */
void reply_no_unit(struct visit *visit, enum unit_kind kind);

#endif
