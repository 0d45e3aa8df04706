/* What somebody missed: read for each runner once, in pieces that make messages, within its bounds. */
#include "app/missed.h"

#include <string.h>

#include "base/err.h"
#include "tests/lib/store_kit.h"
#include "tests/lib/test.h"

TEST_SETUP(store_kit_set_up);
TEST_TEARDOWN(store_kit_tear_down);

static size_t element_bytes = 100;

/* ",7" and then as many points as it takes. */
static int encode(const struct position *position, struct buf *out)
{
    char element[5000];
    memset(element, '.', sizeof element);
    element[0] = ',';
    element[1] = position->runner.text[0];
    return buf_append(out, span_of(element, element_bytes));
}

static const struct hub_dialect dialect = {.encode = encode};

static struct cursor cursor_at(const struct store_kit *kit, uint64_t sequence)
{
    struct cursor cursor = {.boot = store_identity(kit->store)->boot, .origins = 1};
    memcpy(cursor.identity, store_identity(kit->store)->id, sizeof cursor.identity);
    cursor.applied[0] = sequence;
    return cursor;
}

static struct missed missed_of(struct store_kit *kit, const char *const *names, size_t count,
                               uint64_t after)
{
    struct runner_id ids[8];
    struct missed missed;
    for (size_t i = 0; i < count; i++)
        ids[i] = runner_of(names[i]);
    assert_int_equal(missed_init(&missed, ids, count), 0);
    missed.dialect = &dialect;
    missed.after = cursor_at(kit, after);
    missed.upto = cursor_at(kit, kit->sequence);
    return missed;
}

static int read_it(struct store_reader *reader, void *ctx)
{
    return missed_read(ctx, reader);
}

static void put_many(struct store_kit *kit, const char *runner, size_t count)
{
    struct store_record records[1000];
    while (count > 0) {
        size_t some = count < 1000 ? count : 1000;
        for (size_t i = 0; i < some; i++)
            records[i] = store_kit_record(kit, runner, (int64_t)kit->sequence + 1);
        assert_int_equal(store_kit_put(kit, records, some), 0);
        count -= some;
    }
}

TEST(a_runner_that_is_named_twice_is_told_once_and_each_after_the_other)
{
    struct store_kit *kit = *state;
    element_bytes = 2;
    put_many(kit, "8", 2);
    put_many(kit, "7", 2);
    struct missed missed = missed_of(kit, (const char *[]){"8", "7", "8", "9"}, 4, 1);
    assert_int_equal(store_kit_ask(kit, read_it, &missed), 0);
    assert_int_equal(missed.positions, 3);
    assert_int_equal(missed_pieces(&missed), 1);
    assert_true(span_equals(missed_piece(&missed, 0), span_of_text(",7,7,8")));
    missed_fini(&missed);
}

TEST(nothing_is_one_piece_that_is_empty)
{
    struct store_kit *kit = *state;
    struct missed missed = missed_of(kit, (const char *[]){"7"}, 1, 0);
    assert_int_equal(store_kit_ask(kit, read_it, &missed), 0);
    assert_int_equal(missed_pieces(&missed), 1);
    assert_int_equal(missed_piece(&missed, 0).len, 0);
    missed_fini(&missed);
}

TEST(pieces_are_a_message_long_and_hold_all)
{
    struct store_kit *kit = *state;
    size_t bytes = 0;
    element_bytes = 100;
    put_many(kit, "7", 1000);
    struct missed missed = missed_of(kit, (const char *[]){"7"}, 1, 0);
    assert_int_equal(store_kit_ask(kit, read_it, &missed), 0);
    for (size_t i = 0; i < missed_pieces(&missed); i++) {
        struct span piece = missed_piece(&missed, i);
        assert_in_range(piece.len, 100, MISSED_PIECE_BYTES + 100);
        assert_int_equal(piece.data[0], ',');
        bytes += piece.len;
    }
    assert_int_equal(bytes, 100 * 1000);
    assert_int_equal(missed_pieces(&missed), 1000 / (MISSED_PIECE_BYTES / 100 + 1) + 1);
    missed_fini(&missed);
}

TEST(as_many_as_are_told_are_and_not_one_more)
{
    struct store_kit *kit = *state;
    element_bytes = 2;
    put_many(kit, "7", MISSED_POSITIONS_MAX);
    struct missed missed = missed_of(kit, (const char *[]){"7", "8"}, 2, 0);
    assert_int_equal(store_kit_ask(kit, read_it, &missed), 0);
    assert_int_equal(missed.positions, MISSED_POSITIONS_MAX);
    missed_fini(&missed);
    put_many(kit, "8", 1);
    missed = missed_of(kit, (const char *[]){"7", "8"}, 2, 0);
    assert_int_equal(store_kit_ask(kit, read_it, &missed), ERR_TOO_MANY);
    missed_fini(&missed);
}

TEST(more_bytes_than_are_told_are_too_many)
{
    struct store_kit *kit = *state;
    element_bytes = 4096;
    put_many(kit, "7", MISSED_BYTES_MAX / 4096 + 1);
    struct missed missed = missed_of(kit, (const char *[]){"7"}, 1, 0);
    assert_int_equal(store_kit_ask(kit, read_it, &missed), ERR_TOO_MANY);
    missed_fini(&missed);
}

TEST(when_something_was_lost_nothing_is_told)
{
    struct store_kit *kit = *state;
    put_many(kit, "7", 2);
    store_note_lost(kit->store, 0, 2);
    struct missed missed = missed_of(kit, (const char *[]){"7"}, 1, 1);
    assert_int_equal(store_kit_ask(kit, read_it, &missed), ERR_NOT_FOUND);
    assert_int_equal(missed_pieces(&missed), 0);
    missed_fini(&missed);
}
