/* server_units - what the handlers about services and singletons share. */
#ifndef HOLDFAST_ROLES_SERVER_UNITS_H
#define HOLDFAST_ROLES_SERVER_UNITS_H

#include "roles/server.h"

/* "ready", "restarting", "failed": its state for people. */
const char *unit_state(const struct board *board, unsigned slot);
/* The same of one that has no process, by its enum goal. */
const char *unit_rest(const struct board *board, uint32_t goal);

/* ,"NAME": and a value; a time of 0 and an empty text are null. */
void unit_member(struct out *out, const char *name);
void unit_number(struct out *out, const char *name, int64_t value);
void unit_time(struct out *out, const char *name, int64_t ms);
void unit_words(struct out *out, const char *name,
		const struct board_text *text);
/* What is from the configuration, and the end of the object. */
void unit_configured(struct out *out, const struct unit *configured);
void write_single(struct out *out, const struct server *server,
		  const struct unit *configured);
const char *single_state(const struct server *server,
			 const struct board_single *single,
			 const struct unit *configured);
/* The node that has it, "" = none; into NODE of BOARD_TEXT_MAX + 1 bytes. */
void single_node(const struct server *server, const struct board_single *single,
		 char *node);
/* The slot in which it runs here, 0 = it does not. */
uint32_t single_slot(const struct board *board,
		     const struct board_single *single);

typedef void unit_fn(struct out *out, const struct server *server,
		     const struct unit *unit);
/* {"NAME":[…]}: what WRITE writes of each unit of KINDS, bits 1 << enum
 * unit_kind.
 */
void unit_list(struct out *out, const struct server *server, const char *name,
	       unsigned kinds, unit_fn *write);
/* Answers with what WRITE writes of UNIT, however long it is. */
void reply_written(struct visit *visit, unit_fn *write,
		   const struct unit *unit);

/* The unit the route is about, NULL when there is none, or the asker is no
 * operator: the answer is sent.
 */
const struct unit *unit_asked(struct visit *visit, enum unit_kind kind);
/* True when the asker is none: the answer is sent. */
bool reply_unless_operator(struct visit *visit);
/* 404, with the name that is near. */
void reply_no_unit(struct visit *visit, enum unit_kind kind);

#endif
