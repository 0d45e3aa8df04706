/* The gauges of a shard, and the totals of its hub. */
#include "app/shard.h"

#include "app/access.h"
#include "app/archive.h"
#include "app/resume.h"
#include "app/storage.h"
#include "net/tls_context.h"

static size_t queued_bytes(const struct shard *shard)
{
    size_t bytes = 0;
    for (const struct session *at = shard->sessions; at != NULL; at = at->next)
        bytes += conn_queued(&at->conn) + ws_gather_bytes(&at->gather);
    return bytes;
}

/* There is one store: the first shard tells of it. */
static void refresh_kept(struct shard *shard)
{
    if (shard->archive == NULL)
        return;
    metrics_set(shard->metrics, METRIC_sessions_resuming, resumes_count(shard->resumes));
    metrics_set(shard->metrics, METRIC_positions_not_put_total, archive_not_put(shard->archive));
    if (shard->index == 0)
        storage_refresh_metrics(shard->store, shard->metrics);
}

void shard_refresh_metrics(struct shard *shard)
{
    struct metrics *metrics = shard->metrics;
    struct hub_stats stats = hub_stats(shard->hub);
    size_t resumed = shard->resumes != NULL ? resumes_bytes(shard->resumes) : 0;
    metrics_set(metrics, METRIC_connections, shard->session_count + shard->doorstep_count);
    metrics_set(metrics, METRIC_sessions, shard->open_count);
    metrics_set(metrics, METRIC_worker_sessions, shard->open_count);
    metrics_set(metrics, METRIC_event_streams, shard->stream_count);
    metrics_set(metrics, METRIC_followers, stats.followers);
    metrics_set(metrics, METRIC_behind_followers, stats.behind);
    metrics_set(metrics, METRIC_slow_followers, stats.slow);
    metrics_set(metrics, METRIC_audiences, stats.audiences);
    metrics_set(metrics, METRIC_runners, stats.runners);
    metrics_set(metrics, METRIC_sessions_awaiting_keys, access_parked(shard->access));
    metrics_set(metrics, METRIC_sessions_resting, shard->rests.count);
    metrics_set(metrics, METRIC_tls_handshakes_waiting, worker_handshakes_waiting(shard->worker));
    if (shard->tls != NULL)
        metrics_set(metrics, METRIC_tls_certificate_expiry_seconds,
                    (uint64_t)tls_context_expires_s(shard->tls));
    metrics_set(metrics, METRIC_answer_bytes, shard->answer_bytes);
    metrics_set(metrics, METRIC_upload_bytes, shard->upload_bytes);
    metrics_set(metrics, METRIC_queued_bytes, stats.queued_bytes + queued_bytes(shard) + resumed);
    metrics_set(metrics, METRIC_positions_late_total, stats.late);
    metrics_set(metrics, METRIC_positions_delivered_total, stats.delivered);
    metrics_set(metrics, METRIC_positions_superseded_total, stats.superseded);
    metrics_set(metrics, METRIC_sends_total, stats.sends);
    metrics_set(metrics, METRIC_follow_moves_total, stats.moved);
    refresh_kept(shard);
}
