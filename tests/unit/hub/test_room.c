/* The slower a reader drains, the less its socket may hold back. */
#include <string.h>

#include "hub/hub.h"
#include "tests/lib/test.h"

#define FRAME_BYTES 64
#define RUNNERS 100

/* A socket with a depth, of which it says when it is full, and a reader with a speed. */
static struct reader {
    size_t room;   /* as the hub set it; 0: as at first */
    size_t unsent; /* bytes in the socket */
    size_t rooms_set;
    struct follower follower;
} reader;

#define OWN_ROOM 8192

static struct hub *hub;
static uint64_t now_ms;

static int encode(const struct position *position, struct buf *out)
{
    uint8_t frame[FRAME_BYTES] = {0};
    memcpy(frame, position->runner.text, position->runner.len);
    return buf_append(out, span_of(frame, sizeof frame));
}

static const struct hub_dialect dialect = {.encode = encode};

static size_t room_now(void)
{
    return reader.room > 0 ? reader.room : OWN_ROOM;
}

/* Like the kernel's: what begins below the mark is taken whole. */
static size_t sink_send(void *owner, const struct span *spans, size_t count)
{
    size_t taken = 0;
    assert_ptr_equal(owner, &reader);
    for (size_t i = 0; i < count && reader.unsent < room_now(); i++) {
        reader.unsent += spans[i].len;
        taken += spans[i].len;
    }
    return taken;
}

static void sink_keep(void *owner, struct span rest)
{
    assert_ptr_equal(owner, &reader);
    reader.unsent += rest.len;
}

static void sink_set_room(void *owner, size_t bytes)
{
    assert_ptr_equal(owner, &reader);
    reader.room = bytes;
    reader.rooms_set++;
}

static struct runner_id id_of(int number)
{
    struct runner_id id;
    runner_id_set_integer(&id, number);
    return id;
}

static int set_up_with(uint64_t fresh_ms)
{
    struct hub_options options = {
        .sink = {.send = sink_send, .keep = sink_keep, .set_room = sink_set_room},
        .lag_bytes = 65536,
        .lag_ms = 1000,
        .fresh_ms = fresh_ms,
        .flush_sends = 4096,
    };
    struct runner_id ids[RUNNERS];
    for (int i = 0; i < RUNNERS; i++)
        ids[i] = id_of(i);
    struct hub_follow follow = {.ids = ids, .count = RUNNERS};
    hub = hub_new(&options);
    now_ms = 1000000;
    reader = (struct reader){.follower = {.owner = &reader, .dialect = &dialect}};
    return hub_follow(hub, &reader.follower, &follow, now_ms);
}

static int set_up(void **state)
{
    (void)state;
    return set_up_with(5000);
}

static int tear_down(void **state)
{
    (void)state;
    hub_leave(hub, &reader.follower);
    hub_free(&hub);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

/* 100 ms: every runner has moved, the reader has read some, the loop has turned. */
static void go_on(size_t read_bytes, bool publish)
{
    now_ms += 100;
    for (int i = 0; publish && i < RUNNERS; i++) {
        struct position position = {.runner = id_of(i)};
        assert_int_equal(hub_publish(hub, &position, now_ms), 0);
    }
    reader.unsent -= reader.unsent < read_bytes ? reader.unsent : read_bytes;
    if (reader.unsent < room_now() / 2)
        hub_writable(hub, &reader.follower, now_ms);
    hub_flush(hub, now_ms);
    if (now_ms % 1000 == 0)
        hub_expire(hub, now_ms, 1000);
}

TEST(a_reader_that_keeps_up_has_its_sockets_own_room)
{
    for (int i = 0; i < 100; i++)
        go_on(1 << 20, true);
    assert_int_equal(reader.rooms_set, 0);
}

TEST(a_slow_reader_gets_less_room_than_it_reads_in_a_quarter_of_the_bound)
{
    for (int i = 0; i < 300; i++)
        go_on(200, true); /* 2000 bytes a second */
    assert_in_range(reader.room, 512, 2048);
    assert_in_range(reader.unsent, 0, 2000 * 5 / 2);
}

TEST(a_faster_one_gets_more_than_a_slower_one)
{
    for (int i = 0; i < 300; i++)
        go_on(100, true);
    size_t slow = reader.room;
    for (int i = 0; i < 300; i++)
        go_on(1600, true);
    assert_true(reader.room > slow);
}

TEST(one_that_keeps_up_again_gets_its_room_back_in_time)
{
    for (int i = 0; i < 100; i++)
        go_on(200, true);
    assert_true(reader.room > 0);
    for (int i = 0; i < 200; i++)
        go_on(1 << 20, i % 10 == 0);
    assert_int_equal(reader.room, 0);
}

TEST(without_a_bound_the_room_is_left_alone)
{
    tear_down(NULL);
    assert_int_equal(set_up_with(0), 0);
    for (int i = 0; i < 100; i++)
        go_on(200, true);
    assert_int_equal(reader.rooms_set, 0);
}
