#include "core/suggest.h"

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment with three rows of the table. */
size_t suggest_distance(struct text a, struct text b)
{
	size_t rows[3][SUGGEST_MAX + 1];

	if (a.len > SUGGEST_MAX || b.len > SUGGEST_MAX)
		return SUGGEST_MAX;
	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *row = rows[i % 3];
		const size_t *up = rows[(i + 2) % 3];
		const size_t *up2 = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			bool same = a.at[i - 1] == b.at[j - 1];

			row[j] = least(up[j - 1] + (same ? 0 : 1),
				       least(up[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] &&
			    a.at[i - 2] == b.at[j - 1])
				row[j] = least(row[j], up2[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

struct suggest suggest_init(struct text word)
{
	return (struct suggest){ .word = word, .distance = SUGGEST_MAX };
}

void suggest_offer(struct suggest *suggest, struct text known)
{
	size_t distance = suggest_distance(suggest->word, known);
	size_t longer =
		suggest->word.len > known.len ? suggest->word.len : known.len;

	/* One mistake in three letters is near, more is another word. */
	if (distance < suggest->distance && distance <= (longer + 2) / 3 &&
	    distance < longer) {
		suggest->distance = distance;
		suggest->nearest = known;
	}
}
