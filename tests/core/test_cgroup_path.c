#include "core/cgroup_path.h"

#include <errno.h>

#include "tests/core/test.h"

#define UNIFIED                                                             \
	"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"          \
	"30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 " \
	"rw\n"
#define HYBRID                                                                 \
	"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"           \
	"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n" \
	"41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 "   \
	"rw\n"

static int locate(const char *groups, const char *mounts, char *path,
		  size_t cap)
{
	return cgroup_path(text_of(groups), text_of(mounts), path, cap);
}

START_TEST(the_unified_layout_has_one_line)
{
	char path[128];

	ck_assert_int_eq(locate("0::/system.slice/holdfast.service\n", UNIFIED,
				path, sizeof(path)),
			 0);
	ck_assert_str_eq(path, "/sys/fs/cgroup/system.slice/holdfast.service");
}
END_TEST

START_TEST(the_hybrid_layout_has_version_2_beside_the_others)
{
	char path[128];

	ck_assert_int_eq(locate("9:name=systemd:/x\n4:memory:/y\n0::/\n",
				HYBRID, path, sizeof(path)),
			 0);
	ck_assert_str_eq(path, "/sys/fs/cgroup/unified/");
}
END_TEST

START_TEST(the_root_of_the_mount_is_taken_off_the_path)
{
	static const char mounts[] = "5 1 0:26 /docker/ab /sys/fs/cgroup ro "
				     "master:3 - cgroup2 cgroup rw\n";
	char path[128];

	ck_assert_int_eq(
		locate("0::/docker/ab/in\n", mounts, path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/sys/fs/cgroup/in");
	ck_assert_int_eq(locate("0::/docker/abc\n", mounts, path, sizeof(path)),
			 -ENOENT);
}
END_TEST

START_TEST(a_group_outside_our_namespace_is_none)
{
	char path[128];

	ck_assert_int_eq(locate("0::/../x\n", UNIFIED, path, sizeof(path)),
			 -ENOENT);
}
END_TEST

START_TEST(version_1_alone_is_none)
{
	char path[128];

	ck_assert_int_eq(locate("4:memory:/y\n", HYBRID, path, sizeof(path)),
			 -ENOENT);
	ck_assert_int_eq(locate("0::/\n", "", path, sizeof(path)), -ENOENT);
}
END_TEST

START_TEST(escaped_mount_points_are_read)
{
	static const char mounts[] =
		"5 1 0:26 / /a\\040b rw - cgroup2 cgroup2 rw\n";
	char path[128];

	ck_assert_int_eq(locate("0::/x\n", mounts, path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/a b/x");
}
END_TEST

START_TEST(a_path_too_long_is_told)
{
	char path[16];

	ck_assert_int_eq(
		locate("0::/long-enough\n", UNIFIED, path, sizeof(path)),
		-ENAMETOOLONG);
}
END_TEST

TEST_MAIN("cgroup_path", the_unified_layout_has_one_line,
	  the_hybrid_layout_has_version_2_beside_the_others,
	  the_root_of_the_mount_is_taken_off_the_path,
	  a_group_outside_our_namespace_is_none, version_1_alone_is_none,
	  escaped_mount_points_are_read, a_path_too_long_is_told)
