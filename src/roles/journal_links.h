/* journal_links - what comes in to the journal role from the others of its
 * node.
 *
 * Requests, starts and ends are taken at once.  Words, of how far jobs are that
 * run here, and hints of those that run elsewhere, may wait: when some came, no
 * more are listened to for LINKS_LULL_MS, or for LINKS_LONG_LULL_MS when they
 * were many, so that those of hundreds of jobs are one batch and not as many
 * turns.  Whatever else makes a turn takes the words along, and before an end
 * is taken all words said before it are.
 */
#ifndef HOLDFAST_ROLES_JOURNAL_LINKS_H
#define HOLDFAST_ROLES_JOURNAL_LINKS_H

#include "io/loop.h"
#include "roles/heritage.h"
#include "roles/ledger.h"

#define LINKS_LULL_MS	   30
#define LINKS_LONG_LULL_MS 180
#define LINKS_MANY	   8 /* words in one turn */
#define LINK_WORKERS	   ROLE_MAX
#define LINK_WORDS	   (ROLE_MAX + 1)
#define LINKS_MAX	   (ROLE_MAX + 2)
#define LINK_WORD_MAX	   2048 /* bytes of one word of a worker */

struct journal_links {
	const struct heritage *heritage;
	struct loop *loop;
	bool ready[LINKS_MAX]; /* there may be something */
	int64_t lull_ms;       /* words wait until then, 0 = they are heard */
	uint8_t word[LINK_WORD_MAX];
	uint8_t packet[MESSAGE_MAX];
};

/* LINKS is zeroed.  0 or a negative errno. */
int links_open(struct journal_links *links, const struct heritage *heritage,
	       struct loop *loop);
/* Takes what has come in while the batch has room. */
void links_take(struct journal_links *links, struct ledger *ledger);
/* Is there something that had no room? */
bool links_have_more(const struct journal_links *links);
/* When links_take wants to be called at the latest. */
int64_t links_deadline(const struct journal_links *links);

#endif
