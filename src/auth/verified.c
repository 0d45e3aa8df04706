#include "auth/verified.h"

#include <openssl/sha.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"

#define NOBODY 0

struct place {
    struct verified_id id;
    uint8_t issuer; /* its number and 1, or NOBODY */
};

struct verified {
    struct place places[VERIFIED_PLACES];
};

_Static_assert(sizeof(struct verified_id) == SHA256_DIGEST_LENGTH, "a digest");
_Static_assert(VERIFIED_ISSUERS < UINT8_MAX, "an issuer is a byte");

struct verified *verified_new(void)
{
    return mem_must(sizeof(struct verified));
}

void verified_free(struct verified **verified)
{
    mem_free(*verified);
    *verified = NULL;
}

struct verified_id verified_id_of(struct span token)
{
    struct verified_id id;
    SHA256(token.data, token.len, id.digest);
    return id;
}

/* Nobody who can't sign can steer where a token comes to lie. */
static size_t place_of(const struct verified_id *id)
{
    uint32_t bits;
    memcpy(&bits, id->digest, sizeof bits);
    return bits % VERIFIED_PLACES;
}

void verified_add(struct verified *verified, const struct verified_id *id, size_t issuer)
{
    CHECK(issuer < VERIFIED_ISSUERS);
    verified->places[place_of(id)] = (struct place){.id = *id, .issuer = (uint8_t)(issuer + 1)};
}

bool verified_has(const struct verified *verified, const struct verified_id *id, size_t issuer)
{
    const struct place *place = &verified->places[place_of(id)];
    return place->issuer == issuer + 1 && memcmp(&place->id, id, sizeof *id) == 0;
}

void verified_clear(struct verified *verified)
{
    memset(verified, NOBODY, sizeof *verified);
}
