/* Whole messages compressed and inflated, RFC 7692's examples, and what must be refused. */
#include "codec/ws_deflate.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

#define MAX_BYTES 300000

static struct ws_deflate *deflate;

static int set_up(void **state)
{
    struct ws_deflate_options options = {
        .level = 6, .min_bytes = 16, .max_message_bytes = MAX_BYTES};
    (void)state;
    deflate = ws_deflate_new(&options);
    return deflate == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    mem_fail_after(-1);
    ws_deflate_free(&deflate);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static void expect_inflates(struct span payload, const char *text)
{
    struct span inflated;
    assert_int_equal(ws_deflate_inflate(deflate, payload, &inflated), 0);
    assert_int_equal(inflated.len, strlen(text));
    assert_memory_equal(inflated.data, text, inflated.len);
}

TEST(the_examples_of_the_rfc_are_inflated)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } cases[] = {
        {"\xf2\x48\xcd\xc9\xc9\x07\x00", 7, "Hello"},                          /* 7.2.3.1 */
        {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11, "Hello"},         /* 7.2.3.3: stored */
        {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8, "Hello"},                      /* 7.2.3.4: BFINAL */
        {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13, "Hello"}, /* 7.2.3.5 */
        {"\x00", 1, ""},                                                       /* 7.2.3.6 */
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_inflates(span_of(cases[i].bytes, cases[i].len), cases[i].text);
}

TEST(a_reference_to_an_earlier_message_is_refused)
{
    struct span inflated;
    expect_inflates(span_of("\xf2\x48\xcd\xc9\xc9\x07\x00", 7), "Hello");
    /* 7.2.3.2: the second "Hello" of a sender that takes its context over */
    assert_int_equal(ws_deflate_inflate(deflate, span_of("\xf2\x00\x11\x00\x00", 5), &inflated),
                     ERR_FORMAT);
}

static uint32_t random_state = 1;

/* xorshift32: the same bytes in every run */
static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static void fill(uint8_t *bytes, size_t len, unsigned kinds)
{
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(kinds == 0 ? next_random() : next_random() % kinds);
}

static void expect_round_trip(const uint8_t *bytes, size_t len)
{
    struct buf compressed = {0};
    struct span inflated;
    int result = ws_deflate_compress(deflate, span_of(bytes, len), &compressed);
    assert_true(result == 0 || result == 1);
    if (result == 1) {
        assert_true(compressed.len < len);
        assert_int_equal(ws_deflate_inflate(deflate, buf_span(&compressed), &inflated), 0);
        assert_int_equal(inflated.len, len);
        assert_memory_equal(inflated.data, bytes, len);
    } else {
        assert_int_equal(compressed.len, 0);
    }
    buf_fini(&compressed);
}

TEST(what_is_compressed_is_inflated_to_the_same)
{
    static const unsigned kinds[] = {1, 2, 10, 64, 0};
    uint8_t *bytes = mem_must(MAX_BYTES);
    for (size_t len = 16; len <= MAX_BYTES; len += len / 3 + 1) {
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            fill(bytes, len, kinds[k]);
            expect_round_trip(bytes, len);
        }
    }
    mem_free(bytes);
}

TEST(short_messages_and_those_that_do_not_shrink_are_left_alone)
{
    struct buf out = {0};
    uint8_t noise[1000];
    fill(noise, sizeof noise, 0);
    assert_int_equal(ws_deflate_compress(deflate, span_of_text("aaaaaaaaaaaaaaa"), &out), 0);
    assert_int_equal(ws_deflate_compress(deflate, span_of(noise, sizeof noise), &out), 0);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}

TEST(a_bomb_is_refused_and_one_byte_less_is_not)
{
    struct ws_deflate_options larger = {
        .level = 6, .min_bytes = 1, .max_message_bytes = MAX_BYTES + 1};
    struct ws_deflate *other = ws_deflate_new(&larger);
    uint8_t *bytes = mem_must(MAX_BYTES + 1);
    struct span inflated;
    for (size_t over = 0; over <= 1; over++) {
        struct buf bomb = {0};
        assert_int_equal(ws_deflate_compress(other, span_of(bytes, MAX_BYTES + over), &bomb), 1);
        assert_int_equal(ws_deflate_inflate(deflate, buf_span(&bomb), &inflated),
                         over == 0 ? 0 : ERR_TOO_BIG);
        buf_fini(&bomb);
    }
    mem_free(bytes);
    ws_deflate_free(&other);
}

TEST(every_truncation_is_refused_or_short_and_reads_nothing_behind_it)
{
    struct buf whole = {0};
    struct span inflated;
    const char *text = "{\"userId\":7,\"lat\":48.8568,\"lng\":2.2927}{\"userId\":7,\"lat\":48.8}";
    assert_int_equal(ws_deflate_compress(deflate, span_of_text(text), &whole), 1);
    for (size_t len = 0; len < whole.len; len++) {
        struct guard guard = guard_copy(whole.data, len);
        int result = ws_deflate_inflate(deflate, span_of(guard.data, len), &inflated);
        assert_true(result == ERR_FORMAT || (result == 0 && inflated.len < strlen(text)));
        guard_fini(&guard);
    }
    buf_fini(&whole);
}

TEST(without_memory_it_says_so_and_goes_on_later)
{
    struct span inflated;
    struct span hello = span_of("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
    for (long n = 0; n < 2; n++) {
        mem_fail_after(n);
        assert_int_equal(ws_deflate_inflate(deflate, hello, &inflated), ERR_NO_MEMORY);
    }
    mem_fail_after(-1);
    expect_inflates(hello, "Hello");
    struct buf out = {0};
    mem_fail_after(0);
    assert_int_equal(
        ws_deflate_compress(deflate, span_of_text("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), &out),
        ERR_NO_MEMORY);
    assert_int_equal(out.len, 0);
    buf_fini(&out);
}
