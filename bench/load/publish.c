#include "bench/load/publish.h"

#include "base/clock.h"
#include "bench/load/load.h"
#include "bench/load/schedule.h"

#define MAX_QUEUED_BYTES (1U << 20)
#define SENDS_PER_TURN 64

/* Runner 0 apart when it is a star. */
struct publishing {
    struct schedule crowd;
    struct schedule star;
    uint64_t end_us;
};

static uint32_t next_runner(const struct load *load, const struct schedule *schedule)
{
    uint32_t first = load->options->star_ms > 0 ? 1 : 0;
    return first + (uint32_t)(schedule->taken % (load->crowd->runners - first));
}

static void send_one(struct load *load, uint32_t runner, uint64_t due_us)
{
    struct peer *peer = &load->peers[runner];
    char text[STAMP_TEXT_BYTES];
    if (peer->state != PEER_OPEN || peer->out.len > MAX_QUEUED_BYTES) {
        load->skipped++;
        return;
    }
    uint64_t now_us = clock_monotonic_us();
    latency_add(&load->lag, now_us - due_us);
    struct stamp stamp = account_send(load->account, runner, now_us);
    load->protocol->publish(peer, runner, stamp_write(stamp, text));
}

/* Send what is due, at most so many; returns when the next is. */
static uint64_t send_due(struct load *load, struct publishing *it)
{
    uint64_t next_us = schedule_next_us(&it->star);
    if (next_us <= clock_monotonic_us() && next_us < it->end_us) {
        it->star.taken++;
        send_one(load, 0, next_us);
    }
    for (unsigned sent = 0; sent < SENDS_PER_TURN; sent++) {
        next_us = schedule_next_us(&it->crowd);
        if (next_us > clock_monotonic_us() || next_us >= it->end_us)
            break;
        uint32_t runner = next_runner(load, &it->crowd);
        it->crowd.taken++;
        send_one(load, runner, next_us);
    }
    uint64_t star_us = schedule_next_us(&it->star);
    return star_us < next_us ? star_us : next_us;
}

void publish_for(struct load *load, uint64_t duration_ms)
{
    uint64_t start_us = clock_monotonic_us();
    double star_rate = load->options->star_ms > 0 ? 1000.0 / (double)load->options->star_ms : 0;
    struct publishing it = {
        .crowd = {start_us, load->options->rate, 0},
        .star = {start_us, load->options->rate > 0 ? star_rate : 0, 0},
        .end_us = start_us + duration_ms * 1000,
    };
    /* What was due before the end is sent, also when the generator is late. */
    for (;;) {
        uint64_t next_us = send_due(load, &it);
        uint64_t now_us = clock_monotonic_us();
        if (now_us >= it.end_us && next_us >= it.end_us)
            return;
        load_turn(load, next_us < it.end_us ? next_us : it.end_us);
    }
}
