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

/* Under a sanitizer glibc's allocator is not the one in use, and two threads that are its first users crash in it. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OTHER_ALLOCATOR 1
#elif defined(__has_feature)
#define HAS_OTHER_ALLOCATOR (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define HAS_OTHER_ALLOCATOR 0
#endif

void mem_give_back(void)
{
#ifdef __GLIBC__
    if (!HAS_OTHER_ALLOCATOR)
        malloc_trim(0);
#endif
}
