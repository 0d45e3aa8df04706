#include "base/buf.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static void expect_contents(const struct buf *buf, const char *text)
{
    assert_int_equal(buf->len, strlen(text));
    assert_memory_equal(buf->data, text, buf->len);
}

TEST(an_empty_buffer_holds_no_memory)
{
    struct buf buf = {0};
    assert_int_equal(buf_append(&buf, span_of(NULL, 0)), 0);
    assert_null(buf.data);
    assert_int_equal(buf_span(&buf).len, 0);
    buf_fini(&buf);
}

TEST(what_is_appended_comes_out_in_order)
{
    struct buf buf = {0};
    assert_int_equal(buf_append_text(&buf, "one "), 0);
    assert_int_equal(buf_append(&buf, span_of("two and more", 4)), 0);
    assert_int_equal(buf_printf(&buf, "%d %s", 3, "four"), 0);
    expect_contents(&buf, "one two 3 four");
    buf_fini(&buf);
}

TEST(a_buffer_grows_over_many_appends_without_losing_a_byte)
{
    struct buf buf = {0};
    for (unsigned i = 0; i < 10000; i++) {
        uint8_t byte = (uint8_t)(i * 7);
        assert_int_equal(buf_append(&buf, span_of(&byte, 1)), 0);
    }
    assert_int_equal(buf.len, 10000);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(buf.data[i], (uint8_t)(i * 7));
    buf_fini(&buf);
}

TEST(growing_costs_few_allocations)
{
    struct buf buf = {0};
    mem_fail_after(20);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(buf_append_text(&buf, "x"), 0);
    mem_fail_after(-1);
    buf_fini(&buf);
}

TEST(reserved_room_is_used_without_another_allocation)
{
    struct buf buf = {0};
    assert_int_equal(buf_reserve(&buf, 5000), 0);
    mem_fail_after(0);
    for (unsigned i = 0; i < 5000; i++)
        assert_int_equal(buf_append_text(&buf, "x"), 0);
    mem_fail_after(-1);
    buf_fini(&buf);
}

TEST(without_memory_the_contents_stay_as_they_were)
{
    struct buf buf = {0};
    assert_int_equal(buf_append_text(&buf, "kept"), 0);
    static const uint8_t much[1000];

    mem_fail_after(0);
    assert_int_equal(buf_append(&buf, span_of(much, sizeof much)), ERR_NO_MEMORY);
    mem_fail_after(0);
    assert_int_equal(buf_printf(&buf, "%500d", 7), ERR_NO_MEMORY);
    mem_fail_after(0);
    assert_int_equal(buf_reserve(&buf, sizeof much), ERR_NO_MEMORY);

    expect_contents(&buf, "kept");
    assert_int_equal(buf_append(&buf, span_of(much, sizeof much)), 0);
    assert_int_equal(buf.len, 4 + sizeof much);
    buf_fini(&buf);
}

TEST(a_size_that_can_not_be_is_refused)
{
    struct buf buf = {0};
    assert_int_equal(buf_append_text(&buf, "kept"), 0);
    assert_int_equal(buf_reserve(&buf, SIZE_MAX), ERR_NO_MEMORY);
    assert_int_equal(buf_reserve(&buf, SIZE_MAX - 3), ERR_NO_MEMORY);
    expect_contents(&buf, "kept");
    buf_fini(&buf);
}

TEST(printed_text_may_be_longer_than_the_room_there_is)
{
    struct buf buf = {0};
    assert_int_equal(buf_printf(&buf, "%0300d", 7), 0);
    assert_int_equal(buf.len, 300);
    assert_int_equal(buf.data[0], '0');
    assert_int_equal(buf.data[299], '7');
    buf_fini(&buf);
}

TEST(consumed_bytes_are_gone_and_the_rest_moves_up)
{
    struct buf buf = {0};
    assert_int_equal(buf_append_text(&buf, "head tail"), 0);
    buf_consume(&buf, 0);
    expect_contents(&buf, "head tail");
    buf_consume(&buf, 5);
    expect_contents(&buf, "tail");
    buf_consume(&buf, 4);
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf_append_text(&buf, "again"), 0);
    expect_contents(&buf, "again");
    buf_fini(&buf);
}

TEST(a_finished_buffer_is_empty_and_usable)
{
    struct buf buf = {0};
    assert_int_equal(buf_append_text(&buf, "gone"), 0);
    buf_fini(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf_append_text(&buf, "new"), 0);
    expect_contents(&buf, "new");
    buf_fini(&buf);
    buf_fini(&buf);
}
