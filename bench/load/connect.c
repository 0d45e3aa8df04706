#include "bench/load/connect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "bench/load/load.h"
#include "bench/load/schedule.h"

#define STALLED_RECEIVE_BYTES 4096
#define TURN_US 1000

static bool is_to_stall(const struct load *load, const struct peer *peer)
{
    return peer->follower != PEER_NOBODY &&
           peer->follower >= load->options->followers - load->options->stalled;
}

static void open_peer(struct load *load, struct peer *peer, uint64_t due_us)
{
    struct protocol_wish wish = {load->crowd, peer, load->options->wildcard};
    struct buf path = {0};
    if (load->protocol->path != NULL)
        load->protocol->path(&wish, &path);
    else
        CHECK(buf_append_text(&path, "/") == 0);
    CHECK(buf_append(&path, span_of("", 1)) == 0);
    struct peer_target target = {
        .port = (uint16_t)load->options->port,
        .path = (const char *)path.data,
        .subprotocol = load->protocol->subprotocol,
        .tls = load->tls,
        .receive_bytes = is_to_stall(load, peer) ? STALLED_RECEIVE_BYTES : 0,
    };
    peer->due_us = due_us;
    if (peer_open(peer, &target) < 0) {
        load->failed++;
        if (load->options->trace)
            fprintf(stderr, "not opened: %s\n", strerror(errno));
    }
    buf_fini(&path);
}

/* Open what is due and has room in the window; returns when to look again. */
static uint64_t open_due(struct load *load, struct schedule *schedule)
{
    while (schedule->taken < load->peer_count) {
        uint64_t due_us = schedule_next_us(schedule);
        uint64_t on_their_way = schedule->taken - load->ready - load->failed - load->closed;
        if (due_us > clock_monotonic_us())
            return due_us;
        if (on_their_way >= load->options->connect_window)
            break;
        open_peer(load, &load->peers[schedule->taken], due_us);
        schedule->taken++;
    }
    return clock_monotonic_us() + TURN_US;
}

/* After the last attempt: who is not ready has failed; who is may stall. True when a follower is ready. */
static bool sort_out(struct load *load)
{
    bool any = false;
    for (uint32_t i = 0; i < load->peer_count; i++) {
        struct peer *peer = &load->peers[i];
        bool is_there = peer->is_ready && peer->state == PEER_OPEN;
        if (!is_there && peer->state != PEER_CLOSED) {
            peer_drop(peer);
            load->failed++;
        }
        if (peer->follower == PEER_NOBODY)
            continue;
        any = any || is_there;
        if (is_there && is_to_stall(load, peer))
            peer_stall(peer);
        if (!is_there || is_to_stall(load, peer))
            account_exclude(load->account, peer->follower);
    }
    return any;
}

bool connect_all(struct load *load)
{
    struct schedule schedule = {clock_monotonic_us(), load->options->connect_rate, 0};
    uint64_t end_us = schedule.start_us + load->options->connect_ms * 1000;
    while (load->ready + load->failed < load->peer_count && clock_monotonic_us() < end_us) {
        uint64_t next_us = open_due(load, &schedule);
        load_turn(load, next_us < end_us ? next_us : end_us);
    }
    load->connect_us = clock_monotonic_us() - schedule.start_us;
    return sort_out(load);
}
