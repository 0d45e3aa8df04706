#include "base/base64url.h"

#include <string.h>

#include "base/err.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"
#include "tests/lib/token_kit.h"

static int decode(const char *text, struct buf *out)
{
    struct guard guard = guard_copy(text, strlen(text));
    uint8_t bytes[64];
    size_t len = 0;
    int err = base64url_decode(span_of(guard.data, guard.len), bytes, &len);
    out->len = 0;
    if (err == 0)
        assert_int_equal(buf_append(out, span_of(bytes, len)), 0);
    guard_fini(&guard);
    return err;
}

TEST(the_vectors_of_the_rfcs_come_out)
{
    /* RFC 4648 section 10 without padding; RFC 7515 appendix C. */
    static const struct {
        const char *text;
        const char *bytes;
    } vectors[] = {
        {"", ""},
        {"Zg", "f"},
        {"Zm8", "fo"},
        {"Zm9v", "foo"},
        {"Zm9vYg", "foob"},
        {"Zm9vYmE", "fooba"},
        {"Zm9vYmFy", "foobar"},
        {"A-z_4ME", "\x03\xec\xff\xe0\xc1"},
    };
    struct buf bytes = {0};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        char text[64];
        struct span expected = span_of_text(vectors[i].bytes);
        assert_int_equal(decode(vectors[i].text, &bytes), 0);
        assert_true(span_equals(buf_span(&bytes), expected));
        size_t len = base64url_encode(expected, text);
        assert_true(span_equals(span_of(text, len), span_of_text(vectors[i].text)));
    }
    buf_fini(&bytes);
}

TEST(bytes_have_one_text_only)
{
    static const char *const wrong[] = {
        "A",    "AAAAA", "Zg==", "Zh",    "Zm9=", "Zm9",   "Z",     " Zg",   "Zg ",
        "Z\ng", "Zm+v",  "Zm/v", "Zm9v=", "====", "Zm9v!", "Z\xc3", "Zm8\n",
    };
    struct buf bytes = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(decode(wrong[i], &bytes), ERR_FORMAT);
    buf_fini(&bytes);
}

TEST(all_lengths_and_bytes_agree_with_openssl)
{
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 89 + 3);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct buf foreign = {0};
        char text[BASE64URL_ENCODED_BYTES(sizeof bytes)];
        uint8_t back[BASE64URL_DECODED_BYTES(sizeof text)];
        size_t back_len = 0;
        kit_append_base64url(&foreign, span_of(bytes, len));
        struct span own = span_of(text, base64url_encode(span_of(bytes, len), text));
        assert_true(span_equals(own, buf_span(&foreign)));
        assert_int_equal(base64url_decode(own, back, &back_len), 0);
        assert_true(span_equals(span_of(back, back_len), span_of(bytes, len)));
        buf_fini(&foreign);
    }
}

TEST(every_text_of_two_characters_that_decodes_encodes_to_itself)
{
    size_t good = 0;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            uint8_t text[2] = {(uint8_t)a, (uint8_t)b};
            uint8_t byte[3];
            char again[4];
            size_t len = 0;
            if (base64url_decode(span_of(text, 2), byte, &len) < 0)
                continue;
            assert_int_equal(base64url_encode(span_of(byte, len), again), 2);
            assert_memory_equal(text, again, 2);
            good++;
        }
    }
    assert_int_equal(good, 256);
}
