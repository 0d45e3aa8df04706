/*
 * fixed: numbers with a fixed count of decimals, `units` / 10^decimals, and the doubles nearest to them.
 *
 * Both directions are exact: the result is the one that IEEE 754 calls correctly rounded (to nearest, ties to even), so it is
 * bit for bit what a sound strtod() or printf() gives, glibc's among them. No table of approximations, no guess to be checked.
 *
 * To a double, small numbers go by Clinger's rule: when `units` is at most 2^53 and the power of ten at most 10^22, both are
 * doubles without error, and one division of IEEE 754 rounds once. (W. D. Clinger, "How to read floating point numbers
 * accurately", PLDI 1990, section 5.) That needs arithmetic in the precision of double (FLT_EVAL_METHOD 0: SSE2, arm64, and not
 * the x87, which rounds twice) and the rounding mode that each thread begins with. Larger numbers are divided as integers of 128
 * bits: 64 bits of the quotient, and one more that says whether anything was left, round as the whole quotient does.
 */
#ifndef SPECTATE_PROTO_FIXED_H
#define SPECTATE_PROTO_FIXED_H

#include <stdbool.h>
#include <stdint.h>

/* 10^19 is the largest power of ten in 64 bits, and any 19 digits fit these. */
#define FIXED_MAX_DECIMALS 19
#define FIXED_MAX_DIGITS 19

/* The double nearest to units / 10^decimals. False when this machine can't say: it has no integers of 128 bits. */
bool fixed_to_double(uint64_t units, unsigned decimals, double *value);

/*
 * The `units` nearest to value * 10^decimals, where `value` is not negative. False when this machine can't say, or when the
 * value is not from 2^-75 to below 2^52, or the units are more than 64 bits hold.
 */
bool fixed_from_double(double value, unsigned decimals, uint64_t *units);

#endif
