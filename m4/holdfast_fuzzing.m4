dnl --enable-fuzzing builds tests/fuzz against libFuzzer (clang only).
dnl Without it the same targets are built with a main() that replays files.
AC_DEFUN([HOLDFAST_FUZZING], [
AC_ARG_ENABLE([fuzzing],
	[AS_HELP_STRING([--enable-fuzzing],
		[build the fuzz targets with libFuzzer (needs clang)])])
HOLDFAST_FUZZ_LDFLAGS=
AS_IF([test "x$enable_fuzzing" = xyes], [
	HOLDFAST_CFLAGS="$HOLDFAST_CFLAGS -fsanitize=fuzzer-no-link,address,undefined"
	HOLDFAST_LDFLAGS="$HOLDFAST_LDFLAGS -fsanitize=address,undefined"
	HOLDFAST_FUZZ_LDFLAGS="-fsanitize=fuzzer"
])
AC_SUBST([HOLDFAST_FUZZ_LDFLAGS])
AM_CONDITIONAL([FUZZING], [test "x$enable_fuzzing" = xyes])
])
