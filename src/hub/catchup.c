#include "hub/catchup.h"

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

struct catchup *catchup_new_empty(uint32_t capacity)
{
    struct catchup *catchup = mem_try(sizeof *catchup + capacity * sizeof catchup->stretches[0]);
    return catchup;
}

struct catchup *catchup_new(uint32_t size, uint64_t version)
{
    struct catchup *catchup = catchup_new_empty(1);
    if (catchup == NULL)
        return NULL;
    catchup->count = 1;
    catchup->stretches[0] = (struct stretch){.end = size, .served = version};
    return catchup;
}

/* Lengthen the last stretch to `end`, or begin one when the version is another. */
static void extend(struct catchup *catchup, uint32_t end, uint64_t version)
{
    struct stretch *last = catchup->count > 0 ? &catchup->stretches[catchup->count - 1] : NULL;
    if (last != NULL && end <= last->end)
        return;
    if (last != NULL && last->served == version)
        last->end = end;
    else
        catchup->stretches[catchup->count++] = (struct stretch){.end = end, .served = version};
}

void catchup_push(struct catchup *catchup, uint64_t version)
{
    uint32_t end = catchup->count > 0 ? catchup->stretches[catchup->count - 1].end : 0;
    extend(catchup, end + 1, version);
}

int catchup_serve(struct catchup **catchup, uint32_t begin, uint32_t end, uint64_t version)
{
    const struct catchup *old = *catchup;
    if (begin >= end)
        return 0;
    struct catchup *made = catchup_new_empty(old->count + 2);
    if (made == NULL)
        return ERR_NO_MEMORY;
    made->at = old->at;
    bool is_in = false;
    for (uint32_t i = 0; i < old->count; i++) {
        const struct stretch *stretch = &old->stretches[i];
        uint32_t before = stretch->end < begin ? stretch->end : begin;
        if (before > 0)
            extend(made, before, stretch->served);
        if (stretch->end > begin && !is_in) {
            extend(made, end, version);
            is_in = true;
        }
        extend(made, stretch->end, stretch->served);
    }
    mem_free(*catchup);
    *catchup = made;
    return 0;
}

uint64_t catchup_served(const struct catchup *catchup, uint32_t index)
{
    uint32_t low = 0;
    uint32_t high = catchup->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (catchup->stretches[middle].end <= index)
            low = middle + 1;
        else
            high = middle;
    }
    CHECK(low < catchup->count);
    return catchup->stretches[low].served;
}
