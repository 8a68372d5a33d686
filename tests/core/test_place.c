#include "core/place.h"

#include <stdio.h>

#include "tests/core/test.h"

#define NODES_MAX 8
#define UNITS	  1000

static struct place_node nodes[NODES_MAX];
static size_t count;

#define LIST(TEXT)                       \
	{                                \
		(TEXT), sizeof(TEXT) - 1 \
	}

static struct place_node *add(const char *name)
{
	struct place_node *node = &nodes[count++];

	*node = (struct place_node){ .name = text_of(name), .eligible = true };
	return node;
}

/* Three alike. */
static void setup(void)
{
	count = 0;
	add("a");
	add("b");
	add("c");
}

static const char *choose(struct place_wish wish)
{
	int at;

	if (wish.unit.len == 0)
		wish.unit = text_of("unit");
	at = place_choose(&wish, nodes, count);
	return at < 0 ? "none" : nodes[at].name.at;
}

static bool has(const char *names, char name)
{
	return names != NULL && strchr(names, name) != NULL;
}

START_TEST(a_unit_nobody_can_run_goes_nowhere)
{
	setup();
	for (size_t i = 0; i < count; i++)
		nodes[i].eligible = false;
	ck_assert_str_eq(choose((struct place_wish){ .to = text_of("a") }),
			 "none");
	count = 0;
	ck_assert_str_eq(choose((struct place_wish){ 0 }), "none");
}
END_TEST

START_TEST(each_rule_yields_to_the_one_before)
{
	static const struct {
		const char *why;
		struct place_wish wish;
		const char *failed; /* where it failed lately */
		const char *off;    /* not eligible */
		uint32_t held[3];
		uint32_t load[3];
		const char *chosen;
	} rows[] = {
		{ .why = "least held", .held = { 2, 1, 2 }, .chosen = "b" },
		{ .why = "held before load",
		  .held = { 2, 1, 2 },
		  .load = { 0, 9, 0 },
		  .chosen = "b" },
		{ .why = "least load",
		  .held = { 1, 1, 1 },
		  .load = { 5, 5, 4 },
		  .chosen = "c" },
		{ .why = "prefer before held",
		  .wish.prefer = (struct text)LIST("c\0a\0"),
		  .held = { 0, 0, 9 },
		  .chosen = "c" },
		{ .why = "prefer in its order",
		  .wish.prefer = (struct text)LIST("x\0b\0a\0"),
		  .held = { 0, 9, 0 },
		  .chosen = "b" },
		{ .why = "the next preferred",
		  .wish.prefer = (struct text)LIST("c\0b\0"),
		  .off = "c",
		  .held = { 0, 9, 0 },
		  .chosen = "b" },
		{ .why = "failed before prefer",
		  .wish.prefer = (struct text)LIST("c\0"),
		  .failed = "c",
		  .held = { 0, 1, 0 },
		  .load = { 0, 0, 1 },
		  .chosen = "a" },
		{ .why = "failed everywhere",
		  .wish.prefer = (struct text)LIST("c\0"),
		  .failed = "abc",
		  .held = { 0, 1, 9 },
		  .chosen = "c" },
		{ .why = "away before failed",
		  .wish.away = LIST("a"),
		  .failed = "bc",
		  .held = { 0, 1, 9 },
		  .chosen = "b" },
		{ .why = "away, but nowhere to go",
		  .wish.away = LIST("a"),
		  .off = "bc",
		  .held = { 9, 0, 0 },
		  .chosen = "a" },
		{ .why = "to before all else",
		  .wish = { .to = LIST("a"),
			    .away = LIST("a"),
			    .prefer = LIST("b\0") },
		  .failed = "a",
		  .held = { 9, 0, 0 },
		  .chosen = "a" },
		{ .why = "to, which can't",
		  .wish = { .to = LIST("a"), .prefer = LIST("b\0") },
		  .off = "a",
		  .held = { 0, 9, 0 },
		  .chosen = "b" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup();
		for (size_t at = 0; at < count; at++) {
			char name = nodes[at].name.at[0];

			nodes[at].held = rows[i].held[at];
			nodes[at].load = rows[i].load[at];
			nodes[at].failed_lately = has(rows[i].failed, name);
			nodes[at].eligible = !has(rows[i].off, name);
		}
		ck_assert_msg(strcmp(choose(rows[i].wish), rows[i].chosen) == 0,
			      "%s: %s", rows[i].why, choose(rows[i].wish));
	}
}
END_TEST

START_TEST(a_node_without_the_tags_is_never_chosen)
{
	struct place_wish wish = { .require = LIST("ssd\0gpu\0") };

	setup();
	nodes[0].tags = (struct text)LIST("ssd\0");
	nodes[1].tags = (struct text)LIST("gpu\0eu\0ssd\0");
	nodes[2].tags = (struct text)LIST("ssd\0gpux\0");
	nodes[1].held = 50;
	nodes[1].failed_lately = true;
	ck_assert_str_eq(choose(wish), "b");
	wish.away = text_of("b");
	ck_assert_str_eq(choose(wish), "b");
	wish.to = text_of("a");
	wish.prefer = (struct text)LIST("a\0");
	ck_assert_str_eq(choose(wish), "b");
	nodes[1].eligible = false;
	ck_assert_str_eq(choose(wish), "none");
}
END_TEST

static const char *name_of(int unit)
{
	static char name[32];

	snprintf(name, sizeof(name), "unit-%d", unit);
	return name;
}

static const char *choose_for(int unit)
{
	return choose((struct place_wish){ .unit = text_of(name_of(unit)) });
}

START_TEST(a_tie_spreads_units_evenly)
{
	int chosen[3] = { 0 };

	setup();
	for (int i = 0; i < UNITS; i++)
		chosen[choose_for(i)[0] - 'a']++;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_gt(chosen[i], UNITS / 3 * 9 / 10);
		ck_assert_int_lt(chosen[i], UNITS / 3 * 11 / 10);
	}
}
END_TEST

START_TEST(a_node_that_leaves_moves_its_units_only)
{
	const char *before[UNITS];
	int moved[3] = { 0 };

	setup();
	for (int i = 0; i < UNITS; i++)
		before[i] = choose_for(i);
	nodes[1].eligible = false;
	for (int i = 0; i < UNITS; i++) {
		const char *after = choose_for(i);

		if (before[i][0] != 'b')
			ck_assert_str_eq(before[i], after);
		else
			moved[after[0] - 'a']++;
	}
	/* and they do not all go to the same */
	ck_assert_int_gt(moved[0], 120);
	ck_assert_int_eq(moved[1], 0);
	ck_assert_int_gt(moved[2], 120);
}
END_TEST

START_TEST(the_order_of_the_nodes_does_not_matter)
{
	for (int i = 0; i < UNITS; i++) {
		const char *forward;
		struct place_node first;

		setup();
		forward = choose_for(i);
		first = nodes[0];
		nodes[0] = nodes[2];
		nodes[2] = first;
		ck_assert_str_eq(choose_for(i), forward);
	}
}
END_TEST

START_TEST(units_given_out_one_by_one_are_spread_exactly)
{
	setup();
	for (int i = 0; i < 999; i++) {
		const char *name = choose_for(i);

		nodes[name[0] - 'a'].held++;
	}
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(nodes[i].held, 333);
}
END_TEST

TEST_MAIN("place", a_unit_nobody_can_run_goes_nowhere,
	  each_rule_yields_to_the_one_before,
	  a_node_without_the_tags_is_never_chosen, a_tie_spreads_units_evenly,
	  a_node_that_leaves_moves_its_units_only,
	  the_order_of_the_nodes_does_not_matter,
	  units_given_out_one_by_one_are_spread_exactly)
