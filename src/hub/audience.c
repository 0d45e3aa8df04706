#include "hub/audience.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "hub/speech.h"

static size_t key_bytes(uint32_t count)
{
    return count * sizeof(struct runner *);
}

/* slots[i] is the place of this audience among the links of runners[i]. */
static uint32_t *slots_of(struct audience *audience)
{
    return (uint32_t *)(void *)(audience->runners + audience->runner_count);
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

static struct audience *make(const struct runner_table *table, struct speech *speech, uint32_t hash,
                             struct runner *const *runners, uint32_t count)
{
    struct audience *audience =
        mem_try(sizeof *audience + key_bytes(count) + count * sizeof(uint32_t));
    if (audience == NULL)
        return NULL;
    audience->speech = speech;
    audience->hash = hash;
    audience->runner_count = count;
    audience->member_capacity = 1;
    memcpy(audience->runners, runners, key_bytes(count));
    if (reserve_links(runners, count) < 0 || speech_add(speech, audience) < 0) {
        mem_free(audience);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        slots_of(audience)[i] = runner_link(table, runners[i], audience);
    return audience;
}

struct audience *audience_ensure(const struct runner_table *table, struct speech *speech,
                                 struct runner *const *runners, uint32_t count)
{
    CHECK(count > 0);
    uint32_t hash = speech_hash(runners, count);
    struct audience *audience = speech_find(speech, hash, runners, count);
    return audience != NULL ? audience : make(table, speech, hash, runners, count);
}

static struct follower **members_of(struct audience *audience)
{
    return audience->member_capacity == 1 ? &audience->members.one : audience->members.many;
}

void audience_free_if_left(struct audience *audience)
{
    if (!audience->is_dead || audience->is_dirty || audience->is_waiting)
        return;
    batch_drop(audience->pending);
    batch_drop(audience->tail);
    batch_drop(audience->flushing);
    if (audience->member_capacity > 1)
        mem_free(audience->members.many);
    mem_free(audience);
}

void audience_remove(struct audience *audience, struct runner_table *runners)
{
    CHECK(audience->member_count == 0 && !audience->is_dead);
    for (uint32_t i = 0; i < audience->runner_count; i++) {
        struct runner *runner = audience->runners[i];
        uint32_t slot = slots_of(audience)[i];
        struct audience *moved = runner_unlink(runners, runner, slot);
        if (moved != NULL)
            slots_of(moved)[audience_index_of(moved, runner)] = slot;
        runner_release(runners, runner);
    }
    speech_remove(audience->speech, audience);
    audience->is_dead = true;
    audience_free_if_left(audience);
}

struct follower *audience_member(const struct audience *audience, uint32_t index)
{
    return audience->member_capacity == 1 ? audience->members.one : audience->members.many[index];
}

int audience_reserve_member(struct audience *audience)
{
    if (audience->member_count < audience->member_capacity)
        return 0;
    bool was_inline = audience->member_capacity == 1;
    uint32_t capacity = audience->member_capacity * 2;
    struct follower **members = mem_try_resize(was_inline ? NULL : audience->members.many,
                                               capacity * sizeof(struct follower *));
    if (members == NULL)
        return ERR_NO_MEMORY;
    if (was_inline)
        members[0] = audience->members.one;
    audience->members.many = members;
    audience->member_capacity = capacity;
    return 0;
}

static void put(struct audience *audience, uint32_t index, struct follower *follower)
{
    members_of(audience)[index] = follower;
    follower->index = index;
}

void audience_join(struct audience *audience, struct follower *follower)
{
    CHECK(audience->member_count < audience->member_capacity);
    follower->audience = audience;
    follower->heard = audience->probe;
    audience->behind_count += follower->behind;
    audience->has_joined = true;
    put(audience, audience->member_count++, follower);
}

/* While a flush is under way, the members before flush_at are those already served, and stay so. */
void audience_leave(struct audience *audience, struct follower *follower)
{
    struct follower **members = members_of(audience);
    uint32_t hole = follower->index;
    CHECK(hole < audience->member_count && members[hole] == follower);
    if (audience->flushing != NULL && hole < audience->flush_at) {
        put(audience, hole, members[--audience->flush_at]);
        hole = audience->flush_at;
    }
    put(audience, hole, members[--audience->member_count]);
    audience->behind_count -= follower->behind;
    follower->audience = NULL;
    follower->index = 0;
}

int audience_reserve(struct audience *audience, size_t bytes, size_t *queued_bytes)
{
    if (audience->pending == NULL)
        audience->pending = batch_new(queued_bytes);
    if (audience->pending == NULL)
        return ERR_NO_MEMORY;
    return batch_reserve(&audience->pending, bytes);
}

/* A batch counts on what it begins with being followed by no gap; and what a pace leaves out is never accepted. */
bool audience_is_asleep(const struct audience *audience)
{
    return audience->behind_count == audience->member_count && !audience_has_pending(audience) &&
           audience->speech->pace_ms == 0;
}

void audience_append(struct audience *audience, struct span encoded, uint64_t version)
{
    struct batch *pending = audience->pending;
    if (pending->bytes == 0)
        pending->count_start = audience->accepted;
    if (audience->speech->dialect->seal == NULL)
        batch_append(pending, encoded, version);
    else
        batch_append_element(pending, encoded, version);
    audience->accepted++;
}

void audience_append_notice(struct audience *audience, struct span frame, uint64_t version)
{
    struct batch *pending = audience->pending;
    if (pending->bytes == 0)
        pending->count_start = audience->accepted;
    batch_append_notice(pending, frame, version);
}

bool audience_has_pending(const struct audience *audience)
{
    return audience->pending != NULL && audience->pending->bytes > 0;
}

void audience_seal(struct audience *audience, uint64_t now_ms)
{
    struct batch *batch = audience->pending;
    CHECK(audience->flushing == NULL && audience_has_pending(audience));
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
