#include "cli/simulation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/client_loop.h"
#include "cli/printable.h"
#include "proto/seed.h"

#define STEPS_PER_TURN 256
#define RETRY_MS 1

enum phase { CONNECTING, PUBLISHING, SETTLING, CLOSING };

enum user_state { USER_IDLE, USER_CONNECTING, USER_FOLLOWING, USER_GONE };

struct user {
    struct ws_client client;
    struct simulation *simulation;
    uint32_t number;
    enum user_state state;
};

struct simulation {
    struct simulation_options options;
    struct client_loop loop;
    struct user *users; /* owned */
    struct ledger *ledger;
    struct latency latency;
    struct seed_message message; /* reused */
    struct buf text;             /* reused */
    enum phase phase;
    struct step step; /* the next to publish */
    bool has_step;
    uint32_t begun;   /* users whose connection was begun */
    uint32_t opening; /* users on their way to follow */
    uint32_t connected;
    uint32_t disconnected;
    uint64_t errors;
    uint64_t start_us;
    uint64_t end_us; /* of the publishing and settling; 0 before */
    uint64_t settle_until_ms;
    uint64_t next_second_ms;
    char failure[160];
};

static struct user *user_of(struct ws_client *client)
{
    return (struct user *)(void *)((char *)client - offsetof(struct user, client));
}

static uint64_t elapsed_us(const struct simulation *sim)
{
    if (sim->phase == CONNECTING || sim->start_us == 0)
        return 0;
    return (sim->end_us != 0 ? sim->end_us : clock_monotonic_us()) - sim->start_us;
}

struct simulation_state simulation_state(const struct simulation *sim)
{
    struct simulation_state state = {
        .connected = sim->connected,
        .disconnected = sim->disconnected,
        .errors = sim->errors,
        .totals = ledger_totals(sim->ledger),
        .elapsed_us = elapsed_us(sim),
        .latency = &sim->latency,
        .race = scenario_race(sim->options.scenario),
    };
    memcpy(state.failure, sim->failure, sizeof state.failure);
    return state;
}

static void begin_closing(struct simulation *sim, bool in_order)
{
    if (sim->phase != CLOSING && sim->start_us != 0)
        sim->end_us = clock_monotonic_us();
    sim->phase = CLOSING;
    for (uint32_t i = 0; i < sim->begun; i++) {
        if (in_order)
            ws_client_close(&sim->users[i].client, WS_CLOSE_NORMAL, "");
        else
            ws_client_abort(&sim->users[i].client);
    }
    client_loop_finish(&sim->loop);
}

static void could_not_connect(struct simulation *sim, const char *why)
{
    if (sim->failure[0] == '\0')
        snprintf(sim->failure, sizeof sim->failure, "%s", why);
    begin_closing(sim, false);
}

/* --- publishing --- */

static void check_settled(struct simulation *sim)
{
    struct ledger_totals totals = ledger_totals(sim->ledger);
    if (sim->phase == SETTLING && totals.delivered == totals.expected)
        begin_closing(sim, true);
}

static void begin_settling(struct simulation *sim)
{
    if (sim->phase != PUBLISHING)
        return;
    sim->phase = SETTLING;
    sim->settle_until_ms = worker_now_ms(sim->loop.worker) + sim->options.settle_ms;
    check_settled(sim);
}

static int encode_step(struct simulation *sim, const struct step *step, struct ledger_place place)
{
    struct position position = {
        .runner_is_number = true,
        .lat = {.real = place.lat_deg},
        .lng = {.real = place.lng_deg},
    };
    runner_id_set_integer(&position.runner, step->runner);
    sim->text.len = 0;
    return seed_encode(&position, &sim->text);
}

/* False: the socket is full, try again. A user that was cut off publishes nothing. */
static bool publish(struct simulation *sim, const struct step *step)
{
    struct ledger_place place = {.lat_deg = step->lat_deg, .lng_deg = step->lng_deg};
    place = ledger_stamp(sim->ledger, step->runner, place);
    int err = encode_step(sim, step, place);
    CHECK(err == 0); /* a few bytes of our own */
    err = ws_client_send_text(&sim->users[step->runner].client, buf_span(&sim->text));
    if (err == ERR_FULL)
        return false;
    if (err < 0)
        return true;
    uint64_t at_us =
        sim->options.has_schedule ? sim->start_us + step->due_us : clock_monotonic_us();
    CHECK(ledger_publish(sim->ledger, step->runner, place, at_us) == 0);
    return true;
}

static bool is_time_over(const struct simulation *sim)
{
    return sim->options.duration_us != 0 && elapsed_us(sim) >= sim->options.duration_us;
}

static void publish_what_is_due(struct simulation *sim)
{
    for (int budget = STEPS_PER_TURN; budget > 0; budget--) {
        if (!sim->has_step)
            sim->has_step = scenario_next(sim->options.scenario, &sim->step);
        if (!sim->has_step || is_time_over(sim)) {
            begin_settling(sim);
            return;
        }
        uint64_t now_us = elapsed_us(sim);
        if (sim->step.due_us > now_us) {
            client_loop_pulse_in(&sim->loop, (sim->step.due_us - now_us + 999) / 1000);
            return;
        }
        if (!publish(sim, &sim->step)) {
            client_loop_pulse_in(&sim->loop, RETRY_MS);
            return;
        }
        sim->has_step = false;
    }
    client_loop_pulse_in(&sim->loop, 0);
}

static void on_pulse(void *context)
{
    struct simulation *sim = context;
    if (sim->phase == PUBLISHING)
        publish_what_is_due(sim);
}

static void begin_publishing(struct simulation *sim)
{
    sim->phase = PUBLISHING;
    sim->start_us = clock_monotonic_us();
    sim->next_second_ms = worker_now_ms(sim->loop.worker) + 1000;
    client_loop_pulse_in(&sim->loop, 0);
}

/* --- users --- */

static void connect_more(struct simulation *sim);

static int send_follow(struct user *user)
{
    struct simulation *sim = user->simulation;
    uint32_t count = sim->options.follow;
    struct runner_id *ids = mem_try(count * sizeof *ids);
    if (ids == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        runner_id_set_integer(&ids[i], (int64_t)user->number + i);
    sim->text.len = 0;
    int err = seed_encode_follow(ids, count, false, &sim->text);
    mem_free(ids);
    return err < 0 ? err : ws_client_send_text(&user->client, buf_span(&sim->text));
}

/* The server works in order: when it answers the ping, it knows what the user follows. */
static void on_open(struct ws_client *client)
{
    struct user *user = user_of(client);
    int err = send_follow(user);
    if (err == 0)
        err = ws_client_ping(client, span_of(NULL, 0));
    if (err < 0)
        could_not_connect(user->simulation, err_text(err));
}

static void on_pong(struct ws_client *client, struct span payload)
{
    (void)payload;
    struct user *user = user_of(client);
    struct simulation *sim = user->simulation;
    if (user->state != USER_CONNECTING || sim->phase != CONNECTING)
        return;
    user->state = USER_FOLLOWING;
    sim->opening--;
    sim->connected++;
    if (sim->connected == sim->options.users)
        begin_publishing(sim);
    else
        connect_more(sim);
}

static bool read_number(const struct runner_id *id, uint32_t *number)
{
    uint64_t value = 0;
    for (size_t i = 0; i < id->len; i++) {
        if (id->text[i] < '0' || id->text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(id->text[i] - '0');
        if (value > UINT32_MAX)
            return false;
    }
    *number = (uint32_t)value;
    return true;
}

static double degrees_of(const struct coordinate *coordinate)
{
    return coordinate->is_integer ? (double)coordinate->integer : coordinate->real;
}

static void account(struct user *user, const struct position *position)
{
    struct simulation *sim = user->simulation;
    struct ledger_receipt receipt = {
        .user = user->number,
        .place = {.lat_deg = degrees_of(&position->lat), .lng_deg = degrees_of(&position->lng)},
    };
    if (!read_number(&position->runner, &receipt.runner))
        receipt.runner = UINT32_MAX;
    uint64_t published_us;
    if (ledger_receive(sim->ledger, &receipt, &published_us) == LEDGER_UNEXPECTED)
        return;
    uint64_t now_us = clock_monotonic_us();
    latency_add(&sim->latency, now_us > published_us ? now_us - published_us : 0);
    check_settled(sim);
}

static void print_receipt(const struct user *user, struct span text)
{
    printf("user %u got ", user->number);
    printable_write(stdout, text);
    putchar('\n');
}

static void on_message(struct ws_client *client, struct span text)
{
    static const struct seed_limits limits = {.max_ids = 1};
    struct user *user = user_of(client);
    struct simulation *sim = user->simulation;
    if (sim->options.is_verbose)
        print_receipt(user, text);
    struct fault fault;
    int err = seed_decode(text, &limits, &sim->message, &fault);
    if (err == 0 && sim->message.kind == SEED_POSITION) {
        account(user, &sim->message.position);
        return;
    }
    sim->errors++;
    LOG(LOG_WARN, "simulate.message", NO_SESSION, "user %u got %.*s", user->number, (int)text.len,
        (const char *)text.data);
}

static void on_lost(struct user *user, const char *why)
{
    struct simulation *sim = user->simulation;
    user->state = USER_GONE;
    if (sim->phase == CLOSING)
        return;
    if (sim->phase == CONNECTING) {
        could_not_connect(sim, why);
        return;
    }
    sim->disconnected++;
    LOG(LOG_WARN, "simulate.lost", NO_SESSION, "user %u: %s", user->number, why);
    if (sim->disconnected == sim->connected)
        begin_closing(sim, true);
}

static void on_close(struct ws_client *client, uint16_t code, struct span reason)
{
    char why[160];
    snprintf(why, sizeof why, "the server closed with %u %.*s", code, (int)reason.len,
             (const char *)reason.data);
    on_lost(user_of(client), why);
}

static void on_fail(struct ws_client *client, const char *reason)
{
    on_lost(user_of(client), reason);
}

static void on_released(struct ws_client *client)
{
    client_loop_released(&user_of(client)->simulation->loop);
}

static const struct ws_client_events client_events = {
    .on_open = on_open,
    .on_message = on_message,
    .on_pong = on_pong,
    .on_close = on_close,
    .on_fail = on_fail,
    .on_released = on_released,
};

static void connect_more(struct simulation *sim)
{
    while (sim->phase == CONNECTING && sim->begun < sim->options.users &&
           sim->opening < sim->options.connect_window) {
        struct user *user = &sim->users[sim->begun];
        int err =
            ws_client_connect(&user->client, sim->loop.worker, sim->options.client, &client_events);
        if (err < 0) {
            could_not_connect(sim, err == ERR_SYSTEM ? strerror(errno) : err_text(err));
            return;
        }
        user->state = USER_CONNECTING;
        client_loop_held(&sim->loop);
        sim->begun++;
        sim->opening++;
    }
}

/* --- the loop --- */

static void on_tick(void *context, uint64_t now_ms)
{
    struct simulation *sim = context;
    for (uint32_t i = 0; i < sim->begun; i++)
        ws_client_tick(&sim->users[i].client, now_ms);
    if (sim->phase == SETTLING && now_ms >= sim->settle_until_ms)
        begin_closing(sim, true);
    if (sim->options.on_second != NULL && sim->phase != CLOSING && now_ms >= sim->next_second_ms) {
        struct simulation_state state = simulation_state(sim);
        sim->options.on_second(sim->options.context, &state);
        sim->next_second_ms += 1000;
    }
}

static void on_interrupt(void *context)
{
    struct simulation *sim = context;
    if (sim->phase == PUBLISHING)
        begin_settling(sim);
    else if (sim->phase == CONNECTING)
        could_not_connect(sim, "interrupted");
    else
        begin_closing(sim, false);
}

static const struct client_loop_events loop_events = {
    .on_pulse = on_pulse,
    .on_tick = on_tick,
    .on_interrupt = on_interrupt,
};

static void init_users(struct simulation *sim)
{
    for (uint32_t i = 0; i < sim->options.users; i++) {
        sim->users[i].simulation = sim;
        sim->users[i].number = i;
    }
}

struct simulation *simulation_new(const struct simulation_options *options)
{
    struct simulation *sim = mem_try(sizeof *sim);
    if (sim == NULL)
        return NULL;
    sim->options = *options;
    sim->ledger = ledger_new(options->users, options->follow);
    sim->users = mem_try(options->users * sizeof *sim->users);
    if (sim->ledger == NULL || sim->users == NULL ||
        client_loop_init(&sim->loop, &loop_events, sim) < 0) {
        simulation_free(&sim);
        return NULL;
    }
    init_users(sim);
    return sim;
}

void simulation_free(struct simulation **simulation)
{
    struct simulation *sim = *simulation;
    *simulation = NULL;
    if (sim == NULL)
        return;
    client_loop_fini(&sim->loop);
    ledger_free(&sim->ledger);
    mem_free(sim->users);
    seed_message_fini(&sim->message);
    buf_fini(&sim->text);
    mem_free(sim);
}

void simulation_run(struct simulation *sim)
{
    sim->next_second_ms = worker_now_ms(sim->loop.worker) + 1000;
    connect_more(sim);
    client_loop_run(&sim->loop);
}
