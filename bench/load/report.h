/*
 * report: the account of a load as one line of JSON.
 */
#ifndef SPECTATE_BENCH_LOAD_REPORT_H
#define SPECTATE_BENCH_LOAD_REPORT_H

#include <stdio.h>

#include "bench/load/load.h"

void report_json(FILE *out, const struct load *load);

#endif
