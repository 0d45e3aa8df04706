/*
 * The WebSocket client against a played server: a plain socket whose bytes the tests write by hand.
 */
#include "app/ws_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/loop.h"
#include "tests/lib/test.h"

#define MAX_TURNS 2000

/* A client, what it told its owner, and the server it talks to. */
struct scene {
    struct ws_client client; /* first: scene_of() */
    struct loop *loop;
    struct ws_client_options options;
    int listener;
    int server;      /* the accepted connection, -1 before */
    struct buf told; /* what the server was told, unread */
    size_t wanted;   /* server_has() */
    int opens;
    int pongs;
    int closes;
    int fails;
    int releases;
    char message[256]; /* the last */
    int messages;
    uint16_t code;
    char reason[128];
    bool aborts_in_message;
};

static struct scene *scene;

static struct scene *scene_of(struct ws_client *client)
{
    return (struct scene *)(void *)client;
}

static void keep_text(char *out, size_t room, struct span text)
{
    assert_true(text.len < room);
    if (text.len > 0)
        memcpy(out, text.data, text.len);
    out[text.len] = '\0';
}

static void on_open(struct ws_client *client)
{
    scene_of(client)->opens++;
}

static void on_message(struct ws_client *client, struct span payload)
{
    struct scene *it = scene_of(client);
    it->messages++;
    keep_text(it->message, sizeof it->message, payload);
    if (it->aborts_in_message)
        ws_client_abort(client);
}

static void on_pong(struct ws_client *client, struct span payload)
{
    (void)payload;
    scene_of(client)->pongs++;
}

static void on_close(struct ws_client *client, uint16_t code, struct span reason)
{
    struct scene *it = scene_of(client);
    it->closes++;
    it->code = code;
    keep_text(it->reason, sizeof it->reason, reason);
}

static void on_fail(struct ws_client *client, const char *reason)
{
    struct scene *it = scene_of(client);
    it->fails++;
    snprintf(it->reason, sizeof it->reason, "%s", reason);
}

static void on_released(struct ws_client *client)
{
    scene_of(client)->releases++;
}

static const struct ws_client_events events = {
    .on_open = on_open,
    .on_message = on_message,
    .on_pong = on_pong,
    .on_close = on_close,
    .on_fail = on_fail,
    .on_released = on_released,
};

/* --- the server --- */

static int listen_somewhere(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, 64, "ws://127.0.0.1:%u/live?a=b", ntohs(address.sin_port));
    return fd;
}

static int begin(void **state)
{
    (void)state;
    char url[64];
    char error[WS_CLIENT_ERROR_BYTES];
    scene = mem_must(sizeof *scene);
    scene->loop = loop_new();
    scene->listener = listen_somewhere(url);
    scene->server = -1;
    scene->options = (struct ws_client_options){
        .handshake_ms = 1000,
        .close_ms = 500,
        .quiet_ms = 10000,
        .max_message_bytes = 100,
        .max_queued_bytes = 1000,
    };
    return ws_client_options_set_url(&scene->options, url, NULL, error);
}

static bool is_released(void *context)
{
    (void)context;
    return scene->client.state == WS_CLIENT_RELEASED;
}

static void hang_up(void)
{
    if (scene->server >= 0)
        close(scene->server);
    scene->server = -1;
}

static int end(void **state)
{
    (void)state;
    ws_client_abort(&scene->client);
    loop_run_until(scene->loop, is_released, NULL, MAX_TURNS);
    loop_free(&scene->loop);
    hang_up();
    close(scene->listener);
    buf_fini(&scene->told);
    mem_free(scene);
    return 0;
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

static bool is_accepted(void *context)
{
    (void)context;
    if (scene->server < 0)
        scene->server = accept4(scene->listener, NULL, NULL, SOCK_NONBLOCK);
    return scene->server >= 0;
}

static bool server_has(void *context)
{
    (void)context;
    uint8_t bytes[4096];
    ssize_t len = read(scene->server, bytes, sizeof bytes);
    if (len > 0)
        buf_append(&scene->told, span_of(bytes, (size_t)len));
    return scene->told.len >= scene->wanted;
}

static void server_reads(size_t bytes)
{
    scene->wanted = bytes;
    loop_run_until(scene->loop, server_has, NULL, MAX_TURNS);
}

static bool has_whole_head(void *context)
{
    server_has(context);
    return scene->told.len >= 4 &&
           memcmp(scene->told.data + scene->told.len - 4, "\r\n\r\n", 4) == 0;
}

static void server_says(struct span bytes)
{
    assert_int_equal(write(scene->server, bytes.data, bytes.len), (ssize_t)bytes.len);
}

static void server_sends(enum ws_opcode opcode, const char *text)
{
    struct buf frame = {0};
    assert_int_equal(ws_write(&frame, opcode, span_of_text(text), NULL), 0);
    server_says(buf_span(&frame));
    buf_fini(&frame);
}

/* The next frame that the client sent: masked, of this kind, with this payload. */
static void server_reads_frame(enum ws_opcode opcode, struct span payload)
{
    server_reads(6 + payload.len);
    uint8_t *bytes = scene->told.data;
    assert_int_equal(bytes[0], 0x80 | (int)opcode);
    assert_int_equal(bytes[1], 0x80 | (int)payload.len);
    ws_mask(bytes + 6, payload.len, bytes + 2, 0);
    assert_memory_equal(bytes + 6, payload.data, payload.len);
    buf_consume(&scene->told, 6 + payload.len);
}

static void server_reads_close(uint16_t code)
{
    server_reads_frame(WS_CLOSE, span_of((uint8_t[]){(uint8_t)(code >> 8), (uint8_t)code}, 2));
}

static void client_connects(void)
{
    assert_int_equal(
        ws_client_connect(&scene->client, scene->loop->worker, &scene->options, &events), 0);
}

static void server_gets_request(void)
{
    loop_run_until(scene->loop, is_accepted, NULL, MAX_TURNS);
    loop_run_until(scene->loop, has_whole_head, NULL, MAX_TURNS);
}

/* What to answer to the request that the server has. */
static struct buf right_answer(void)
{
    buf_append(&scene->told, span_of("", 1));
    static const char name[] = "Sec-WebSocket-Key: ";
    const char *key = strstr((const char *)scene->told.data, name);
    assert_non_null(key);
    char accept[WS_ACCEPT_BYTES + 1];
    ws_handshake_accept_key(span_of(key + sizeof name - 1, WS_KEY_BYTES), accept);
    scene->told.len = 0;
    struct buf answer = {0};
    buf_printf(&answer,
               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
               accept);
    return answer;
}

static bool is_open(void *context)
{
    (void)context;
    return scene->opens > 0;
}

static bool has_message(void *context)
{
    (void)context;
    return scene->messages > 0;
}

static bool has_pong(void *context)
{
    (void)context;
    return scene->pongs > 0;
}

static bool has_closed(void *context)
{
    (void)context;
    return scene->closes > 0;
}

static bool has_failed(void *context)
{
    (void)context;
    return scene->fails > 0;
}

static void wait_for(bool (*condition)(void *context))
{
    loop_run_until(scene->loop, condition, NULL, MAX_TURNS);
}

static void open_client(void)
{
    client_connects();
    server_gets_request();
    struct buf answer = right_answer();
    server_says(buf_span(&answer));
    buf_fini(&answer);
    wait_for(is_open);
}

static void client_failed_with(const char *reason)
{
    wait_for(has_failed);
    wait_for(is_released);
    assert_string_equal(scene->reason, reason);
    assert_int_equal(scene->fails, 1);
    assert_int_equal(scene->closes, 0);
    assert_int_equal(scene->releases, 1);
}

/* --- what it proves --- */

TEST(the_request_is_for_the_url)
{
    client_connects();
    server_gets_request();
    buf_append(&scene->told, span_of("", 1));
    const char *head = (const char *)scene->told.data;
    assert_memory_equal(head, "GET /live?a=b HTTP/1.1\r\n", 24);
    assert_non_null(strstr(head, scene->options.url.authority));
}

TEST(an_answer_that_comes_byte_by_byte_opens_it)
{
    client_connects();
    server_gets_request();
    struct buf answer = right_answer();
    for (size_t i = 0; i < answer.len; i++) {
        assert_int_equal(scene->opens, 0);
        server_says(span_of(answer.data + i, 1));
        for (int turn = 0; turn < 3; turn++)
            loop_turn(scene->loop);
    }
    wait_for(is_open);
    assert_int_equal(scene->opens, 1);
    buf_fini(&answer);
}

TEST(frames_right_behind_the_answer_are_messages)
{
    client_connects();
    server_gets_request();
    struct buf answer = right_answer();
    ws_write(&answer, WS_TEXT, span_of_text("hello"), NULL);
    server_says(buf_span(&answer));
    buf_fini(&answer);
    wait_for(has_message);
    assert_int_equal(scene->opens, 1);
    assert_string_equal(scene->message, "hello");
}

TEST(text_goes_out_masked)
{
    open_client();
    assert_int_equal(ws_client_send_text(&scene->client, span_of_text("position")), 0);
    server_reads_frame(WS_TEXT, span_of_text("position"));
}

TEST(a_message_in_fragments_is_one_message)
{
    open_client();
    server_says(span_of("\x01\x03one\x89\x01p\x80\x04 two", 14));
    wait_for(has_message);
    assert_string_equal(scene->message, "one two");
    server_reads_frame(WS_PONG, span_of_text("p"));
}

TEST(pings_are_answered_and_pongs_handed_on)
{
    open_client();
    server_sends(WS_PING, "are you there");
    server_reads_frame(WS_PONG, span_of_text("are you there"));
    assert_int_equal(ws_client_ping(&scene->client, span_of_text("x")), 0);
    server_reads_frame(WS_PING, span_of_text("x"));
    server_sends(WS_PONG, "x");
    wait_for(has_pong);
}

TEST(our_close_is_answered_and_then_the_server_hangs_up)
{
    open_client();
    ws_client_close(&scene->client, WS_CLOSE_NORMAL, "");
    ws_client_close(&scene->client, WS_CLOSE_NORMAL, "");
    server_reads_close(1000);
    server_sends(WS_TEXT, "last words");
    wait_for(has_message);
    server_says(span_of("\x88\x02\x03\xe8", 4));
    wait_for(has_closed);
    assert_int_equal(scene->code, 1000);
    assert_int_equal(scene->releases, 0);
    hang_up();
    wait_for(is_released);
    assert_int_equal(scene->fails, 0);
    assert_int_equal(scene->releases, 1);
    assert_int_equal(ws_client_send_text(&scene->client, span_of_text("x")), ERR_CLOSED);
}

TEST(the_servers_close_is_echoed_and_told)
{
    open_client();
    server_says(span_of("\x88\x05\x03\xe9"
                        "bye",
                        7));
    wait_for(has_closed);
    assert_int_equal(scene->code, 1001);
    assert_string_equal(scene->reason, "bye");
    server_reads_close(1001);
    hang_up();
    wait_for(is_released);
}

TEST(a_server_that_does_not_answer_our_close_is_left)
{
    open_client();
    ws_client_close(&scene->client, WS_CLOSE_NORMAL, "");
    ws_client_tick(&scene->client, worker_now_ms(scene->loop->worker) + 400);
    assert_int_equal(scene->closes, 0);
    ws_client_tick(&scene->client, worker_now_ms(scene->loop->worker) + 600);
    assert_int_equal(scene->closes, 1);
    assert_int_equal(scene->code, WS_CLOSE_NO_STATUS);
    wait_for(is_released);
}

TEST(a_server_that_does_not_hang_up_is_left)
{
    open_client();
    server_says(span_of("\x88\x00", 2));
    wait_for(has_closed);
    assert_int_equal(scene->code, WS_CLOSE_NO_STATUS);
    ws_client_tick(&scene->client, worker_now_ms(scene->loop->worker) + 600);
    wait_for(is_released);
    assert_int_equal(scene->closes, 1);
}

TEST(nobody_there_is_a_failure)
{
    close(scene->listener);
    client_connects();
    client_failed_with("the connection was refused");
    scene->listener = -1;
}

TEST(another_answer_than_101_is_a_failure)
{
    client_connects();
    server_gets_request();
    server_says(span_of_text("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    wait_for(has_failed);
    wait_for(is_released);
    assert_non_null(strstr(scene->reason, "404"));
    assert_int_equal(scene->opens, 0);
}

TEST(no_answer_in_time_is_a_failure)
{
    client_connects();
    server_gets_request();
    ws_client_tick(&scene->client, worker_now_ms(scene->loop->worker) + 900);
    assert_int_equal(scene->fails, 0);
    ws_client_tick(&scene->client, worker_now_ms(scene->loop->worker) + 1100);
    client_failed_with("no answer to the handshake in time");
}

TEST(hanging_up_in_place_of_an_answer_is_a_failure)
{
    client_connects();
    server_gets_request();
    hang_up();
    client_failed_with("the server hung up in place of an answer to the handshake");
}

TEST(hanging_up_without_a_close_frame_is_a_failure)
{
    open_client();
    hang_up();
    client_failed_with("the server hung up without a close frame");
}

TEST(a_masked_frame_of_a_server_is_a_failure)
{
    open_client();
    server_says(span_of("\x81\x81mask\x00", 7));
    server_reads_close(1002);
    client_failed_with("the server broke the WebSocket protocol");
}

TEST(text_that_is_not_utf8_is_a_failure)
{
    open_client();
    server_says(span_of("\x81\x01\xff", 3));
    server_reads_close(1007);
    client_failed_with("the server sent text that is not UTF-8");
}

TEST(a_message_over_the_limit_is_a_failure)
{
    open_client();
    server_says(span_of("\x81\x65", 2));
    server_reads_close(1009);
    client_failed_with("the server sent a message that is too big");
}

TEST(a_malformed_close_frame_is_a_failure)
{
    open_client();
    server_says(span_of("\x88\x01\x03", 3));
    client_failed_with("the server sent a malformed close frame");
}

TEST(a_quiet_server_is_pinged_and_then_given_up)
{
    open_client();
    uint64_t now_ms = worker_now_ms(scene->loop->worker);
    ws_client_tick(&scene->client, now_ms + 11000);
    ws_client_tick(&scene->client, now_ms + 12000);
    server_reads_frame(WS_PING, span_of_text(""));
    assert_int_equal(scene->told.len, 0);
    ws_client_tick(&scene->client, now_ms + 21000);
    client_failed_with("no sign of life from the server");
}

TEST(a_server_that_does_not_read_fills_the_queue_to_its_bound)
{
    open_client();
    char text[100];
    memset(text, 'x', sizeof text);
    int err = 0;
    size_t count = 0;
    for (; err == 0 && count < 1000000; count++)
        err = ws_client_send_text(&scene->client, span_of(text, sizeof text));
    assert_int_equal(err, ERR_FULL);
    assert_true(conn_queued(&scene->client.conn) < 1000 + 2 * sizeof text);
}

TEST(a_handler_may_abort_and_hears_nothing_more)
{
    open_client();
    scene->aborts_in_message = true;
    server_says(span_of("\x81\x01"
                        "a\x81\x01"
                        "b",
                        6));
    wait_for(is_released);
    assert_int_equal(scene->messages, 1);
    assert_int_equal(scene->closes + scene->fails, 0);
    assert_int_equal(scene->releases, 1);
}

TEST(after_its_release_it_can_connect_again)
{
    open_client();
    ws_client_abort(&scene->client);
    wait_for(is_released);
    hang_up();
    scene->opens = 0;
    scene->told.len = 0;
    open_client();
    assert_int_equal(scene->opens, 1);
}

TEST(closing_before_it_is_open_is_an_abort)
{
    client_connects();
    ws_client_close(&scene->client, WS_CLOSE_NORMAL, "");
    wait_for(is_released);
    assert_int_equal(scene->closes + scene->fails, 0);
}
