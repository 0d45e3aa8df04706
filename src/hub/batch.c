#include "hub/batch.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#define FIRST_CAPACITY 128
#define LARGEST_CAPACITY (1U << 30)

struct mark {
    uint32_t end;       /* offset behind the frame */
    uint32_t version;   /* over base_version */
    uint32_t positions; /* in all frames up to its end */
};

/* Marks lie backwards from the end of the memory; memcpy since that end is not aligned for certain. */
static struct mark mark_at(const struct batch *batch, uint32_t frame)
{
    struct mark mark;
    memcpy(&mark, batch->memory + batch->capacity - (frame + 1) * sizeof mark, sizeof mark);
    return mark;
}

static size_t marks_bytes(const struct batch *batch)
{
    return batch->frames * sizeof(struct mark);
}

struct batch *batch_new(size_t *queued_bytes)
{
    struct batch *batch = mem_try(sizeof *batch + FIRST_CAPACITY);
    if (batch == NULL)
        return NULL;
    batch->holders = 1;
    batch->capacity = FIRST_CAPACITY;
    batch->queued_bytes = queued_bytes;
    return batch;
}

int batch_reserve(struct batch **batch, size_t bytes)
{
    struct batch *old = *batch;
    if (bytes > LARGEST_CAPACITY)
        return ERR_NO_MEMORY;
    size_t needed = old->bytes + bytes + marks_bytes(old) + sizeof(struct mark);
    if (needed <= old->capacity)
        return 0;
    size_t capacity = old->capacity;
    while (capacity < needed)
        capacity *= 2;
    if (capacity > LARGEST_CAPACITY)
        return ERR_NO_MEMORY;
    struct batch *grown = mem_try_resize(old, sizeof *grown + capacity);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    size_t marks = marks_bytes(grown);
    memmove(grown->memory + capacity - marks, grown->memory + grown->capacity - marks, marks);
    grown->capacity = (uint32_t)capacity;
    *batch = grown;
    return 0;
}

static void append_bytes(struct batch *batch, struct span bytes)
{
    memcpy(batch->memory + batch->bytes, bytes.data, bytes.len);
    batch->bytes += (uint32_t)bytes.len;
    *batch->queued_bytes += bytes.len;
}

static void take_version(struct batch *batch, uint64_t version)
{
    if (batch->bytes == 0)
        batch->base_version = version - 1;
    CHECK(version > batch->base_version && version - batch->base_version <= UINT32_MAX);
}

/* All frames end here now, and no frame is open. */
static void add_mark(struct batch *batch, uint64_t version)
{
    struct mark mark = {batch->bytes, (uint32_t)(version - batch->base_version), batch->positions};
    batch->frames++;
    batch->open_at = batch->bytes;
    memcpy(batch->memory + batch->capacity - marks_bytes(batch), &mark, sizeof mark);
}

void batch_append(struct batch *batch, struct span frame, uint64_t version)
{
    CHECK(batch->open_at == batch->bytes);
    take_version(batch, version);
    batch->positions++;
    append_bytes(batch, frame);
    add_mark(batch, version);
}

void batch_append_notice(struct batch *batch, struct span frame, uint64_t version)
{
    CHECK(batch->open_at == batch->bytes);
    take_version(batch, version);
    append_bytes(batch, frame);
    add_mark(batch, version);
}

void batch_append_element(struct batch *batch, struct span element, uint64_t version)
{
    take_version(batch, version);
    batch->positions++;
    append_bytes(batch, element);
    batch->open_version = version;
}

struct span batch_elements(const struct batch *batch)
{
    return span_of(batch->memory + batch->open_at, batch->bytes - batch->open_at);
}

void batch_close_frame(struct batch *batch, struct span frame)
{
    CHECK(batch->open_at < batch->bytes);
    *batch->queued_bytes -= batch->bytes - batch->open_at;
    batch->bytes = batch->open_at;
    append_bytes(batch, frame);
    add_mark(batch, batch->open_version);
}

void batch_extend(struct batch *batch, struct span bytes)
{
    CHECK(batch->frames > 0 && batch->open_at == batch->bytes);
    struct mark mark = mark_at(batch, batch->frames - 1);
    append_bytes(batch, bytes);
    mark.end = batch->open_at = batch->bytes;
    memcpy(batch->memory + batch->capacity - marks_bytes(batch), &mark, sizeof mark);
}

struct batch *batch_hold(struct batch *batch)
{
    batch->holders++;
    return batch;
}

void batch_drop(struct batch *batch)
{
    while (batch != NULL && --batch->holders == 0) {
        struct batch *next = batch->next;
        *batch->queued_bytes -= batch->bytes;
        mem_free(batch);
        batch = next;
    }
}

/* The first frame that `is_before` denies of; both questions below grow with the frame. */
static uint32_t first_frame(const struct batch *batch, bool (*is_before)(struct mark, uint64_t),
                            uint64_t limit)
{
    uint32_t low = 0;
    uint32_t high = batch->frames;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (is_before(mark_at(batch, middle), limit))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool ends_before(struct mark mark, uint64_t offset)
{
    return mark.end < offset;
}

static bool ends_by(struct mark mark, uint64_t offset)
{
    return mark.end <= offset;
}

static bool is_up_to(struct mark mark, uint64_t version)
{
    return mark.version <= version;
}

uint32_t batch_boundary(const struct batch *batch, uint32_t offset)
{
    CHECK(offset <= batch->bytes);
    if (offset == 0 || offset == batch->bytes)
        return offset;
    return mark_at(batch, first_frame(batch, ends_before, offset)).end;
}

static uint32_t frames_before(const struct batch *batch, uint32_t offset)
{
    if (offset == 0)
        return 0;
    return offset == batch->bytes ? batch->frames : first_frame(batch, ends_by, offset);
}

uint32_t batch_positions_before(const struct batch *batch, uint32_t offset)
{
    uint32_t frames = frames_before(batch, offset);
    return frames == 0 ? 0 : mark_at(batch, frames - 1).positions;
}

uint64_t batch_version_at(const struct batch *batch, uint32_t offset)
{
    uint32_t frames = frames_before(batch, offset);
    return frames == 0 ? batch->base_version
                       : batch->base_version + mark_at(batch, frames - 1).version;
}

uint32_t batch_offset_after(const struct batch *batch, uint64_t version)
{
    if (version <= batch->base_version)
        return 0;
    uint32_t frame = first_frame(batch, is_up_to, version - batch->base_version);
    return frame == 0 ? 0 : mark_at(batch, frame - 1).end;
}

uint64_t batch_last_version(const struct batch *batch)
{
    CHECK(batch->frames > 0);
    return batch->base_version + mark_at(batch, batch->frames - 1).version;
}
