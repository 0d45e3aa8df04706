/*
 * forwarded: who a request comes from, by X-Forwarded-For, to which each proxy on the way adds the address that it was
 * connected from.
 *
 * Everything left of what a trusted proxy wrote may be made up. So it is read from the right, and the first address that is
 * no trusted proxy's is the client's.
 */
#ifndef SPECTATE_CODEC_FORWARDED_H
#define SPECTATE_CODEC_FORWARDED_H

#include <stdbool.h>

#include "base/ip.h"
#include "codec/http.h"

typedef bool forwarded_trust_fn(const struct ip *ip, void *ctx);

/*
 * Only for a request that comes from a trusted proxy. False: the header says nothing; the peer is all that is known. When all
 * of the addresses are trusted it is the leftmost; when one can't be read ("unknown", "_hidden"), the one right of it, or
 * false. All lines of the header are one list; a port behind an address, and brackets around one, are fine.
 */
bool forwarded_client(const struct http_reader *request, forwarded_trust_fn *is_trusted, void *ctx,
                      struct ip *out);

#endif
