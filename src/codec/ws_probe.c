#include "codec/ws_probe.h"

#include <string.h>

#include "codec/ws_frame.h"

#define NUMBER_BYTES 4

size_t ws_probe_write(uint32_t number, uint8_t *out)
{
    uint8_t header[WS_HEADER_MAX_BYTES];
    size_t header_bytes = ws_write_header(header, WS_PING, NUMBER_BYTES);
    memcpy(out, header, header_bytes);
    for (size_t i = 0; i < NUMBER_BYTES; i++)
        out[header_bytes + i] = (uint8_t)(number >> (8 * i));
    return header_bytes + NUMBER_BYTES;
}

bool ws_probe_read(struct span payload, uint32_t *number)
{
    if (payload.len != NUMBER_BYTES)
        return false;
    *number = 0;
    for (size_t i = 0; i < NUMBER_BYTES; i++)
        *number |= (uint32_t)payload.data[i] << (8 * i);
    return true;
}
