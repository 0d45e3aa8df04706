/* Positions that a shard's own sessions publish, and those that come from the other shards. */
#include "app/shard_events.h"

#include "app/relay.h"
#include "base/clock.h"

int shard_publish_here(struct shard *shard, const struct position *position)
{
    arrival_hear(&shard->arrivals, position);
    return hub_publish(shard->hub, position, worker_now_ms(shard->worker));
}

int shard_publish(struct shard *shard, struct position *position)
{
    if (position->time_is_arrival)
        arrival_stamp(&shard->arrivals, position, clock_wall_us());
    position->origin = (uint16_t)shard->index;
    position->sequence = ++shard->sequence;
    int result = shard_publish_here(shard, position);
    if (result != 0)
        return result;
    metrics_add(shard->metrics, METRIC_positions_received_total, 1);
    return relay_add(shard->relay, position);
}
