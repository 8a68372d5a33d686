/* lease_inside - what the files of core/lease share. */
#ifndef HOLDFAST_CORE_LEASE_INSIDE_H
#define HOLDFAST_CORE_LEASE_INSIDE_H

#include "core/lease.h"

static inline const struct lease_terms *lease_terms(const struct lease *lease)
{
	return &lease->setup.terms;
}

/* Does away with all it holds; first reason wins. */
void lease_lose(struct lease *lease, enum lease_reason reason);

/* Ends this start, but not what it holds. */
void lease_doubt(struct lease *lease);

/* A higher epoch is known: note since when, and be deposed by it. */
void lease_raise(struct lease *lease, uint64_t epoch,
		 const struct lease_time *now);

/* Was the claim it makes seen by whoever looked since? */
bool lease_claim_is_shown(const struct lease *lease);

/* JOINING becomes IN once what the look found is promised. */
void lease_settle(struct lease *lease);

/* Takes the time, and gives up what it is too late for. */
void lease_watch_clocks(struct lease *lease, const struct lease_time *now);

#endif
