/*
 * proxy_protocol: the header by which a proxy says, before anything else on a connection, on whose behalf it connects
 * (haproxy's doc/proxy-protocol.txt, versions 1 and 2).
 *
 * Whether a connection begins with one is settled beforehand, never guessed. No byte behind the header is taken. What a
 * version 2 header holds beyond the addresses is skipped: its checksum, names, TLS parameters.
 */
#ifndef SPECTATE_CODEC_PROXY_PROTOCOL_H
#define SPECTATE_CODEC_PROXY_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "base/span.h"

#define PROXY_LINE_MAX_BYTES 107 /* of version 1, with CR LF */

/* Plain data, all zero at the start. Private. */
struct proxy_reader {
    uint8_t bytes[PROXY_LINE_MAX_BYTES]; /* the line; of version 2, as much as matters */
    uint8_t len;
    uint32_t taken; /* of the header so far */
};

enum proxy_read {
    PROXY_READ_MORE, /* all bytes were taken */
    PROXY_READ_DONE,
    PROXY_READ_FAULT, /* drop the connection; the reader is spent */
};

/* Who connected to the proxy. */
struct proxy_source {
    bool
        is_known; /* false: the proxy speaks for itself (LOCAL), or can't say (UNKNOWN, a datagram, a UNIX socket) */
    struct ip ip;
    uint16_t port;
};

/*
 * Take bytes; `*taken` says how many. On PROXY_READ_DONE `*source` is filled, and this is not called again. At most 65551
 * bytes are taken in all.
 */
enum proxy_read proxy_read(struct proxy_reader *reader, struct span bytes, size_t *taken,
                           struct proxy_source *source);

#endif
