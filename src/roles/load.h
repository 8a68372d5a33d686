/* load - how busy this node is, for others and for people. */
#ifndef HOLDFAST_ROLES_LOAD_H
#define HOLDFAST_ROLES_LOAD_H

#include "core/datagram.h"
#include "io/board.h"

void load_fill(struct datagram_load *load, const struct board *board);

#endif
