#include "store/store.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/same.h"
#include "tests/lib/store_kit.h"
#include "tests/lib/test.h"

TEST_SETUP(store_kit_set_up);
TEST_TEARDOWN(store_kit_tear_down);

static void assert_same_record(const struct store_record *a, const struct store_record *b)
{
    assert_true(same_position(&a->position, &b->position));
    assert_int_equal(a->received_ms, b->received_ms);
    assert_int_equal(a->flags, b->flags);
}

/* --- what is kept --------------------------------------------------------------------------------------------------- */

TEST(a_position_comes_back_after_a_restart_with_all_that_it_said)
{
    struct store_kit *kit = *state;
    struct store_record record = store_kit_record(kit, "7", 1700000000123);
    position_set_e7(&record.position, -899999999, 1800000000);
    record.position.runner_is_number = true;
    record.position.origin = 3;
    record.position.sequence = UINT64_C(0x7fffffffffffffff);
    record.received_ms = 1700000000999;
    record.flags = STORE_LATE | STORE_JUMP;
    record.position.detail = (struct position_detail){
        .has = POSITION_ALTITUDE | POSITION_ACCURACY | POSITION_SPEED | POSITION_HEADING |
               POSITION_BATTERY,
        .battery_percent = 100,
        .heading_cdeg = POSITION_HEADING_MAX_CDEG,
        .altitude_cm = POSITION_ALTITUDE_MIN_CM,
        .accuracy_cm = POSITION_ACCURACY_MAX_CM,
        .speed_cmps = POSITION_SPEED_MAX_CMPS,
    };
    assert_int_equal(store_kit_put(kit, &record, 1), 0);
    store_kit_reopen(kit);
    assert_int_equal(store_kit_track(kit, "7"), 1);
    assert_same_record(&kit->seen.records[0], &record);
    assert_int_equal(kit->seen.records[0].boot, 1);
}

TEST(what_a_position_does_not_say_stays_unsaid_and_zero_is_something)
{
    struct store_kit *kit = *state;
    for (unsigned has = 0; has < 32; has++) {
        struct store_record record = store_kit_record(kit, "7", has);
        record.position.detail.has = (uint8_t)has;
        assert_int_equal(store_kit_put(kit, &record, 1), 0);
    }
    assert_int_equal(store_kit_track(kit, "7"), 32);
    for (unsigned has = 0; has < 32; has++) {
        const struct position_detail *detail = &kit->seen.records[has].position.detail;
        assert_int_equal(detail->has, has);
        assert_int_equal(detail->altitude_cm, 0);
    }
}

TEST(ids_are_told_apart_by_every_byte_also_zero_and_case)
{
    struct store_kit *kit = *state;
    static const char *const texts[] = {"a", "A", "a ", "\xc3\xa4", "7", "07"};
    struct store_record zero = store_kit_record(kit, "a", 1);
    zero.position.runner.len = 3;
    memcpy(zero.position.runner.text, "a\0b", 3);
    assert_int_equal(store_kit_put(kit, &zero, 1), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(store_kit_put_one(kit, texts[i], 1), 0);
    assert_int_equal(store_kit_newest(kit), 0);
    assert_int_equal(kit->seen.count, 7);
    assert_true(same_id(&kit->seen.records[0].position.runner, &zero.position.runner));
}

TEST(a_second_position_of_a_fix_time_changes_nothing_and_is_acknowledged)
{
    struct store_kit *kit = *state;
    struct store_record first = store_kit_record(kit, "7", 1000);
    struct store_record second = store_kit_record(kit, "7", 1000);
    position_set_e7(&second.position, 1, 1);
    assert_int_equal(store_kit_put(kit, &first, 1), 0);
    assert_int_equal(store_kit_put(kit, &second, 1), 0);
    assert_int_equal(store_kit_track(kit, "7"), 1);
    assert_same_record(&kit->seen.records[0], &first);
    struct store_stats stats = store_stats(kit->store);
    assert_int_equal(stats.stored, 2);
    assert_int_equal(stats.duplicates, 1);
}

TEST(a_position_without_a_fix_time_takes_the_place_of_one_that_arrived_at_the_same_time)
{
    struct store_kit *kit = *state;
    struct store_record records[] = {store_kit_record(kit, "7", 1000),
                                     store_kit_record(kit, "7", 1000)};
    records[0].position.time_is_arrival = true;
    records[1].position.time_is_arrival = true;
    position_set_e7(&records[1].position, 1, 1);
    assert_int_equal(store_kit_put(kit, records, 2), 0);
    assert_int_equal(store_kit_track(kit, "7"), 1);
    assert_same_record(&kit->seen.records[0], &records[1]);
}

TEST(what_lies_outside_the_earth_is_passed_over_and_the_rest_of_its_batch_is_stored)
{
    struct store_kit *kit = *state;
    struct store_record records[] = {store_kit_record(kit, "7", 1), store_kit_record(kit, "7", 2)};
    records[0].position.lat = (struct coordinate){.real = 90.1};
    assert_int_equal(store_kit_put(kit, records, 2), 0);
    assert_int_equal(store_kit_track(kit, "7"), 1);
    assert_int_equal(kit->seen.records[0].position.time_ms, 2);
    assert_int_equal(store_stats(kit->store).passed_over, 1);
}

/* Fisher and Yates, by a generator of Marsaglia's. */
static void shuffle(struct store_record *records, size_t count, uint64_t seed)
{
    for (size_t i = count - 1; i > 0; i--) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        size_t other = (size_t)(seed % (i + 1));
        struct store_record moved = records[i];
        records[i] = records[other];
        records[other] = moved;
    }
}

TEST(any_order_and_any_repetition_of_an_upload_gives_the_same_track)
{
    struct store_kit *kit = *state;
    enum { POINTS = 200, TIMES = 3 };
    struct store_record *records = mem_must(POINTS * TIMES * sizeof *records);
    for (uint64_t seed = 1; seed <= 5; seed++) {
        char runner[8];
        snprintf(runner, sizeof runner, "r%d", (int)seed);
        for (size_t i = 0; i < (size_t)POINTS * TIMES; i++)
            records[i] = store_kit_record(kit, runner, (int64_t)(i % POINTS) * 1000);
        shuffle(records, (size_t)POINTS * TIMES, seed * 0x9e3779b97f4a7c15);
        for (size_t i = 0; i < (size_t)POINTS * TIMES; i += 50)
            assert_int_equal(store_kit_put(kit, records + i, 50), 0);
        assert_int_equal(store_kit_track(kit, runner), POINTS);
        for (int64_t i = 0; i < POINTS; i++) {
            struct store_record like = store_kit_record(kit, runner, i * 1000);
            like.position.sequence = kit->seen.records[i].position.sequence;
            assert_same_record(&kit->seen.records[i], &like);
        }
    }
    mem_free(records);
}

/* --- the start ------------------------------------------------------------------------------------------------------ */

TEST(every_start_is_another_boot_of_the_same_store)
{
    struct store_kit *kit = *state;
    struct store_identity first = *store_identity(kit->store);
    assert_int_equal(first.boot, 1);
    for (uint32_t boot = 2; boot < 5; boot++) {
        store_kit_reopen(kit);
        assert_int_equal(store_identity(kit->store)->boot, boot);
        assert_memory_equal(store_identity(kit->store)->id, first.id, sizeof first.id);
    }
}

TEST(the_newest_by_fix_time_of_each_runner_is_there_at_the_start)
{
    struct store_kit *kit = *state;
    assert_int_equal(store_kit_put_one(kit, "b", 5000), 0);
    assert_int_equal(store_kit_put_one(kit, "a", 9000), 0);
    assert_int_equal(store_kit_put_one(kit, "b", 4000), 0);
    store_kit_reopen(kit);
    assert_int_equal(store_kit_newest(kit), 0);
    assert_int_equal(kit->seen.count, 2);
    assert_int_equal(kit->seen.records[0].position.time_ms, 5000);
    assert_int_equal(kit->seen.records[1].position.time_ms, 9000);
}

TEST(a_visit_that_has_enough_ends_the_reading)
{
    struct store_kit *kit = *state;
    struct seen *seen = &kit->seen;
    assert_int_equal(store_kit_put_one(kit, "a", 1), 0);
    assert_int_equal(store_kit_put_one(kit, "b", 1), 0);
    seen->enough = 1;
    assert_int_equal(store_each_newest(kit->store, seen_keep, seen), 0);
    assert_int_equal(seen->count, 1);
}

TEST(a_store_that_is_open_is_not_opened_by_another)
{
    struct store_kit *kit = *state;
    struct store *other = NULL;
    assert_int_equal(store_open(&kit->options, &other, &kit->trouble), ERR_FULL);
    assert_null(other);
    assert_non_null(strstr(kit->trouble.text, "another process has it open"));
}

TEST(nobody_else_may_read_where_people_were)
{
    struct store_kit *kit = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock"};
    assert_int_equal(store_kit_put_one(kit, "a", 1), 0);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char path[128];
        struct stat found;
        snprintf(path, sizeof path, "%s%s", kit->path, suffixes[i]);
        assert_int_equal(stat(path, &found), 0);
        assert_int_equal(found.st_mode & 0777, 0600);
    }
}

TEST(a_folder_that_is_not_there_is_a_clear_error)
{
    struct store_kit *kit = *state;
    struct store_options options = {.path = "/nonexistent/store.db"};
    struct store *other = NULL;
    assert_int_equal(store_open(&options, &other, &kit->trouble), ERR_SYSTEM);
    assert_string_equal(kit->trouble.text, "/nonexistent/store.db: No such file or directory");
}

/* --- queues --------------------------------------------------------------------------------------------------------- */

struct counted_batch {
    struct store_batch batch;
    struct store_record record;
    _Atomic int *done;
};

static void on_counted(struct store_batch *batch, int err)
{
    struct counted_batch *counted = batch->owner;
    if (err == 0)
        ++*counted->done;
    mem_free(counted);
}

static int put_batch(struct store_kit *kit, const char *runner, int64_t time_ms, bool may_linger,
                     _Atomic int *done)
{
    struct counted_batch *counted = mem_must(sizeof *counted);
    counted->record = store_kit_record(kit, runner, time_ms);
    counted->done = done;
    counted->batch = (struct store_batch){
        .on_done = on_counted,
        .owner = counted,
        .count = 1,
        .records = &counted->record,
        .may_linger = may_linger,
    };
    int err = store_put(kit->store, &counted->batch);
    if (err < 0)
        mem_free(counted);
    return err;
}

static int put_counted(struct store_kit *kit, const char *runner, int64_t time_ms,
                       _Atomic int *done)
{
    return put_batch(kit, runner, time_ms, false, done);
}

static int put_lingering(struct store_kit *kit, const char *runner, int64_t time_ms,
                         _Atomic int *done)
{
    return put_batch(kit, runner, time_ms, true, done);
}

TEST(who_asks_sees_all_that_was_put_before)
{
    struct store_kit *kit = *state;
    _Atomic int done = 0;
    for (int64_t i = 1; i <= 300; i++) {
        assert_int_equal(put_counted(kit, "7", i, &done), 0);
        if (i % 10 == 0)
            assert_int_equal(store_kit_track(kit, "7"), i);
    }
    assert_int_equal(done, 300);
}

TEST(a_full_queue_refuses_and_takes_again_when_there_is_room)
{
    struct store_kit *kit = *state;
    struct held_writer held;
    _Atomic int done = 0;
    kit->options.queued_positions = 10;
    store_kit_reopen(kit);
    store_kit_hold_writer(kit, &held);
    for (int64_t i = 0; i < 10; i++)
        assert_int_equal(put_counted(kit, "7", i, &done), 0);
    assert_int_equal(put_counted(kit, "7", 10, &done), ERR_FULL);
    assert_int_equal(store_stats(kit->store).queued, 10);
    store_kit_let_go(&held);
    assert_int_equal(store_kit_track(kit, "7"), 10);
    assert_int_equal(store_stats(kit->store).queued, 0);
    assert_int_equal(put_counted(kit, "7", 10, &done), 0);
    assert_int_equal(store_kit_track(kit, "7"), 11);
}

TEST(jobs_are_bounded_too)
{
    struct store_kit *kit = *state;
    struct held_writer held;
    kit->options.queued_jobs = 1;
    store_kit_reopen(kit);
    store_kit_hold_writer(kit, &held);
    assert_int_equal(store_kit_track(kit, "7"), ERR_FULL);
    store_kit_let_go(&held);
    assert_int_equal(store_kit_track(kit, "7"), 0);
}

TEST(closing_stores_what_was_taken)
{
    struct store_kit *kit = *state;
    _Atomic int done = 0;
    kit->options.gather_us = 3600 * UINT64_C(1000000);
    store_kit_reopen(kit);
    for (int64_t i = 0; i < 1000; i++)
        assert_int_equal(put_counted(kit, "7", i, &done), 0);
    store_kit_reopen(kit);
    assert_int_equal(done, 1000);
    assert_int_equal(store_kit_track(kit, "7"), 1000);
}

TEST(those_who_gather_for_one_transaction_are_not_waited_for_by_a_job)
{
    struct store_kit *kit = *state;
    _Atomic int done = 0;
    kit->options.gather_us = 3600 * UINT64_C(1000000);
    store_kit_reopen(kit);
    for (int64_t i = 0; i < 50; i++)
        assert_int_equal(put_counted(kit, "7", i, &done), 0);
    assert_int_equal(store_kit_track(kit, "7"), 50);
    assert_int_equal(done, 50);
    assert_int_equal(store_stats(kit->store).commits, 1);
}

TEST(what_nobody_waits_for_lingers_until_somebody_waits)
{
    struct store_kit *kit = *state;
    _Atomic int done = 0;
    kit->options.linger_us = 3600 * UINT64_C(1000000);
    store_kit_reopen(kit);
    for (int64_t i = 0; i < 50; i++)
        assert_int_equal(put_lingering(kit, "7", i, &done), 0);
    struct store_record awaited = store_kit_record(kit, "8", 1);
    assert_int_equal(store_kit_put(kit, &awaited, 1), 0);
    assert_int_equal(done, 50);
    assert_int_equal(store_stats(kit->store).commits, 1);
    assert_int_equal(put_lingering(kit, "7", 50, &done), 0);
    assert_int_equal(store_kit_track(kit, "7"), 51);
    assert_int_equal(done, 51);
}

TEST(a_group_that_is_complete_waits_no_longer)
{
    struct store_kit *kit = *state;
    kit->options.gather_us = 3600 * UINT64_C(1000000);
    store_kit_reopen(kit);
    size_t count = 70000;
    struct store_record *records = mem_must(count * sizeof *records);
    for (size_t i = 0; i < count; i++)
        records[i] = store_kit_record(kit, "7", (int64_t)i);
    assert_int_equal(store_kit_put(kit, records, count), 0);
    mem_free(records);
}
