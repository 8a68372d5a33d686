#include "core/fixed.h"

#include <string.h>

#include "tests/core/test.h"

/* For fields that are not const. */
static char a[] = "a";
static char b[] = "b";
static char root[] = "/";
static char below[] = "/b/";
static char *addresses[] = { a, NULL };
static char *others[] = { b, NULL };

static struct config started(void)
{
	return (struct config){
		.node = a,
		.shared = a,
		.state = b,
		.workers = 4,
		.http = { .listen = { addresses, 1 },
			  .base = root,
			  .processes = 2,
			  .max_body = 65536 },
	};
}

static char said[200];

static void keep(struct config *config, const struct config *from)
{
	struct out out = out_init(said, sizeof(said));

	fixed_keep(config, from, &out);
	ck_assert_int_eq(out_end(&out), 0);
}

START_TEST(what_is_the_same_is_not_told)
{
	struct config from = started();
	struct config config = started();
	char copied[] = "a";
	char *copy[] = { copied, NULL };

	config.http.listen.at = copy;
	keep(&config, &from);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(what_is_fixed_is_kept_and_told)
{
	struct config from = started();
	struct config config = started();

	config.node = b;
	config.user = a;
	config.shared = below;
	config.state = below;
	config.http.listen = (struct strings){ others, 1 };
	config.http.processes = 3;
	config.log_level = 1;
	keep(&config, &from);
	ck_assert_str_eq(said, "node, user, shared, state, http.listen, "
			       "http.processes, log.level");
	ck_assert_str_eq(config.node, "a");
	ck_assert_ptr_null(config.user);
	ck_assert_ptr_eq(config.shared, a);
	ck_assert_ptr_eq(config.state, b);
	ck_assert_str_eq(config.http.listen.at[0], "a");
	ck_assert_uint_eq(config.http.processes, 2);
	ck_assert_int_eq(config.log_level, from.log_level);
}
END_TEST

START_TEST(what_may_change_does)
{
	struct config from = started();
	struct config config = started();

	config.workers = 5;
	config.http.base = below;
	config.http.max_body = 1;
	keep(&config, &from);
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(config.workers, 5);
	ck_assert_str_eq(config.http.base, "/b/");
	ck_assert_uint_eq(config.http.max_body, 1);
}
END_TEST

START_TEST(a_cluster_comes_and_goes_with_a_start)
{
	struct config from = started();
	struct config config = started();

	config.cluster = (struct config_cluster){ .present = true,
						  .name = a,
						  .lease_ms = 1 };
	keep(&config, &from);
	ck_assert_str_eq(said, "cluster");
	ck_assert(!config.cluster.present);
	from.cluster = (struct config_cluster){ .present = true,
						.name = a,
						.lease_ms = 1 };
	config.cluster = from.cluster;
	config.cluster.lease_ms = 2;
	keep(&config, &from);
	ck_assert_str_eq(said, "cluster.lease");
	ck_assert_int_eq(config.cluster.lease_ms, 1);
}
END_TEST

TEST_MAIN("fixed", what_is_the_same_is_not_told, what_is_fixed_is_kept_and_told,
	  what_may_change_does, a_cluster_comes_and_goes_with_a_start)
