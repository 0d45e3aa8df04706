/*
 * What the seed dialect costs: a message's text to its meaning and back, and the whole way in, from masked bytes to a position
 * in the hub that nobody follows.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/mem.h"
#include "bench/lib/bench.h"
#include "codec/ws_frame.h"
#include "codec/ws_message.h"
#include "hub/hub.h"
#include "proto/seed.h"

#define MESSAGES 100
#define FOLLOWED 50
#define TEXT_BYTES 128

static const struct seed_limits limits = {.max_ids = 1000};
static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};

struct messages {
    struct position positions[MESSAGES];
    struct buf texts[MESSAGES]; /* owned */
    struct buf wire;            /* owned; the texts as masked frames */
    struct buf out;             /* owned */
    struct seed_message message;
    struct ws_reader reader;
    struct ws_gather gather;
    struct hub *hub; /* owned */
};

static size_t sink_send(void *owner, const struct span *spans, size_t count)
{
    (void)owner;
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += spans[i].len;
    return bytes;
}

static void sink_keep(void *owner, struct span rest)
{
    (void)owner;
    (void)rest;
}

static void put_message(struct messages *it, size_t i, bool is_follow)
{
    struct runner_id ids[FOLLOWED];
    for (size_t id = 0; id < FOLLOWED; id++)
        ids[id] = bench_position((uint32_t)(i + id), 0).runner;
    int err = is_follow ? seed_encode_follow(ids, FOLLOWED, false, &it->texts[i])
                        : seed_encode(&it->positions[i], &it->texts[i]);
    CHECK(err == 0);
    CHECK(ws_write(&it->wire, WS_TEXT, buf_span(&it->texts[i]), mask) == 0);
}

/* Positions as they are, or as a browser computes them: all digits that a double has. */
enum digits { DIGITS_7, DIGITS_ALL };
struct kind {
    enum digits digits;
    bool is_follow;
};

static void *messages_setup(const void *shape)
{
    const struct kind *kind = shape;
    struct messages *it = mem_must(sizeof *it);
    struct hub_options options = {.sink = {.send = sink_send, .keep = sink_keep}, .flush_sends = 1};
    it->hub = hub_new(&options);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        it->positions[i] = bench_position(i, i);
        if (kind->digits == DIGITS_ALL) {
            it->positions[i].lat.real += 1e-9 / 3;
            it->positions[i].lng.real += 1e-9 / 7;
        }
        put_message(it, i, kind->is_follow);
    }
    ws_reader_init(&it->reader, WS_SERVER);
    return it;
}

static void messages_teardown(void *bench)
{
    struct messages *it = bench;
    for (size_t i = 0; i < MESSAGES; i++)
        buf_fini(&it->texts[i]);
    buf_fini(&it->wire);
    buf_fini(&it->out);
    seed_message_fini(&it->message);
    ws_gather_fini(&it->gather);
    hub_free(&it->hub);
    mem_free(it);
}

static uint64_t decode_run(void *bench, uint64_t rounds)
{
    struct messages *it = bench;
    struct fault fault;
    for (uint64_t i = 0; i < rounds * MESSAGES; i++) {
        struct span text = buf_span(&it->texts[i % MESSAGES]);
        CHECK(seed_decode(text, &limits, &it->message, &fault) == 0);
    }
    return rounds * MESSAGES;
}

/* What a usual position is spared. */
static uint64_t decode_json_run(void *bench, uint64_t rounds)
{
    struct messages *it = bench;
    struct fault fault;
    for (uint64_t i = 0; i < rounds * MESSAGES; i++) {
        struct span text = buf_span(&it->texts[i % MESSAGES]);
        CHECK(seed_decode_json(text, &limits, &it->message, &fault) == 0);
    }
    return rounds * MESSAGES;
}

static uint64_t jansson_run(void *bench, uint64_t rounds)
{
    struct messages *it = bench;
    for (uint64_t i = 0; i < rounds * MESSAGES; i++) {
        const struct buf *text = &it->texts[i % MESSAGES];
        json_t *root = json_loadb((const char *)text->data, text->len, 0, NULL);
        CHECK(root != NULL);
        json_decref(root);
    }
    return rounds * MESSAGES;
}

static uint64_t encode_run(void *bench, uint64_t rounds)
{
    struct messages *it = bench;
    for (uint64_t i = 0; i < rounds * MESSAGES; i++) {
        it->out.len = 0;
        CHECK(seed_encode_frame(&it->positions[i % MESSAGES], &it->out) == 0);
    }
    return rounds * MESSAGES;
}

/* What one would write first; it gives digits that nobody sent. */
static uint64_t snprintf_run(void *bench, uint64_t rounds)
{
    struct messages *it = bench;
    char text[TEXT_BYTES];
    for (uint64_t i = 0; i < rounds * MESSAGES; i++) {
        const struct position *position = &it->positions[i % MESSAGES];
        snprintf(text, sizeof text, "{\"userId\":%.*s,\"lat\":%.17g,\"lng\":%.17g}",
                 (int)position->runner.len, position->runner.text, position->lat.real,
                 position->lng.real);
        bench_touch(text);
    }
    return rounds * MESSAGES;
}

/* --- the whole way in ----------------------------------------------------------------------------------------------- */

static void take_message(struct messages *it, struct span text, uint64_t now_ms)
{
    struct fault fault;
    CHECK(seed_decode(text, &limits, &it->message, &fault) == 0);
    it->message.position.time_ms = (int64_t)now_ms;
    CHECK(hub_publish(it->hub, &it->message.position, now_ms) == 0);
}

static uint64_t take_all(struct messages *it, uint64_t now_ms)
{
    uint64_t count = 0;
    for (size_t at = 0, taken; at < it->out.len; at += taken) {
        struct ws_piece piece;
        struct span text;
        enum ws_read result =
            ws_read(&it->reader, it->out.data + at, it->out.len - at, 65536, &taken, &piece);
        CHECK(result == WS_READ_PIECE);
        CHECK(ws_gather_add(&it->gather, &piece, &text) == 1);
        take_message(it, text, now_ms);
        count++;
    }
    return count;
}

static uint64_t ingest_run(void *bench, uint64_t rounds)
{
    struct messages *it = bench;
    uint64_t count = 0;
    for (uint64_t i = 0; i < rounds; i++) {
        it->out.len = 0;
        CHECK(buf_append(&it->out, buf_span(&it->wire)) == 0);
        count += take_all(it, i);
        CHECK(!hub_flush(it->hub, i));
    }
    return count;
}

/* -------------------------------------------------------------------------------------------------------------------- */

static const struct kind usual = {DIGITS_7, false};
static const struct kind all_digits = {DIGITS_ALL, false};
static const struct kind follows = {DIGITS_7, true};

#define CASE(case_name, operation_of, rounds_of, shape_of, run_of, peer_of, peer_name_of)          \
    {                                                                                              \
        .name = case_name, .operation = operation_of, .rounds = rounds_of, .shape = shape_of,      \
        .setup = messages_setup, .teardown = messages_teardown, .run = run_of,                     \
        .peer_name = peer_name_of, .peer = peer_of                                                 \
    }

static const struct bench_case cases[] = {
    CASE("seed.decode", "seed_decode() of a position", 300, &usual, decode_run, decode_json_run,
         "decode_json"),
    CASE("seed.decode_digits", "the same, 15 digits and more", 300, &all_digits, decode_run,
         decode_json_run, "decode_json"),
    CASE("seed.decode_json", "seed_decode_json() of a position", 50, &usual, decode_json_run,
         jansson_run, "json_loadb()"),
    CASE("seed.decode_follow", "seed_decode() of a follow message, 50 ids", 5, &follows, decode_run,
         jansson_run, "json_loadb()"),
    CASE("seed.encode", "seed_encode_frame() of a position", 300, &usual, encode_run, snprintf_run,
         "snprintf()"),
    CASE("seed.encode_digits", "the same, 15 digits and more", 300, &all_digits, encode_run,
         snprintf_run, "snprintf()"),
    CASE("seed.ingest", "masked bytes to hub_publish(), one position", 300, &usual, ingest_run,
         NULL, NULL),
};

int main(int argc, char **argv)
{
    json_object_seed(
        1); /* else jansson draws one, and the chains of its tables differ from run to run */
    return bench_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
