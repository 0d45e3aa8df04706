#include "auth/secret.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

struct span secret_trim(struct span contents)
{
    size_t len = contents.len;
    if (len == 0 || contents.data[len - 1] != '\n')
        return contents;
    len--;
    if (len > 0 && contents.data[len - 1] == '\r')
        len--;
    return span_of(contents.data, len);
}

/* Digests are of one length, and nobody can steer how far two of them agree. */
bool secret_equals(struct span secret, struct span guess)
{
    uint8_t of_secret[SHA256_DIGEST_LENGTH];
    uint8_t of_guess[SHA256_DIGEST_LENGTH];
    SHA256(secret.data, secret.len, of_secret);
    SHA256(guess.data, guess.len, of_guess);
    return CRYPTO_memcmp(of_secret, of_guess, sizeof of_secret) == 0;
}
