#include "codec/ws_message.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"

struct ws_parts {
    struct buf data;
    struct buf control;
    struct buf *completed; /* one of the two, until its message is dealt with */
};

static void free_if_empty(struct ws_gather *gather)
{
    struct ws_parts *parts = gather->parts;
    if (parts->data.cap == 0 && parts->control.cap == 0) {
        mem_free(parts);
        gather->parts = NULL;
    }
}

void ws_gather_done(struct ws_gather *gather)
{
    struct ws_parts *parts = gather->parts;
    if (parts == NULL || parts->completed == NULL)
        return;
    buf_fini(parts->completed);
    parts->completed = NULL;
    free_if_empty(gather);
}

static struct buf *gathered(struct ws_parts *parts, enum ws_opcode opcode)
{
    return opcode >= WS_CLOSE ? &parts->control : &parts->data;
}

static bool holds_some_of(const struct ws_gather *gather, enum ws_opcode opcode)
{
    return gather->parts != NULL && gathered(gather->parts, opcode)->len > 0;
}

static int append(struct ws_gather *gather, const struct ws_piece *piece)
{
    if (gather->parts == NULL)
        gather->parts = mem_try(sizeof *gather->parts);
    if (gather->parts == NULL)
        return ERR_NO_MEMORY;
    int err = buf_append(gathered(gather->parts, piece->opcode), piece->payload);
    if (err < 0)
        free_if_empty(gather);
    return err;
}

int ws_gather_add(struct ws_gather *gather, const struct ws_piece *piece, struct span *message)
{
    ws_gather_done(gather);
    if (piece->last && !holds_some_of(gather, piece->opcode)) {
        *message = piece->payload;
        return 1;
    }
    if (piece->payload.len > 0 && append(gather, piece) < 0)
        return ERR_NO_MEMORY;
    if (!piece->last)
        return 0;
    gather->parts->completed = gathered(gather->parts, piece->opcode);
    *message = buf_span(gather->parts->completed);
    return 1;
}

size_t ws_gather_bytes(const struct ws_gather *gather)
{
    const struct ws_parts *parts = gather->parts;
    return parts == NULL ? 0 : sizeof *parts + parts->data.cap + parts->control.cap;
}

void ws_gather_fini(struct ws_gather *gather)
{
    if (gather->parts != NULL) {
        buf_fini(&gather->parts->data);
        buf_fini(&gather->parts->control);
        mem_free(gather->parts);
    }
    *gather = (struct ws_gather){0};
}
