#include "store/reader.h"

#include "base/err.h"
#include "tests/lib/same.h"
#include "tests/lib/store_kit.h"
#include "tests/lib/test.h"

TEST_SETUP(store_kit_set_up);
TEST_TEARDOWN(store_kit_tear_down);

/* --- tracks --------------------------------------------------------------------------------------------------------- */

struct wish {
    struct store_kit *kit;
    struct store_track track;
};

static int read_wish(struct store_reader *reader, void *context)
{
    struct wish *wish = context;
    return store_read_track(reader, &wish->track, seen_keep, &wish->kit->seen);
}

static int read_part(struct store_kit *kit, int64_t from_ms, int64_t until_ms, size_t limit)
{
    struct wish wish = {kit, {runner_of("7"), from_ms, until_ms, limit}};
    kit->seen = (struct seen){0};
    return store_kit_ask(kit, read_wish, &wish);
}

static void put_track(struct store_kit *kit, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        struct store_record records[] = {store_kit_record(kit, "6", i * 10),
                                         store_kit_record(kit, "7", i * 10),
                                         store_kit_record(kit, "8", i * 10)};
        assert_int_equal(store_kit_put(kit, records, 3), 0);
    }
}

TEST(a_part_of_a_track_begins_at_its_first_time_and_ends_before_its_last)
{
    struct store_kit *kit = *state;
    put_track(kit, 20);
    assert_int_equal(read_part(kit, 50, 100, 100), 5);
    assert_int_equal(kit->seen.records[0].position.time_ms, 50);
    assert_int_equal(kit->seen.records[4].position.time_ms, 90);
    assert_int_equal(read_part(kit, 100, 100, 100), 0);
    assert_int_equal(read_part(kit, INT64_MIN, INT64_MAX, 100), 20);
}

TEST(pages_join_without_gap_or_repetition)
{
    struct store_kit *kit = *state;
    put_track(kit, 25);
    int64_t from_ms = INT64_MIN;
    int64_t expected_ms = 0;
    int count;
    do {
        count = read_part(kit, from_ms, INT64_MAX, 7);
        for (int i = 0; i < count; i++, expected_ms += 10)
            assert_int_equal(kit->seen.records[i].position.time_ms, expected_ms);
        from_ms = expected_ms - 10 + 1;
    } while (count == 7);
    assert_int_equal(expected_ms, 250);
}

static int read_newest(struct store_reader *reader, void *context)
{
    struct store_kit *kit = context;
    struct runner_id id = runner_of("7");
    return store_read_newest(reader, &id, seen_keep, &kit->seen);
}

TEST(the_newest_of_one_runner_is_read_alone_and_nobody_knows_a_stranger)
{
    struct store_kit *kit = *state;
    assert_int_equal(store_kit_ask(kit, read_newest, kit), 0);
    put_track(kit, 3);
    assert_int_equal(store_kit_ask(kit, read_newest, kit), 1);
    assert_int_equal(kit->seen.records[0].position.time_ms, 20);
    assert_int_equal(store_kit_track(kit, "nobody"), 0);
}

struct extent_wish {
    struct store_track track;
    struct store_extent extent;
};

static int read_extent(struct store_reader *reader, void *context)
{
    struct extent_wish *wish = context;
    return store_read_extent(reader, &wish->track, &wish->extent);
}

static struct store_extent extent_of(struct store_kit *kit, int64_t until_ms)
{
    struct extent_wish wish = {.track = {.runner = runner_of("7"), .until_ms = until_ms}};
    assert_int_equal(store_kit_ask(kit, read_extent, &wish), 1);
    return wish.extent;
}

TEST(the_extent_of_a_track_changes_with_it_and_only_then)
{
    struct store_kit *kit = *state;
    struct extent_wish nobody = {.track = {.runner = runner_of("nobody")}};
    assert_int_equal(store_kit_ask(kit, read_extent, &nobody), 0);
    put_track(kit, 3);
    struct store_extent all = extent_of(kit, INT64_MAX);
    struct store_extent part = extent_of(kit, 15);
    assert_int_equal(all.count, 3);
    assert_int_equal(part.count, 2);
    assert_int_equal(extent_of(kit, 0).count, 0);
    assert_int_equal(store_kit_put_one(kit, "7", 10), 0); /* is there already */
    assert_int_equal(extent_of(kit, INT64_MAX).mark, all.mark);
    assert_int_equal(store_kit_put_one(kit, "7", 17), 0);
    assert_true(extent_of(kit, INT64_MAX).mark != all.mark);
    assert_int_equal(extent_of(kit, 15).mark, part.mark);
}

/* --- behind a cursor ------------------------------------------------------------------------------------------------ */

static struct cursor cursor_at(struct store_kit *kit, uint32_t boot, uint64_t applied)
{
    struct cursor cursor = {.boot = boot, .origins = 1, .applied = {applied}};
    memcpy(cursor.identity, store_identity(kit->store)->id, sizeof cursor.identity);
    return cursor;
}

struct since_wish {
    struct store_kit *kit;
    struct cursor after;
    struct cursor upto;
    size_t limit;
};

static int read_since(struct store_reader *reader, void *context)
{
    struct since_wish *wish = context;
    struct store_since since = {runner_of("7"), &wish->after, &wish->upto, wish->limit};
    wish->kit->seen.count = 0;
    return store_read_since(reader, &since, seen_keep, &wish->kit->seen);
}

static int since(struct store_kit *kit, struct cursor after, struct cursor upto)
{
    struct since_wish wish = {kit, after, upto, 1000};
    return store_kit_ask(kit, read_since, &wish);
}

static void put_numbered(struct store_kit *kit, uint64_t sequence, int64_t time_ms, uint8_t flags)
{
    struct store_record record = store_kit_record(kit, "7", time_ms);
    record.position.sequence = sequence;
    record.flags = flags;
    assert_int_equal(store_kit_put(kit, &record, 1), 0);
}

TEST(a_resume_gets_what_lies_between_its_cursor_and_the_live_stream_oldest_first)
{
    struct store_kit *kit = *state;
    for (uint64_t i = 1; i <= 10; i++)
        put_numbered(kit, i, (int64_t)i * 100, 0);
    assert_int_equal(since(kit, cursor_at(kit, 1, 4), cursor_at(kit, 1, 8)), 4);
    for (uint64_t i = 0; i < 4; i++)
        assert_int_equal(kit->seen.records[i].position.sequence, i + 5);
    assert_int_equal(since(kit, cursor_at(kit, 1, 10), cursor_at(kit, 1, 10)), 0);
    assert_int_equal(since(kit, cursor_at(kit, 1, 12), cursor_at(kit, 1, 10)), 0);
}

TEST(late_positions_are_of_the_track_and_of_no_resume)
{
    struct store_kit *kit = *state;
    put_numbered(kit, 1, 100, 0);
    put_numbered(kit, 2, 400, 0);
    put_numbered(kit, 3, 200, STORE_LATE);
    put_numbered(kit, 4, 300, STORE_LATE);
    put_numbered(kit, 5, 500, 0);
    assert_int_equal(since(kit, cursor_at(kit, 1, 1), cursor_at(kit, 1, 5)), 2);
    assert_int_equal(kit->seen.records[0].position.time_ms, 400);
    assert_int_equal(kit->seen.records[1].position.time_ms, 500);
    assert_int_equal(store_kit_track(kit, "7"), 5);
}

TEST(a_cursor_holds_over_restarts)
{
    struct store_kit *kit = *state;
    put_numbered(kit, 1, 100, 0);
    put_numbered(kit, 2, 200, 0);
    store_kit_reopen(kit);
    put_numbered(kit, 1, 300, 0);
    store_kit_reopen(kit);
    put_numbered(kit, 1, 400, 0);
    assert_int_equal(since(kit, cursor_at(kit, 1, 1), cursor_at(kit, 3, 1)), 3);
    assert_int_equal(since(kit, cursor_at(kit, 2, 0), cursor_at(kit, 3, 1)), 2);
    assert_int_equal(since(kit, cursor_at(kit, 2, 1), cursor_at(kit, 3, 0)), 0);
    assert_int_equal(since(kit, cursor_at(kit, 2, 1), cursor_at(kit, 3, 1)), 1);
}

TEST(positions_of_several_shards_are_each_told_by_their_own_number)
{
    struct store_kit *kit = *state;
    for (uint64_t i = 0; i < 9; i++) {
        struct store_record record = store_kit_record(kit, "7", (int64_t)i * 100);
        record.position.origin = (uint16_t)(i % 3);
        record.position.sequence = i / 3 + 1;
        assert_int_equal(store_kit_put(kit, &record, 1), 0);
    }
    struct cursor after = cursor_at(kit, 1, 2);
    struct cursor upto = cursor_at(kit, 1, 3);
    after.origins = upto.origins = 3;
    after.applied[1] = after.applied[2] = 1;
    upto.applied[1] = upto.applied[2] = 3;
    assert_int_equal(since(kit, after, upto), 5);
    upto.applied[2] = 2;
    assert_int_equal(since(kit, after, upto), 4);
}

TEST(a_resume_that_is_too_long_is_refused_whole)
{
    struct store_kit *kit = *state;
    for (uint64_t i = 1; i <= 20; i++)
        put_numbered(kit, i, (int64_t)i * 100, 0);
    struct since_wish wish = {kit, cursor_at(kit, 1, 0), cursor_at(kit, 1, 20), 19};
    assert_int_equal(store_kit_ask(kit, read_since, &wish), ERR_TOO_MANY);
    assert_int_equal(kit->seen.count, 0);
    wish.limit = 20;
    assert_int_equal(store_kit_ask(kit, read_since, &wish), 20);
}

TEST(late_positions_between_are_not_walked_over_without_end)
{
    struct store_kit *kit = *state;
    put_numbered(kit, 1, 1, 0);
    for (uint64_t i = 0; i < 100; i++)
        put_numbered(kit, i + 3, (int64_t)i + 10, STORE_LATE);
    put_numbered(kit, 2, 1000, 0);
    struct since_wish wish = {kit, cursor_at(kit, 1, 1), cursor_at(kit, 1, 200), 10};
    assert_int_equal(store_kit_ask(kit, read_since, &wish), ERR_TOO_MANY);
    wish.limit = 100;
    assert_int_equal(store_kit_ask(kit, read_since, &wish), 1);
}

/* --- what was lost -------------------------------------------------------------------------------------------------- */

static int ask_whole(struct store_reader *reader, void *context)
{
    return store_is_whole_since(reader, context);
}

static int is_whole(struct store_kit *kit, struct cursor cursor)
{
    return store_kit_ask(kit, ask_whole, &cursor);
}

TEST(a_resume_from_before_what_was_lost_is_not_whole_also_after_restarts)
{
    struct store_kit *kit = *state;
    assert_int_equal(is_whole(kit, cursor_at(kit, 1, 0)), 1);
    store_note_lost(kit->store, 0, 5);
    assert_int_equal(is_whole(kit, cursor_at(kit, 1, 4)), 0);
    assert_int_equal(is_whole(kit, cursor_at(kit, 1, 5)), 1);
    for (int i = 0; i < 3; i++) {
        store_kit_reopen(kit);
        assert_int_equal(is_whole(kit, cursor_at(kit, 1, 4)), 0);
        assert_int_equal(is_whole(kit, cursor_at(kit, 1, 5)), 1);
    }
    store_note_lost(kit->store, 0, 1);
    assert_int_equal(is_whole(kit, cursor_at(kit, 1, 5)), 0);
    assert_int_equal(is_whole(kit, cursor_at(kit, 4, 0)), 0);
    assert_int_equal(is_whole(kit, cursor_at(kit, 4, 1)), 1);
    store_kit_reopen(kit);
    assert_int_equal(is_whole(kit, cursor_at(kit, 1, 5)), 0);
    assert_int_equal(is_whole(kit, cursor_at(kit, 4, 1)), 1);
}

TEST(a_loss_at_one_shard_is_no_loss_at_another)
{
    struct store_kit *kit = *state;
    struct cursor cursor = cursor_at(kit, 1, 1);
    store_note_lost(kit->store, 63, 1);
    assert_int_equal(is_whole(kit, cursor), 0);
    cursor.origins = 64;
    cursor.applied[63] = 1;
    assert_int_equal(is_whole(kit, cursor), 1);
}

TEST(a_cursor_of_another_store_or_of_the_future_is_not_whole)
{
    struct store_kit *kit = *state;
    struct cursor cursor = cursor_at(kit, 1, 0);
    cursor.identity[3] ^= 1;
    assert_int_equal(is_whole(kit, cursor), 0);
    assert_int_equal(is_whole(kit, cursor_at(kit, 2, 0)), 0);
}
