/*
 * The form alone; tests/e2e/token.test.js has codes read by a decoder that we did not write.
 */
#include "cli/qr.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

TEST(a_code_is_twice_as_wide_as_it_has_lines_with_its_margin)
{
    struct buf lines = {0};
    assert_int_equal(qr_draw(span_of_text("x"), false, &lines), 21 + 2 * 4);
    size_t count = 0;
    for (size_t i = 0; i < lines.len; i++)
        count += lines.data[i] == '\n';
    assert_int_equal(count, (21 + 2 * 4 + 1) / 2);
    assert_int_equal(lines.data[lines.len - 1], '\n');
    buf_fini(&lines);
}

TEST(with_colours_each_line_sets_and_unsets_them)
{
    struct buf lines = {0};
    qr_draw(span_of_text("x"), true, &lines);
    assert_int_equal(buf_append(&lines, span_of("", 1)), 0);
    size_t count = 0;
    for (char *line = (char *)lines.data; *line != '\0'; line = strchr(line, '\n') + 1) {
        assert_memory_equal(line, "\033[38;5;231;48;5;16m", 18);
        assert_memory_equal(strchr(line, '\n') - 4, "\033[0m", 4);
        count++;
    }
    assert_int_equal(count, 15);
    buf_fini(&lines);
}

TEST(what_no_code_holds_is_refused)
{
    char *text = mem_must(2954);
    struct buf lines = {0};
    memset(text, 'x', 2954);
    assert_int_equal(qr_draw(span_of(text, 2953), false, &lines), 177 + 2 * 4);
    buf_fini(&lines);
    assert_int_equal(qr_draw(span_of(text, 2954), false, &lines), ERR_TOO_BIG);
    assert_int_equal(lines.len, 0);
    mem_free(text);
}

TEST(without_memory_it_says_so)
{
    struct buf lines = {0};
    mem_fail_after(0);
    assert_int_equal(qr_draw(span_of_text("x"), false, &lines), ERR_NO_MEMORY);
    buf_fini(&lines);
}
