#include "cli/replayer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/client_loop.h"
#include "proto/seed.h"

#define POINTS_PER_TURN 256
#define RETRY_MS 1
#define MAX_UNDERWAY 256
#define SHORTEST_GAP_US 200 /* 5000 a second: half of what a server allows one session by default */

enum phase { CONNECTING, PUBLISHING, SETTLING, CLOSING };

/* A runner, or the follower, who has no track. */
struct player {
    struct ws_client client;
    struct replayer *replayer;
    const struct replayer_track *track; /* NULL: the follower */
    struct track_point next;
    uint64_t earliest_us; /* when `next` may go out: SHORTEST_GAP_US after the one before it */
    bool has_next;
    bool is_lost;
    bool is_asked; /* a ping was sent behind the last point */
    bool is_heard; /* and answered: the server has them all */
    struct sequence published;
    struct sequence received;
};

struct replayer {
    struct replayer_options options;
    struct client_loop loop;
    struct player *players; /* owned; the tracks', then the follower */
    size_t player_count;
    struct seed_message message; /* reused */
    struct buf text;             /* reused */
    enum phase phase;
    size_t ready;
    size_t begun;
    uint64_t errors;
    uint64_t start_us;
    uint64_t settle_until_ms;
    uint64_t underway;   /* published, and not with the follower yet */
    uint64_t arrived_ms; /* when the follower last got something */
    char failure[160];
};

static struct player *player_of(struct ws_client *client)
{
    return (struct player *)(void *)((char *)client - offsetof(struct player, client));
}

static void begin_closing(struct replayer *replayer, bool in_order)
{
    replayer->phase = CLOSING;
    for (size_t i = 0; i < replayer->begun; i++) {
        if (in_order)
            ws_client_close(&replayer->players[i].client, WS_CLOSE_NORMAL, "");
        else
            ws_client_abort(&replayer->players[i].client);
    }
    client_loop_finish(&replayer->loop);
}

static void could_not_connect(struct replayer *replayer, const char *why)
{
    if (replayer->failure[0] == '\0')
        snprintf(replayer->failure, sizeof replayer->failure, "%s", why);
    begin_closing(replayer, false);
}

/* --- publishing --- */

/* A runner's points are with the server, and the follower has them. */
static bool is_settled(const struct player *player, bool is_followed)
{
    bool has_arrived = !is_followed || player->received.count >= player->published.count;
    return has_arrived && (player->is_heard || player->is_lost);
}

static void check_settled(struct replayer *replayer)
{
    if (replayer->phase != SETTLING)
        return;
    for (size_t i = 0; i < replayer->options.count; i++) {
        if (!is_settled(&replayer->players[i], replayer->options.is_following))
            return;
    }
    begin_closing(replayer, true);
}

/* A server that does not read can't be asked yet: again with the next tick. */
static void ask_runners(struct replayer *replayer)
{
    for (size_t i = 0; i < replayer->options.count; i++) {
        struct player *player = &replayer->players[i];
        if (!player->is_asked)
            player->is_asked = ws_client_ping(&player->client, span_of(NULL, 0)) == 0;
    }
}

static void begin_settling(struct replayer *replayer)
{
    replayer->phase = SETTLING;
    replayer->settle_until_ms = worker_now_ms(replayer->loop.worker) + replayer->options.settle_ms;
    ask_runners(replayer);
    check_settled(replayer);
}

/* On the replay's own clock, from its start. However fast, a server must not have to take it for a flood. */
static uint64_t due_us(const struct replayer *replayer, const struct player *player)
{
    if (replayer->options.speed == 0)
        return player->earliest_us;
    double track_ms = (double)(player->track->start_ms + player->next.due_ms);
    uint64_t track_us = (uint64_t)(track_ms * 1000 / replayer->options.speed);
    return track_us > player->earliest_us ? track_us : player->earliest_us;
}

/* Few tracks, so a look at each is quick. As fast as can be, they take turns by the tracks' clock. */
static struct player *find_next(const struct replayer *replayer)
{
    struct player *next = NULL;
    uint64_t next_ms = 0;
    for (size_t i = 0; i < replayer->options.count; i++) {
        struct player *player = &replayer->players[i];
        uint64_t at_ms = player->track->start_ms + player->next.due_ms;
        if (player->has_next && !player->is_lost && (next == NULL || at_ms < next_ms)) {
            next = player;
            next_ms = at_ms;
        }
    }
    return next;
}

/* False: the socket is full, try again. */
static bool publish(struct replayer *replayer, struct player *player)
{
    struct position position = {
        .runner = player->track->id,
        .runner_is_number = runner_id_is_integer(&player->track->id),
        .lat = {.real = player->next.lat_deg},
        .lng = {.real = player->next.lng_deg},
    };
    replayer->text.len = 0;
    CHECK(seed_encode(&position, &replayer->text) == 0); /* a few bytes of our own */
    int err = ws_client_send_text(&player->client, buf_span(&replayer->text));
    if (err == ERR_FULL)
        return false;
    if (err == 0) {
        sequence_add(&player->published, player->next.lat_deg, player->next.lng_deg);
        replayer->underway++;
    }
    player->earliest_us = due_us(replayer, player) + SHORTEST_GAP_US;
    player->has_next = track_file_next(player->track->file, &player->next);
    return true;
}

/*
 * As fast as can be is as fast as the follower gets it: a server may skip positions for one that lies far behind. When
 * nothing arrives for as long as we would settle, it never will.
 */
static bool must_wait_for_follower(const struct replayer *replayer)
{
    uint64_t waited_ms = worker_now_ms(replayer->loop.worker) - replayer->arrived_ms;
    return replayer->options.is_following && replayer->options.speed == 0 &&
           replayer->underway >= MAX_UNDERWAY && waited_ms < replayer->options.settle_ms;
}

static void publish_what_is_due(struct replayer *replayer)
{
    for (int budget = POINTS_PER_TURN; budget > 0; budget--) {
        struct player *player = find_next(replayer);
        if (player == NULL) {
            begin_settling(replayer);
            return;
        }
        uint64_t now_us = clock_monotonic_us() - replayer->start_us;
        uint64_t at_us = due_us(replayer, player);
        if (at_us > now_us) {
            client_loop_pulse_in(&replayer->loop, (at_us - now_us + 999) / 1000);
            return;
        }
        if (must_wait_for_follower(replayer) || !publish(replayer, player)) {
            client_loop_pulse_in(&replayer->loop, RETRY_MS);
            return;
        }
    }
    client_loop_pulse_in(&replayer->loop, 0);
}

static void on_pulse(void *context)
{
    struct replayer *replayer = context;
    if (replayer->phase == PUBLISHING)
        publish_what_is_due(replayer);
}

static void begin_publishing(struct replayer *replayer)
{
    replayer->phase = PUBLISHING;
    replayer->start_us = clock_monotonic_us();
    replayer->arrived_ms = worker_now_ms(replayer->loop.worker);
    client_loop_pulse_in(&replayer->loop, 0);
}

/* --- clients --- */

static int send_follow(struct replayer *replayer, struct player *follower)
{
    struct runner_id *ids = mem_must(replayer->options.count * sizeof *ids);
    for (size_t i = 0; i < replayer->options.count; i++)
        ids[i] = replayer->options.tracks[i].id;
    replayer->text.len = 0;
    int err = seed_encode_follow(ids, replayer->options.count, false, &replayer->text);
    mem_free(ids);
    return err < 0 ? err : ws_client_send_text(&follower->client, buf_span(&replayer->text));
}

/* The server works in order: when it answers the ping, it knows what the follower follows. */
static void on_open(struct ws_client *client)
{
    struct player *player = player_of(client);
    int err = player->track == NULL ? send_follow(player->replayer, player) : 0;
    if (err == 0)
        err = ws_client_ping(client, span_of(NULL, 0));
    if (err < 0)
        could_not_connect(player->replayer, err_text(err));
}

static void on_pong(struct ws_client *client, struct span payload)
{
    (void)payload;
    struct player *player = player_of(client);
    struct replayer *replayer = player->replayer;
    player->is_heard = player->is_asked;
    if (replayer->phase == CONNECTING && ++replayer->ready == replayer->player_count)
        begin_publishing(replayer);
    check_settled(replayer);
}

static struct player *find_runner(const struct replayer *replayer, const struct runner_id *id)
{
    for (size_t i = 0; i < replayer->options.count; i++) {
        const struct runner_id *own = &replayer->options.tracks[i].id;
        if (own->len == id->len && memcmp(own->text, id->text, id->len) == 0)
            return &replayer->players[i];
    }
    return NULL;
}

static double degrees_of(const struct coordinate *coordinate)
{
    return coordinate->is_integer ? (double)coordinate->integer : coordinate->real;
}

static void receive(struct replayer *replayer, struct player *runner, struct position *position)
{
    sequence_add(&runner->received, degrees_of(&position->lat), degrees_of(&position->lng));
    replayer->underway -= replayer->underway > 0;
    replayer->arrived_ms = worker_now_ms(replayer->loop.worker);
    position->time_ms = clock_wall_ms();
    if (replayer->options.on_position != NULL)
        replayer->options.on_position(position);
    check_settled(replayer);
}

static void on_message(struct ws_client *client, struct span text)
{
    static const struct seed_limits limits = {.max_ids = 1};
    struct replayer *replayer = player_of(client)->replayer;
    struct position *position = &replayer->message.position;
    struct fault fault;
    int err = seed_decode(text, &limits, &replayer->message, &fault);
    struct player *runner = err == 0 && replayer->message.kind == SEED_POSITION
                                ? find_runner(replayer, &position->runner)
                                : NULL;
    if (runner != NULL) {
        receive(replayer, runner, position);
        return;
    }
    replayer->errors++;
    LOG(LOG_WARN, "replay.message", NO_SESSION, "the server says: %.*s", (int)text.len,
        (const char *)text.data);
}

static void on_lost(struct player *player, const char *why)
{
    struct replayer *replayer = player->replayer;
    if (replayer->phase == CLOSING)
        return;
    player->is_lost = true;
    if (replayer->phase == CONNECTING) {
        could_not_connect(replayer, why);
        return;
    }
    LOG(LOG_WARN, "replay.lost", NO_SESSION, "%s: %s",
        player->track == NULL ? "the follower" : "a runner", why);
    if (player->track == NULL)
        begin_closing(replayer, true);
}

static void on_close(struct ws_client *client, uint16_t code, struct span reason)
{
    char why[160];
    snprintf(why, sizeof why, "the server closed with %u %.*s", code, (int)reason.len,
             (const char *)reason.data);
    on_lost(player_of(client), why);
}

static void on_fail(struct ws_client *client, const char *reason)
{
    on_lost(player_of(client), reason);
}

static void on_released(struct ws_client *client)
{
    client_loop_released(&player_of(client)->replayer->loop);
}

static const struct ws_client_events client_events = {
    .on_open = on_open,
    .on_message = on_message,
    .on_pong = on_pong,
    .on_close = on_close,
    .on_fail = on_fail,
    .on_released = on_released,
};

static void connect_all(struct replayer *replayer)
{
    while (replayer->begun < replayer->player_count) {
        struct player *player = &replayer->players[replayer->begun];
        int err = ws_client_connect(&player->client, replayer->loop.worker,
                                    replayer->options.client, &client_events);
        if (err < 0) {
            could_not_connect(replayer, err == ERR_SYSTEM ? strerror(errno) : err_text(err));
            return;
        }
        client_loop_held(&replayer->loop);
        replayer->begun++;
    }
}

/* --- the loop --- */

static void on_tick(void *context, uint64_t now_ms)
{
    struct replayer *replayer = context;
    for (size_t i = 0; i < replayer->begun; i++)
        ws_client_tick(&replayer->players[i].client, now_ms);
    if (replayer->phase != SETTLING)
        return;
    ask_runners(replayer);
    if (now_ms >= replayer->settle_until_ms)
        begin_closing(replayer, true);
}

static void on_interrupt(void *context)
{
    struct replayer *replayer = context;
    if (replayer->phase == PUBLISHING)
        begin_settling(replayer);
    else if (replayer->phase == CONNECTING)
        could_not_connect(replayer, "interrupted");
    else
        begin_closing(replayer, false);
}

static const struct client_loop_events loop_events = {
    .on_pulse = on_pulse,
    .on_tick = on_tick,
    .on_interrupt = on_interrupt,
};

static void init_players(struct replayer *replayer)
{
    for (size_t i = 0; i < replayer->player_count; i++) {
        struct player *player = &replayer->players[i];
        player->replayer = replayer;
        if (i == replayer->options.count)
            continue;
        player->track = &replayer->options.tracks[i];
        player->has_next = track_file_next(player->track->file, &player->next);
    }
}

struct replayer *replayer_new(const struct replayer_options *options)
{
    struct replayer *replayer = mem_must(sizeof *replayer);
    replayer->options = *options;
    replayer->player_count = options->count + options->is_following;
    replayer->players = mem_must(replayer->player_count * sizeof *replayer->players);
    if (client_loop_init(&replayer->loop, &loop_events, replayer) < 0)
        replayer_free(&replayer);
    else
        init_players(replayer);
    return replayer;
}

void replayer_free(struct replayer **replayer)
{
    if (*replayer == NULL)
        return;
    client_loop_fini(&(*replayer)->loop);
    seed_message_fini(&(*replayer)->message);
    buf_fini(&(*replayer)->text);
    mem_free((*replayer)->players);
    mem_free(*replayer);
    *replayer = NULL;
}

bool replayer_run(struct replayer *replayer)
{
    connect_all(replayer);
    client_loop_run(&replayer->loop);
    return replayer->failure[0] == '\0';
}

const char *replayer_failure(const struct replayer *replayer)
{
    return replayer->failure;
}

struct replayer_result replayer_result(const struct replayer *replayer, size_t track)
{
    CHECK(track < replayer->options.count);
    const struct player *player = &replayer->players[track];
    return (struct replayer_result){
        .published = player->published,
        .received = player->received,
        .is_lost = player->is_lost || !player->is_heard,
    };
}

uint64_t replayer_errors(const struct replayer *replayer)
{
    return replayer->errors;
}
