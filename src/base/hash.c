#include "base/hash.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif

#include "base/check.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static struct hash_key process_key;
static pthread_once_t process_key_once = PTHREAD_ONCE_INIT;

struct hash_key hash_key_random(void)
{
    struct hash_key key;
    CHECK(getentropy(&key, sizeof key) == 0);
    return key;
}

static uint64_t rotate_left(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static void sip_round(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate_left(s->v1, 13) ^ s->v0;
    s->v0 = rotate_left(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate_left(s->v1, 17) ^ s->v2;
    s->v2 = rotate_left(s->v2, 32);
}

static void absorb(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static uint64_t little_endian_word(const uint8_t *bytes, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

uint64_t hash_bytes(struct hash_key key, const void *bytes, size_t len)
{
    struct state s = {key.k0 ^ 0x736f6d6570736575U, key.k1 ^ 0x646f72616e646f6dU,
                      key.k0 ^ 0x6c7967656e657261U, key.k1 ^ 0x7465646279746573U};
    const uint8_t *at = bytes;
    size_t left = len;
    for (; left >= 8; left -= 8, at += 8)
        absorb(&s, little_endian_word(at, 8));
    absorb(&s, little_endian_word(at, left) | (uint64_t)(len & 0xff) << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static void draw_process_key(void)
{
    process_key = hash_key_random();
}

uint32_t hash_for_table(const void *bytes, size_t len)
{
    CHECK(pthread_once(&process_key_once, draw_process_key) == 0);
    return (uint32_t)hash_bytes(process_key, bytes, len);
}
