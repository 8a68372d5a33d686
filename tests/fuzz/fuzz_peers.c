/* fuzz_peers - whatever nodes tell, in whatever order: the table of peers
 * stays bounded, counts nothing twice, and has something to tell.
 *
 * The input is a run of: one byte of length, one of time that passes (in units
 * of 100 ms), then a datagram of that length.
 */
#include <stdlib.h>
#include <string.h>

#include "core/peers.h"

#define UNIT_MS 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct peers peers;

static void tell(int64_t now_ms)
{
	static uint8_t bytes[DATAGRAM_MAX];
	struct datagram datagram = { .node = text_of("self"),
				     .incarnation = 1,
				     .sequence = 1 };
	size_t count;

	peers_tell(&peers, &datagram, now_ms);
	count = datagram.hears_count;
	if (count > DATAGRAM_HEARS_MAX ||
	    datagram_encode(&datagram, bytes, sizeof(bytes)) < 0)
		abort();
	peers_told(&peers, datagram.hears_count, now_ms);
	if (peers.next < 1 || (peers.count > 1 && peers.next >= peers.count))
		abort();
}

static void hear(const struct datagram *datagram, int64_t now_ms)
{
	static const struct endpoint from = { { 1 }, 7400, 0 };
	size_t index = PEERS_SELF;
	enum peers_verdict verdict =
		peers_hear(&peers, datagram, &from, now_ms, &index);

	if (peers.count < 1 || peers.count > PEERS_MAX)
		abort();
	if (!peers_is_counted(verdict))
		return;
	if (index == PEERS_SELF || index >= peers.count ||
	    peers.at[index].replay.incarnation != datagram->incarnation)
		abort();
	if (peers_is_counted(
		    peers_hear(&peers, datagram, &from, now_ms, &index)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int64_t now_ms = 1000;

	peers_init(&peers, "self", 1, 500);
	while (len > 2) {
		size_t part = data[0];
		struct datagram datagram;

		now_ms += data[1] * UNIT_MS;
		data += 2;
		len -= 2;
		part = part < len ? part : len;
		if (datagram_decode(&datagram, data, part) == 0)
			hear(&datagram, now_ms);
		tell(now_ms);
		data += part;
		len -= part;
	}
	for (size_t a = 0; a < peers.count; a++)
		for (size_t b = 0; b < peers.count; b++)
			(void)peers_hears(&peers, a, b, now_ms);
	(void)peers_deadline(&peers, now_ms);
	return 0;
}
