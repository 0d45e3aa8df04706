#include "base/close_reason.h"

#include "base/check.h"

static const struct {
    const char *name;
    const char *text;
    uint16_t websocket_code;
} reasons[CLOSE_REASON_COUNT] = {
#define CLOSE_REASON(name, websocket_code, text) {#name, text, websocket_code},
#include "base/close_reason.def"
#undef CLOSE_REASON
};

const char *close_reason_name(enum close_reason reason)
{
    CHECK((unsigned)reason < CLOSE_REASON_COUNT);
    return reasons[reason].name;
}

const char *close_reason_text(enum close_reason reason)
{
    CHECK((unsigned)reason < CLOSE_REASON_COUNT);
    return reasons[reason].text;
}

uint16_t close_reason_websocket_code(enum close_reason reason)
{
    CHECK((unsigned)reason < CLOSE_REASON_COUNT);
    return reasons[reason].websocket_code;
}
