/*
 * json_arena: the memory of one parsed JSON tree, had in chunks and given back at once.
 *
 * Why jansson may not call malloc itself here: while it scans a token it ignores that a growing buffer could not grow, and
 * then reads and writes past its end. In an arena an allocation never fails in its eyes: when there is no memory, the whole
 * parse is left by longjmp, which is clean, since nothing outside the arena was touched. An ordinary message fits
 * the first chunk, which is part of the struct: no allocation at all.
 */
#ifndef SPECTATE_PROTO_JSON_ARENA_H
#define SPECTATE_PROTO_JSON_ARENA_H

#include <jansson.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define JSON_ARENA_FIRST_BYTES 4096

struct json_chunk;

/* Lives on the stack of who parses; not to be copied. */
struct json_arena {
    struct json_chunk *chunks; /* owned, newest first; the first chunk is not among them */
    uint8_t *free_at;
    size_t free_bytes;
    size_t next_chunk_bytes;
    jmp_buf no_memory;
    alignas(max_align_t) uint8_t first[JSON_ARENA_FIRST_BYTES];
};

void json_arena_init(struct json_arena *arena);

/* All trees parsed into it are gone. */
void json_arena_fini(struct json_arena *arena);

/*
 * json_loadb() into the arena. 0 with `*root`, which is read only, borrowed from the arena and never released with
 * json_decref(); or NULL there and `error` filled when the text is at fault. ERR_NO_MEMORY. Any thread, one arena each.
 */
int json_arena_load(struct json_arena *arena, struct span text, size_t flags, const json_t **root,
                    json_error_t *error);

#endif
