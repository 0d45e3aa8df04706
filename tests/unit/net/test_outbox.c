#include "net/outbox.h"

#include <string.h>

#include "tests/lib/test.h"

static void expect_waiting(const struct outbox *outbox, const char *text)
{
    struct span waiting = outbox_waiting(outbox);
    assert_int_equal(waiting.len, strlen(text));
    assert_memory_equal(waiting.data, text, waiting.len);
}

TEST(what_is_kept_waits_in_order_and_goes_piece_by_piece)
{
    struct outbox *outbox = NULL;
    assert_int_equal(outbox_keep(&outbox, span_of_text("abc")), 0);
    outbox_sent(&outbox, 1);
    assert_int_equal(outbox_keep(&outbox, span_of_text("def")), 0);
    expect_waiting(outbox, "bcdef");
    outbox_sent(&outbox, 3);
    expect_waiting(outbox, "ef");
    outbox_sent(&outbox, 2);
    assert_null(outbox);
    expect_waiting(outbox, "");
}

/* A peer that reads slowly but goes on: its outbox is never empty. */
TEST(one_that_never_runs_empty_does_not_grow)
{
    struct outbox *outbox = NULL;
    char bytes[100];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(outbox_keep(&outbox, span_of_text("y")), 0);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(outbox_keep(&outbox, span_of(bytes, sizeof bytes)), 0);
        outbox_sent(&outbox, sizeof bytes);
        assert_in_range(outbox_held(outbox), 1, 2 * sizeof bytes + 2);
    }
    assert_int_equal(outbox_waiting(outbox).len, 1);
    outbox_free(&outbox);
}
