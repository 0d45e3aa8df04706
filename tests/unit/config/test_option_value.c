#include "config/option_value.h"

#include "base/err.h"
#include "tests/lib/test.h"

static void expect_bytes(const char *text, uint64_t expected)
{
    uint64_t value = 0;
    assert_int_equal(bytes_parse(text, &value), 0);
    assert_int_equal(value, expected);
}

static void expect_ms(const char *text, uint64_t expected)
{
    uint64_t value = 0;
    assert_int_equal(duration_parse(text, &value), 0);
    assert_int_equal(value, expected);
}

static void expect_refused(int (*parse)(const char *text, uint64_t *out), const char *text)
{
    uint64_t value = 77;
    assert_int_equal(parse(text, &value), ERR_INVALID);
}

TEST(a_count_is_digits_and_nothing_else)
{
    uint64_t value;
    assert_int_equal(count_parse("0", &value), 0);
    assert_int_equal(value, 0);
    assert_int_equal(count_parse("007", &value), 0);
    assert_int_equal(value, 7);
    const char *refused[] = {"", " 1", "1 ", "+1", "-1", "1.0", "1e3", "0x10", "one", "1k"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        expect_refused(count_parse, refused[i]);
}

TEST(a_count_reaches_to_64_bits_and_no_further)
{
    uint64_t value;
    assert_int_equal(count_parse("18446744073709551615", &value), 0);
    assert_true(value == UINT64_MAX);
    expect_refused(count_parse, "18446744073709551616");
    expect_refused(count_parse, "99999999999999999999999");
}

TEST(a_size_is_plain_or_in_steps_of_1024)
{
    expect_bytes("0", 0);
    expect_bytes("65536", 65536);
    expect_bytes("64K", 65536);
    expect_bytes("64k", 65536);
    expect_bytes("64KiB", 65536);
    expect_bytes("64kib", 65536);
    expect_bytes("1M", 1048576);
    expect_bytes("1MiB", 1048576);
    expect_bytes("2g", UINT64_C(2) << 30);
    expect_bytes("2GiB", UINT64_C(2) << 30);
}

TEST(a_size_with_another_unit_is_refused)
{
    const char *refused[] = {"", "K", "1KB", "1T", "1 K", "1.5K", "-1K", "1KK", "1B"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        expect_refused(bytes_parse, refused[i]);
}

TEST(a_size_over_64_bits_is_refused)
{
    expect_bytes("17179869183G", UINT64_C(17179869183) << 30);
    expect_refused(bytes_parse, "17179869184G");
    expect_refused(bytes_parse, "18014398509481984K");
}

TEST(a_time_has_a_unit_or_is_in_seconds)
{
    expect_ms("0", 0);
    expect_ms("10", 10000);
    expect_ms("500ms", 500);
    expect_ms("10s", 10000);
    expect_ms("2m", 120000);
    expect_ms("1h", 3600000);
    expect_ms("1d", 86400000);
}

TEST(a_time_may_have_a_fraction)
{
    expect_ms("0.5s", 500);
    expect_ms("0.25", 250);
    expect_ms("1.5h", 5400000);
    expect_ms("0.001", 1);
    expect_ms("1.000000000s", 1000);
    expect_ms("3.0ms", 3);
}

TEST(a_time_finer_than_a_millisecond_is_refused)
{
    expect_refused(duration_parse, "0.5ms");
    expect_refused(duration_parse, "0.0005s");
    expect_refused(duration_parse, "1.0001");
    expect_refused(duration_parse, "1.0000000000s");
}

TEST(a_time_in_another_form_is_refused)
{
    const char *refused[] = {"",   "s",  ".5s", "1.s", "1.",  "-1s",   "1 s",
                             "1S", "1w", "1us", "1sm", "1e3", "1.5.5", "1,5s"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        expect_refused(duration_parse, refused[i]);
}

TEST(a_time_over_64_bits_is_refused)
{
    expect_ms("18446744073709551615ms", UINT64_MAX);
    expect_ms("18446744073709551.615s", UINT64_MAX);
    expect_refused(duration_parse, "18446744073709551.616s");
    expect_refused(duration_parse, "18446744073709551616ms");
    expect_refused(duration_parse, "18446744073709552s");
    expect_refused(duration_parse, "5124095576031h");
}

TEST(sizes_are_written_in_the_largest_unit_that_fits)
{
    char text[OPTION_VALUE_TEXT_BYTES];
    bytes_format(0, text);
    assert_string_equal(text, "0");
    bytes_format(1000, text);
    assert_string_equal(text, "1000");
    bytes_format(65536, text);
    assert_string_equal(text, "64K");
    bytes_format(1048576, text);
    assert_string_equal(text, "1M");
    bytes_format(UINT64_MAX, text);
    assert_string_equal(text, "18446744073709551615");
}

TEST(times_are_written_in_the_largest_unit_that_fits)
{
    char text[OPTION_VALUE_TEXT_BYTES];
    duration_format(0, text);
    assert_string_equal(text, "0");
    duration_format(1500, text);
    assert_string_equal(text, "1500ms");
    duration_format(90000, text);
    assert_string_equal(text, "90s");
    duration_format(86400000, text);
    assert_string_equal(text, "24h");
    duration_format(UINT64_MAX, text);
    assert_string_equal(text, "18446744073709551615ms");
}

TEST(what_is_written_is_read_as_the_same_value)
{
    char text[OPTION_VALUE_TEXT_BYTES];
    for (uint64_t value = 1; value < UINT64_MAX / 3; value = value * 3 + 1) {
        bytes_format(value, text);
        expect_bytes(text, value);
        duration_format(value, text);
        expect_ms(text, value);
    }
}

TEST(an_address_is_a_host_and_a_port)
{
    const char *fine[] = {"127.0.0.1:8080", "[::1]:8080",          ":8080",  "localhost:0",
                          "[::]:65535",     "race.example.org:80", "a_b:007"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        assert_true(listen_address_is_well_formed(fine[i]));
}

TEST(an_address_in_another_form_is_refused)
{
    const char *refused[] = {"",         "8080",    "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                             "::1:8080", "[]:8080", "[::1]8080", "[::1:8080",  "::1]:8080",
                             "a b:80",   "a/b:80",  "ws://a:80", "a:80 ",      "a:-1",
                             "u@h:80",   "a:x",     "[::1]]:80", "\x01:80",    "h\xC3\xB6st:80"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(listen_address_is_well_formed(refused[i]));
}
