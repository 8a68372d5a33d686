/* beat_parts - what roles/beat.c and its other half share. */
#ifndef HOLDFAST_ROLES_BEAT_PARTS_H
#define HOLDFAST_ROLES_BEAT_PARTS_H

#include "roles/beat.h"

/* Takes in all that has come. */
void beat_hear(struct beat *beat, int64_t now_ms);

/* Says in the log who is heard no more, and who does not hear us. */
void beat_watch(struct beat *beat, int64_t now_ms);

#endif
