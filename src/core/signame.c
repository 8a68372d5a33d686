#define _GNU_SOURCE
#include "core/signame.h"

#include <signal.h>

#include "core/suggest.h"

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "HUP", SIGHUP },	 { "INT", SIGINT },   { "QUIT", SIGQUIT },
	{ "ILL", SIGILL },	 { "TRAP", SIGTRAP }, { "ABRT", SIGABRT },
	{ "BUS", SIGBUS },	 { "FPE", SIGFPE },   { "KILL", SIGKILL },
	{ "USR1", SIGUSR1 },	 { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
	{ "PIPE", SIGPIPE },	 { "ALRM", SIGALRM }, { "TERM", SIGTERM },
	{ "CHLD", SIGCHLD },	 { "CONT", SIGCONT }, { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },	 { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },
	{ "URG", SIGURG },	 { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
	{ "VTALRM", SIGVTALRM }, { "PROF", SIGPROF }, { "WINCH", SIGWINCH },
	{ "IO", SIGIO },	 { "PWR", SIGPWR },   { "SYS", SIGSYS },
};

#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

static struct text without_sig(struct text name)
{
	if (name.len > 3 && memcmp(name.at, "SIG", 3) == 0)
		return (struct text){ name.at + 3, name.len - 3 };
	return name;
}

int signame_parse(struct text name)
{
	name = without_sig(name);
	for (size_t i = 0; i < NAMES_COUNT; i++)
		if (text_is(name, names[i].name))
			return names[i].number;
	return 0;
}

const char *signame_of(int number)
{
	for (size_t i = 0; i < NAMES_COUNT; i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}

struct text signame_nearest(struct text name)
{
	struct suggest suggest = suggest_init(without_sig(name));

	for (size_t i = 0; i < NAMES_COUNT; i++)
		suggest_offer(&suggest, text_of(names[i].name));
	return suggest.nearest;
}
