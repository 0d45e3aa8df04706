/* Positions that a shard's own sessions publish, and those that come from the other shards. */
#include "app/shard_events.h"

#include "app/archive.h"
#include "app/relay.h"
#include "base/clock.h"
#include "course/jump.h"

#define AHEAD_MAX_MS 1000

int shard_publish_here(struct shard *shard, const struct position *position)
{
    arrival_hear(&shard->arrivals, position);
    return hub_publish(shard->hub, position, worker_now_ms(shard->worker));
}

/* Without memory it is shown when it is renewed. */
void shard_show_kept(struct shard *shard, const struct position *position, uint64_t came_ms)
{
    arrival_hear(&shard->arrivals, position);
    (void)hub_publish(shard->hub, position, came_ms);
}

static bool find_place(const struct position *position, struct jump_place *place)
{
    place->time_ms = position->time_ms;
    return position_to_e7(position, &place->lat_e7, &place->lng_e7);
}

/* Of the newest that was known before; there need not have been one. */
static uint8_t jump_flag(const struct position *before, const struct position *position)
{
    struct jump_place from;
    struct jump_place to;
    return find_place(before, &from) && find_place(position, &to) && jump_is_between(&from, &to)
               ? STORE_JUMP
               : 0;
}

/*
 * Positions of one message without a time, or whose device is ahead, have all come now; but of one runner and one millisecond the store
 * has one. So each is a millisecond behind the one before, within bounds: whoever sends thousands a second is not given the future.
 */
static void keep_apart(const struct position *before, struct position *position, int64_t now_ms)
{
    if (!position->time_is_arrival || position->time_ms != before->time_ms ||
        position->time_ms >= now_ms + AHEAD_MAX_MS)
        return;
    position->time_ms++;
    position->time_rest_us = 0;
}

/* To the hub and to the archive. A duplicate too, as nobody knows yet whether the first one could be stored. */
static int publish_and_keep(struct shard *shard, struct position *position)
{
    struct position before;
    int64_t now_ms = clock_wall_ms();
    bool had_one = hub_newest(shard->hub, &position->runner, &before);
    if (had_one)
        keep_apart(&before, position, now_ms);
    int result = shard_publish_here(shard, position);
    if (result < 0)
        return result;
    uint8_t flags = result != 0 ? STORE_LATE : 0;
    if (result == 0 && had_one)
        flags = jump_flag(&before, position);
    archive_add(shard->archive, position, now_ms, flags);
    return result;
}

static int publish(struct shard *shard, struct position *position)
{
    if (position->time_is_arrival)
        arrival_stamp(&shard->arrivals, position, clock_wall_us());
    position->origin = (uint16_t)shard->index;
    position->sequence = ++shard->sequence;
    int result = shard->archive != NULL ? publish_and_keep(shard, position)
                                        : shard_publish_here(shard, position);
    if (result != 0)
        return result;
    metrics_add(shard->metrics, METRIC_positions_received_total, 1);
    return relay_add(shard->relay, position);
}

int shard_publish(struct shard *shard, struct position *positions, size_t count, size_t *done)
{
    int result = 0;
    if (shard->archive != NULL)
        archive_begin(shard->archive, count);
    for (*done = 0; *done < count && result >= 0; ++*done)
        result = publish(shard, &positions[*done]);
    if (result < 0)
        --*done;
    return result < 0 ? result : 0;
}

/* What of it does not get to another shard now, as that has stalled, is shown there again until it is erased anew. */
void shard_forget(struct shard *shard, const struct runner_id *id)
{
    bool has_more;
    if (shard->archive != NULL)
        archive_post(shard->archive);
    metrics_add(shard->metrics, METRIC_positions_squashed_total,
                relay_post(shard->relay, &has_more));
    hub_forget(shard->hub, id);
}
