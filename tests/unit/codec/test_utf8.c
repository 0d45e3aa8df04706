#include "codec/utf8.h"

#include "tests/lib/codec_transcript.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

struct vector {
    const char *bytes;
    size_t len;
    bool valid;
};

#define YES(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1, true                                                               \
    }
#define NO(text)                                                                                   \
    {                                                                                              \
        text, sizeof(text) - 1, false                                                              \
    }

/* The kinds of Markus Kuhn's "UTF-8 decoder capability and stress test", with vectors of our own. */
static const struct vector vectors[] = {
    YES(""),
    YES("plain ASCII that is longer than one word of the machine, longer than four even"),
    YES("\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"),
    YES("\xf0\x9f\x8f\x83 runs \xe2\x80\xa6 caf\xc3\xa9"),
    /* first and last of each length, and the neighbours of what is forbidden */
    YES("\x7f"),
    YES("\xc2\x80"),
    YES("\xdf\xbf"),
    YES("\xe0\xa0\x80"),
    YES("\xef\xbf\xbf"),
    YES("\xf0\x90\x80\x80"),
    YES("\xed\x9f\xbf"),
    YES("\xee\x80\x80"),
    YES("\xef\xbf\xbd"),
    YES("\xf4\x8f\xbf\xbf"),
    NO("\xf4\x90\x80\x80"),
    NO("\xf5\x80\x80\x80"),
    /* bytes that never occur, and continuation bytes with nothing to continue */
    NO("\x80"),
    NO("\xbf"),
    NO("\x80\xbf\x80"),
    NO("\xc0"),
    NO("\xc1\xbf"),
    NO("\xf8\x88\x80\x80\x80"),
    NO("\xfc\x84\x80\x80\x80\x80"),
    NO("\xfe"),
    NO("\xff"),
    /* cut short, at the end and in the middle */
    NO("\xc3"),
    NO("\xe2\x82"),
    NO("\xf0\x9f\x8f"),
    NO("\xc3 "),
    NO("\xe2\x82 "),
    NO("\xf0\x9f\x8f "),
    NO("\xe2\x82\xc3\xa9"),
    /* overlong */
    NO("\xc0\xaf"),
    NO("\xe0\x80\xaf"),
    NO("\xe0\x9f\xbf"),
    NO("\xf0\x80\x80\xaf"),
    NO("\xf0\x8f\xbf\xbf"),
    NO("\xc0\x80"),
    /* surrogates, alone and in pairs */
    NO("\xed\xa0\x80"),
    NO("\xed\xbf\xbf"),
    NO("\xed\xa0\x80\xed\xb0\x80"),
    /* behind the fast path */
    NO("a text of ASCII that is long enough for the fast path, and then \xff"),
    YES("a text of ASCII that is long enough for the fast path, and then \xc3\xa9"),
    NO("12345678\x80"),
    NO("1234567\x80"),
    NO("1234567\xc3"),
};

#define COUNT (sizeof vectors / sizeof *vectors)

static bool is_valid_in_two(struct span text, size_t split)
{
    uint32_t state = UTF8_START;
    return utf8_check(&state, span_of(text.data, split)) &&
           utf8_check(&state, span_of(text.data + split, text.len - split)) && state == UTF8_START;
}

static bool is_valid_byte_by_byte(struct span text)
{
    uint32_t state = UTF8_START;
    for (size_t i = 0; i < text.len; i++)
        if (!utf8_check(&state, span_of(text.data + i, 1)))
            return false;
    return state == UTF8_START;
}

static void expect(struct span text, bool valid)
{
    assert_int_equal(utf8_is_valid(text), valid);
    assert_int_equal(is_valid_byte_by_byte(text), valid);
    for (size_t split = 0; split <= text.len; split++)
        assert_int_equal(is_valid_in_two(text, split), valid);
}

TEST(each_vector_is_judged_right_whole_and_in_parts_and_before_a_guard_page)
{
    for (size_t i = 0; i < COUNT; i++) {
        struct guard guard = guard_copy(vectors[i].bytes, vectors[i].len);
        expect(span_of(guard.data, guard.len), vectors[i].valid);
        assert_int_equal(naive_utf8_is_valid(span_of(guard.data, guard.len)), vectors[i].valid);
        guard_fini(&guard);
    }
}

TEST(each_vector_is_judged_right_at_each_place_in_a_text)
{
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t before = 0; before <= 40; before++) {
            uint8_t text[256];
            memset(text, 'x', sizeof text);
            memcpy(text + before, vectors[i].bytes, vectors[i].len);
            size_t len = before + vectors[i].len + 40;
            assert_true(len <= sizeof text);
            assert_int_equal(utf8_is_valid(span_of(text, len)), vectors[i].valid);
        }
    }
}

/* Where a text stops being the beginning of a valid one: the number of bytes that are taken without complaint. */
static size_t bytes_taken(struct span text)
{
    uint32_t state = UTF8_START;
    size_t at = 0;
    while (at < text.len && utf8_check(&state, span_of(text.data + at, 1)))
        at++;
    return at;
}

TEST(a_fault_is_told_at_the_first_byte_that_no_continuation_can_mend)
{
    static const struct {
        const char *text;
        size_t good;
    } cases[] = {
        {"ab\xc0\x80", 2},       {"\xe0\x9f\xbf", 1},     {"\xed\xa0\x80", 1},
        {"\xf0\x8f\xbf\xbf", 1}, {"\xf4\x90\x80\x80", 1}, {"\xf5\x80\x80\x80", 0},
        {"\xf0\x9f\x8f ", 3},    {"\xe2\x82 ", 2},        {"\xce\xba\xe1\xbd\xb9\xed\xa0\x80", 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(bytes_taken(span_of_text(cases[i].text)), cases[i].good);
}

TEST(every_character_there_is_is_valid_and_every_surrogate_is_not)
{
    for (uint32_t c = 0x80; c <= 0x11ffff; c++) {
        uint8_t bytes[4] = {(uint8_t)(0xf0 | c >> 18), (uint8_t)(0x80 | (c >> 12 & 0x3f)),
                            (uint8_t)(0x80 | (c >> 6 & 0x3f)), (uint8_t)(0x80 | (c & 0x3f))};
        size_t skip = c < 0x800 ? 2 : c < 0x10000 ? 1 : 0;
        if (skip == 2)
            bytes[2] = (uint8_t)(0xc0 | c >> 6);
        else if (skip == 1)
            bytes[1] = (uint8_t)(0xe0 | c >> 12);
        bool valid = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        if (utf8_is_valid(span_of(bytes + skip, 4 - skip)) != valid)
            fail_msg("U+%04X", (unsigned)c);
    }
}

static uint64_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return *state >> 33;
}

/* Bytes of which many are leads and continuations, so that a good part of the texts is valid. */
static uint8_t draw_byte(uint64_t *state)
{
    static const uint8_t leads[] = {0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf4, 0xc0, 0xf5};
    switch (draw(state) % 4) {
    case 0:
        return leads[draw(state) % sizeof leads];
    case 1:
        return (uint8_t)(0x80 + draw(state) % 0x40);
    case 2:
        return (uint8_t)draw(state);
    default:
        return 'a';
    }
}

TEST(random_bytes_are_judged_as_the_naive_decoder_judges_them)
{
    uint64_t seed = 20260501;
    size_t valid = 0;
    for (size_t round = 0; round < 200000; round++) {
        uint8_t text[24];
        size_t len = draw(&seed) % (round % 2 == 0 ? 6 : sizeof text);
        for (size_t i = 0; i < len; i++)
            text[i] = draw_byte(&seed);
        bool expected = naive_utf8_is_valid(span_of(text, len));
        valid += expected ? 1 : 0;
        if (utf8_is_valid(span_of(text, len)) != expected ||
            is_valid_byte_by_byte(span_of(text, len)) != expected)
            fail_msg("round %zu", round);
    }
    assert_true(valid > 1000);
}
