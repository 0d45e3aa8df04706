#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

#define HOST_BYTES 256

/* Split at the last colon outside brackets. ERR_INVALID when there is no port. */
static int split(const char *text, char host[HOST_BYTES], const char **port)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon[1] == '\0')
        return ERR_INVALID;
    size_t len = (size_t)(colon - text);
    bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    if (!bracketed && memchr(text, ':', len) != NULL)
        return ERR_INVALID;
    if (bracketed) {
        text++;
        len -= 2;
    }
    if (len >= HOST_BYTES)
        return ERR_INVALID;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = colon + 1;
    return 0;
}

static bool is_port(const char *text)
{
    unsigned long port = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return false;
        port = port * 10 + (unsigned long)(*at - '0');
        if (port > 65535)
            return false;
    }
    return true;
}

int address_parse(const char *text, struct address *out)
{
    char host[HOST_BYTES];
    const char *port = NULL;
    int err = split(text, host, &port);
    if (err < 0 || !is_port(port))
        return ERR_INVALID;
    struct addrinfo hints = {
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *found = NULL;
    if (getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &found) != 0)
        return ERR_NOT_FOUND;
    memcpy(&out->storage, found->ai_addr, found->ai_addrlen);
    out->len = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

struct ip address_ip(const struct address *address)
{
    struct ip ip;
    if (address->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)&address->storage;
        memcpy(ip.bytes, &v6->sin6_addr, sizeof ip.bytes);
        return ip;
    }
    const struct sockaddr_in *v4 = (const void *)&address->storage;
    return ip_of_v4((const uint8_t *)&v4->sin_addr);
}

struct address address_of_ip(const struct ip *ip, uint16_t port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct address address = {.len = sizeof v6};
    memcpy(&v6.sin6_addr, ip->bytes, sizeof ip->bytes);
    memcpy(&address.storage, &v6, sizeof v6);
    return address;
}

uint16_t address_port(const struct address *address)
{
    if (address->storage.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&address->storage)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)&address->storage)->sin_port);
}

void address_format(const struct address *address, char text[ADDRESS_TEXT_BYTES])
{
    struct ip ip = address_ip(address);
    char host[IP_TEXT_BYTES];
    snprintf(text, ADDRESS_TEXT_BYTES, ip_is_v4(&ip) ? "%s:%u" : "[%s]:%u", ip_format(&ip, host),
             address_port(address));
}

int address_of_socket(int fd, struct address *out)
{
    out->len = sizeof out->storage;
    return getsockname(fd, (struct sockaddr *)&out->storage, &out->len) == 0 ? 0 : ERR_SYSTEM;
}
