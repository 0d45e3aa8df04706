/*
 * trusted_proxies: the networks whose word about others is taken. Made once, read by every thread.
 */
#ifndef SPECTATE_APP_TRUSTED_PROXIES_H
#define SPECTATE_APP_TRUSTED_PROXIES_H

#include <stdbool.h>

#include "base/ip.h"
#include "codec/http.h"
#include "config/options.h"

struct trusted_proxies;

/* Owned by the caller. The options have been checked. */
struct trusted_proxies *trusted_proxies_new(const struct options *options);
void trusted_proxies_free(struct trusted_proxies **proxies);

bool trusted_proxies_hold(const struct trusted_proxies *proxies, const struct ip *ip);

/*
 * Who a request comes from, on a connection from `peer`: what X-Forwarded-For says when the peer is trusted and it says
 * something; else the peer.
 */
struct ip trusted_proxies_client(const struct trusted_proxies *proxies, const struct ip *peer,
                                 const struct http_reader *request);

#endif
