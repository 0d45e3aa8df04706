#include "app/ws_client.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "net/tls_context.h"

static struct ws_client *client_of(struct conn *conn)
{
    return (struct ws_client *)(void *)((char *)conn - offsetof(struct ws_client, conn));
}

/* Unpredictable to whoever is between us and the server (RFC 6455 section 10.3), without a system call per frame. */
static void draw_mask(uint8_t mask[4])
{
    static _Thread_local struct hash_key key;
    static _Thread_local uint64_t drawn;
    if (drawn == 0)
        key = hash_key_random();
    drawn++;
    uint64_t random = hash_bytes(key, &drawn, sizeof drawn);
    memcpy(mask, &random, 4);
}

static uint64_t loop_now_ms(const struct ws_client *client)
{
    return worker_now_ms(client->conn.worker);
}

static bool is_reading(const struct ws_client *client)
{
    return client->state == WS_CLIENT_OPEN || client->state == WS_CLIENT_CLOSING;
}

static void die(struct ws_client *client)
{
    client->state = WS_CLIENT_DYING;
    client->deadline_ms = 0;
    conn_close(&client->conn);
}

static void fail(struct ws_client *client, const char *reason)
{
    die(client);
    if (client->events->on_fail != NULL)
        client->events->on_fail(client, reason);
}

static void report_close(struct ws_client *client, uint16_t code, struct span reason)
{
    if (client->events->on_close != NULL)
        client->events->on_close(client, code, reason);
}

static int send_frame(struct ws_client *client, enum ws_opcode opcode, struct span payload)
{
    uint8_t mask[4];
    draw_mask(mask);
    struct buf frame = {0};
    int err = ws_write(&frame, opcode, payload, mask);
    if (err == 0)
        err = conn_write(&client->conn, buf_span(&frame));
    buf_fini(&frame);
    return err;
}

static void send_close(struct ws_client *client, uint16_t code, const char *reason)
{
    uint8_t mask[4];
    draw_mask(mask);
    struct buf frame = {0};
    if (ws_write_close(&frame, code, reason, mask) == 0)
        conn_write(&client->conn,
                   buf_span(&frame)); /* without memory for it the deadline ends it */
    buf_fini(&frame);
}

static void on_text_or_binary(struct ws_client *client, struct span payload)
{
    if (client->events->on_message != NULL)
        client->events->on_message(client, payload);
}

static void on_ping(struct ws_client *client, struct span payload)
{
    if (client->state == WS_CLIENT_OPEN && send_frame(client, WS_PONG, payload) < 0)
        fail(client, "out of memory");
}

static void on_pong(struct ws_client *client, struct span payload)
{
    if (client->events->on_pong != NULL)
        client->events->on_pong(client, payload);
}

static void on_close_frame(struct ws_client *client, struct span payload)
{
    uint16_t code;
    struct span reason;
    if (ws_close_parse(payload, &code, &reason) != WS_READ_MORE) {
        send_close(client, WS_CLOSE_PROTOCOL_ERROR, "");
        fail(client, "the server sent a malformed close frame");
        return;
    }
    if (client->state == WS_CLIENT_OPEN)
        send_frame(client, WS_CLOSE, span_of(payload.data, payload.len < 2 ? 0 : 2));
    client->state = WS_CLIENT_LEAVING;
    client->deadline_ms = loop_now_ms(client) + client->options->close_ms;
    report_close(client, code, reason);
}

static const struct {
    enum ws_opcode opcode;
    void (*handle)(struct ws_client *client, struct span payload);
} handlers[] = {
    {WS_TEXT, on_text_or_binary}, {WS_BINARY, on_text_or_binary}, {WS_PING, on_ping},
    {WS_PONG, on_pong},           {WS_CLOSE, on_close_frame},
};

static void take_piece(struct ws_client *client, const struct ws_piece *piece)
{
    struct span message;
    int whole = ws_gather_add(&client->gather, piece, &message);
    if (whole < 0)
        fail(client, "out of memory");
    if (whole <= 0)
        return;
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        if (handlers[i].opcode == piece->opcode)
            handlers[i].handle(client, message);
    }
}

static void fail_as_read(struct ws_client *client, enum ws_read result)
{
    switch (result) {
    case WS_READ_BAD_UTF8:
        send_close(client, WS_CLOSE_BAD_DATA, "");
        fail(client, "the server sent text that is not UTF-8");
        break;
    case WS_READ_TOO_BIG:
        send_close(client, WS_CLOSE_TOO_BIG, "");
        fail(client, "the server sent a message that is too big");
        break;
    default:
        send_close(client, WS_CLOSE_PROTOCOL_ERROR, "");
        fail(client, "the server broke the WebSocket protocol");
        break;
    }
}

static void read_frames(struct ws_client *client, uint8_t *bytes, size_t len)
{
    while (len > 0 && is_reading(client)) {
        struct ws_piece piece;
        size_t taken;
        enum ws_read result = ws_read(&client->reader, bytes, len,
                                      client->options->max_message_bytes, &taken, &piece);
        bytes += taken;
        len -= taken;
        if (result == WS_READ_PIECE)
            take_piece(client, &piece);
        else if (result != WS_READ_MORE)
            fail_as_read(client, result);
    }
}

/* The answer's head may come in parts, and the first frames may come right behind it. */
static void read_answer(struct ws_client *client, uint8_t *bytes, size_t len)
{
    if (buf_append(&client->head, span_of(bytes, len)) < 0) {
        fail(client, "out of memory");
        return;
    }
    struct fault fault;
    int head_bytes = ws_handshake_read_answer(buf_span(&client->head), client->key, NULL, &fault);
    if (head_bytes == 0)
        return;
    if (head_bytes < 0) {
        fail(client, head_bytes == ERR_TOO_BIG ? "the server's answer is too long" : fault.message);
        return;
    }
    struct buf head = client->head;
    client->head = (struct buf){0};
    client->state = WS_CLIENT_OPEN;
    client->deadline_ms = 0;
    if (client->events->on_open != NULL)
        client->events->on_open(client);
    read_frames(client, head.data + head_bytes, head.len - (size_t)head_bytes);
    buf_fini(&head);
}

static void on_conn_open(struct conn *conn)
{
    struct ws_client *client = client_of(conn);
    struct ws_client_request request = {
        .host = client->options->url.authority,
        .path = client->options->url.path,
        .token = buf_span(&client->options->token),
    };
    client->state = WS_CLIENT_HANDSHAKE;
    struct buf head = {0};
    int err = ws_handshake_request(&request, client->key, &head);
    if (err == 0)
        err = conn_write(conn, buf_span(&head));
    buf_fini(&head);
    if (err < 0)
        fail(client, err_text(err));
}

static void on_conn_bytes(struct conn *conn, uint8_t *bytes, size_t len)
{
    struct ws_client *client = client_of(conn);
    client->heard_ms = loop_now_ms(client);
    client->pinged = false;
    if (client->state == WS_CLIENT_HANDSHAKE)
        read_answer(client, bytes, len);
    else
        read_frames(client, bytes, len);
}

static void on_conn_writable(struct conn *conn)
{
    (void)conn; /* what waited was kept by the connection itself */
}

static const char *end_text(const struct ws_client *client, enum conn_end end)
{
    if (end == CONN_END_REFUSED)
        return "the connection was refused";
    if (end != CONN_END_FIN)
        return "the connection broke";
    if (client->state == WS_CLIENT_CONNECTING)
        return "the server hung up in the middle of the TLS handshake";
    return client->state == WS_CLIENT_HANDSHAKE
               ? "the server hung up in place of an answer to the handshake"
               : "the server hung up without a close frame";
}

static void on_conn_end(struct conn *conn, enum conn_end end)
{
    struct ws_client *client = client_of(conn);
    enum ws_client_state state = client->state;
    if (state == WS_CLIENT_CLOSING || state == WS_CLIENT_LEAVING)
        die(client);
    if (state == WS_CLIENT_CLOSING)
        report_close(client, WS_CLOSE_NO_STATUS, span_of(NULL, 0));
    else if (state < WS_CLIENT_CLOSING)
        fail(client, end_text(client, end));
}

static void on_conn_failed(struct conn *conn, enum tls_failure failure, const char *reason)
{
    struct ws_client *client = client_of(conn);
    char text[200];
    snprintf(text, sizeof text, "TLS: %s: %s", tls_failure_text(failure), reason);
    if (client->state < WS_CLIENT_DYING)
        fail(client, text);
}

static void on_conn_closed(struct conn *conn)
{
    struct ws_client *client = client_of(conn);
    buf_fini(&client->head);
    ws_gather_fini(&client->gather);
    client->state = WS_CLIENT_RELEASED;
    client->events->on_released(client);
}

static const struct conn_events conn_events = {
    .on_open = on_conn_open,
    .on_bytes = on_conn_bytes,
    .on_writable = on_conn_writable,
    .on_end = on_conn_end,
    .on_failed = on_conn_failed,
    .on_closed = on_conn_closed,
};

static int load_trust(struct ws_client_options *options, const char *ca,
                      char error[WS_CLIENT_ERROR_BYTES])
{
    if (!options->url.is_tls && ca != NULL)
        snprintf(error, WS_CLIENT_ERROR_BYTES, "a CA file is for wss:// URLs");
    if (!options->url.is_tls)
        return ca == NULL ? 0 : ERR_INVALID;
    options->tls = tls_context_new_client(ca, error);
    return options->tls != NULL ? 0 : ERR_INVALID;
}

int ws_client_options_set_url(struct ws_client_options *options, const char *url, const char *ca,
                              char error[WS_CLIENT_ERROR_BYTES])
{
    int err = ws_url_parse(url, &options->url, error);
    if (err < 0)
        return err;
    err = address_parse(options->url.authority, &options->address);
    if (err < 0)
        snprintf(error, WS_CLIENT_ERROR_BYTES, "the host in the URL was not found");
    return err < 0 ? err : load_trust(options, ca, error);
}

void ws_client_options_fini(struct ws_client_options *options)
{
    tls_context_drop(&options->tls);
    buf_fini(&options->token);
}

static int begin_to_connect(struct ws_client *client, struct worker *worker)
{
    const struct ws_client_options *options = client->options;
    struct conn_secure_target target = {&options->address, options->tls, options->url.host};
    return options->tls != NULL
               ? conn_connect_secure(&client->conn, worker, &target, &conn_events)
               : conn_connect(&client->conn, worker, &options->address, &conn_events);
}

int ws_client_connect(struct ws_client *client, struct worker *worker,
                      const struct ws_client_options *options,
                      const struct ws_client_events *events)
{
    CHECK(client->state == WS_CLIENT_RELEASED);
    *client = (struct ws_client){.options = options, .events = events};
    ws_reader_init(&client->reader, WS_CLIENT);
    int err = begin_to_connect(client, worker);
    if (err < 0)
        return err;
    client->state = WS_CLIENT_CONNECTING;
    client->heard_ms = worker_now_ms(worker);
    client->deadline_ms = client->heard_ms + options->handshake_ms;
    return 0;
}

static int send_when_open(struct ws_client *client, enum ws_opcode opcode, struct span payload)
{
    if (client->state != WS_CLIENT_OPEN)
        return ERR_CLOSED;
    if (conn_queued(&client->conn) > client->options->max_queued_bytes)
        return ERR_FULL;
    return send_frame(client, opcode, payload);
}

int ws_client_send_text(struct ws_client *client, struct span text)
{
    return send_when_open(client, WS_TEXT, text);
}

int ws_client_ping(struct ws_client *client, struct span payload)
{
    CHECK(payload.len <= WS_CONTROL_MAX_BYTES);
    return send_when_open(client, WS_PING, payload);
}

void ws_client_close(struct ws_client *client, uint16_t code, const char *reason)
{
    if (client->state < WS_CLIENT_OPEN)
        ws_client_abort(client);
    if (client->state != WS_CLIENT_OPEN)
        return;
    client->state = WS_CLIENT_CLOSING;
    client->deadline_ms = loop_now_ms(client) + client->options->close_ms;
    send_close(client, code, reason);
}

void ws_client_abort(struct ws_client *client)
{
    if (client->state != WS_CLIENT_RELEASED && client->state != WS_CLIENT_DYING)
        die(client);
}

static void on_deadline(struct ws_client *client)
{
    enum ws_client_state state = client->state;
    if (state < WS_CLIENT_OPEN) {
        fail(client, "no answer to the handshake in time");
        return;
    }
    die(client);
    if (state == WS_CLIENT_CLOSING)
        report_close(client, WS_CLOSE_NO_STATUS, span_of(NULL, 0));
}

static void check_for_life(struct ws_client *client, uint64_t quiet_for_ms)
{
    if (quiet_for_ms >= 2 * client->options->quiet_ms) {
        fail(client, "no sign of life from the server");
    } else if (quiet_for_ms >= client->options->quiet_ms && !client->pinged) {
        client->pinged = true;
        ws_client_ping(client, span_of(NULL, 0));
    }
}

void ws_client_tick(struct ws_client *client, uint64_t now_ms)
{
    if (client->deadline_ms != 0 && now_ms >= client->deadline_ms)
        on_deadline(client);
    else if (client->state == WS_CLIENT_OPEN && client->options->quiet_ms != 0 &&
             now_ms > client->heard_ms)
        check_for_life(client, now_ms - client->heard_ms);
}
