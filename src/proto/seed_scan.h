/*
 * seed_scan: the usual position message of the seed dialect, read in one go over its bytes.
 *
 *   {"userId":ID,"lat":N,"lng":N}    in any order, each once, nothing else; white space where JSON allows it
 *
 * Nearly every message that arrives looks like this, and a JSON library takes some forty times as long for it, most of that for a
 * tree which is thrown away. So seed_decode() asks here first. What is not usual is not refused here, but left to the
 * library, which then decides alone: no fault is ever told from here, and a message means the same with or without this file.
 *
 * Usual is
 *   an ID   an integer of int64_t, or a string of 1 to RUNNER_ID_BYTES printable ASCII characters without an escape;
 *   an N    an integer of int64_t, or a number with a point and no exponent; of at most FIXED_MAX_DIGITS digits in all.
 *
 * What a number means does not depend on the library: an integer is itself, and of a real the library gives the nearest
 * double, as strtod() does; proto/fixed.h gives the same by proof. `make check` compares the two ways (tests/fuzz/fuzz_seed_scan.c).
 */
#ifndef SPECTATE_PROTO_SEED_SCAN_H
#define SPECTATE_PROTO_SEED_SCAN_H

#include <stdbool.h>

#include "base/span.h"
#include "proto/position.h"

/*
 * True: `position` is what seed_decode_json() makes of the text. False: nothing is said of the text, and what is in
 * `position` has no meaning. Any bytes may come. No allocation, no locale; any thread.
 */
bool seed_scan_position(struct span text, struct position *position);

#endif
