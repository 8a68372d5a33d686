dnl Our flags live in HOLDFAST_CFLAGS and HOLDFAST_LDFLAGS; the builder's
dnl CFLAGS are never touched.  Probes carry -Werror, or clang accepts anything.
AC_DEFUN([HOLDFAST_COMPILER_FLAGS], [
AC_ARG_ENABLE([werror],
	[AS_HELP_STRING([--enable-werror], [treat warnings as errors])])
AC_ARG_ENABLE([hardening],
	[AS_HELP_STRING([--disable-hardening],
		[leave out stack protector, _FORTIFY_SOURCE, PIE, RELRO])])
AC_ARG_ENABLE([sanitizers],
	[AS_HELP_STRING([--enable-sanitizers],
		[build with address and undefined behaviour sanitizers])])

HOLDFAST_CFLAGS=
HOLDFAST_LDFLAGS=
AX_APPEND_COMPILE_FLAGS([-std=c11 -Wall -Wextra -Wshadow -Wstrict-prototypes dnl
	-Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings dnl
	-Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wno-unused-parameter dnl
	-Wlogical-op -Wduplicated-cond -Wold-style-definition -fno-common],
	[HOLDFAST_CFLAGS], [-Werror])

AS_IF([test "x$enable_sanitizers" = xyes], [
	dnl Sanitizers replace _FORTIFY_SOURCE: together they hide each other.
	AX_APPEND_COMPILE_FLAGS([-fsanitize=address,undefined dnl
		-fno-sanitize-recover=undefined -fno-omit-frame-pointer],
		[HOLDFAST_CFLAGS], [-Werror])
	AX_APPEND_LINK_FLAGS([-fsanitize=address,undefined],
		[HOLDFAST_LDFLAGS], [-Werror])
	AC_DEFINE([HOLDFAST_SANITIZED], [1], [Built with sanitizers])
], [test "x$enable_hardening" != xno], [
	AX_APPEND_COMPILE_FLAGS([-fstack-protector-strong -fPIE dnl
		-fstack-clash-protection],
		[HOLDFAST_CFLAGS], [-Werror])
	AS_CASE([" $CFLAGS $CPPFLAGS "],
		[*_FORTIFY_SOURCE*|*-O0*], [],
		[*" -O"*], [HOLDFAST_CFLAGS="$HOLDFAST_CFLAGS -D_FORTIFY_SOURCE=2"])
	AX_APPEND_LINK_FLAGS([-pie -Wl,-z,relro -Wl,-z,now -Wl,--as-needed],
		[HOLDFAST_LDFLAGS], [-Werror])
])
AS_IF([test "x$enable_werror" = xyes],
	[HOLDFAST_CFLAGS="$HOLDFAST_CFLAGS -Werror"])
AC_SUBST([HOLDFAST_CFLAGS])
AC_SUBST([HOLDFAST_LDFLAGS])
])
