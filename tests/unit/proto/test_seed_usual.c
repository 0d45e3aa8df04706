/*
 * That usual positions are decoded without the JSON library, and that everything else gets there. For this program the library's
 * function is the one below, which only counts: so a fast path that has gone dead fails here and not in a benchmark.
 */
#include <jansson.h>

#include "base/err.h"
#include "proto/seed.h"
#include "tests/lib/test.h"

static size_t parses;

/* In place of the library's, for the whole program. */
json_t *json_loadb(const char *buffer, size_t buflen, size_t flags, json_error_t *error)
{
    (void)buffer, (void)buflen, (void)flags, (void)error;
    parses++;
    return NULL;
}

/* How often the library was asked to decode it. */
static size_t parses_of(const char *text, int expected_err)
{
    static const struct seed_limits limits = {.max_ids = 10};
    struct seed_message message = {.snapshot = true, .id_count = 1};
    struct fault fault = {0};
    parses = 0;
    assert_int_equal(seed_decode(span_of_text(text), &limits, &message, &fault), expected_err);
    assert_int_equal(message.kind, expected_err == 0 ? SEED_POSITION : SEED_FOLLOW);
    assert_int_equal(message.id_count, 0);
    assert_false(message.snapshot);
    return parses;
}

TEST(a_usual_position_is_decoded_without_the_json_library)
{
    static const char *const texts[] = {
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}",
        "{\"userId\": 1007, \"lat\": 48.8567312, \"lng\": -122.2927941}",
        "{\"userId\":\"ann\",\"lat\":48.856731200333333,\"lng\":2.2927941000476}",
        "{\"lat\":48,\"lng\":2,\"userId\":-7}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(parses_of(texts[i], 0), 0);
}

TEST(anything_else_is_for_the_json_library)
{
    static const char *const texts[] = {
        "{\"initialRequest\":true,\"following\":[7]}",
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927,\"speed\":3}",
        "{\"userId\":7,\"lat\":48.8568,\"lng\":2e-7}",
        "{\"userId\":7,\"lat\":48.8568}",
        "",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(parses_of(texts[i], ERR_FORMAT), 1);
}
