#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/check.h"

static _Thread_local long successes_left = -1;

void mem_fail_after(long successes)
{
    successes_left = successes;
}

static bool must_fail_now(void)
{
    return successes_left >= 0 && successes_left-- == 0;
}

void *mem_try(size_t bytes)
{
    return must_fail_now() ? NULL : calloc(1, bytes);
}

void *mem_try_resize(void *old, size_t bytes)
{
    return must_fail_now() ? NULL : realloc(old, bytes);
}

void *mem_must(size_t bytes)
{
    void *memory = calloc(1, bytes);
    CHECK(memory != NULL);
    return memory;
}

void mem_free(void *memory)
{
    free(memory);
}

void mem_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
