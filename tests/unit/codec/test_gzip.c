#include "codec/gzip.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/gunzip.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

static struct ws_deflate *make_deflate(void)
{
    static const struct ws_deflate_options options = GZIP_DEFLATE_OPTIONS;
    struct ws_deflate *deflate = ws_deflate_new(&options);
    assert_non_null(deflate);
    return deflate;
}

/* What positions look like, and what nothing makes shorter. */
static void fill(struct buf *text, size_t bytes, bool is_noise)
{
    uint32_t state = 1;
    while (text->len < bytes) {
        state = state * 1664525 + 1013904223;
        uint8_t noise = (uint8_t)(state >> 24);
        if (is_noise)
            assert_int_equal(buf_append(text, span_of(&noise, 1)), 0);
        else
            assert_int_equal(buf_printf(text, "{\"userId\":7,\"lat\":48.%u}", state >> 16), 0);
    }
}

static void expect_round_trip(const struct buf *text, size_t part_bytes)
{
    struct ws_deflate *deflate = make_deflate();
    struct gzip gzip;
    struct buf coded = {0};
    struct buf back = {0};
    assert_int_equal(gzip_begin(&gzip, &coded), 0);
    for (size_t at = 0; at < text->len; at += part_bytes) {
        size_t left = text->len - at;
        struct span part = span_of(text->data + at, left < part_bytes ? left : part_bytes);
        assert_int_equal(gzip_add(&gzip, deflate, part, &coded), 0);
    }
    assert_int_equal(gzip_end(&gzip, &coded), 0);
    struct guard guard = guard_copy(coded.data, coded.len);
    assert_int_equal(gunzip(span_of(guard.data, guard.len), text->len, &back), 0);
    assert_true(span_equals(buf_span(&back), buf_span(text)));
    if (text->len > 0)
        assert_int_equal(gunzip(span_of(guard.data, guard.len), text->len - 1, &back), ERR_TOO_BIG);
    assert_int_equal(back.len, text->len);
    guard_fini(&guard);
    buf_fini(&coded);
    buf_fini(&back);
    ws_deflate_free(&deflate);
}

TEST(what_goes_in_part_by_part_comes_out_as_it_was)
{
    static const size_t lengths[] = {0, 1, 31, 32, 1000, 70000, 500000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (int is_noise = 0; is_noise < 2; is_noise++) {
            struct buf text = {0};
            fill(&text, lengths[i], is_noise != 0);
            expect_round_trip(&text, 100000);
            expect_round_trip(&text, 997);
            buf_fini(&text);
        }
    }
}

static struct buf coded_text(const char *text)
{
    struct ws_deflate *deflate = make_deflate();
    struct gzip gzip;
    struct buf coded = {0};
    assert_int_equal(gzip_begin(&gzip, &coded), 0);
    assert_int_equal(gzip_add(&gzip, deflate, span_of_text(text), &coded), 0);
    assert_int_equal(gzip_end(&gzip, &coded), 0);
    ws_deflate_free(&deflate);
    return coded;
}

TEST(members_behind_each_other_are_one_text)
{
    struct buf both = coded_text("one, ");
    struct buf second = coded_text("two");
    struct buf back = {0};
    assert_int_equal(buf_append(&both, buf_span(&second)), 0);
    assert_int_equal(gunzip(buf_span(&both), 8, &back), 0);
    assert_true(span_equals(buf_span(&back), span_of_text("one, two")));
    assert_int_equal(gunzip(buf_span(&both), 7, &back), ERR_TOO_BIG);
    buf_fini(&both);
    buf_fini(&second);
    buf_fini(&back);
}

TEST(what_is_cut_altered_or_none_is_refused)
{
    struct buf coded =
        coded_text("a text that is a little longer, a little longer, a little longer");
    struct buf back = {0};
    for (size_t len = 0; len < coded.len; len++) {
        struct guard guard = guard_copy(coded.data, len);
        assert_int_equal(gunzip(span_of(guard.data, guard.len), 1000, &back), ERR_FORMAT);
        guard_fini(&guard);
    }
    coded.data[coded.len - 6] ^= 1; /* of the checksum */
    assert_int_equal(gunzip(buf_span(&coded), 1000, &back), ERR_FORMAT);
    assert_int_equal(gunzip(span_of_text("hello"), 1000, &back), ERR_FORMAT);
    assert_int_equal(back.len, 0);
    buf_fini(&coded);
    buf_fini(&back);
}

TEST(without_memory_nothing_is_appended)
{
    struct ws_deflate *deflate = make_deflate();
    struct buf text = {0};
    fill(&text, 5000, false);
    for (long after = 0; after < 3; after++) {
        struct gzip gzip = {0};
        struct buf coded = {0};
        mem_fail_after(after);
        int err = gzip_add(&gzip, deflate, buf_span(&text), &coded);
        mem_fail_after(-1);
        assert_true(err == 0 || (err == ERR_NO_MEMORY && coded.len == 0 && gzip.bytes == 0));
        buf_fini(&coded);
    }
    buf_fini(&text);
    ws_deflate_free(&deflate);
}
