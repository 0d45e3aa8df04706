#include "hub/audience.h"

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

static size_t key_bytes(uint32_t count)
{
    return count * sizeof(struct runner *);
}

static struct audience *find(struct speech *speech, struct runner *const *runners, uint32_t count)
{
    struct audience *audience = NULL;
    HASH_FIND(hh, speech->audiences, runners, key_bytes(count), audience);
    return audience;
}

static int reserve_links(struct runner *const *runners, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        int err = runner_reserve_link(runners[i]);
        if (err < 0)
            return err;
    }
    return 0;
}

static struct audience *make(struct speech *speech, struct runner *const *runners, uint32_t count)
{
    struct audience *audience = mem_try(sizeof *audience);
    if (audience == NULL)
        return NULL;
    audience->runners = mem_try(key_bytes(count) + count * sizeof *audience->slots);
    if (audience->runners == NULL || reserve_links(runners, count) < 0)
        goto fail;
    audience->speech = speech;
    audience->runner_count = count;
    audience->slots = (uint32_t *)(void *)(audience->runners + count);
    memcpy(audience->runners, runners, key_bytes(count));
    HASH_ADD_KEYPTR(hh, speech->audiences, audience->runners, key_bytes(count), audience);
    if (audience->hh.tbl == NULL)
        goto fail;
    for (uint32_t i = 0; i < count; i++)
        audience->slots[i] = runner_link(runners[i], audience, i);
    return audience;
fail:
    mem_free(audience->runners);
    mem_free(audience);
    return NULL;
}

struct audience *audience_ensure(struct speech *speech, struct runner *const *runners, uint32_t count)
{
    CHECK(count > 0);
    struct audience *audience = find(speech, runners, count);
    return audience != NULL ? audience : make(speech, runners, count);
}

void audience_free(struct audience *audience)
{
    batch_drop(audience->pending);
    batch_drop(audience->tail);
    batch_drop(audience->flushing);
    mem_free(audience->members);
    mem_free(audience->runners);
    mem_free(audience);
}

void audience_remove(struct audience *audience, struct runner_table *runners)
{
    CHECK(audience->member_count == 0 && !audience->is_dead);
    for (uint32_t i = 0; i < audience->runner_count; i++) {
        uint32_t slot = audience->slots[i];
        const struct runner_link *moved = runner_unlink(audience->runners[i], slot);
        if (moved != NULL)
            moved->audience->slots[moved->index] = slot;
        runner_release(runners, audience->runners[i]);
    }
    HASH_DELETE(hh, audience->speech->audiences, audience);
    audience->is_dead = true;
    if (!audience->is_dirty)
        audience_free(audience);
}

int audience_reserve_member(struct audience *audience)
{
    if (audience->member_count < audience->member_capacity)
        return 0;
    uint32_t capacity = audience->member_capacity == 0 ? 1 : audience->member_capacity * 2;
    struct follower **members =
        mem_try_resize(audience->members, capacity * sizeof(struct follower *));
    if (members == NULL)
        return ERR_NO_MEMORY;
    audience->members = members;
    audience->member_capacity = capacity;
    return 0;
}

static void put(struct audience *audience, uint32_t index, struct follower *follower)
{
    audience->members[index] = follower;
    follower->index = index;
}

void audience_join(struct audience *audience, struct follower *follower)
{
    CHECK(audience->member_count < audience->member_capacity);
    follower->audience = audience;
    put(audience, audience->member_count++, follower);
}

/* While a flush is under way, the members before flush_at are those already served, and stay so. */
void audience_leave(struct audience *audience, struct follower *follower)
{
    uint32_t hole = follower->index;
    CHECK(hole < audience->member_count && audience->members[hole] == follower);
    if (audience->flushing != NULL && hole < audience->flush_at) {
        put(audience, hole, audience->members[--audience->flush_at]);
        hole = audience->flush_at;
    }
    put(audience, hole, audience->members[--audience->member_count]);
    follower->audience = NULL;
    follower->index = 0;
}

int audience_reserve_frame(struct audience *audience, size_t frame_bytes, size_t *queued_bytes)
{
    if (audience->pending == NULL)
        audience->pending = batch_new(queued_bytes);
    if (audience->pending == NULL)
        return ERR_NO_MEMORY;
    return batch_reserve(&audience->pending, frame_bytes);
}

void audience_append(struct audience *audience, struct span frame, uint64_t version)
{
    struct batch *pending = audience->pending;
    if (pending->frames == 0)
        pending->count_start = audience->accepted;
    batch_append(pending, frame, version);
    audience->accepted++;
}

void audience_seal(struct audience *audience, uint64_t now_ms)
{
    struct batch *batch = audience->pending;
    CHECK(audience->flushing == NULL && batch != NULL && batch->frames > 0);
    audience->pending = NULL;
    batch->sealed_ms = now_ms;
    batch->stream_start = audience->stream_bytes;
    audience->stream_bytes += batch->bytes;
    if (audience->tail != NULL)
        audience->tail->next = batch_hold(batch);
    batch_drop(audience->tail);
    audience->tail = batch_hold(batch);
    audience->flushing = batch;
    audience->flush_at = 0;
}

void audience_flushed(struct audience *audience)
{
    batch_drop(audience->flushing);
    audience->flushing = NULL;
    audience->flush_at = 0;
    audience_trim(audience);
}

void audience_trim(struct audience *audience)
{
    if (audience->tail == NULL || audience->tail->holders > 1)
        return;
    batch_drop(audience->tail);
    audience->tail = NULL;
}

uint32_t audience_index_of(const struct audience *audience, const struct runner *runner)
{
    uint32_t low = 0;
    uint32_t high = audience->runner_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((uintptr_t)audience->runners[middle] < (uintptr_t)runner)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < audience->runner_count && audience->runners[low] == runner;
    return found ? low : audience->runner_count;
}
