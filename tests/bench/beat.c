/* A service that crashes after two seconds, or never when told `stay` (s6 tells
 * a name): writes `start NS` and `crash NS` (CLOCK_MONOTONIC) to the file
 * `beats` of its directory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void note(int fd, const char *what)
{
	struct timespec now;
	char line[64];
	int len;

	clock_gettime(CLOCK_MONOTONIC, &now);
	len = snprintf(line, sizeof(line), "%s %lld\n", what,
		       (long long)now.tv_sec * 1000000000 + now.tv_nsec);
	if (write(fd, line, (size_t)len) != len)
		_exit(2);
}

int main(int argc, char **argv)
{
	int fd = open("beats", O_WRONLY | O_APPEND | O_CREAT, 0644);

	note(fd, "start");
	while (argc > 1 && strcmp(argv[1], "stay") == 0)
		pause();
	sleep(2);
	note(fd, "crash");
	_exit(1);
}
