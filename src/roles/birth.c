#define _GNU_SOURCE
#include "roles/birth.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "io/log.h"
#include "io/loop.h"
#include "io/title.h"
#include "io/urgent.h"

#define SHIELD "-900"

/* What oom_score_adj was before the shield; empty when there is none. */
static char unshielded[16];

static bool put_score(const char *text)
{
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	bool done;

	if (fd == -1)
		return false;
	done = write(fd, text, strlen(text)) > 0;
	close(fd);
	return done;
}

void birth_shield(void)
{
	char text[sizeof(unshielded)] = "";
	int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0 && put_score(SHIELD))
		memcpy(unshielded, text, sizeof(text));
	close(fd);
}

void birth_unshield(void)
{
	if (unshielded[0] != '\0')
		put_score(unshielded);
}

void birth_below_supervisor(const struct birth *birth)
{
	struct heritage *heritage = birth->heritage;
	int rc = 0;

	log_role(birth->name);
	birth_unshield();
	if (!birth->urgent)
		urgent_relax();
	if (birth->identity != NULL)
		rc = identity_assume(birth->identity);
	if (rc != 0) {
		log_err(rc, "identity: cannot become \"%s\"",
			heritage->config->user);
		_exit(1);
	}
	/* Only now, since becoming another user takes it away (K2), and the
	 * parent may be dead already. */
	if (prctl(PR_SET_PDEATHSIG, birth->death_signal, 0, 0, 0) == -1 ||
	    getppid() != birth->parent)
		_exit(1);
	title_set(birth->name);
	loop_close(birth->parents_loop);
	close(heritage->guardian_alive[0]);
	close(heritage->supervisor_alive[1]);
	heritage->guardian_alive[0] = -1;
	heritage->supervisor_alive[1] = -1;
}
