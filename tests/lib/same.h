/*
 * same: whether two values of `proto/position.h` are the same to the last bit that has a meaning.
 */
#ifndef SPECTATE_TESTS_LIB_SAME_H
#define SPECTATE_TESTS_LIB_SAME_H

#include <stdbool.h>

#include "proto/position.h"

bool same_double(double a, double b); /* -0.0 and 0.0 are two */
bool same_id(const struct runner_id *a, const struct runner_id *b);
bool same_coordinate(struct coordinate a, struct coordinate b);
bool same_position(const struct position *a, const struct position *b);

#endif
