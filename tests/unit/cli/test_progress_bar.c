#include "cli/progress_bar.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/test.h"

static char *text;
static size_t len;

static struct progress_bar bar_of(uint64_t total)
{
    struct progress_bar bar = {
        .out = open_memstream(&text, &len), .total = total, .is_terminal = true};
    assert_non_null(bar.out);
    return bar;
}

/* What is on the terminal after all that was told. */
static void shows(struct progress_bar *bar, const char *expected)
{
    fclose(bar->out);
    assert_string_equal(text, expected);
    free(text);
}

TEST(a_bar_shows_the_share_that_is_done_and_what_people_count)
{
    struct progress_bar bar = bar_of(200);
    progress_bar_tell(&bar, 84, 1234, 1000);
    shows(&bar, "\r[################........................]  42 %  1234 positions\x1b[K");
}

TEST(a_bar_is_full_at_the_end_and_beyond)
{
    struct progress_bar bar = bar_of(200);
    progress_bar_tell(&bar, 201, 5, 1000);
    shows(&bar, "\r[########################################] 100 %  5 positions\x1b[K");
}

TEST(without_a_total_there_is_a_count)
{
    struct progress_bar bar = bar_of(0);
    progress_bar_tell(&bar, 84, 7, 1000);
    shows(&bar, "\r7 positions\x1b[K");
}

TEST(a_bar_is_drawn_some_times_a_second_and_taken_away_once)
{
    struct progress_bar bar = bar_of(0);
    for (uint64_t now_ms = 1000; now_ms < 1150; now_ms += 10)
        progress_bar_tell(&bar, 0, now_ms, now_ms);
    progress_bar_clear(&bar);
    progress_bar_clear(&bar);
    shows(&bar, "\r1000 positions\x1b[K\r1100 positions\x1b[K\r\x1b[K");
}

TEST(where_nobody_looks_nothing_is_drawn)
{
    FILE *out = tmpfile();
    struct progress_bar bar = progress_bar_on(out, 100);
    progress_bar_tell(&bar, 50, 50, 1000);
    progress_bar_clear(&bar);
    assert_int_equal(ftell(out), 0);
    fclose(out);
}
