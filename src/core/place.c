#include "core/place.h"

#include "core/list.h"

static bool has_tags(const struct place_node *node, struct text require)
{
	struct text tag;

	while (list_next(&require, &tag))
		if (list_find(node->tags, tag) < 0)
			return false;
	return true;
}

static bool is_candidate(const struct place_wish *wish,
			 const struct place_node *node)
{
	return node->eligible && has_tags(node, wish->require);
}

static uint64_t add(uint64_t hash, struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (uint8_t)text.at[i]) * UINT64_C(0x100000001b3);
	/* names hold no zero: "ab" and "c" are not "a" and "bc" */
	return hash * UINT64_C(0x100000001b3);
}

/* FNV-1a, whose high bits hardly depend on the last bytes, then the finish of
 * splitmix64, by which they do.
 */
uint64_t place_hash(struct text unit, struct text node)
{
	uint64_t hash = add(add(UINT64_C(0xcbf29ce484222325), unit), node);

	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

/* Below 0 when A comes first. */
static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_names(struct text a, struct text b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int rc = len > 0 ? memcmp(a.at, b.at, len) : 0;

	return rc != 0 ? rc : compare_u64(a.len, b.len);
}

static uint64_t rank(struct text prefer, struct text name)
{
	int at = list_find(prefer, name);

	return at < 0 ? UINT64_MAX : (uint64_t)at;
}

/* Is A the better place?  Both are candidates. */
static bool is_better(const struct place_wish *wish, const struct place_node *a,
		      const struct place_node *b)
{
	int rc = compare_u64(text_equal(b->name, wish->to) && wish->to.len > 0,
			     text_equal(a->name, wish->to) && wish->to.len > 0);

	if (rc == 0 && wish->away.len > 0)
		rc = compare_u64(text_equal(a->name, wish->away),
				 text_equal(b->name, wish->away));
	if (rc == 0)
		rc = compare_u64(a->failed_lately, b->failed_lately);
	if (rc == 0)
		rc = compare_u64(rank(wish->prefer, a->name),
				 rank(wish->prefer, b->name));
	if (rc == 0)
		rc = compare_u64(a->held, b->held);
	if (rc == 0)
		rc = compare_u64(a->load, b->load);
	if (rc == 0)
		rc = compare_u64(place_hash(wish->unit, b->name),
				 place_hash(wish->unit, a->name));
	if (rc == 0)
		rc = compare_names(a->name, b->name);
	return rc < 0;
}

int place_choose(const struct place_wish *wish, const struct place_node *nodes,
		 size_t count)
{
	int best = -1;

	for (size_t i = 0; i < count; i++)
		if (is_candidate(wish, &nodes[i]) &&
		    (best < 0 || is_better(wish, &nodes[i], &nodes[best])))
			best = (int)i;
	return best;
}
