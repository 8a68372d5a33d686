/* fuzz_datagram - what was read as a datagram and written again reads the
 * same, and nothing opens that was not sealed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/datagram.h"
#include "io/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool same_start(const struct datagram *a, const struct datagram *b)
{
	return text_equal(a->node, b->node) &&
	       a->incarnation == b->incarnation && a->sequence == b->sequence &&
	       a->sent_ms == b->sent_ms && a->interval_ms == b->interval_ms &&
	       a->flags == b->flags && text_equal(a->address, b->address) &&
	       text_equal(a->version, b->version) &&
	       text_equal(a->tags, b->tags) &&
	       a->place.present == b->place.present &&
	       a->place.slot == b->place.slot &&
	       a->place.generation == b->place.generation &&
	       a->place.epoch == b->place.epoch &&
	       a->place.segment == b->place.segment &&
	       a->place.offset == b->place.offset &&
	       memcmp(&a->load, &b->load, sizeof(a->load)) == 0;
}

static bool same_lists(const struct datagram *a, const struct datagram *b)
{
	if (a->hears_count != b->hears_count ||
	    a->looks_count != b->looks_count ||
	    a->progress_count != b->progress_count)
		return false;
	for (size_t i = 0; i < a->hears_count; i++)
		if (a->hears[i].incarnation != b->hears[i].incarnation ||
		    a->hears[i].age_ms != b->hears[i].age_ms)
			return false;
	for (size_t i = 0; i < a->looks_count; i++)
		if (a->looks[i].kind != b->looks[i].kind ||
		    a->looks[i].slot != b->looks[i].slot ||
		    a->looks[i].number != b->looks[i].number)
			return false;
	for (size_t i = 0; i < a->progress_count; i++)
		if (a->progress[i].token != b->progress[i].token ||
		    a->progress[i].step != b->progress[i].step ||
		    a->progress[i].percent != b->progress[i].percent ||
		    a->progress[i].resumed != b->progress[i].resumed ||
		    a->progress[i].updated_ms != b->progress[i].updated_ms ||
		    !text_equal(a->progress[i].id, b->progress[i].id) ||
		    !text_equal(a->progress[i].text, b->progress[i].text))
			return false;
	return true;
}

static void survives(struct datagram *datagram)
{
	static uint8_t again[DATAGRAM_MAX];
	struct datagram back;
	int len = datagram_encode(datagram, again, sizeof(again));

	if (len < 0 || datagram_decode(&back, again, (size_t)len) != 0 ||
	    !same_start(datagram, &back) || !same_lists(datagram, &back))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t plain[DATAGRAM_MAX];
	struct seal seal = { .cluster = 1, .count = 1 };
	struct datagram datagram;

	if (datagram_decode(&datagram, data, len) == 0)
		survives(&datagram);
	if (seal_open(&seal, data, len, plain, sizeof(plain)) >= 0)
		abort();
	return 0;
}
