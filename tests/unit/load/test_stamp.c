#include "bench/load/stamp.h"

#include <string.h>

#include "tests/lib/test.h"

static struct stamp read_back(const char *text)
{
    struct stamp stamp = {0};
    assert_true(stamp_read(span_of_text(text), &stamp));
    return stamp;
}

static void expect(struct stamp stamp, uint32_t runner, uint32_t sequence, uint32_t sent_us)
{
    assert_int_equal(stamp.runner, runner);
    assert_int_equal(stamp.sequence, sequence);
    assert_int_equal(stamp.sent_us, sent_us);
}

TEST(what_was_stamped_is_read_back)
{
    char text[STAMP_TEXT_BYTES];
    struct stamp stamps[] = {
        {0, 1, 0}, {7, 123456, 7654321}, {99999, 4000000000, STAMP_CLOCK_US - 1}};
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        struct stamp stamp;
        assert_true(stamp_read(stamp_write(stamps[i], text), &stamp));
        expect(stamp, stamps[i].runner, stamps[i].sequence, stamps[i].sent_us);
    }
}

TEST(members_may_come_in_any_order_with_others_and_with_spaces)
{
    expect(read_back("{ \"lng\": 1.0000002, \"speed\": 3, \"lat\" : 1.0000005, \"userId\": 7 }"), 7,
           2, 5);
    expect(read_back("[{\"userId\":7,\"x\":null,\"lat\":2.5,\"lng\":1.1}]"), 7, 1000000, 15000000);
}

TEST(zeros_at_the_end_may_be_left_out)
{
    expect(read_back("{\"userId\":7,\"lat\":2,\"lng\":3}"), 7, 20000000, 10000000);
    expect(read_back("{\"userId\":7,\"lat\":1.5,\"lng\":1.25}"), 7, 2500000, 5000000);
}

TEST(what_is_no_stamped_position_is_none)
{
    static const char *const texts[] = {
        "",
        "{}",
        "queued messages: 1",
        "{\"error\":{\"code\":\"bad_json\"}}",
        "{\"userId\":7,\"lat\":1.5}",
        "{\"userId\":7,\"lat\":0.5,\"lng\":1.25}",
        "{\"userId\":7,\"lat\":1.5,\"lng\":1}",
        "{\"userId\":7,\"lat\":1.5,\"lng\":1.12345678}",
        "{\"userId\":7,\"lat\":1.5e1,\"lng\":1.25}",
        "{\"userId\":-7,\"lat\":1.5,\"lng\":1.25}",
        "{\"userId\":99999999999,\"lat\":1.5,\"lng\":1.25}",
        "{\"userId\":7,\"lat\":181.5,\"lng\":1.25}",
        "{\"userId\":7,\"lat\":1.5,\"lng\":1.25",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct stamp stamp;
        assert_false(stamp_read(span_of_text(texts[i]), &stamp));
    }
}

TEST(an_age_is_right_when_the_clock_began_anew_in_between)
{
    assert_int_equal(stamp_age_us(stamp_clock(5000), 5300), 300);
    uint32_t late = stamp_clock(STAMP_CLOCK_US - 100);
    assert_int_equal(stamp_age_us(late, (uint64_t)STAMP_CLOCK_US + 50), 150);
}
