/* Positions on their way from one shard to another: in order, shared, bounded when the other one stalls. */
#include "app/relay.h"

#include <stdatomic.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "tests/lib/test.h"

#define POSITIONS 400000

/* A worker that receives, and remembers what came. */
static struct receiver {
    struct worker *worker;
    _Atomic size_t unread;
    size_t positions;
    int64_t last[100];
    uint64_t last_number;
    bool is_out_of_order;
} receivers[2];

static bool on_turn(void *context, uint64_t now_ms)
{
    (void)context;
    (void)now_ms;
    return false;
}

static void on_mail(void *context, void *mail)
{
    struct receiver *receiver = context;
    struct parcel *parcel = mail;
    for (size_t i = 0; i < parcel->count; i++) {
        const struct position *position = &parcel->positions[i];
        int64_t *last = &receiver->last[(unsigned char)position->runner.text[0]];
        receiver->is_out_of_order |= position->time_ms <= *last;
        *last = position->time_ms;
        receiver->is_out_of_order |= position->sequence <= receiver->last_number;
        receiver->last_number = position->sequence;
        receiver->positions++;
    }
    relay_received(&receiver->unread, parcel);
}

static struct relay *relay;

static int set_up(void **state)
{
    struct relay_end ends[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        memset(&receivers[i], 0, sizeof receivers[i]);
        struct worker_options options = {
            .events = {.on_turn = on_turn, .on_mail = on_mail},
            .context = &receivers[i],
            .tick_ms = 1000,
        };
        receivers[i].worker = worker_new(&options);
        ends[i] = (struct relay_end){.worker = receivers[i].worker, .unread = &receivers[i].unread};
    }
    relay = relay_new(ends, 2);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        worker_stop(receivers[i].worker);
        worker_run(receivers[i].worker);
        worker_free(&receivers[i].worker);
    }
    relay_free(&relay);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static void add(char runner, int64_t time_ms)
{
    static uint64_t numbered;
    struct position position = {.runner = {.len = 1, .text = {runner}}, .time_ms = time_ms};
    position.sequence = ++numbered;
    assert_int_equal(relay_add(relay, &position), 0);
}

static void receive(struct receiver *receiver)
{
    uv_run(worker_loop(receiver->worker), UV_RUN_NOWAIT);
}

TEST(a_turns_positions_reach_each_other_shard_in_order)
{
    bool has_more = true;
    for (int i = 1; i <= 10; i++)
        add((char)(i % 2), i);
    assert_int_equal(relay_post(relay, &has_more), 0);
    assert_false(has_more);
    for (int i = 0; i < 2; i++) {
        receive(&receivers[i]);
        assert_int_equal(receivers[i].positions, 10);
        assert_false(receivers[i].is_out_of_order);
    }
}

TEST(a_turn_without_positions_posts_nothing)
{
    bool has_more = true;
    assert_int_equal(relay_post(relay, &has_more), 0);
    assert_false(has_more);
    receive(&receivers[0]);
    assert_int_equal(receivers[0].positions, 0);
}

/* Turns of so many positions each, of three runners, while nobody receives. Returns what was squashed away. */
static size_t post_many(int turn_positions)
{
    size_t squashed = 0;
    for (int i = 1; i <= POSITIONS; i++) {
        bool has_more;
        add((char)(i % 3), i);
        if (i % turn_positions == 0)
            squashed += relay_post(relay, &has_more);
    }
    return squashed;
}

static void expect_the_newest_of_each_in_order_and_bounded_memory(int turn_positions)
{
    size_t squashed = post_many(turn_positions);
    size_t most_waiting = (size_t)2 * RELAY_UNREAD_MAX + (size_t)turn_positions;
    assert_in_range(2 * (size_t)POSITIONS - squashed, 2, 2 * most_waiting);
    for (int i = 0; i < 2; i++) {
        struct receiver *receiver = &receivers[i];
        bool has_more = true;
        for (int turn = 0; has_more && turn < 100; turn++) {
            receive(&receivers[0]);
            receive(&receivers[1]);
            relay_post(relay, &has_more);
        }
        assert_false(has_more);
        for (int turn = 0; turn < 20; turn++)
            receive(receiver);
        assert_false(receiver->is_out_of_order);
        for (int runner = 0; runner < 3; runner++)
            assert_in_range(receiver->last[runner], POSITIONS - 2, POSITIONS);
        assert_in_range(receiver->positions, 3, most_waiting);
        assert_int_equal(atomic_load(&receiver->unread), 0);
    }
    assert_int_equal(receivers[0].positions + receivers[1].positions + squashed, 2 * POSITIONS);
}

/* Each turn begins and ends with the same runner. */
TEST(what_is_left_for_a_stalled_shard_is_in_the_order_of_its_numbers)
{
    bool has_more = true;
    for (int i = 1; i <= POSITIONS; i++) {
        add(i % 7 < 2 ? 1 : 2, i);
        if (i % 7 == 0)
            relay_post(relay, &has_more);
    }
    for (int turn = 0; has_more && turn < 100; turn++) {
        receive(&receivers[0]);
        receive(&receivers[1]);
        relay_post(relay, &has_more);
    }
    assert_false(receivers[0].is_out_of_order || receivers[1].is_out_of_order);
}

TEST(a_stalled_shard_gets_the_newest_of_each_runner_in_order_and_memory_is_bounded)
{
    expect_the_newest_of_each_in_order_and_bounded_memory(1);
}

TEST(and_so_it_is_with_turns_of_many_positions)
{
    expect_the_newest_of_each_in_order_and_bounded_memory(1000);
}

TEST(a_shard_that_has_stopped_is_left_out)
{
    bool has_more = true;
    worker_stop(receivers[0].worker);
    add(1, 1);
    assert_int_equal(relay_post(relay, &has_more), 0);
    assert_false(has_more);
    receive(&receivers[1]);
    assert_int_equal(receivers[1].positions, 1);
}

TEST(without_memory_for_a_parcel_the_positions_wait_for_the_next_turn)
{
    bool has_more = false;
    add(1, 1);
    mem_fail_after(0);
    assert_int_equal(relay_post(relay, &has_more), 0);
    assert_true(has_more);
    add(1, 2);
    assert_int_equal(relay_post(relay, &has_more), 0);
    assert_false(has_more);
    receive(&receivers[0]);
    assert_int_equal(receivers[0].positions, 2);
    assert_false(receivers[0].is_out_of_order);
}
