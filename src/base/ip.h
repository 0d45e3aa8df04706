/*
 * ip: an address of IPv4 or IPv6 as sixteen bytes, and networks of them. Pure; nothing is looked up.
 *
 * IPv4 is kept as mapped into IPv6 (RFC 4291 2.5.5.2), so that 10.0.0.1 and ::ffff:10.0.0.1 are one address.
 */
#ifndef SPECTATE_BASE_IP_H
#define SPECTATE_BASE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct ip {
    uint8_t bytes[16];
};

#define IP_TEXT_BYTES 46

/* "10.0.0.1" (four decimal numbers), "2001:db8::1". No brackets, port, zone or name. ERR_FORMAT. */
int ip_parse(struct span text, struct ip *out);

struct ip ip_of_v4(const uint8_t bytes[4]);
bool ip_is_v4(const struct ip *ip);
bool ip_equals(const struct ip *a, const struct ip *b);

/*
 * The one that stands for all that a customer has as a rule, and can come from: an address of IPv4 for itself, one of IPv6 for
 * the network of 64 bits that it is in. What is counted per address is counted by this.
 */
struct ip ip_of_customer(const struct ip *ip);

/* The usual form; IPv4 as IPv4. Returns `text`. */
const char *ip_format(const struct ip *ip, char text[IP_TEXT_BYTES]);

/* All addresses that begin like one (RFC 4632). */
struct cidr {
    struct ip ip;
    unsigned bits; /* of the sixteen bytes, so 96 more than are written for IPv4 */
};

/* "10.0.0.0/8", "2001:db8::/32", or one address. Bits behind the prefix may be set and don't count. ERR_FORMAT. */
int cidr_parse(struct span text, struct cidr *out);

bool cidr_holds(const struct cidr *cidr, const struct ip *ip);

/* 127.0.0.0/8 or ::1. */
bool ip_is_loopback(const struct ip *ip);

#endif
