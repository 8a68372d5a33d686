/* asker - who asks, and may a browser elsewhere have made it ask?
 *
 * The peer of the Unix socket (same user as the node, or root) and holders of
 * the operator token are operators.  Otherwise the user is what a trusted
 * proxy says, or else the signed cookie.
 */
#ifndef HOLDFAST_IO_ASKER_H
#define HOLDFAST_IO_ASKER_H

#include <sys/socket.h>
#include <sys/types.h>

#include "core/config.h"
#include "core/job.h"
#include "io/cookie.h"

#define ASKER_TOKEN_MAX	  512 /* bytes */
#define ASKER_REQUEST_MIN 32  /* bytes: a shorter id is no random one */
#define ASKER_REQUEST_MAX 128
#define ASKER_PROXIES_MAX 32

struct asker_proxy {
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;	     /* of the prefix */
};

struct asker_rules {
	char token[ASKER_TOKEN_MAX]; /* of operators */
	size_t token_len;	     /* 0: there is none */
	struct asker_proxy proxies[ASKER_PROXIES_MAX];
	size_t proxies_count;
	uid_t own_uid;
};

/* What a request says about its sender; texts are empty when not said. */
struct asker_facts {
	bool over_unix;
	uid_t peer_uid;			/* over the Unix socket */
	const struct sockaddr *address; /* over TCP, else NULL */
	struct text authorization;
	struct text cookie;
	struct text user_header;    /* the one the configuration names */
	struct text request_header; /* likewise */
	struct text forwarded_proto;
	struct text forwarded_host;
	struct text host;
	struct text origin;
	struct text fetch_site;
};

enum asker_means {
	ASKER_UNKNOWN, /* nobody yet: a cookie can be made */
	ASKER_PEER,    /* of the Unix socket */
	ASKER_TOKEN,
	ASKER_PROXY,
	ASKER_COOKIE,
};

struct asker {
	enum asker_means means;
	bool is_operator;
	bool secure; /* a trusted proxy says that it was asked over TLS */
	char user[JOB_USER_MAX + 1]; /* "" when unknown */
	/* What a trusted proxy calls this request, the same when it asks
	 * another node again; empty if it says nothing, or nothing usable. */
	struct text request;
};

/* Reads the token file and the proxies' addresses; what can't be read is
 * logged and grants nothing.
 */
void asker_rules_load(struct asker_rules *rules,
		      const struct config_http *config);

/* 0; -EACCES for a wrong token, -EINVAL for a user name that can't be one. */
int asker_judge(const struct asker_rules *rules, struct cookie *cookie,
		const struct asker_facts *facts, struct asker *asker);

/* May an unsafe request of this sender be acted on?  False when a browser
 * sent it on behalf of a page of another site.
 */
bool asker_is_same_site(const struct asker_rules *rules,
			const struct asker *asker,
			const struct asker_facts *facts);

#endif
