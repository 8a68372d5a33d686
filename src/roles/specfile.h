/* specfile - the specs of what runs: STATE/work/TOKEN, 16 hex digits.
 *
 * Written by the owner of a holding before the board shows it, read by its
 * worker, removed by the owner once its end is settled.
 */
#ifndef HOLDFAST_ROLES_SPECFILE_H
#define HOLDFAST_ROLES_SPECFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The descriptor of STATE/work, or a negative errno. */
int specfile_open(const char *state);
/* 0 or a negative errno. */
int specfile_write(int work_dir, uint64_t token, const void *spec, size_t len);
/* And the socket that a worker who was killed left beside it. */
void specfile_remove(int work_dir, uint64_t token);
/* Does the file hold these bytes? */
bool specfile_is(int work_dir, uint64_t token, const void *spec, size_t len);

#endif
