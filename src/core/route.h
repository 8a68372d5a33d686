/* route - which resource a request means, and what may be done to it.
 *
 * Pure.  The one table of what control and http answer.  Paths arrive decoded
 * and not normalised, so anything that is not exactly a known shape, with an
 * id of the right alphabet, is no route.
 */
#ifndef HOLDFAST_CORE_ROUTE_H
#define HOLDFAST_CORE_ROUTE_H

#include "core/config.h"
#include "core/job.h"

/* Bits, so that a route can say which ones it takes. */
enum method {
	METHOD_OTHER = 0,
	METHOD_GET = 1,
	METHOD_HEAD = 2,
	METHOD_POST = 4,
	METHOD_DELETE = 8,
};

enum route_name {
	ROUTE_NONE,
	ROUTE_ASSET, /* the page and its parts: NAME, empty for the page */
	ROUTE_JOBS,
	ROUTE_JOB, /* NAME is the id, as for the next two */
	ROUTE_JOB_OUTPUT,
	ROUTE_JOB_LOG,
	ROUTE_STATUS,
	ROUTE_HEALTHZ,
	ROUTE_READYZ,
	ROUTE_VERSION,
	ROUTE_UNITS,	   /* services or singletons, as KIND says */
	ROUTE_UNIT,	   /* NAME is the unit's, as for the next two */
	ROUTE_UNIT_ACTION, /* ACTION is what is asked */
	ROUTE_UNIT_LOG,
	ROUTE_NAMES,
	ROUTE_NAME, /* NAME is the unit's */
	ROUTE_NODES,
	ROUTE_EVENTS,
	ROUTE_METRICS,
	ROUTE_RELOAD,
	ROUTE_DRAIN, /* ACTION is drain or undrain */
};

struct route {
	enum route_name name;
	unsigned methods;  /* bits of enum method */
	struct text about; /* id, unit or file name, borrowed from the path */
	struct text action;
	enum unit_kind kind; /* of the units a route is about */
};

enum method route_method(struct text method);

/* PATH begins with '/' and is below the base. */
struct route route_find(struct text path);

/* "GET, HEAD": what an Allow field says of METHODS. */
const char *route_allow(unsigned methods);

/* Takes BASE, which begins and ends with '/', off the front of PATH: 0 and
 * PATH begins with '/' again; -EAGAIN when only the last '/' is missing, so
 * that the client is to be sent there; -ENOENT when PATH is not below BASE.
 */
int route_below(struct text base, struct text *path);

#endif
