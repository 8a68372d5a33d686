/* journal_parts - what the files of journal share; nobody else includes it. */
#ifndef HOLDFAST_IO_JOURNAL_PARTS_H
#define HOLDFAST_IO_JOURNAL_PARTS_H

#include "io/journal.h"

/* How many own segments there are, their numbers in rising order. */
int journal_own(struct journal *journal, uint32_t numbers[SHARED_SEGMENTS_MAX]);

#endif
