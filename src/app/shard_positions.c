/* Positions that a shard's own sessions publish, and those that come from the other shards. */
#include "app/shard_events.h"

#include "app/relay.h"
#include "base/clock.h"

/* Fix time, where the dialect gives none: arrival, which never goes back. */
static int64_t arrival_ms(struct shard *shard)
{
    int64_t now_ms = clock_wall_ms();
    if (now_ms > shard->arrival_ms)
        shard->arrival_ms = now_ms;
    return shard->arrival_ms;
}

int shard_publish_here(struct shard *shard, struct position *position)
{
    if (position->time_is_arrival)
        position->time_ms = arrival_ms(shard);
    return hub_publish(shard->hub, position, worker_now_ms(shard->worker));
}

int shard_publish(struct shard *shard, struct position *position)
{
    int result = shard_publish_here(shard, position);
    if (result != 0)
        return result;
    metrics_add(shard->metrics, METRIC_positions_received_total, 1);
    return relay_add(shard->relay, position);
}
