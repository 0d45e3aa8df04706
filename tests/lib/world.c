#include "tests/lib/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"

/*
 * A frame: magic, length of it all (2 bytes), length of the id, id, number (8), time (8), padding, sum of all that. Both
 * lengths are small enough for the sum to notice a frame that something else was written into. A probe: no id, number (4).
 * A change of status: the status in place of the id's length, id. Several positions: flags in place of the id's length, applied (8), superseded (8), and the frames of the positions.
 */
#define MAGIC_COMPACT 0xA1
#define MAGIC_BULKY 0xB2
#define MAGIC_PROBE 0xC3
#define MAGIC_PACKED 0xD4
#define MAGIC_NOTICE 0xE5
#define PACKED_IS_SNAPSHOT 1
#define PACKED_HAS_APPLIED 2
#define BULKY_PADDING 200
#define PADDING_BYTE 0x5A
#define HEAD_BYTES 4
#define TURN_FLUSHES 100000

static void check_failed_of(const char *what, const char *file, int line)
{
    check_failed(what, file, line);
}

static void (*tell_broken)(const char *what, const char *file, int line) = check_failed_of;

/* encode() of a dialect has no context of its own. */
static uint64_t encodings;

#define BROKEN(what) tell_broken(what, __FILE__, __LINE__)
#define MUST(condition) ((condition) ? (void)0 : BROKEN(#condition))

void world_tell_broken(void (*tell)(const char *what, const char *file, int line))
{
    tell_broken = tell;
}

static void *must(void *memory)
{
    CHECK(memory != NULL);
    return memory;
}

struct moment at(int64_t number)
{
    return (struct moment){.number = number, .time_ms = number * 1000};
}

struct runner_id runner_id_of(const char *text)
{
    struct runner_id id = {0};
    size_t len = strlen(text);
    CHECK(len > 0 && len <= RUNNER_ID_BYTES);
    id.len = (uint8_t)len;
    memcpy(id.text, text, len);
    return id;
}

/* Frames. */

static uint8_t sum_of(const uint8_t *bytes, size_t len)
{
    unsigned sum = 7;
    for (size_t i = 0; i < len; i++)
        sum = sum * 31 + bytes[i];
    return (uint8_t)sum;
}

static size_t frame_len_of(uint8_t magic, size_t id_len)
{
    return HEAD_BYTES + id_len + 16 + (magic == MAGIC_BULKY ? BULKY_PADDING : 0) + 1;
}

static int encode(uint8_t magic, const struct position *position, struct buf *out)
{
    uint8_t frame[512];
    size_t id_len = position->runner.len;
    size_t len = frame_len_of(magic, id_len);
    encodings++;
    frame[0] = magic;
    frame[1] = (uint8_t)(len >> 8);
    frame[2] = (uint8_t)len;
    frame[3] = (uint8_t)id_len;
    memcpy(frame + HEAD_BYTES, position->runner.text, id_len);
    uint8_t *numbers = frame + HEAD_BYTES + id_len;
    memcpy(numbers, &position->lat.integer, 8);
    memcpy(numbers + 8, &position->time_ms, 8);
    memset(numbers + 16, PADDING_BYTE, len - (HEAD_BYTES + id_len + 16));
    frame[len - 1] = sum_of(frame, len - 1);
    return buf_append(out, span_of(frame, len));
}

static int encode_compact(const struct position *position, struct buf *out)
{
    return encode(MAGIC_COMPACT, position, out);
}

static int encode_bulky(const struct position *position, struct buf *out)
{
    return encode(MAGIC_BULKY, position, out);
}

#define PROBE_FRAME_BYTES (HEAD_BYTES + 4 + 1)

static size_t write_probe(uint32_t number, uint8_t *out)
{
    const uint8_t head[HEAD_BYTES] = {MAGIC_PROBE, 0, PROBE_FRAME_BYTES, 0};
    memcpy(out, head, HEAD_BYTES);
    memcpy(out + HEAD_BYTES, &number, 4);
    out[PROBE_FRAME_BYTES - 1] = sum_of(out, PROBE_FRAME_BYTES - 1);
    return PROBE_FRAME_BYTES;
}

#define PACKED_HEAD_BYTES (HEAD_BYTES + 16)

static int seal(void *context, const struct hub_seal *how, struct span elements, struct buf *out)
{
    (void)context;
    uint8_t head[PACKED_HEAD_BYTES] = {MAGIC_PACKED};
    size_t len = sizeof head + elements.len + 1;
    MUST(len <= WORLD_FRAME_MAX_BYTES);
    MUST(how->origins <= 1);
    head[1] = (uint8_t)(len >> 8);
    head[2] = (uint8_t)len;
    head[3] = (uint8_t)((how->is_snapshot ? PACKED_IS_SNAPSHOT : 0) |
                        (how->applied != NULL ? PACKED_HAS_APPLIED : 0));
    if (how->applied != NULL)
        memcpy(head + HEAD_BYTES, how->applied, 8);
    memcpy(head + HEAD_BYTES + 8, &how->superseded, 8);
    size_t begin = out->len;
    CHECK(buf_append(out, span_of(head, sizeof head)) == 0);
    CHECK(buf_append(out, elements) == 0);
    uint8_t sum = sum_of(out->data + begin, len - 1);
    return buf_append(out, span_of(&sum, 1));
}

static size_t write_status(const struct position *newest, enum runner_status status, uint8_t *out)
{
    size_t len = HEAD_BYTES + newest->runner.len + 1U;
    const uint8_t head[HEAD_BYTES] = {MAGIC_NOTICE, 0, (uint8_t)len, (uint8_t)status};
    memcpy(out, head, HEAD_BYTES);
    memcpy(out + HEAD_BYTES, newest->runner.text, newest->runner.len);
    out[len - 1] = sum_of(out, len - 1);
    return len;
}

const struct hub_dialect dialect_packed = {.encode = encode_compact,
                                           .seal = seal,
                                           .write_status = write_status,
                                           .write_probe = write_probe};
const struct hub_dialect dialect_compact = {.encode = encode_compact, .write_probe = write_probe};
const struct hub_dialect dialect_bulky = {.encode = encode_bulky, .write_probe = write_probe};

static uint8_t magic_of(const struct hub_dialect *dialect)
{
    return dialect == &dialect_bulky ? MAGIC_BULKY : MAGIC_COMPACT;
}

size_t frame_bytes(const struct hub_dialect *dialect, const char *id)
{
    size_t around = dialect == &dialect_packed ? PACKED_HEAD_BYTES + 1 : 0;
    return frame_len_of(magic_of(dialect), strlen(id)) + around;
}

/* The reader. */

static void peer_note_arrival(struct peer *peer, const uint8_t *frame, uint64_t end)
{
    if (peer->arrival_count == peer->arrival_capacity) {
        peer->arrival_capacity = peer->arrival_capacity == 0 ? 16 : peer->arrival_capacity * 2;
        peer->arrivals =
            must(realloc(peer->arrivals, peer->arrival_capacity * sizeof *peer->arrivals));
    }
    struct arrival *arrival = &peer->arrivals[peer->arrival_count++];
    *arrival = (struct arrival){.end = end};
    arrival->runner.len = frame[3];
    memcpy(arrival->runner.text, frame + HEAD_BYTES, arrival->runner.len);
    const uint8_t *numbers = frame + HEAD_BYTES + arrival->runner.len;
    memcpy(&arrival->moment.number, numbers, 8);
    memcpy(&arrival->moment.time_ms, numbers + 8, 8);
    peer->world->arrivals++;
}

static void peer_note_probe(struct peer *peer, uint64_t end)
{
    if (peer->probe_count == peer->probe_capacity) {
        peer->probe_capacity = peer->probe_capacity == 0 ? 16 : peer->probe_capacity * 2;
        peer->probes = must(realloc(peer->probes, peer->probe_capacity * sizeof *peer->probes));
    }
    struct probe_seen *probe = &peer->probes[peer->probe_count++];
    probe->end = end;
    memcpy(&probe->number, peer->frame + HEAD_BYTES, sizeof probe->number);
}

/* Its reader may be told less than all only as long as it was never told anything. */
static void peer_check_sealed(const struct peer *peer, const struct sealed *now)
{
    if (!now->has_applied)
        return;
    MUST(now->applied <= peer->world->sequence);
    for (size_t i = peer->sealed_count; i > 0; i--) {
        const struct sealed *before = &peer->sealed[i - 1];
        MUST(!before->has_applied || before->applied <= now->applied);
        if (before->has_applied)
            return;
    }
}

static void peer_note_sealed(struct peer *peer, uint64_t end)
{
    struct sealed sealed = {
        .is_snapshot = (peer->frame[3] & PACKED_IS_SNAPSHOT) != 0,
        .has_applied = (peer->frame[3] & PACKED_HAS_APPLIED) != 0,
    };
    memcpy(&sealed.applied, peer->frame + HEAD_BYTES, 8);
    memcpy(&sealed.superseded, peer->frame + HEAD_BYTES + 8, 8);
    for (size_t at = PACKED_HEAD_BYTES; at + 1 < peer->frame_len;) {
        const uint8_t *frame = peer->frame + at;
        MUST(frame[0] == MAGIC_COMPACT);
        peer_note_arrival(peer, frame, end);
        sealed.positions++;
        at += (size_t)frame[1] << 8 | frame[2];
    }
    sealed.arrivals = peer->arrival_count;
    peer_check_sealed(peer, &sealed);
    if (peer->sealed_count == peer->sealed_capacity) {
        peer->sealed_capacity = peer->sealed_capacity == 0 ? 16 : peer->sealed_capacity * 2;
        peer->sealed = must(realloc(peer->sealed, peer->sealed_capacity * sizeof *peer->sealed));
    }
    peer->sealed[peer->sealed_count++] = sealed;
}

static void peer_note_status(struct peer *peer)
{
    if (peer->notice_count == WORLD_NOTICES)
        return;
    struct notice *notice = &peer->notices[peer->notice_count++];
    notice->status = (enum runner_status)peer->frame[3];
    notice->arrivals = peer->arrival_count;
    notice->runner.len = (uint8_t)(peer->frame_len - HEAD_BYTES - 1);
    memcpy(notice->runner.text, peer->frame + HEAD_BYTES, notice->runner.len);
}

static void peer_check_head(const struct peer *peer)
{
    uint8_t magic = magic_of(peer->follower.dialect);
    size_t len = (size_t)peer->frame[1] << 8 | peer->frame[2];
    if (peer->frame[0] == MAGIC_PROBE && len == PROBE_FRAME_BYTES)
        return;
    bool is_packed = peer->follower.dialect == &dialect_packed;
    if (peer->frame[0] == MAGIC_PACKED && is_packed && len > PACKED_HEAD_BYTES)
        return;
    if (peer->frame[0] == MAGIC_NOTICE && is_packed && len > HEAD_BYTES + 1)
        return;
    if (peer->frame[0] != magic || peer->frame[3] > RUNNER_ID_BYTES ||
        len != frame_len_of(magic, peer->frame[3]))
        BROKEN("the stream is garbage: no frame begins where one should");
}

static void peer_hear(struct peer *peer, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        peer->frame[peer->frame_len++] = bytes.data[i];
        peer->handed_bytes++;
        if (peer->frame_len < HEAD_BYTES)
            continue;
        if (peer->frame_len == HEAD_BYTES)
            peer_check_head(peer);
        size_t len = (size_t)peer->frame[1] << 8 | peer->frame[2];
        if (peer->frame_len < len)
            continue;
        if (peer->frame[len - 1] != sum_of(peer->frame, len - 1))
            BROKEN("the stream is garbage: a frame was cut and something else put in");
        if (peer->frame[0] == MAGIC_PROBE)
            peer_note_probe(peer, peer->handed_bytes);
        else if (peer->frame[0] == MAGIC_NOTICE)
            peer_note_status(peer);
        else if (peer->frame[0] == MAGIC_PACKED)
            peer_note_sealed(peer, peer->handed_bytes);
        else
            peer_note_arrival(peer, peer->frame, peer->handed_bytes);
        peer->frame_len = 0;
    }
}

/* The socket. */

static uint64_t peer_take_room(struct peer *peer, uint64_t bytes)
{
    if (peer->room == ROOM_WITHOUT_END)
        return bytes;
    uint64_t taken = bytes < peer->room ? bytes : peer->room;
    peer->room -= taken;
    return taken;
}

static void peer_pass_outbox(struct peer *peer)
{
    peer->passed_bytes += peer_take_room(peer, peer->handed_bytes - peer->passed_bytes);
}

static size_t sink_send(void *owner, const struct span *spans, size_t count)
{
    struct peer *peer = owner;
    size_t taken = 0;
    size_t offered = 0;
    MUST(peer->open);
    MUST(!peer->full);
    peer->sends++;
    for (size_t i = 0; i < count; i++)
        offered += spans[i].len;
    MUST(offered > 0);
    uint64_t accepted = peer->passed_bytes < peer->handed_bytes ? 0 : peer_take_room(peer, offered);
    peer->full = accepted < offered;
    for (size_t i = 0; i < count && taken < accepted; i++) {
        size_t len = spans[i].len < accepted - taken ? spans[i].len : accepted - taken;
        peer_hear(peer, span_of(spans[i].data, len));
        taken += len;
    }
    peer->passed_bytes += taken;
    return taken;
}

static void sink_keep(void *owner, struct span rest)
{
    struct peer *peer = owner;
    MUST(peer->open);
    MUST(rest.len > 0);
    peer_hear(peer, rest);
    peer->kept_bytes += rest.len;
    peer_pass_outbox(peer);
}

/* The world. */

struct hub_options world_usual(void)
{
    return (struct hub_options){.lag_bytes = 65536, .lag_ms = 1000, .flush_sends = SIZE_MAX};
}

struct world *world_new(struct hub_options options)
{
    struct world *world = must(calloc(1, sizeof *world));
    options.sink = (struct hub_sink){.send = sink_send, .keep = sink_keep};
    world->options = options;
    world->now_ms = 1000000;
    world->hub = hub_new(&options);
    encodings = 0;
    return world;
}

static void world_check(struct world *world)
{
    world->encoded = encodings;
    for (const struct peer *peer = world->peers; peer != NULL; peer = peer->next) {
        if (peer->frame_len != 0)
            BROKEN("a peer was left in the middle of a frame");
    }
    MUST(hub_stats(world->hub).delivered == world->arrivals);
}

void world_free(struct world **world_pointer)
{
    struct world *world = *world_pointer;
    if (world == NULL)
        return;
    for (struct peer *peer = world->peers; peer != NULL; peer = peer->next)
        peer_leave(peer);
    world_turn(world);
    struct hub_stats stats = hub_stats(world->hub);
    MUST(stats.followers == 0 && stats.audiences == 0 && stats.behind == 0);
    MUST(stats.queued_bytes == 0);
    hub_free(&world->hub);
    for (struct peer *peer = world->peers, *next; peer != NULL; peer = next) {
        next = peer->next;
        free(peer->frame);
        free(peer->sealed);
        free(peer->arrivals);
        free(peer->probes);
        free(peer);
    }
    free(world);
    *world_pointer = NULL;
}

struct peer *world_join(struct world *world, const struct hub_dialect *dialect)
{
    struct peer *peer = must(calloc(1, sizeof *peer));
    peer->follower.owner = peer;
    peer->follower.dialect = dialect;
    peer->world = world;
    peer->open = true;
    peer->frame = must(malloc(WORLD_FRAME_MAX_BYTES));
    peer->room = ROOM_WITHOUT_END;
    peer->next = world->peers;
    world->peers = peer;
    return peer;
}

struct peer *world_follow(struct world *world, const char *ids)
{
    struct peer *peer = world_join(world, &dialect_compact);
    peer_follow(peer, ids);
    return peer;
}

static size_t count_words(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; count++) {
        text += strspn(text, " ");
        text += strcspn(text, " ");
    }
    return count;
}

/* The ids of a text, owned by the caller. */
static struct runner_id *ids_of(const char *text, size_t *count)
{
    struct runner_id *ids = must(calloc(count_words(text) + 1, sizeof *ids));
    *count = 0;
    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        CHECK(len <= RUNNER_ID_BYTES);
        ids[*count].len = (uint8_t)len;
        memcpy(ids[(*count)++].text, text, len);
        text += len;
    }
    return ids;
}

int peer_try_follow(struct peer *peer, const char *ids, struct hub_follow how)
{
    struct world *world = peer->world;
    struct runner_id *list = ids_of(ids, &how.count);
    how.ids = list;
    int err = hub_follow(world->hub, &peer->follower, &how, world->now_ms);
    free(list);
    world_check(world);
    return err;
}

void peer_follow(struct peer *peer, const char *ids)
{
    MUST(peer_try_follow(peer, ids, (struct hub_follow){.snapshot = false}) >= 0);
}

void peer_follow_with_snapshot(struct peer *peer, const char *ids)
{
    MUST(peer_try_follow(peer, ids, (struct hub_follow){.snapshot = true}) >= 0);
}

void peer_leave(struct peer *peer)
{
    hub_leave(peer->world->hub, &peer->follower);
    MUST(hub_following(&peer->follower) == 0);
    world_check(peer->world);
}

int world_receive(struct world *world, const char *id, struct moment moment)
{
    struct position position = {
        .runner = runner_id_of(id),
        .lat = {.is_integer = true, .integer = moment.number},
        .lng = {.is_integer = true, .integer = -moment.number},
        .time_is_arrival = !moment.is_fix,
        .time_ms = moment.time_ms,
        .time_rest_us = moment.rest_us,
        .sequence = ++world->sequence,
    };
    int err = hub_publish(world->hub, &position, world->now_ms);
    world_check(world);
    return err;
}

bool world_flush(struct world *world)
{
    bool more = hub_flush(world->hub, world->now_ms);
    world_check(world);
    return more;
}

void world_turn(struct world *world)
{
    for (int flushes = 0; world_flush(world); flushes++)
        MUST(flushes < TURN_FLUSHES);
}

void world_publish(struct world *world, const char *id, struct moment moment)
{
    MUST(world_receive(world, id, moment) == 0);
    world_turn(world);
}

void world_advance(struct world *world, uint64_t ms)
{
    world->now_ms += ms;
}

void world_expire(struct world *world, size_t budget)
{
    hub_expire(world->hub, world->now_ms, budget);
    world_check(world);
}

void peer_limit(struct peer *peer, uint64_t room)
{
    peer->room = room;
}

void peer_block(struct peer *peer)
{
    peer_limit(peer, 0);
}

void peer_block_unseen(struct peer *peer)
{
    peer_block(peer);
    peer->full = true;
    hub_blocked(&peer->follower);
}

void peer_drain(struct peer *peer, uint64_t bytes)
{
    bool is_endless = bytes == ROOM_WITHOUT_END || peer->room == ROOM_WITHOUT_END;
    peer->room = is_endless ? ROOM_WITHOUT_END : peer->room + bytes;
    peer_pass_outbox(peer);
    if (peer->room == 0)
        return;
    peer->full = false;
    hub_writable(peer->world->hub, &peer->follower, peer->world->now_ms);
    world_check(peer->world);
}

void peer_unblock(struct peer *peer)
{
    peer_drain(peer, ROOM_WITHOUT_END);
    world_turn(peer->world);
}

void peer_answer_up_to(struct peer *peer, uint64_t offset)
{
    while (peer->answered < peer->probe_count && peer->probes[peer->answered].end <= offset) {
        uint32_t number = peer->probes[peer->answered++].number;
        hub_answered(peer->world->hub, &peer->follower, number, peer->world->now_ms);
        world_check(peer->world);
    }
}

void peer_answer(struct peer *peer)
{
    peer_answer_up_to(peer, peer->passed_bytes);
}

const struct arrival *peer_next(struct peer *peer)
{
    if (peer->read == peer->arrival_count)
        return NULL;
    const struct arrival *arrival = &peer->arrivals[peer->read];
    if (arrival->end > peer->passed_bytes)
        return NULL;
    peer->read++;
    return arrival;
}

bool arrival_is_of(const struct arrival *arrival, const char *id)
{
    return arrival->runner.len == strlen(id) &&
           memcmp(arrival->runner.text, id, arrival->runner.len) == 0;
}

/* A sentence for a broken expectation; `arrival` may be NULL. */
static void tell_of(const struct arrival *arrival, const char *expected, const char *file, int line)
{
    char text[256];
    if (arrival == NULL)
        snprintf(text, sizeof text, "expected %s, but nothing came", expected);
    else
        snprintf(text, sizeof text, "expected %s, but position %" PRId64 " of %.*s came", expected,
                 arrival->moment.number, (int)arrival->runner.len, arrival->runner.text);
    tell_broken(text, file, line);
}

void peer_expect_from(struct peer *peer, const char *id, struct moment moment, const char *file,
                      int line)
{
    const struct arrival *arrival = peer_next(peer);
    if (arrival != NULL && arrival_is_of(arrival, id) && arrival->moment.number == moment.number &&
        arrival->moment.time_ms == moment.time_ms)
        return;
    char expected[128];
    snprintf(expected, sizeof expected, "position %" PRId64 " of %s", moment.number, id);
    tell_of(arrival, expected, file, line);
}

void peer_expect_nothing_more_from(struct peer *peer, const char *file, int line)
{
    const struct arrival *arrival = peer_next(peer);
    if (arrival != NULL)
        tell_of(arrival, "nothing more", file, line);
}
