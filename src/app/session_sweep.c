/* What time does to a session: deadlines, signs of life, patience with the slow. */
#include "app/session_phase.h"

#include "app/rests.h"
#include "app/session_access.h"
#include "app/shard.h"
#include "codec/ws_probe.h"

#define PINGS_BEFORE_CLOSE 2

/*
 * A full socket is slow, not dead: it is not asked for a sign of life that it could not give. Nor is one closed that has not
 * read what is under way to it; but pings go on, so that the kernel finds out when nobody is there any more. The ping has a number,
 * as its answer shows that what the hub asks in this way will be answered too.
 */
static void check_heartbeat(struct session *session)
{
    uint32_t quiet_ms = session_now_ms(session) - session->heard_ms;
    uint64_t interval_ms = session->shard->options->heartbeat_interval_ms;
    uint64_t patience_ms = interval_ms * (session->pings_missed + 1U);
    if (quiet_ms < patience_ms || conn_is_full(&session->conn))
        return;
    if (session_handler_of(session)->on_quiet != NULL) {
        session_handler_of(session)->on_quiet(session);
        session->heard_ms = session_now_ms(session);
        return;
    }
    if (session->pings_missed >= PINGS_BEFORE_CLOSE && !hub_is_held(&session->follower)) {
        session_close(session, CLOSE_heartbeat_timeout);
        return;
    }
    if (session->pings_missed < UINT8_MAX)
        session->pings_missed++;
    metrics_add(session->shard->metrics, METRIC_pings_sent_total, 1);
    uint8_t ping[WS_PROBE_BYTES];
    session_write(session, span_of(ping, ws_probe_write(HUB_PROBE_OF_OWNER, ping)));
}

/* While it is open, the deadline is when it was last seen to keep up. */
static void check_slowness(struct session *session)
{
    uint64_t slow_close_ms = session->shard->options->slow_close_ms;
    bool is_slow =
        session->follower.behind || conn_is_full(&session->conn) || hub_is_held(&session->follower);
    if (session->state != SESSION_OPEN || slow_close_ms == 0 || session_lacks_permit(session))
        return;
    if (!is_slow)
        session->deadline_ms = session_now_ms(session);
    else if (session_now_ms(session) - session->deadline_ms >= slow_close_ms)
        session_close(session, CLOSE_too_slow);
}

void session_sweep(struct session *session)
{
    if (session->state == SESSION_GONE)
        return;
    rests_tidy(session);
    if (session->is_doomed) {
        session_count_fault(session, FAULT_out_of_memory);
        session_part(session, CLOSE_out_of_memory, SESSION_PART_AT_ONCE);
    } else if (session->state == SESSION_OPEN) {
        check_heartbeat(session);
        check_slowness(session);
        if (session->state == SESSION_OPEN && session_handler_of(session)->on_sweep != NULL)
            session_handler_of(session)->on_sweep(session);
        session_check_access(session);
    } else if (session_awaits_keys(session) || session->is_resting ||
               (int32_t)(session_now_ms(session) - session->deadline_ms) < 0) {
        return;
    } else if (session->state == SESSION_HTTP) {
        session_http_timeout(session);
    } else {
        session_part(session, (enum close_reason)session->reason, SESSION_PART_AT_ONCE);
    }
}
