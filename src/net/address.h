/*
 * address: HOST:PORT on the command line and in logs; a socket address inside.
 */
#ifndef SPECTATE_NET_ADDRESS_H
#define SPECTATE_NET_ADDRESS_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/ip.h"

#define ADDRESS_TEXT_BYTES 64

struct address {
    struct sockaddr_storage storage;
    socklen_t len;
};

/*
 * "127.0.0.1:8080", "[::1]:8080", "localhost:0", ":8080" (all interfaces). Names are looked up, which may block: only at
 * start. ERR_INVALID, ERR_NOT_FOUND.
 */
int address_parse(const char *text, struct address *out);

/* "127.0.0.1:8080" or "[::1]:8080"; an IPv4 address in an IPv6 one is shown as IPv4. */
void address_format(const struct address *address, char text[ADDRESS_TEXT_BYTES]);

uint16_t address_port(const struct address *address);

/* The host alone, and an address made of both. */
struct ip address_ip(const struct address *address);
struct address address_of_ip(const struct ip *ip, uint16_t port);

/* The socket's own address. 0 or ERR_SYSTEM. */
int address_of_socket(int fd, struct address *out);

#endif
