#include "tests/lib/guard.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

struct guard guard_copy(const void *bytes, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t readable = (len / page + 1) * page;
    struct guard guard = {.len = len, .map_bytes = readable + page};
    guard.map =
        mmap(NULL, guard.map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(guard.map != MAP_FAILED);
    CHECK(mprotect((uint8_t *)guard.map + readable, page, PROT_NONE) == 0);
    guard.data = (uint8_t *)guard.map + readable - len;
    if (len > 0)
        memcpy(guard.data, bytes, len);
    return guard;
}

void guard_fini(struct guard *guard)
{
    if (guard->map != NULL)
        CHECK(munmap(guard->map, guard->map_bytes) == 0);
    *guard = (struct guard){0};
}
