/*
 * verified: tokens whose signature was found good, so that one that many show, a share link's, is verified once. A pure set; one
 * thread.
 *
 * It knows a token by the SHA-256 of its whole text, and the issuer whose key it was; nothing else of it: times, audience and
 * revocations are looked at each time. A fixed number of places; a newcomer takes the place of another one. To be emptied when
 * any key changes.
 */
#ifndef SPECTATE_AUTH_VERIFIED_H
#define SPECTATE_AUTH_VERIFIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define VERIFIED_PLACES 4096
#define VERIFIED_ISSUERS 64

struct verified;

/* Aborts without memory. */
struct verified *verified_new(void);
void verified_free(struct verified **verified);

/* A token's name in it. */
struct verified_id {
    uint8_t digest[32];
};
struct verified_id verified_id_of(struct span token);

/* `issuer` is below VERIFIED_ISSUERS. */
void verified_add(struct verified *verified, const struct verified_id *id, size_t issuer);
bool verified_has(const struct verified *verified, const struct verified_id *id, size_t issuer);

void verified_clear(struct verified *verified);

#endif
