#include "base/hash.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "tests/lib/guard.h"
#include "tests/lib/test.h"

/* The key of the paper's own vectors, bytes 0 to 15. */
static const struct hash_key paper_key = {UINT64_C(0x0706050403020100),
                                          UINT64_C(0x0f0e0d0c0b0a0908)};

/* OpenSSL's SipHash, told to do 1 and 3 rounds: an implementation that we did not write. */
static uint64_t foreign_siphash13(struct hash_key key, const uint8_t *bytes, size_t len)
{
    uint8_t key_bytes[16];
    memcpy(key_bytes, &key.k0, 8);
    memcpy(key_bytes + 8, &key.k1, 8);
    unsigned compress = 1;
    unsigned finish = 3;
    size_t size = 8;
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                               OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &compress),
                               OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &finish),
                               OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    uint64_t result = 0;
    size_t written = 0;
    assert_int_equal(EVP_MAC_init(context, key_bytes, sizeof key_bytes, parameters), 1);
    assert_int_equal(EVP_MAC_update(context, bytes, len), 1);
    assert_int_equal(EVP_MAC_final(context, (unsigned char *)&result, &written, 8), 1);
    assert_int_equal(written, 8);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return result;
}

TEST(known_values_come_out)
{
    /* Of the authors' program with cROUNDS 1 and dROUNDS 3: nothing, under the paper's key and under zeroes. */
    assert_true(hash_bytes(paper_key, "", 0) == UINT64_C(0xabac0158050fc4dc));
    assert_true(hash_bytes((struct hash_key){0}, "", 0) == UINT64_C(0xd1fba762150c532c));
}

TEST(every_length_agrees_with_openssl)
{
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t len = 0; len <= sizeof bytes; len++)
        assert_true(hash_bytes(paper_key, bytes, len) == foreign_siphash13(paper_key, bytes, len));
}

TEST(every_key_agrees_with_openssl)
{
    for (int i = 0; i < 100; i++) {
        struct hash_key key = hash_key_random();
        assert_true(hash_bytes(key, "runner 7", 8) ==
                    foreign_siphash13(key, (const uint8_t *)"runner 7", 8));
    }
}

TEST(no_byte_past_the_end_is_read)
{
    uint8_t bytes[40] = {7, 8, 9};
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct guard guard = guard_copy(bytes, len);
        assert_true(hash_bytes(paper_key, guard.data, len) == hash_bytes(paper_key, bytes, len));
        guard_fini(&guard);
    }
}

static unsigned bits_that_differ(uint64_t a, uint64_t b)
{
    return (unsigned)__builtin_popcountll(a ^ b);
}

TEST(one_bit_of_the_input_changes_about_half_of_the_result)
{
    uint8_t bytes[20] = {0};
    uint64_t before = hash_bytes(paper_key, bytes, sizeof bytes);
    unsigned sum = 0;
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        sum += bits_that_differ(before, hash_bytes(paper_key, bytes, sizeof bytes));
        bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    assert_in_range(sum / (8 * sizeof bytes), 28, 36);
}

TEST(the_key_decides_the_result)
{
    struct hash_key other = {paper_key.k0 ^ 1, paper_key.k1};
    struct hash_key another = {paper_key.k0, paper_key.k1 ^ 1};
    uint64_t hash = hash_bytes(paper_key, "7", 1);
    assert_true(hash != hash_bytes(other, "7", 1));
    assert_true(hash != hash_bytes(another, "7", 1));
}

TEST(two_drawn_keys_differ)
{
    struct hash_key one = hash_key_random();
    struct hash_key two = hash_key_random();
    assert_memory_not_equal(&one, &two, sizeof one);
}

TEST(a_table_finds_again_what_it_put_away)
{
    char copy[] = "runner 7";
    assert_true(hash_for_table("runner 7", 8) == hash_for_table(copy, 8));
    assert_true(hash_for_table("runner 7", 8) != hash_for_table("runner 8", 8));
}
