/* server_behind - what this node does not know yet, though another one may.
 *
 * In a cluster a load balancer sends each request of a client to another node,
 * and none of them may answer with the past.
 *
 * - If-None-Match of a version higher than ours: waits for that one until
 *   ?wait= is over, BEHIND_MS without it.  Then 304: what the client has is
 *   newer than what could be sent.
 * - A job that is not known here: waits UNKNOWN_MS, or BEHIND_MS when
 *   If-None-Match tells that the client has seen it.  Then 404; or 503 from a
 *   node that can't read what the others know.
 * - The output of a job that runs as far as is known here: waits UNKNOWN_MS,
 *   then 409.
 *
 * Without a cluster nothing ever waits.
 */
#ifndef HOLDFAST_ROLES_SERVER_BEHIND_H
#define HOLDFAST_ROLES_SERVER_BEHIND_H

#include "roles/server.h"

#define BEHIND_MS  2000
#define UNKNOWN_MS 1000

/* Does the client know a higher version, *SEEN, than HEAD's? */
bool behind_client(const struct visit *visit, const struct view_head *head,
		   struct version *seen);
/* Job ID is not known: true when the request is held, to be looked at again, or
 * an answer was sent.  Else it is not to be found.
 */
bool behind_unknown(struct visit *visit, const char *id);
/* It is known by now: who was held for that is held no longer. */
void behind_known(struct visit *visit);
/* Job ID runs as far as is known here: true when the request is held. */
bool behind_end(struct visit *visit, const char *id);

#endif
