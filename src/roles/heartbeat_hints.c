/* How far jobs are, from the journal role of this node to those of the others:
 * what is heard is gathered for a moment, since many jobs speak at once.  What
 * finds no room is left out, and costs only time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>

#include "io/channel.h"
#include "roles/heartbeat.h"

#define GATHER_MS 40 /* between two packets */

static int link_of(const struct heartbeat *heartbeat)
{
	return heartbeat->heritage->links[ROLE_HEARTBEAT][0];
}

static void on_words(void *arg, uint32_t events)
{
	struct heartbeat *heartbeat = arg;

	(void)events;
	heartbeat->has_words = true;
}

static void begin_packet(struct heartbeat *heartbeat)
{
	heartbeat->hints =
		enc_init(heartbeat->hints_buf, sizeof(heartbeat->hints_buf));
}

int heartbeat_open_hints(struct heartbeat *heartbeat)
{
	begin_packet(heartbeat);
	return loop_add(&heartbeat->loop, link_of(heartbeat), EPOLLIN, on_words,
			heartbeat);
}

static void tell(struct heartbeat *heartbeat, const uint8_t *packet, size_t len,
		 int64_t now_ms)
{
	struct dec dec = dec_init(packet, len);
	struct field field;
	struct hint hint;

	while (dec_next(&dec, &field))
		if (field.tag == HINT_TAG && hint_take(&hint, &field) == 0)
			beat_hint(&heartbeat->beat, &hint, now_ms);
}

void heartbeat_take_hints(struct heartbeat *heartbeat, int64_t now_ms)
{
	static uint8_t packet[HINTS_PACKET_MAX];
	int len;

	if (!heartbeat->has_words)
		return;
	heartbeat->has_words = false;
	do {
		len = channel_receive(link_of(heartbeat), packet,
				      sizeof(packet));
		if (len > 0 && heartbeat->is_open)
			tell(heartbeat, packet, (size_t)len, now_ms);
	} while (len > 0 || len == -EMSGSIZE);
}

static void pass(struct heartbeat *heartbeat)
{
	(void)channel_send(link_of(heartbeat), heartbeat->hints_buf,
			   heartbeat->hints.len);
	begin_packet(heartbeat);
}

void heartbeat_keep_hints(struct heartbeat *heartbeat,
			  const struct datagram *datagram)
{
	for (size_t i = 0; i < datagram->progress_count; i++) {
		const struct hint *hint = &datagram->progress[i];

		if (hint_put(&heartbeat->hints, hint))
			continue;
		pass(heartbeat);
		(void)hint_put(&heartbeat->hints, hint);
	}
}

int64_t heartbeat_hints_deadline(const struct heartbeat *heartbeat)
{
	return heartbeat->hints.len > 0 ? heartbeat->hints_ms + GATHER_MS
					: LOOP_NO_DEADLINE;
}

void heartbeat_pass_hints(struct heartbeat *heartbeat, int64_t now_ms)
{
	if (now_ms < heartbeat_hints_deadline(heartbeat))
		return;
	heartbeat->hints_ms = now_ms;
	pass(heartbeat);
}
