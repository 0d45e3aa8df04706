/*
 * descriptors: how many files and sockets the process may have open.
 */
#ifndef SPECTATE_CLI_DESCRIPTORS_H
#define SPECTATE_CLI_DESCRIPTORS_H

#include <stdint.h>

/* Raise the soft limit to the hard one; returns what it is then. */
uint64_t descriptors_raise_limit(void);

#endif
