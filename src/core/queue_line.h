/* queue_line - whose turn it is: the lines of a queue (core/queue.h).
 *
 * Pure; for core/queue.c alone.  Jobs of one user and one type that may be
 * picked stand in one line, in the order of their arrival.  The lines of a type
 * are ordered by how many jobs of any type their user was given, then by the
 * arrival of their first.
 *
 * They are a treap: a tree ordered by those keys, and a heap by ranks that look
 * like chance, which keeps it flat (Aragon and Seidel, Randomized Search Trees,
 * 1989).
 */
#ifndef HOLDFAST_CORE_QUEUE_LINE_H
#define HOLDFAST_CORE_QUEUE_LINE_H

#include "core/queue.h"

/* One more job, or one less, of the user whose hash is HASH: its index. */
uint32_t queue_user_hold(struct queue *queue, uint64_t hash);
void queue_user_drop(struct queue *queue, uint32_t index);
/* It has N more given away; N may be UINT32_MAX for one less. */
void queue_user_count(struct queue *queue, uint32_t index, uint32_t n);

/* ENTRY, of a type there is, stands in its line; or no longer. */
void queue_line_enter(struct queue *queue, struct queue_entry *entry);
void queue_line_leave(struct queue *queue, struct queue_entry *entry);

/* ENTRY waits for its retry; or no longer. */
void queue_aside_enter(struct queue *queue, struct queue_entry *entry);
void queue_aside_leave(struct queue *queue, struct queue_entry *entry);
/* Whose retry is due by NOW_MS stands in line. */
void queue_aside_wake(struct queue *queue, int64_t now_ms);

/* The line of TYPE after AFTER (NULL to begin) whose turn it is, or NULL. */
struct queue_line *queue_line_next(struct queue *queue, uint32_t type,
				   const struct queue_line *after);
/* Is it the turn of one whose user was given GIVEN and that came as number
 * ARRIVAL, before that of LINE?
 */
bool queue_line_is_after(const struct queue_line *line, uint32_t given,
			 uint64_t arrival);

#endif
