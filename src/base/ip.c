#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define V4_BITS 32
#define V6_BITS 128
#define MAPPED_BITS (V6_BITS - V4_BITS)
#define CUSTOMER_BITS 64

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct ip ip_of_v4(const uint8_t bytes[4])
{
    struct ip ip;
    memcpy(ip.bytes, mapped_prefix, sizeof mapped_prefix);
    memcpy(ip.bytes + sizeof mapped_prefix, bytes, 4);
    return ip;
}

bool ip_is_v4(const struct ip *ip)
{
    return memcmp(ip->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

bool ip_equals(const struct ip *a, const struct ip *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

struct ip ip_of_customer(const struct ip *ip)
{
    struct ip network = {0};
    if (ip_is_v4(ip))
        return *ip;
    memcpy(network.bytes, ip->bytes, CUSTOMER_BITS / 8);
    return network;
}

int ip_parse(struct span text, struct ip *out)
{
    char copy[IP_TEXT_BYTES];
    uint8_t v4[4];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, '\0', text.len) != NULL)
        return ERR_FORMAT;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, v4) == 1) {
        *out = ip_of_v4(v4);
        return 0;
    }
    return inet_pton(AF_INET6, copy, out->bytes) == 1 ? 0 : ERR_FORMAT;
}

const char *ip_format(const struct ip *ip, char text[IP_TEXT_BYTES])
{
    if (ip_is_v4(ip))
        return inet_ntop(AF_INET, ip->bytes + sizeof mapped_prefix, text, IP_TEXT_BYTES);
    return inet_ntop(AF_INET6, ip->bytes, text, IP_TEXT_BYTES);
}

/* One to three digits up to `max`. -1: it is none. */
static int read_bits(struct span text, int max)
{
    int bits = 0;
    if (text.len == 0 || text.len > 3)
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        bits = bits * 10 + (text.data[i] - '0');
    }
    return bits <= max ? bits : -1;
}

int cidr_parse(struct span text, struct cidr *out)
{
    const uint8_t *slash = text.len == 0 ? NULL : memchr(text.data, '/', text.len);
    size_t len = slash == NULL ? text.len : (size_t)(slash - text.data);
    struct span host = {text.data, len};
    if (ip_parse(host, &out->ip) < 0)
        return ERR_FORMAT;
    out->bits = V6_BITS;
    if (slash == NULL)
        return 0;
    bool is_v4 = memchr(host.data, ':', host.len) == NULL;
    int bits = read_bits(span_of(slash + 1, text.len - len - 1), is_v4 ? V4_BITS : V6_BITS);
    if (bits < 0)
        return ERR_FORMAT;
    out->bits = (unsigned)bits + (is_v4 ? MAPPED_BITS : 0);
    return 0;
}

bool cidr_holds(const struct cidr *cidr, const struct ip *ip)
{
    unsigned whole = cidr->bits / 8;
    unsigned rest = cidr->bits % 8;
    if (memcmp(cidr->ip.bytes, ip->bytes, whole) != 0)
        return false;
    return rest == 0 || (cidr->ip.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest) == 0;
}

bool ip_is_loopback(const struct ip *ip)
{
    static const struct cidr v4 = {.ip = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 0}},
                                   .bits = MAPPED_BITS + 8};
    static const struct cidr v6 = {.ip = {{[15] = 1}}, .bits = V6_BITS};
    return cidr_holds(&v4, ip) || cidr_holds(&v6, ip);
}
