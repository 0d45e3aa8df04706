#include "proto/cursor.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "tests/lib/test.h"

static const struct cursor some = {
    .identity = "\x01\xff\x7f\x80zyx",
    .boot = 300,
    .origins = 3,
    .applied = {0, 127, 128},
};

static void expect_round_trip(const struct cursor *cursor)
{
    char text[CURSOR_TEXT_BYTES];
    struct cursor read = {.boot = 77, .origins = CURSOR_ORIGINS_MAX, .applied = {[63] = 9}};
    size_t len = cursor_write(cursor, text);
    assert_in_range(len, 1, CURSOR_TEXT_BYTES);
    assert_int_equal(cursor_read(span_of(text, len), &read), 0);
    assert_memory_equal(&read, cursor, sizeof read);
}

TEST(a_cursor_comes_back_as_it_was_written)
{
    expect_round_trip(&some);
    expect_round_trip(&(struct cursor){0});
}

TEST(the_largest_cursor_fits)
{
    struct cursor cursor = {.boot = UINT32_MAX, .origins = CURSOR_ORIGINS_MAX};
    for (size_t i = 0; i < CURSOR_ORIGINS_MAX; i++)
        cursor.applied[i] = UINT64_MAX;
    expect_round_trip(&cursor);
}

TEST(no_part_of_a_cursor_is_a_cursor)
{
    char text[CURSOR_TEXT_BYTES];
    struct cursor read;
    size_t len = cursor_write(&some, text);
    for (size_t part = 0; part < len; part++)
        assert_int_equal(cursor_read(span_of(text, part), &read), ERR_FORMAT);
}

TEST(what_is_longer_than_a_cursor_is_none)
{
    char text[CURSOR_TEXT_BYTES + 8];
    struct cursor read;
    memset(text, 'A', sizeof text);
    size_t len = cursor_write(&some, text);
    assert_int_equal(cursor_read(span_of(text, len + 4), &read), ERR_FORMAT);
    assert_int_equal(cursor_read(span_of(text, sizeof text), &read), ERR_FORMAT);
}

/* AQ: form 1; the identity in 11 characters; then the numbers. */
static int read_with_tail(const char *numbers)
{
    char text[64];
    struct cursor read;
    snprintf(text, sizeof text, "AQAAAAAAAAAA%s", numbers);
    return cursor_read(span_of_text(text), &read);
}

TEST(a_number_has_one_form_and_fits)
{
    assert_int_equal(read_with_tail("AAEB"), 0);                      /* 0, 1, 1 */
    assert_int_equal(read_with_tail("AAGBAA"), ERR_FORMAT);           /* 1 in two bytes */
    assert_int_equal(read_with_tail("_____x8A"), ERR_FORMAT);         /* a boot over 32 bits */
    assert_int_equal(read_with_tail("AEE"), ERR_FORMAT);              /* 65 origins */
    assert_int_equal(read_with_tail("AAH___________8C"), ERR_FORMAT); /* over 64 bits */
}

TEST(another_form_is_no_cursor)
{
    struct cursor read;
    assert_int_equal(cursor_read(span_of_text("AgAAAAAAAAAAAAA"), &read), ERR_FORMAT);
    assert_int_equal(cursor_read(span_of_text("*not base64url*"), &read), ERR_FORMAT);
}

TEST(what_is_behind_a_cursor_is_told_by_boot_then_by_the_number_of_its_origin)
{
    assert_true(cursor_is_before(&some, 301, 1, 1));
    assert_false(cursor_is_before(&some, 299, 1, 1000));
    assert_false(cursor_is_before(&some, 300, 1, 127));
    assert_true(cursor_is_before(&some, 300, 1, 128));
    assert_true(cursor_is_before(&some, 300, 3, 1)); /* a shard that it knows nothing of */
}
