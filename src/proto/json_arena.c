#include "proto/json_arena.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/mem.h"

#define SMALLEST_CHUNK_BYTES (16 * 1024)
#define LARGEST_CHUNK_BYTES (1024 * 1024)

struct json_chunk {
    struct json_chunk *next;
    alignas(max_align_t) uint8_t bytes[];
};

/* The arena that this thread parses into; jansson's allocation functions get no context of their own. */
static _Thread_local struct json_arena *active;

void json_arena_init(struct json_arena *arena)
{
    arena->chunks = NULL;
    arena->free_at = arena->first;
    arena->free_bytes = sizeof arena->first;
    arena->next_chunk_bytes = SMALLEST_CHUNK_BYTES;
}

void json_arena_fini(struct json_arena *arena)
{
    while (arena->chunks != NULL) {
        struct json_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        mem_free(chunk);
    }
    json_arena_init(arena);
}

static void add_chunk(struct json_arena *arena, size_t at_least)
{
    size_t bytes = arena->next_chunk_bytes < at_least ? at_least : arena->next_chunk_bytes;
    struct json_chunk *chunk = mem_try(sizeof *chunk + bytes);
    if (chunk == NULL)
        longjmp(arena->no_memory, 1);
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->free_at = chunk->bytes;
    arena->free_bytes = bytes;
    if (arena->next_chunk_bytes < LARGEST_CHUNK_BYTES)
        arena->next_chunk_bytes *= 2;
}

static void *arena_take(struct json_arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        longjmp(arena->no_memory, 1);
    bytes += -bytes % alignof(max_align_t);
    if (bytes > arena->free_bytes)
        add_chunk(arena, bytes);
    void *taken = arena->free_at;
    arena->free_at += bytes;
    arena->free_bytes -= bytes;
    return taken;
}

/* For all of jansson in this process: outside json_arena_load() as if they were not there. */
static void *allocate(size_t bytes)
{
    return active != NULL ? arena_take(active, bytes) : malloc(bytes);
}

static void release(void *memory)
{
    if (active == NULL)
        free(memory);
}

static void install(void)
{
    json_set_alloc_funcs(allocate, release);
}

int json_arena_load(struct json_arena *arena, struct span text, size_t flags, const json_t **root,
                    json_error_t *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    *root = NULL;
    if (setjmp(arena->no_memory) != 0) {
        active = NULL;
        return ERR_NO_MEMORY;
    }
    active = arena;
    *root = json_loadb(text.len == 0 ? "" : (const char *)text.data, text.len, flags, error);
    active = NULL;
    return 0;
}
