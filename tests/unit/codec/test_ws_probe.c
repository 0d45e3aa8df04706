#include "codec/ws_probe.h"

#include "tests/lib/test.h"

TEST(a_probe_is_a_ping_with_its_number)
{
    static const uint8_t expected[] = {0x89, 0x04, 0x78, 0x56, 0x34, 0x12};
    uint8_t frame[WS_PROBE_BYTES];
    assert_int_equal(ws_probe_write(0x12345678, frame), sizeof expected);
    assert_memory_equal(frame, expected, sizeof expected);
}

TEST(its_pong_brings_the_number_back)
{
    static const uint32_t numbers[] = {0, 1, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uint8_t frame[WS_PROBE_BYTES];
        uint32_t read = ~numbers[i];
        size_t len = ws_probe_write(numbers[i], frame);
        assert_true(ws_probe_read(span_of(frame + 2, len - 2), &read));
        assert_int_equal(read, numbers[i]);
    }
}

TEST(a_pong_of_another_length_answers_something_else)
{
    uint32_t number;
    assert_false(ws_probe_read(span_of(NULL, 0), &number));
    assert_false(ws_probe_read(span_of("123", 3), &number));
    assert_false(ws_probe_read(span_of("12345", 5), &number));
}
