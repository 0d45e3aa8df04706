/*
 * The usual position, scanned: what is usual, what is left to the JSON library, and that both ways give the same. Everything
 * is scanned before an unreadable page, whole and cut at each place.
 */
#include "proto/seed_scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/seed.h"
#include "tests/lib/guard.h"
#include "tests/lib/same.h"
#include "tests/lib/test.h"

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct seed_limits limits = {.max_ids = 10};

static void expect_same_by_json(struct span text, const struct position *scanned)
{
    struct seed_message message = {0};
    struct fault fault = {0};
    if (seed_decode_json(text, &limits, &message, &fault) != 0)
        fail_msg("scanned, but no message: %.*s: %s", (int)text.len, (const char *)text.data,
                 fault.message);
    assert_int_equal(message.kind, SEED_POSITION);
    if (!same_position(scanned, &message.position))
        fail_msg("scanned as another position: %.*s", (int)text.len, (const char *)text.data);
}

/* Whether it is usual; if so, both ways give the same. */
static bool is_scanned(const void *bytes, size_t len)
{
    struct guard guard = guard_copy(bytes, len);
    struct position position;
    bool is_usual = seed_scan_position(span_of(guard.data, len), &position);
    if (is_usual)
        expect_same_by_json(span_of(guard.data, len), &position);
    guard_fini(&guard);
    return is_usual;
}

static void expect_scanned(const char *text)
{
    if (!is_scanned(text, strlen(text)))
        fail_msg("left to the library: %s", text);
}

static void expect_left(const char *text)
{
    if (is_scanned(text, strlen(text)))
        fail_msg("was scanned: %s", text);
}

static const char *with_id(const char *id)
{
    static char text[256];
    snprintf(text, sizeof text, "{\"userId\":%s,\"lat\":48.8568,\"lng\":2.2927}", id);
    return text;
}

static const char *with_coordinate(const char *number)
{
    static char text[256];
    snprintf(text, sizeof text, "{\"userId\":7,\"lat\":%s,\"lng\":-%s}", number, number);
    return text;
}

/* xorshift64*: the same numbers in each run. */
static uint64_t random_bits(void)
{
    static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(2685821657736338717);
}

static const char *const usual[] = {
    "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}",           /* JSON.stringify() */
    "{\"userId\": 7, \"lat\": 48.8568, \"lng\": 2.2927}",      /* json.dumps() of Python */
    "{\"userId\":\"ann\",\"lat\":48.8567312,\"lng\":-2.29}\n", /* a line of a file */
    "{\"lat\":48.8568,\"lng\":2.2927,\"userId\":7}",           /* as libraries sort them */
    "{\"lng\":2.2927,\"userId\":7,\"lat\":48.8568}",
    "{\r\n\t\"userId\" : 7 ,\r\n\t\"lat\" : 48 ,\r\n\t\"lng\" : 2\r\n}\r\n",
};

TEST(a_usual_position_is_scanned)
{
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        expect_scanned(usual[i]);
}

TEST(a_usual_id_is_scanned)
{
    static const char *const ids[] = {"0",
                                      "-1",
                                      "1234567890",
                                      "9007199254740993",
                                      "9223372036854775807",
                                      "-9223372036854775807",
                                      "\"7\"",
                                      "\"07\"",
                                      "\" \"",
                                      "\"!#[]^~{}:,\"",
                                      "\"" X64 "\""};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        expect_scanned(with_id(ids[i]));
}

TEST(a_usual_coordinate_is_scanned)
{
    static const char *const numbers[] = {
        "0",
        "0.0",
        "0.5",
        "100",
        "48.8567312",
        "48.85673120000000",
        "48.856731200333333",   /* 17 digits: over 2^53 */
        "0.30000000000000004",  /* as JavaScript writes it */
        "9007199254740993.0",   /* in the middle between two doubles */
        "9007199254740993.1",   /* right above it */
        "9223372036854775807",  /* INT64_MAX */
        "999999999999999999.9", /* 19 digits */
        "0.000000000000000000", /* 19 of them */
        "0.000000000000000001", /* no double has it */
        "179.9999999999999999",
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        expect_scanned(with_coordinate(numbers[i]));
}

TEST(what_is_not_usual_is_left_to_the_library)
{
    static const char *const texts[] = {
        "",
        " ",
        "7",
        "{}",
        "{\"userId\":7,\"lat\":48.8568}",
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927,}",
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927,\"time\":1}",
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927,\"lng\":2.2928}",
        "{\"userId\":8,\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}",
        "{\"time\":1,\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}",
        "{\"initialRequest\":true,\"following\":[7]}",
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}{",
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}}",
        "{\"userId\":7 \"lat\":48.8568,\"lng\":2.2927}",
        "{\"userId\" 7,\"lat\":48.8568,\"lng\":2.2927}",
        "{\"userId\":7;\"lat\":48.8568,\"lng\":2.2927}",
        "{\"userid\":7,\"lat\":48.8568,\"lng\":2.2927}",
        "{\"user\\u0049d\":7,\"lat\":48.8568,\"lng\":2.2927}",
        "{userId:7,\"lat\":48.8568,\"lng\":2.2927}",
        "[\"userId\",7,\"lat\",48.8568,\"lng\",2.2927]",
        "\xef\xbb\xbf{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}",
        "{\"userId\":7,\v\"lat\":48.8568,\"lng\":2.2927}",
        "{\"userId\":7,\xc2\xa0\"lat\":48.8568,\"lng\":2.2927}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_left(texts[i]);
}

TEST(an_id_that_is_not_usual_is_left_to_the_library)
{
    static const char *const ids[] = {
        "",          "-0",           "-",          "+7",
        "07",        "7.0",          "7e0",        "null",
        "true",      "[7]",          "{}",         "9223372036854775808",
        "\"\"",      "\"" X64 "x\"", "\"a\\\"b\"", "\"\\u0041\"",
        "\"a\x01\"", "\"a\tb\"",     "\"a\x7f\"",  "\"J\xc3\xb8rgen\"",
        "\"a",       "a\"",          "'a'",        "-9223372036854775808",
        "\"a\"b",    "7 8",          "- 7",        "12345678901234567890123",
    };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        expect_left(with_id(ids[i]));
}

TEST(a_coordinate_that_is_not_usual_is_left_to_the_library)
{
    static const char *const numbers[] = {
        "",
        "-",
        "-1",
        "+1",
        "01",
        "00.5",
        ".5",
        "5.",
        "1e2",
        "1.5e2",
        "1.5E2",
        "1e-7",
        "0x10",
        "1,5",
        "1.5.5",
        "1 .5",
        "1. 5",
        "Inf",
        "NaN",
        "null",
        "\"1\"",
        "1.5f",
        "1_000",
        "9223372036854775808",
        "1e400",
        "12345678901234567890",
        "48.856731200333333333",
        "0.0000000000000000000",
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        expect_left(with_coordinate(numbers[i]));
}

TEST(a_nul_inside_is_left_to_the_library)
{
    static const char text[] = "{\"userId\":\"a\0b\",\"lat\":48.8568,\"lng\":2.2927}\0";
    assert_false(is_scanned(text, sizeof text - 1));
    assert_false(is_scanned(text, sizeof text - 2));
    static const char behind[] = "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}";
    assert_false(is_scanned(behind, sizeof behind));
    assert_true(is_scanned(behind, sizeof behind - 1));
}

/* A number may end anywhere, and white space too: but nothing is whole without its last brace. */
TEST(a_position_that_is_cut_is_left_to_the_library)
{
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        size_t brace = (size_t)(strrchr(usual[i], '}') - usual[i]);
        for (size_t len = 0; len <= brace; len++)
            assert_false(is_scanned(usual[i], len));
        for (size_t len = brace + 1; len <= strlen(usual[i]); len++)
            assert_true(is_scanned(usual[i], len));
    }
}

TEST(with_any_byte_changed_both_ways_still_give_the_same)
{
    size_t count = 0;
    char text[] = "{\"userId\":\"7\", \"lat\":48.25,\"lng\":-2}";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char kept = text[at];
        for (int byte = 0; byte < 256; byte++) {
            text[at] = (char)byte;
            count += is_scanned(text, sizeof text - 1);
        }
        text[at] = kept;
    }
    assert_in_range(count, 200, 400); /* other digits, letters, spaces */
}

TEST(digits_of_any_count_are_the_same_by_both_ways)
{
    for (size_t digits = 1; digits <= 18; digits++) {
        for (size_t decimals = 1; decimals <= 19 - digits; decimals++) {
            for (int i = 0; i < 20; i++) {
                char number[64];
                snprintf(number, sizeof number, "%.*s.%.*s", (int)digits, "1234567890123456789",
                         (int)decimals, "0000000000000000000");
                for (char *at = number; *at != '\0'; at++)
                    if (*at != '.')
                        *at = (char)((at == number ? '1' : '0') + random_bits() % 9);
                expect_scanned(with_coordinate(number));
            }
        }
    }
}

static void expect_what_we_write_is_usual(double lat, double lng)
{
    struct buf out = {0};
    struct position position = {.runner_is_number = true, .lat.real = lat, .lng.real = lng};
    runner_id_set_integer(&position.runner, 1000);
    assert_int_equal(seed_encode(&position, &out), 0);
    if (!is_scanned(out.data, out.len))
        fail_msg("left to the library: %.*s", (int)out.len, (const char *)out.data);
    buf_fini(&out);
}

static double random_degrees(void)
{
    return (double)(random_bits() >> 11) * 0x1p-53 * 180 + 0.01;
}

TEST(what_we_write_is_usual_with_any_count_of_digits)
{
    for (int i = 0; i < 2000; i++) {
        double lat = random_degrees();
        double lng = -random_degrees();
        expect_what_we_write_is_usual(lat, lng);
        expect_what_we_write_is_usual((double)(int64_t)(lat * 1e7) / 1e7,
                                      (double)(int64_t)(lng * 1e5) / 1e5);
    }
}
