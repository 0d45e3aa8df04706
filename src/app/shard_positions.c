/* Positions that a shard's own sessions publish, and those that come from the other shards. */
#include "app/shard_events.h"

#include "app/relay.h"
#include "base/clock.h"

/*
 * Where the dialect gives no fix time it is the arrival, once and for all workers: by the clock they share, fine enough to tell apart
 * what one client sends after the other, wherever it is connected. Here it never goes back.
 */
static void stamp_arrival(struct shard *shard, struct position *position)
{
    int64_t now_us = clock_wall_us();
    if (now_us > shard->arrival_us)
        shard->arrival_us = now_us;
    position->time_ms = shard->arrival_us / 1000;
    position->time_rest_us = (uint16_t)(shard->arrival_us % 1000);
}

int shard_publish_here(struct shard *shard, const struct position *position)
{
    return hub_publish(shard->hub, position, worker_now_ms(shard->worker));
}

int shard_publish(struct shard *shard, struct position *position)
{
    if (position->time_is_arrival)
        stamp_arrival(shard, position);
    position->origin = (uint16_t)shard->index;
    position->sequence = ++shard->sequence;
    int result = shard_publish_here(shard, position);
    if (result != 0)
        return result;
    metrics_add(shard->metrics, METRIC_positions_received_total, 1);
    return relay_add(shard->relay, position);
}
