#include "app/session_phase.h"

#include "app/shard.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/utf8.h"
#include "codec/ws_deflate.h"

/* RFC 6455 section 5.5.1: answer with the same code, then end the connection, the server first. */
static void on_close_frame(struct session *session, struct span payload)
{
    uint16_t code = WS_CLOSE_NO_STATUS;
    struct span text;
    enum ws_read checked = ws_close_parse(payload, &code, &text);
    if (session->state == SESSION_CLOSING) {
        session_part(session, CLOSE_client_close, SESSION_PART_LINGERING);
        return;
    }
    if (checked != WS_READ_MORE) {
        bool is_utf8 = checked == WS_READ_BAD_UTF8;
        session_count_fault(session, is_utf8 ? FAULT_bad_utf8 : FAULT_bad_frame);
        session_close(session, is_utf8 ? CLOSE_bad_utf8 : CLOSE_bad_frame);
        return;
    }
    session_send(session, WS_CLOSE, span_of(payload.data, payload.len < 2 ? 0 : 2));
    session_part(session, CLOSE_client_close, SESSION_PART_LINGERING);
}

static bool is_awaited_pong(struct session *session, enum ws_opcode opcode, struct span payload)
{
    const struct session_handler *handler = session_handler_of(session);
    return opcode == WS_PONG && handler->on_pong != NULL && handler->on_pong(session, payload);
}

static void on_message(struct session *session, enum ws_opcode opcode, struct span message)
{
    struct fault fault;
    if (opcode == WS_CLOSE) {
        on_close_frame(session, message);
        return;
    }
    if (session->state != SESSION_OPEN)
        return;
    metrics_add(session->shard->metrics, METRIC_messages_received_total, 1);
    if (is_awaited_pong(session, opcode, message))
        return;
    if (!session_takes_message(session, &fault))
        session_fault(session, &fault);
    else if (opcode == WS_PING)
        session_send(session, WS_PONG, message);
    else if (opcode != WS_PONG)
        session_handler_of(session)->on_message(session, opcode, message);
}

static void on_bad_bytes(struct session *session, enum ws_read result)
{
    static const struct {
        enum fault_code fault;
        enum close_reason reason;
    } meanings[] = {
        [WS_READ_PROTOCOL] = {FAULT_bad_frame, CLOSE_bad_frame},
        [WS_READ_BAD_UTF8] = {FAULT_bad_utf8, CLOSE_bad_utf8},
        [WS_READ_TOO_BIG] = {FAULT_message_too_big, CLOSE_message_too_big},
    };
    if (session->state == SESSION_CLOSING) {
        session_part(session, CLOSE_bad_frame, SESSION_PART_LINGERING);
        return;
    }
    session_count_fault(session, meanings[result].fault);
    session_close(session, meanings[result].reason);
}

/* RFC 7692 section 6.2: only the inflated text is known to be text. */
static enum ws_read inflate(struct session *session, enum ws_opcode opcode, struct span *message)
{
    struct span inflated;
    int err = ws_deflate_inflate(session->shard->deflate, *message, &inflated);
    *message = inflated;
    if (err == ERR_TOO_BIG)
        return WS_READ_TOO_BIG;
    if (err == ERR_FORMAT)
        return WS_READ_BAD_UTF8;
    if (err < 0)
        session->is_doomed = true;
    else if (opcode == WS_TEXT && !utf8_is_valid(inflated))
        return WS_READ_BAD_UTF8;
    return WS_READ_PIECE;
}

static void on_compressed_message(struct session *session, enum ws_opcode opcode,
                                  struct span message)
{
    if (session->state != SESSION_OPEN)
        return;
    enum ws_read result = inflate(session, opcode, &message);
    if (result != WS_READ_PIECE)
        on_bad_bytes(session, result);
    else if (!session->is_doomed)
        on_message(session, opcode, message);
}

static void end_for_want_of_memory(struct session *session)
{
    session_count_fault(session, FAULT_out_of_memory);
    session_close(session, CLOSE_out_of_memory);
}

static void on_piece(struct session *session, const struct ws_piece *piece)
{
    struct span message;
    int complete = ws_gather_add(&session->gather, piece, &message);
    if (complete < 0) {
        end_for_want_of_memory(session);
    } else if (complete == 1) {
        if (piece->compressed)
            on_compressed_message(session, piece->opcode, message);
        else
            on_message(session, piece->opcode, message);
        ws_gather_done(&session->gather);
    }
}

static bool is_reading(const struct session *session)
{
    return session->state == SESSION_OPEN || session->state == SESSION_CLOSING;
}

/* Between messages a reader knows nothing but what was agreed on, so an idle session has none. */
static struct ws_reader reader_of(const struct session *session)
{
    struct ws_reader reader;
    if (session->cut != NULL)
        return *session->cut;
    ws_reader_init(&reader, WS_SERVER);
    if (session->window_bits > 0)
        ws_reader_allow_compression(&reader);
    return reader;
}

static void keep_reader(struct session *session, const struct ws_reader *reader)
{
    if (!ws_reader_is_inside_message(reader)) {
        mem_free(session->cut);
        session->cut = NULL;
        return;
    }
    if (session->cut == NULL)
        session->cut = mem_try(sizeof *session->cut);
    if (session->cut != NULL)
        *session->cut = *reader;
    else
        end_for_want_of_memory(session);
}

size_t session_read_websocket(struct session *session, uint8_t *bytes, size_t len)
{
    uint64_t max_bytes = session->shard->options->max_message_bytes;
    struct ws_reader reader = reader_of(session);
    size_t at = 0;
    while (at < len && is_reading(session) && session_listens(session)) {
        size_t taken = 0;
        struct ws_piece piece;
        enum ws_read result = ws_read(&reader, bytes + at, len - at, max_bytes, &taken, &piece);
        at += taken;
        if (result == WS_READ_PIECE)
            on_piece(session, &piece);
        else if (result != WS_READ_MORE)
            on_bad_bytes(session, result);
    }
    if (is_reading(session))
        keep_reader(session, &reader);
    return at;
}
