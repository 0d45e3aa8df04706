/*
 * Byte by byte, so that the first one that is wrong ends it, and none behind the header is touched. Version 1 is a line of
 * text, of which each part is checked when it is whole. Version 2 tells its length; only what lies before the addresses' end
 * is kept.
 */
#include "codec/proxy_protocol.h"

#include <string.h>

#include "base/err.h"

static const uint8_t line_start[] = {'P', 'R', 'O', 'X', 'Y', ' '};
static const uint8_t signature[] = {'\r', '\n', '\r', '\n', '\0', '\r',
                                    '\n', 'Q',  'U',  'I',  'T',  '\n'};

#define FIXED_BYTES 16 /* signature, version and command, family and transport, length */
#define V4_BYTES 12    /* both addresses, both ports */
#define V6_BYTES 36
#define KEPT_MAX_BYTES (FIXED_BYTES + V6_BYTES)

enum { COMMAND_LOCAL = 0x20, COMMAND_PROXY = 0x21 };
enum { FAMILY_V4 = 1, FAMILY_V6 = 2, FAMILY_UNIX = 3 };
enum { TRANSPORT_STREAM = 1, TRANSPORT_DATAGRAM = 2 };

_Static_assert(KEPT_MAX_BYTES <= PROXY_LINE_MAX_BYTES, "one buffer for both versions");

/* --- version 1 ------------------------------------------------------------------------------------------------------ */

/* What is before the next space of `rest`, which goes on behind it. False: there is none. */
static bool next_word(struct span *rest, struct span *word)
{
    const uint8_t *space = rest->len == 0 ? NULL : memchr(rest->data, ' ', rest->len);
    if (space == NULL)
        return false;
    *word = span_of(rest->data, (size_t)(space - rest->data));
    *rest = span_of(space + 1, rest->len - word->len - 1);
    return true;
}

static int read_address(struct span text, bool is_v4, struct ip *out)
{
    bool has_colon = text.len > 0 && memchr(text.data, ':', text.len) != NULL;
    return has_colon == is_v4 ? ERR_FORMAT : ip_parse(text, out);
}

/* Decimal, without leading zeros. */
static int read_port(struct span text, uint16_t *out)
{
    unsigned value = 0;
    if (text.len == 0 || text.len > 5 || (text.len > 1 && text.data[0] == '0'))
        return ERR_FORMAT;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return ERR_FORMAT;
        value = value * 10 + (unsigned)(text.data[i] - '0');
    }
    *out = (uint16_t)value;
    return value <= UINT16_MAX ? 0 : ERR_FORMAT;
}

/* "192.0.2.1 192.0.2.2 56324 443" */
static int read_endpoints(struct span text, bool is_v4, struct proxy_source *source)
{
    struct span words[3];
    struct ip destination;
    uint16_t port;
    for (size_t i = 0; i < 3; i++) {
        if (!next_word(&text, &words[i]))
            return ERR_FORMAT;
    }
    source->is_known = true;
    if (read_address(words[0], is_v4, &source->ip) < 0 ||
        read_address(words[1], is_v4, &destination) < 0 || read_port(words[2], &source->port) < 0)
        return ERR_FORMAT;
    return read_port(text, &port);
}

static bool begins_with(struct span text, const char *start)
{
    return text.len >= strlen(start) && memcmp(text.data, start, strlen(start)) == 0;
}

static int read_line(struct span line, struct proxy_source *source)
{
    struct span text = span_of(line.data + sizeof line_start, line.len - sizeof line_start);
    *source = (struct proxy_source){0};
    if (span_equals(text, span_of_text("UNKNOWN")) || begins_with(text, "UNKNOWN "))
        return 0;
    bool is_v4 = begins_with(text, "TCP4 ");
    if (!is_v4 && !begins_with(text, "TCP6 "))
        return ERR_FORMAT;
    return read_endpoints(span_of(text.data + 5, text.len - 5), is_v4, source);
}

static enum proxy_read take_line_byte(struct proxy_reader *reader, uint8_t byte,
                                      struct proxy_source *source)
{
    if (reader->len < sizeof line_start && byte != line_start[reader->len])
        return PROXY_READ_FAULT;
    reader->bytes[reader->len++] = byte;
    bool after_cr = reader->len > 1 && reader->bytes[reader->len - 2] == '\r';
    if (after_cr != (byte == '\n'))
        return PROXY_READ_FAULT;
    if (byte != '\n')
        return reader->len < PROXY_LINE_MAX_BYTES ? PROXY_READ_MORE : PROXY_READ_FAULT;
    struct span line = span_of(reader->bytes, reader->len - 2U);
    return read_line(line, source) == 0 ? PROXY_READ_DONE : PROXY_READ_FAULT;
}

/* --- version 2 ------------------------------------------------------------------------------------------------------ */

static uint16_t read_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* Bytes of addresses that are read: none of what is not TCP. */
static size_t address_bytes(const struct proxy_reader *reader)
{
    const uint8_t *fixed = reader->bytes;
    if (fixed[12] != COMMAND_PROXY || (fixed[13] & 0x0f) != TRANSPORT_STREAM)
        return 0;
    unsigned family = fixed[13] >> 4;
    return family == FAMILY_V4 ? V4_BYTES : family == FAMILY_V6 ? V6_BYTES : 0;
}

static bool fixed_part_is_right(const struct proxy_reader *reader)
{
    const uint8_t *fixed = reader->bytes;
    if (fixed[12] == COMMAND_LOCAL)
        return true; /* the rest has no meaning */
    return fixed[12] == COMMAND_PROXY && fixed[13] >> 4 <= FAMILY_UNIX &&
           (fixed[13] & 0x0f) <= TRANSPORT_DATAGRAM &&
           address_bytes(reader) <= read_u16(fixed + 14);
}

static void read_source(const struct proxy_reader *reader, struct proxy_source *source)
{
    const uint8_t *addresses = reader->bytes + FIXED_BYTES;
    size_t bytes = address_bytes(reader);
    *source = (struct proxy_source){.is_known = bytes > 0};
    if (bytes == V4_BYTES) {
        source->ip = ip_of_v4(addresses);
        source->port = read_u16(addresses + 8);
    } else if (bytes == V6_BYTES) {
        memcpy(source->ip.bytes, addresses, sizeof source->ip.bytes);
        source->port = read_u16(addresses + 32);
    }
}

static enum proxy_read take_binary_byte(struct proxy_reader *reader, uint8_t byte,
                                        struct proxy_source *source)
{
    if (reader->len < sizeof signature && byte != signature[reader->len])
        return PROXY_READ_FAULT;
    if (reader->len < KEPT_MAX_BYTES)
        reader->bytes[reader->len++] = byte;
    if (reader->taken < FIXED_BYTES)
        return PROXY_READ_MORE;
    if (reader->taken == FIXED_BYTES && !fixed_part_is_right(reader))
        return PROXY_READ_FAULT;
    if (reader->taken < FIXED_BYTES + (uint32_t)read_u16(reader->bytes + 14))
        return PROXY_READ_MORE;
    read_source(reader, source);
    return PROXY_READ_DONE;
}

/* --- both ----------------------------------------------------------------------------------------------------------- */

static enum proxy_read take_byte(struct proxy_reader *reader, uint8_t byte,
                                 struct proxy_source *source)
{
    uint8_t first = reader->taken++ == 0 ? byte : reader->bytes[0];
    if (first == line_start[0])
        return take_line_byte(reader, byte, source);
    return take_binary_byte(reader, byte, source);
}

enum proxy_read proxy_read(struct proxy_reader *reader, struct span bytes, size_t *taken,
                           struct proxy_source *source)
{
    enum proxy_read result = PROXY_READ_MORE;
    for (*taken = 0; *taken < bytes.len && result == PROXY_READ_MORE; ++*taken)
        result = take_byte(reader, bytes.data[*taken], source);
    return result;
}
