/*
 * publish: positions on an absolute schedule: the n-th is sent when it is due, however late those before it were and whatever
 * the server does.
 */
#ifndef SPECTATE_BENCH_LOAD_PUBLISH_H
#define SPECTATE_BENCH_LOAD_PUBLISH_H

#include <stdint.h>

struct load;

/* All runners in turn, at the rate of the options, for so long; read all the while. */
void publish_for(struct load *load, uint64_t duration_ms);

#endif
