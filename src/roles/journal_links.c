#define _GNU_SOURCE
#include "roles/journal_links.h"

#include <errno.h>
#include <sys/epoll.h>

#include "io/channel.h"
#include "io/clock.h"
#include "io/log.h"

static struct ledger_now now(void)
{
	return (struct ledger_now){ clock_ms(), clock_wall_ms() };
}

static bool is_of_words(unsigned link)
{
	return link == LINK_WORDS || link == ROLE_HEARTBEAT;
}

static bool has_link(const struct heritage *heritage, unsigned link)
{
	if (link == ROLE_HEARTBEAT)
		return heritage->board->cluster.present;
	return link >= LINK_WORKERS ||
	       (link >= ROLE_CONTROL &&
		link < ROLE_HTTP + heritage->config->http.processes);
}

static int fd_of(const struct journal_links *links, unsigned link)
{
	if (link == LINK_WORKERS)
		return links->heritage->worker_link[1];
	if (link == LINK_WORDS)
		return links->heritage->word_link[1];
	return links->heritage->links[link][1];
}

static void mark_ready(void *arg, uint32_t events)
{
	(void)events;
	*(bool *)arg = true;
}

int links_open(struct journal_links *links, const struct heritage *heritage,
	       struct loop *loop)
{
	int rc = 0;

	links->heritage = heritage;
	links->loop = loop;
	for (unsigned i = 0; rc == 0 && i < LINKS_MAX; i++) {
		if (!has_link(heritage, i))
			continue;
		links->ready[i] = true;
		rc = loop_add(loop, fd_of(links, i), EPOLLIN | EPOLLET,
			      mark_ready, &links->ready[i]);
	}
	return rc;
}

/* ---- words ---- */

static void listen_to_words(const struct journal_links *links, bool listen)
{
	for (unsigned i = 0; i < LINKS_MAX; i++)
		if (is_of_words(i) && has_link(links->heritage, i))
			(void)loop_change(links->loop, fd_of(links, i),
					  listen ? EPOLLIN | EPOLLET : 0);
}

/* How many there were. */
static unsigned take_words(struct journal_links *links, struct ledger *ledger)
{
	struct message message;
	unsigned count = 0;
	int len;

	while (ledger_has_room(ledger)) {
		len = channel_receive(fd_of(links, LINK_WORDS), links->word,
				      sizeof(links->word));
		links->ready[LINK_WORDS] = len != -EAGAIN && len != 0;
		if (!links->ready[LINK_WORDS])
			break;
		count++;
		if (len > 0 &&
		    message_decode(&message, links->word, (size_t)len) == 0)
			ledger_take(ledger, LINK_WORDS, &message, now());
	}
	return count;
}

static unsigned take_hints(struct journal_links *links, struct ledger *ledger)
{
	bool *ready = &links->ready[ROLE_HEARTBEAT];
	unsigned count = 0;
	int len;

	while (ledger->in_cluster && ledger_has_room(ledger)) {
		len = channel_receive(fd_of(links, ROLE_HEARTBEAT),
				      links->packet, sizeof(links->packet));
		*ready = len != -EAGAIN && len != 0;
		if (!*ready)
			break;
		count++;
		if (len > 0)
			ledger_hear_hints(ledger, links->packet, (size_t)len);
	}
	return count;
}

/* ---- all ---- */

static void take_link(struct journal_links *links, unsigned link,
		      struct ledger *ledger)
{
	struct message message;
	int len;

	while (ledger_has_room(ledger)) {
		len = channel_receive(fd_of(links, link), links->packet,
				      sizeof(links->packet));
		if (len == -EAGAIN || len == 0) {
			links->ready[link] = false;
			return;
		}
		if (len < 0 ||
		    message_decode(&message, links->packet, (size_t)len) != 0) {
			log_warn(len < 0 ? len : -EBADMSG,
				 "journal: dropped a message link=%u", link);
			continue;
		}
		if (message.kind == MESSAGE_OUTCOME)
			(void)take_words(links, ledger);
		ledger_take(ledger, link, &message, now());
	}
}

void links_take(struct journal_links *links, struct ledger *ledger)
{
	bool waits = links->lull_ms != 0;
	int64_t now_ms = clock_ms();
	unsigned words = 0;

	if (waits || links->ready[LINK_WORDS])
		words += take_words(links, ledger);
	if (waits || links->ready[ROLE_HEARTBEAT])
		words += take_hints(links, ledger);
	/* Workers first: their ends make room for new work. */
	for (unsigned i = LINKS_MAX; i-- > 0;)
		if (links->ready[i] && !is_of_words(i))
			take_link(links, i, ledger);
	if (words > 0) {
		if (!waits)
			listen_to_words(links, false);
		links->lull_ms =
			now_ms + (words < LINKS_MANY ? LINKS_LULL_MS
						     : LINKS_LONG_LULL_MS);
	} else if (waits && now_ms >= links->lull_ms) {
		links->lull_ms = 0;
		listen_to_words(links, true);
	}
}

bool links_have_more(const struct journal_links *links)
{
	for (unsigned i = 0; i < LINKS_MAX; i++)
		if (links->ready[i])
			return true;
	return false;
}

int64_t links_deadline(const struct journal_links *links)
{
	return links->lull_ms != 0 ? links->lull_ms : LOOP_NO_DEADLINE;
}
