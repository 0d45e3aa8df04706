/*
 * ids: numbers that cross modules, one struct each, so that they can't be mixed up.
 */
#ifndef SPECTATE_BASE_IDS_H
#define SPECTATE_BASE_IDS_H

#include <stdint.h>

/* One client connection, unique in this process's life. 0 is "no session". */
struct session_id {
    uint64_t value;
};

#endif
