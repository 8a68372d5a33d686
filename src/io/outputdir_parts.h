/* outputdir_parts - what the files of outputdir share among themselves. */
#ifndef HOLDFAST_IO_OUTPUTDIR_PARTS_H
#define HOLDFAST_IO_OUTPUTDIR_PARTS_H

#include <stdbool.h>
#include <stddef.h>

/* DIR/NAME; 0 or -ENAMETOOLONG. */
int outputdir_join(char *buf, size_t cap, const char *dir, const char *name);
/* Cuts the last component off PATH; false when there is none. */
bool outputdir_cut(char *path);

#endif
