/*
 * watch: `spectate watch`, a follower for people and scripts: a line per position.
 *
 * Happy path: connect -> follow -> print ... until Ctrl-C or --count. When the connection breaks or can't be made, it
 * is tried again after a jittered, growing pause, and everything is followed again; what was published meanwhile is not
 * seen.
 */
#include <stddef.h>
#include <stdio.h>

#include "app/ws_client.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "base/hash.h"
#include "cli/backoff.h"
#include "cli/client_loop.h"
#include "cli/commands.h"
#include "cli/option_table.h"
#include "cli/position_line.h"
#include "cli/printable.h"
#include "cli/watch_options.h"
#include "proto/seed.h"

#define QUIET_MS 30000

struct watch {
    struct ws_client client;
    struct client_loop loop;
    struct ws_client_options client_options;
    const struct watch_options *options;
    struct backoff backoff;
    struct seed_message message; /* reused */
    uint64_t printed;
    bool is_ending;
};

static struct watch *watch_of(struct ws_client *client)
{
    return (struct watch *)(void *)((char *)client - offsetof(struct watch, client));
}

static void end(struct watch *watch)
{
    watch->is_ending = true;
    ws_client_close(&watch->client, WS_CLOSE_NORMAL, "");
    client_loop_finish(&watch->loop);
}

static void complain(const char *what, struct span peer_text)
{
    fprintf(stderr, "watch: %s", what);
    printable_write(stderr, peer_text);
    fputc('\n', stderr);
}

static void on_open(struct ws_client *client)
{
    struct watch *watch = watch_of(client);
    const struct watch_options *options = watch->options;
    struct buf text = {0};
    int err = seed_encode_follow(options->ids, options->id_count, options->wants_snapshot, &text);
    if (err == 0)
        err = ws_client_send_text(client, buf_span(&text));
    buf_fini(&text);
    if (err < 0)
        ws_client_abort(client);
}

static void print(struct watch *watch, struct position *position)
{
    position->time_ms = clock_wall_ms();
    if (watch->options->is_json)
        position_line_json(stdout, position);
    else
        position_line_text(stdout, position);
    bool is_reader_gone = fflush(stdout) != 0;
    watch->printed++;
    if (is_reader_gone || watch->printed == watch->options->count)
        end(watch);
}

static void on_message(struct ws_client *client, struct span text)
{
    static const struct seed_limits limits = {.max_ids = 1};
    struct watch *watch = watch_of(client);
    if (watch->is_ending)
        return;
    struct fault fault;
    int err = seed_decode(text, &limits, &watch->message, &fault);
    if (err == 0 && watch->message.kind == SEED_POSITION) {
        backoff_reset(&watch->backoff);
        print(watch, &watch->message.position);
        return;
    }
    complain("the server says: ", text);
}

static void on_close(struct ws_client *client, uint16_t code, struct span reason)
{
    if (!watch_of(client)->is_ending)
        fprintf(stderr, "watch: the server closed the connection: %u %.*s\n", code, (int)reason.len,
                (const char *)reason.data);
}

static void on_fail(struct ws_client *client, const char *reason)
{
    if (!watch_of(client)->is_ending)
        fprintf(stderr, "watch: %s\n", reason);
}

static void try_again_later(struct watch *watch)
{
    uint64_t in_ms = backoff_next_ms(&watch->backoff);
    fprintf(stderr, "watch: trying again in %.1f s\n", (double)in_ms / 1000);
    client_loop_pulse_in(&watch->loop, in_ms);
}

static void on_released(struct ws_client *client)
{
    struct watch *watch = watch_of(client);
    if (!watch->is_ending)
        try_again_later(watch);
    client_loop_released(&watch->loop);
}

static const struct ws_client_events client_events = {
    .on_open = on_open,
    .on_message = on_message,
    .on_close = on_close,
    .on_fail = on_fail,
    .on_released = on_released,
};

static void connect_to_server(struct watch *watch)
{
    int err = ws_client_connect(&watch->client, watch->loop.worker, &watch->client_options,
                                &client_events);
    if (err == 0) {
        client_loop_held(&watch->loop);
        return;
    }
    fprintf(stderr, "watch: %s\n", err_text(err));
    try_again_later(watch);
}

static void on_pulse(void *context)
{
    connect_to_server(context);
}

static void on_tick(void *context, uint64_t now_ms)
{
    struct watch *watch = context;
    ws_client_tick(&watch->client, now_ms);
}

/* A second time: don't wait for the server's answer to our close. */
static void on_interrupt(void *context)
{
    struct watch *watch = context;
    if (watch->is_ending)
        ws_client_abort(&watch->client);
    end(watch);
}

static const struct client_loop_events loop_events = {
    .on_pulse = on_pulse,
    .on_tick = on_tick,
    .on_interrupt = on_interrupt,
};

static uint64_t draw_seed(void)
{
    uint64_t now_us = clock_monotonic_us();
    return hash_bytes(hash_key_random(), &now_us, sizeof now_us);
}

int watch_main(int argc, char **argv)
{
    struct watch_options options = watch_options_parse(argc, argv);
    struct watch watch = {
        .client_options = server_options_resolve(&options.server, "watch"),
        .options = &options,
        .backoff = backoff_seeded(draw_seed()),
    };
    watch.client_options.quiet_ms = QUIET_MS;
    int status = EXIT_CODE_NOT_STARTED;
    if (client_loop_init(&watch.loop, &loop_events, &watch) == 0) {
        connect_to_server(&watch);
        client_loop_run(&watch.loop);
        status = EXIT_CODE_OK;
    }
    client_loop_fini(&watch.loop);
    seed_message_fini(&watch.message);
    ws_client_options_fini(&watch.client_options);
    watch_options_fini(&options);
    return status;
}
