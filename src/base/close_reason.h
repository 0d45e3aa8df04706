/*
 * close_reason: why a session ended. One table feeds the close frame, the metric, the log and the documentation.
 */
#ifndef SPECTATE_BASE_CLOSE_REASON_H
#define SPECTATE_BASE_CLOSE_REASON_H

#include <stdint.h>

enum close_reason {
#define CLOSE_REASON(name, websocket_code, text) CLOSE_##name,
#include "base/close_reason.def"
#undef CLOSE_REASON
    CLOSE_REASON_COUNT
};

const char *close_reason_name(enum close_reason reason);
const char *close_reason_text(enum close_reason reason);

/* The close frame's status code (RFC 6455 section 7.4), 0 when none is sent for this reason. */
uint16_t close_reason_websocket_code(enum close_reason reason);

#endif
