#include "bench/load/load.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/mem.h"
#include "bench/load/connect.h"
#include "bench/load/publish.h"

#define SCRATCH_BYTES (256U << 10)
#define EVENTS_PER_TURN 64
#define SETTLE_TURN_US 1000

/* --- what peers tell ------------------------------------------------------------------------------------------------ */

static uint64_t since_due_us(const struct peer *peer)
{
    uint64_t now_us = clock_monotonic_us();
    return now_us > peer->due_us ? now_us - peer->due_us : 0;
}

static void on_ready(struct peer *peer)
{
    struct load *load = peer->ctx;
    if (peer->is_ready)
        return;
    peer->is_ready = true;
    load->ready++;
    latency_add(&load->greeted, since_due_us(peer));
}

static void on_position(struct peer *peer, struct span text)
{
    struct load *load = peer->ctx;
    struct stamp stamp;
    if (peer->follower == PEER_NOBODY || !stamp_read(text, &stamp)) {
        load->strange++;
        if (load->options->trace)
            fprintf(stderr, "strange: %.*s\n", (int)text.len, (const char *)text.data);
        return;
    }
    load->received++;
    account_receive(load->account, peer->follower, &stamp, clock_monotonic_us());
}

static const struct protocol_sink sink = {.ready = on_ready, .position = on_position};

static void on_opened(struct peer *peer)
{
    struct load *load = peer->ctx;
    struct protocol_wish wish = {load->crowd, peer, load->options->wildcard};
    load->opened++;
    latency_add(&load->handshake, since_due_us(peer));
    load->protocol->greet(&wish, peer, &sink);
}

static void on_message(struct peer *peer, struct span message)
{
    struct load *load = peer->ctx;
    load->protocol->take(peer, message, &sink);
}

static void on_closed(struct peer *peer, const char *why)
{
    struct load *load = peer->ctx;
    if (load->options->trace)
        fprintf(stderr, "closed: %s\n", why);
    if (!peer->is_ready) {
        load->failed++;
        return;
    }
    load->closed++;
    load->closed_stalled += peer->is_stalled;
}

static const struct peer_events events = {
    .opened = on_opened,
    .message = on_message,
    .pong = on_ready,
    .closed = on_closed,
};

/* --- the whole ------------------------------------------------------------------------------------------------------ */

static void number_peers(struct load *load)
{
    const struct crowd *crowd = load->crowd;
    bool publishes = load->options->rate > 0;
    uint32_t alone = publishes && !load->options->users ? crowd->runners : 0;
    load->peer_count = alone + crowd->followers;
    load->peers = mem_must(load->peer_count * sizeof *load->peers);
    for (uint32_t i = 0; i < load->peer_count; i++) {
        struct peer *peer = &load->peers[i];
        peer->events = &events;
        peer->ctx = load;
        peer->epoll = load->epoll;
        peer->stream.fd = -1;
        peer->follower = i < alone ? PEER_NOBODY : i - alone;
        peer->runner = publishes && (i < alone || load->options->users) ? i : PEER_NOBODY;
    }
}

struct load *load_new(const struct load_options *options)
{
    struct load *load = mem_must(sizeof *load);
    load->options = options;
    load->epoll = -1;
    load->protocol = protocol_find(options->protocol);
    load->crowd = crowd_new(options);
    if (load->protocol == NULL || load->crowd == NULL ||
        process_list_read(&load->server, options->watch) < 0) {
        fputs(load->protocol == NULL ? "--protocol is none that is known\n"
              : load->crowd == NULL  ? "--draw is none that is known\n"
                                     : "--watch is no list of processes\n",
              stderr);
        load_free(&load);
        return NULL;
    }
    load->tls = options->tls ? stream_context_new() : NULL;
    load->account = account_new(load->crowd, options->star_ms > 0);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(load->epoll >= 0 && buf_reserve(&load->scratch, SCRATCH_BYTES) == 0);
    number_peers(load);
    return load;
}

void load_free(struct load **load)
{
    struct load *it = *load;
    if (it == NULL)
        return;
    for (uint32_t i = 0; i < it->peer_count; i++)
        peer_drop(&it->peers[i]);
    if (it->epoll >= 0)
        close(it->epoll);
    SSL_CTX_free(it->tls);
    buf_fini(&it->scratch);
    account_free(&it->account);
    crowd_free(&it->crowd);
    mem_free(it->peers);
    mem_free(it);
    *load = NULL;
}

void load_turn(struct load *load, uint64_t until_us)
{
    struct epoll_event ready[EVENTS_PER_TURN];
    uint64_t now_us = clock_monotonic_us();
    uint64_t wait_us = until_us > now_us ? until_us - now_us : 0;
    struct timespec wait = {(time_t)(wait_us / 1000000), (long)(wait_us % 1000000) * 1000};
    int count = epoll_pwait2(load->epoll, ready, EVENTS_PER_TURN, &wait, NULL);
    for (int i = 0; i < count; i++)
        peer_turn(ready[i].data.ptr, ready[i].events, &load->scratch);
}

struct load_sample load_sample(const struct load *load)
{
    return (struct load_sample){
        .now_us = clock_monotonic_us(),
        .received = load->received,
        .server_cpu_us = process_cpu_us(&load->server),
        .own_cpu_us = process_own_cpu_us(),
        .own_wait_us = process_own_wait_us(),
    };
}

static struct load_sample sample_with_memory(const struct load *load)
{
    struct load_sample sample = load_sample(load);
    sample.server_memory_bytes = process_memory_bytes(&load->server);
    sample.socket_memory_bytes = process_socket_memory_bytes();
    return sample;
}

static void settle(struct load *load)
{
    uint64_t end_us = clock_monotonic_us() + load->options->settle_ms * 1000;
    uint64_t now_us;
    while ((now_us = clock_monotonic_us()) < end_us && !account_is_complete(load->account))
        load_turn(load, now_us + SETTLE_TURN_US);
}

bool load_run(struct load *load)
{
    load->before = sample_with_memory(load);
    if (!connect_all(load))
        return false;
    load->connected = load_sample(load);
    publish_for(load, load->options->warm_up_ms);
    account_begin(load->account);
    load->begin = load_sample(load);
    publish_for(load, load->options->duration_ms);
    load->end = sample_with_memory(load);
    settle(load);
    return true;
}
