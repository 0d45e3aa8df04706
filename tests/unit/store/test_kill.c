#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "tests/lib/store_kit.h"
#include "tests/lib/test.h"

TEST_SETUP(store_kit_set_up);
TEST_TEARDOWN(store_kit_tear_down);

enum { ROUNDS = 20, RUNNERS = 6, PER_BATCH = 20, MOST_ACKS = 60 };

/* In the pipe: of this runner, all up to this time are acknowledged. */
struct ack {
    int runner;
    int64_t until_ms;
};

/* --- the child: puts without end, and says what was acknowledged ---------------------------------------------------- */

struct putter {
    struct store_batch batch;
    struct store_record records[PER_BATCH];
    struct store *store;
    int runner;
    int pipe;
    int64_t next_ms;
};

static struct runner_id runner_at(int index)
{
    char text[16];
    snprintf(text, sizeof text, "runner-%d", index);
    return runner_of(text);
}

static void put_next(struct putter *putter)
{
    for (int i = 0; i < PER_BATCH; i++) {
        putter->records[i] = (struct store_record){.position.runner = runner_at(putter->runner)};
        putter->records[i].position.time_ms = putter->next_ms++;
    }
    CHECK(store_put(putter->store, &putter->batch) == 0);
}

/* When the parent is gone, so is the reason to go on. */
static void on_put(struct store_batch *batch, int err)
{
    struct putter *putter = batch->owner;
    struct ack ack = {putter->runner, putter->next_ms - 1};
    CHECK(err == 0);
    if (write(putter->pipe, &ack, sizeof ack) != sizeof ack)
        _exit(1);
    put_next(putter);
}

_Noreturn static void put_without_end(const struct store_options *options, int pipe,
                                      const int64_t *acked)
{
    static struct putter putters[RUNNERS];
    struct store *store = NULL;
    struct store_trouble trouble;
    CHECK(store_open(options, &store, &trouble) == 0);
    for (int i = 0; i < RUNNERS; i++) {
        struct putter *putter = &putters[i];
        *putter =
            (struct putter){.store = store, .runner = i, .pipe = pipe, .next_ms = acked[i] + 1};
        putter->batch = (struct store_batch){
            .on_done = on_put, .owner = putter, .count = PER_BATCH, .records = putter->records};
        put_next(putter);
    }
    for (;;)
        pause();
}

/* --- the parent: kills it after so many acknowledgements, and looks ------------------------------------------------- */

static void kill_after(pid_t child, int pipe, int acks, int64_t *acked)
{
    struct ack ack;
    int count = 0;
    while (read(pipe, &ack, sizeof ack) == sizeof ack) {
        assert_true(acked[ack.runner] < ack.until_ms);
        acked[ack.runner] = ack.until_ms;
        if (++count == acks)
            assert_int_equal(kill(child, SIGKILL), 0);
    }
    assert_true(count >= acks);
}

static void run_child(struct store_kit *kit, int acks, int64_t *acked)
{
    int ends[2];
    int status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        put_without_end(&kit->options, ends[1], acked);
    }
    close(ends[1]);
    kill_after(child, ends[0], acks, acked);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* In a thread of the store, where nothing is asserted: what is not next ends the reading. */
static bool expect_next(void *context, const struct store_record *record)
{
    int64_t *next_ms = context;
    if (record->position.time_ms != *next_ms)
        return false;
    ++*next_ms;
    return true;
}

struct look {
    int runner;
    int64_t next_ms;
};

static int look_at_track(struct store_reader *reader, void *context)
{
    struct look *look = context;
    struct store_track track = {runner_at(look->runner), INT64_MIN, INT64_MAX, SIZE_MAX / 2};
    return store_read_track(reader, &track, expect_next, &look->next_ms);
}

static void assert_acknowledged_is_there(struct store_kit *kit, const int64_t *acked)
{
    for (int i = 0; i < RUNNERS; i++) {
        struct look look = {i, 0};
        assert_true(store_kit_ask(kit, look_at_track, &look) >= 0);
        assert_true(look.next_ms > acked[i]);
    }
    assert_int_equal(store_kit_check(kit), 0);
}

TEST(what_was_acknowledged_is_there_after_a_kill_at_any_moment)
{
    struct store_kit *kit = *state;
    int64_t acked[RUNNERS];
    uint32_t chance = 2463534242;
    for (int i = 0; i < RUNNERS; i++)
        acked[i] = -1;
    for (int round = 0; round < ROUNDS; round++) {
        chance ^= chance << 13;
        chance ^= chance >> 17;
        chance ^= chance << 5;
        store_kit_close(kit);
        run_child(kit, 1 + (int)(chance % MOST_ACKS), acked);
        store_kit_reopen(kit);
        assert_acknowledged_is_there(kit, acked);
    }
}
