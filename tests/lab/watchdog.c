/* watchdog - a machine's watchdog that tells what is done to it.
 *
 *   watchdog FILE TRACE
 *
 * FILE, which must be there, is mounted upon: who opens it finds what the
 * kernel has at /dev/watchdog, one opener at a time.  It is armed from then on
 * until it is closed after a "V" was the last thing written.  When nobody wrote
 * in time it says "reset", once, where a machine would be.  To TRACE goes a
 * line "MONOTONIC_NS WORD [SECONDS]" of each open, timeout, ping, close, disarm
 * and reset.  It stays in the foreground, until TERM or until it is unmounted.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 312

#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <inttypes.h>
#include <linux/watchdog.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS   INT64_C(1000000000)
#define SECONDS	    60 /* until somebody wants another time */
#define SECONDS_MAX 3600

static struct {
	pthread_mutex_t lock;
	int trace; /* under LOCK, as these: */
	bool is_open;
	bool armed;
	bool said; /* the magic word, last of all */
	int seconds;
	int64_t pinged_ns;
} dog = { .lock = PTHREAD_MUTEX_INITIALIZER, .seconds = SECONDS };

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void say(const char *word)
{
	dprintf(dog.trace, "%" PRId64 " %s %d\n", now_ns(), word, dog.seconds);
}

static void *watch(void *arg)
{
	const struct timespec pause = { 0, SECOND_NS / 200 };

	for (;;) {
		nanosleep(&pause, NULL);
		pthread_mutex_lock(&dog.lock);
		if (dog.armed &&
		    now_ns() - dog.pinged_ns >= dog.seconds * SECOND_NS) {
			dog.armed = false;
			say("reset");
		}
		pthread_mutex_unlock(&dog.lock);
	}
	return arg;
}

static int dog_open(const char *path, struct fuse_file_info *info)
{
	int rc = -EBUSY;

	(void)path;
	pthread_mutex_lock(&dog.lock);
	if (!dog.is_open) {
		dog.is_open = dog.armed = true;
		dog.said = false;
		dog.pinged_ns = now_ns();
		info->direct_io = 1;
		info->nonseekable = 1;
		say("open");
		rc = 0;
	}
	pthread_mutex_unlock(&dog.lock);
	return rc;
}

static int dog_release(const char *path, struct fuse_file_info *info)
{
	(void)path, (void)info;
	pthread_mutex_lock(&dog.lock);
	dog.is_open = false;
	say(dog.said ? "disarm" : "close");
	if (dog.said)
		dog.armed = false;
	pthread_mutex_unlock(&dog.lock);
	return 0;
}

static int dog_write(const char *path, const char *buf, size_t size,
		     off_t offset, struct fuse_file_info *info)
{
	(void)path, (void)offset, (void)info;
	pthread_mutex_lock(&dog.lock);
	dog.said = memchr(buf, 'V', size) != NULL;
	dog.pinged_ns = now_ns();
	say("ping");
	pthread_mutex_unlock(&dog.lock);
	return (int)size;
}

static int dog_ioctl(const char *path, unsigned command, void *arg,
		     struct fuse_file_info *info, unsigned flags, void *data)
{
	int rc = 0;
	int *value = data;

	(void)path, (void)arg, (void)info, (void)flags;
	pthread_mutex_lock(&dog.lock);
	if (command != (unsigned)WDIOC_SETTIMEOUT) {
		rc = -ENOTTY;
	} else if (*value < 1 || *value > SECONDS_MAX) {
		rc = -EINVAL;
	} else {
		dog.seconds = *value;
		dog.pinged_ns = now_ns();
		say("timeout");
	}
	pthread_mutex_unlock(&dog.lock);
	return rc;
}

static int dog_getattr(const char *path, struct stat *st,
		       struct fuse_file_info *info)
{
	(void)path, (void)info;
	memset(st, 0, sizeof(*st));
	st->st_mode = S_IFREG | 0600;
	st->st_nlink = 1;
	return 0;
}

static int dog_truncate(const char *path, off_t size,
			struct fuse_file_info *info)
{
	(void)path, (void)size, (void)info;
	return 0;
}

static const struct fuse_operations operations = {
	.getattr = dog_getattr,
	.truncate = dog_truncate,
	.open = dog_open,
	.release = dog_release,
	.write = dog_write,
	.ioctl = dog_ioctl,
};

static int run(struct fuse *fuse, const char *mount)
{
	pthread_t thread;
	int rc = fuse_mount(fuse, mount);

	if (rc != 0)
		return rc;
	fuse_set_signal_handlers(fuse_get_session(fuse));
	rc = pthread_create(&thread, NULL, watch, NULL);
	if (rc == 0)
		rc = fuse_loop(fuse);
	fuse_remove_signal_handlers(fuse_get_session(fuse));
	fuse_unmount(fuse);
	return rc;
}

int main(int argc, char **argv)
{
	char *args[] = { argv[0] };
	struct fuse_args fuse_args = FUSE_ARGS_INIT(1, args);
	struct fuse *fuse;
	int rc;

	if (argc != 3) {
		fprintf(stderr, "usage: watchdog FILE TRACE\n");
		return 2;
	}
	dog.trace =
		open(argv[2], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (dog.trace == -1) {
		perror(argv[2]);
		return 1;
	}
	fuse = fuse_new(&fuse_args, &operations, sizeof(operations), NULL);
	fuse_opt_free_args(&fuse_args);
	if (fuse == NULL)
		return 1;
	rc = run(fuse, argv[1]);
	fuse_destroy(fuse);
	return rc == 0 ? 0 : 1;
}
