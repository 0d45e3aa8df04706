/* A connection with TLS on a real loop, and at the other end of its socket a peer that the tests turn by hand. */
#include "net/conn.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/turnstile.h"
#include "tests/lib/loop.h"
#include "tests/lib/pki.h"
#include "tests/lib/test.h"
#include "tests/lib/tls_pair.h"

#define PLENTY (4U << 20)
#define MAX_TURNS 10000
#define MANY 40

/* The client's end of a socket: `way_out.inbox` is what it has to send. */
struct peer {
    struct tls_end end;
    struct tls_end way_out;
    int fd;
    bool has_fin;
};

static struct pki *pki;
static struct tls_tickets *tickets;
static struct tls_context *server;
static struct tls_context *client;
static struct loop *loop;
static struct heard heard;
static struct peer peer;

/* --- the peer ------------------------------------------------------------------------------------------------------- */

static void peer_open(struct peer *it, int fd)
{
    *it = (struct peer){.fd = fd};
    it->end.io = tls_io_new();
    it->end.other = &it->way_out;
    it->end.tls = tls_new_client(client, it->end.io, "localhost");
    assert_non_null(it->end.tls);
}

static void peer_hang_up(struct peer *it)
{
    if (it->fd >= 0)
        close(it->fd);
    it->fd = -1;
}

static void peer_close(struct peer *it)
{
    peer_hang_up(it);
    tls_free(&it->end.tls);
    tls_io_free(&it->end.io);
    buf_fini(&it->end.inbox);
    buf_fini(&it->end.got);
    buf_fini(&it->way_out.inbox);
}

static void peer_sends(struct peer *it)
{
    struct buf *out = &it->way_out.inbox;
    ssize_t sent = out->len > 0 ? send(it->fd, out->data, out->len, MSG_NOSIGNAL) : 0;
    if (sent > 0)
        buf_consume(out, (size_t)sent);
}

/* What the socket has, as it is. */
static void peer_receives(struct peer *it)
{
    uint8_t bytes[65536];
    ssize_t got = recv(it->fd, bytes, sizeof bytes, 0);
    it->has_fin |= got == 0;
    if (got > 0)
        assert_int_equal(buf_append(&it->end.inbox, span_of(bytes, (size_t)got)), 0);
}

static void peer_turns(struct peer *it)
{
    peer_receives(it);
    if (!it->end.has_failed && !it->end.has_ended)
        tls_end_take(&it->end, it->end.inbox.len);
    peer_sends(it);
}

static void peer_says(struct peer *it, const char *text)
{
    tls_end_write(&it->end, text);
    peer_sends(it);
}

static void peer_says_plainly(struct peer *it, const char *text)
{
    assert_int_equal(send(it->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static bool is_secured(void *context)
{
    struct heard *it = context;
    peer_turns(&peer);
    return it->opens > 0 && peer.end.secured > 0;
}

static bool peer_has_ended(void *context)
{
    (void)context;
    peer_turns(&peer);
    return peer.end.has_ended && peer.has_fin;
}

static bool peer_has_fin(void *context)
{
    (void)context;
    peer_receives(&peer);
    return peer.has_fin;
}

static bool peer_has_hello(void *context)
{
    (void)context;
    peer_turns(&peer);
    return tls_end_has(&peer.end, "hello");
}

static bool has_heard_hello(void *context)
{
    struct heard *it = context;
    return span_equals(buf_span(&it->bytes), span_of_text("hello"));
}

/* --- the scene ------------------------------------------------------------------------------------------------------ */

static void make_contexts(void)
{
    char error[TLS_CONTEXT_ERROR_BYTES];
    pki = pki_new("ca");
    pki_issue(pki,
              &(struct pki_wish){.file = "server", .alternatives = "DNS:localhost,IP:127.0.0.1"});
    tickets = tls_tickets_new();
    struct tls_server_options options = {.cert_file = pki_path(pki, "server.pem"),
                                         .key_file = pki_path(pki, "server.key"),
                                         .tickets = tickets};
    server = tls_context_new_server(&options, error);
    client = tls_context_new_client(pki_path(pki, "ca.pem"), error);
    assert_non_null(server);
    assert_non_null(client);
}

static int set_up(void **state)
{
    (void)state;
    make_contexts();
    loop = loop_new();
    peer_open(&peer, heard_open(&heard, loop));
    assert_int_equal(conn_secure(&heard.conn, server, span_of(NULL, 0)), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    heard_close(&heard, loop);
    peer_close(&peer);
    loop_free(&loop);
    tls_context_drop(&server);
    tls_context_drop(&client);
    tls_tickets_drop(&tickets);
    pki_free(&pki);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static void shake_hands(void)
{
    loop_run_until(loop, is_secured, &heard, MAX_TURNS);
}

/* --- happy paths ---------------------------------------------------------------------------------------------------- */

TEST(a_handshake_opens_it_and_then_bytes_are_plain_ones)
{
    shake_hands();
    assert_int_equal(heard.bytes.len, 0);
    peer_says(&peer, "hel");
    peer_says(&peer, "lo");
    loop_run_until(loop, has_heard_hello, &heard, MAX_TURNS);
    assert_int_equal(conn_write(&heard.conn, span_of_text("hello")), 0);
    loop_run_until(loop, peer_has_hello, NULL, MAX_TURNS);
    assert_int_equal(heard.opens, 1);
    assert_int_equal(heard.fails, 0);
    assert_false(conn_was_resumed(&heard.conn));
    assert_null(conn_peer_name(&heard.conn));
}

TEST(what_is_said_before_the_handshake_is_done_is_said_then)
{
    assert_int_equal(conn_write(&heard.conn, span_of_text("hel")), 0);
    assert_int_equal(conn_write(&heard.conn, span_of_text("lo")), 0);
    assert_int_equal(conn_queued(&heard.conn), 5);
    for (int i = 0; i < 3; i++)
        loop_turn(loop);
    assert_int_equal(heard.writables, 0);
    loop_run_until(loop, peer_has_hello, NULL, MAX_TURNS);
    loop_run_until(loop, heard_is_writable, &heard, MAX_TURNS);
    assert_int_equal(heard.writables, 1);
    assert_int_equal(conn_queued(&heard.conn), 0);
}

TEST(before_the_handshake_nothing_is_taken_that_may_be_dropped)
{
    struct span text = span_of_text("position");
    assert_int_equal(conn_send(&heard.conn, &text, 1), 0);
    assert_true(conn_is_full(&heard.conn));
    shake_hands();
    loop_run_until(loop, heard_is_writable, &heard, MAX_TURNS);
    assert_int_equal(heard.writables, 1);
    assert_false(conn_is_full(&heard.conn));
}

static uint8_t pattern_at(size_t offset)
{
    return (uint8_t)(offset * 131 + offset / 251);
}

static uint8_t *pattern(void)
{
    uint8_t *bytes = mem_must(PLENTY);
    for (size_t i = 0; i < PLENTY; i++)
        bytes[i] = pattern_at(i);
    return bytes;
}

TEST(a_full_socket_is_told_at_once_and_less_than_a_record_is_kept)
{
    uint8_t *bytes = pattern();
    struct span all = span_of(bytes, PLENTY);
    shake_hands();
    size_t taken = conn_send(&heard.conn, &all, 1);
    assert_in_range(taken, 1, PLENTY - 1);
    assert_true(conn_is_full(&heard.conn));
    assert_in_range(conn_queued(&heard.conn), 1, TLS_RECORD_BYTES + 64);
    assert_int_equal(conn_send(&heard.conn, &all, 1), 0);
    while (peer.end.got.len < taken) {
        peer_turns(&peer);
        loop_turn(loop);
    }
    assert_int_equal(peer.end.got.len, taken);
    assert_memory_equal(peer.end.got.data, bytes, taken);
    loop_run_until(loop, heard_is_writable, &heard, MAX_TURNS);
    assert_false(conn_is_full(&heard.conn));
    assert_int_equal(conn_queued(&heard.conn), 0);
    mem_free(bytes);
}

static bool peer_has_plenty(void *context)
{
    (void)context;
    peer_turns(&peer);
    return peer.end.got.len == PLENTY;
}

TEST(what_must_not_be_dropped_arrives_in_order)
{
    uint8_t *bytes = pattern();
    shake_hands();
    for (size_t at = 0; at < PLENTY; at += PLENTY / 8)
        assert_int_equal(conn_write(&heard.conn, span_of(bytes + at, PLENTY / 8)), 0);
    assert_in_range(conn_queued(&heard.conn), 1, PLENTY + PLENTY / 100);
    loop_run_until(loop, peer_has_plenty, NULL, MAX_TURNS);
    assert_memory_equal(peer.end.got.data, bytes, PLENTY);
    mem_free(bytes);
}

TEST(spans_are_sent_as_one_record)
{
    struct span spans[] = {span_of_text("he"), span_of_text("l"), span_of_text("lo")};
    shake_hands();
    assert_int_equal(conn_send(&heard.conn, spans, 3), 5);
    loop_run_until(loop, peer_has_hello, NULL, MAX_TURNS);
    assert_int_equal(peer.end.pieces, 1);
}

/* --- ends ----------------------------------------------------------------------------------------------------------- */

TEST(a_shutdown_says_goodbye_first)
{
    shake_hands();
    conn_shutdown(&heard.conn);
    loop_run_until(loop, peer_has_ended, NULL, MAX_TURNS);
    peer_says(&peer, "hello");
    loop_run_until(loop, has_heard_hello, &heard, MAX_TURNS);
}

TEST(a_shutdown_before_the_handshake_is_an_end_without_a_word)
{
    conn_shutdown(&heard.conn);
    loop_run_until(loop, peer_has_fin, NULL, MAX_TURNS);
    assert_int_equal(peer.end.inbox.len, 0);
}

TEST(a_close_says_goodbye)
{
    shake_hands();
    conn_close(&heard.conn);
    loop_run_until(loop, peer_has_ended, NULL, MAX_TURNS);
}

TEST(a_reset_says_nothing)
{
    shake_hands();
    peer_turns(&peer);
    conn_reset(&heard.conn);
    loop_run_until(loop, peer_has_fin, NULL, MAX_TURNS);
    assert_int_equal(peer.end.inbox.len, 0);
}

TEST(the_peers_goodbye_is_its_end_and_there_can_still_be_written)
{
    shake_hands();
    tls_say_goodbye(peer.end.tls);
    tls_end_answer(&peer.end);
    peer_sends(&peer);
    loop_run_until(loop, heard_has_ended, &heard, MAX_TURNS);
    assert_int_equal(heard.end, CONN_END_FIN);
    assert_int_equal(conn_write(&heard.conn, span_of_text("hello")), 0);
    loop_run_until(loop, peer_has_hello, NULL, MAX_TURNS);
    assert_int_equal(heard.ends, 1);
}

TEST(a_peer_that_ends_without_goodbye_has_ended_too)
{
    shake_hands();
    peer_says(&peer, "hello");
    shutdown(peer.fd, SHUT_WR);
    loop_run_until(loop, heard_has_ended, &heard, MAX_TURNS);
    assert_true(has_heard_hello(&heard));
    assert_int_equal(heard.end, CONN_END_FIN);
    assert_int_equal(heard.fails, 0);
}

TEST(a_peer_may_leave_in_the_middle_of_the_handshake)
{
    tls_end_take(&peer.end, 0);
    peer_sends(&peer);
    loop_turn(loop);
    peer_hang_up(&peer);
    loop_run_until(loop, heard_has_ended, &heard, MAX_TURNS);
    assert_int_equal(heard.fails, 0);
    assert_int_equal(heard.opens, 0);
}

/* --- failures ------------------------------------------------------------------------------------------------------- */

TEST(garbage_fails_it_once_and_what_comes_then_is_thrown_away)
{
    peer_says_plainly(&peer, "this is not TLS, whatever it is");
    loop_run_until(loop, heard_has_failed, &heard, MAX_TURNS);
    assert_int_equal(heard.failure, TLS_FAILURE_bad_bytes);
    peer_says_plainly(&peer, "and there is more of it");
    for (int i = 0; i < 3; i++)
        loop_turn(loop);
    assert_int_equal(heard.fails, 1);
    assert_int_equal(heard.bytes.len, 0);
    assert_int_equal(heard.ends, 0);
    struct span text = span_of_text("anybody?");
    assert_int_equal(conn_send(&heard.conn, &text, 1), 0);
    assert_int_equal(conn_write(&heard.conn, text), 0);
    assert_int_equal(conn_queued(&heard.conn), 0);
    peer_hang_up(&peer);
    loop_run_until(loop, heard_has_ended, &heard, MAX_TURNS);
}

TEST(http_without_tls_is_answered_before_the_end)
{
    peer_says_plainly(&peer, "GET / HTTP/1.1\r\n\r\n");
    loop_run_until(loop, heard_has_failed, &heard, MAX_TURNS);
    assert_int_equal(heard.failure, TLS_FAILURE_plain_http);
    conn_shutdown(&heard.conn);
    loop_run_until(loop, peer_has_fin, NULL, MAX_TURNS);
    assert_memory_equal(peer.end.inbox.data, "HTTP/1.1 400 ", 13);
}

TEST(what_waited_for_a_handshake_that_fails_is_dropped)
{
    assert_int_equal(conn_write(&heard.conn, span_of_text("hello")), 0);
    peer_says_plainly(&peer, "this is not TLS, whatever it is");
    loop_run_until(loop, heard_has_failed, &heard, MAX_TURNS);
    assert_int_equal(conn_queued(&heard.conn), 0);
}

TEST(a_changed_record_fails_it)
{
    shake_hands();
    tls_end_write(&peer.end, "hello");
    peer.way_out.inbox.data[7] ^= 1;
    peer_sends(&peer);
    loop_run_until(loop, heard_has_failed, &heard, MAX_TURNS);
    assert_int_equal(heard.failure, TLS_FAILURE_bad_bytes);
    assert_int_equal(heard.bytes.len, 0);
}

TEST(without_memory_it_does_not_begin)
{
    struct heard other;
    int fd = heard_open(&other, loop);
    mem_fail_after(0);
    assert_int_equal(conn_secure(&other.conn, server, span_of(NULL, 0)), ERR_NO_MEMORY);
    assert_int_equal(conn_secure(&other.conn, server, span_of(NULL, 0)), 0);
    assert_int_equal(send(fd, "x", 1, 0), 1);
    mem_fail_after(0);
    loop_run_until(loop, heard_has_failed, &other, MAX_TURNS);
    assert_int_equal(other.failure, TLS_FAILURE_no_memory);
    heard_close(&other, loop);
    close(fd);
}

TEST(when_a_record_can_be_kept_no_more_the_connection_is_cut_off)
{
    uint8_t *bytes = pattern();
    struct span all = span_of(bytes, PLENTY);
    shake_hands();
    while (!conn_is_full(&heard.conn))
        conn_send(&heard.conn, &all, 1);
    mem_fail_after(0);
    assert_int_equal(conn_keep(&heard.conn, all), ERR_NO_MEMORY);
    assert_int_equal(conn_send(&heard.conn, &all, 1), 0);
    loop_run_until(loop, heard_has_ended, &heard, MAX_TURNS);
    mem_free(bytes);
}

/* --- closed in the middle of everything ----------------------------------------------------------------------------- */

static void close_it(struct heard *it)
{
    conn_close(&it->conn);
}

static bool is_closed(void *context)
{
    peer_turns(&peer);
    return heard_is_closed(context);
}

TEST(it_can_be_closed_as_it_opens)
{
    heard.in_open = close_it;
    loop_run_until(loop, is_closed, &heard, MAX_TURNS);
    assert_int_equal(heard.opens, 1);
}

TEST(it_can_be_closed_while_bytes_are_handed_on)
{
    heard.in_bytes = close_it;
    shake_hands();
    tls_end_write(&peer.end, "hello");
    tls_end_write(&peer.end, "more");
    peer_sends(&peer);
    loop_run_until(loop, is_closed, &heard, MAX_TURNS);
    assert_true(has_heard_hello(&heard));
}

TEST(it_can_be_closed_while_a_failure_is_told)
{
    heard.in_fail = close_it;
    peer_says_plainly(&peer, "this is not TLS, whatever it is");
    loop_run_until(loop, heard_is_closed, &heard, MAX_TURNS);
    assert_int_equal(heard.fails, 1);
    assert_int_equal(heard.ends, 0);
}

TEST(it_can_be_closed_while_the_end_is_told)
{
    heard.in_end = close_it;
    shake_hands();
    tls_say_goodbye(peer.end.tls);
    tls_end_answer(&peer.end);
    peer_sends(&peer);
    loop_run_until(loop, heard_is_closed, &heard, MAX_TURNS);
    assert_int_equal(heard.ends, 1);
}

/* --- turns ---------------------------------------------------------------------------------------------------------- */

struct crowd {
    struct heard heard[MANY];
    struct peer peers[MANY];
};

static struct crowd *crowd_new(void)
{
    struct crowd *crowd = mem_must(sizeof *crowd);
    for (int i = 0; i < MANY; i++) {
        peer_open(&crowd->peers[i], heard_open(&crowd->heard[i], loop));
        assert_int_equal(conn_secure(&crowd->heard[i].conn, server, span_of(NULL, 0)), 0);
        tls_end_take(&crowd->peers[i].end, 0);
        peer_sends(&crowd->peers[i]);
    }
    return crowd;
}

static void crowd_free(struct crowd *crowd)
{
    for (int i = 0; i < MANY; i++) {
        heard_close(&crowd->heard[i], loop);
        peer_close(&crowd->peers[i]);
    }
    mem_free(crowd);
}

static bool all_are_secured(void *context)
{
    struct crowd *crowd = context;
    int secured = 0;
    for (int i = 0; i < MANY; i++) {
        peer_turns(&crowd->peers[i]);
        secured += crowd->heard[i].opens;
    }
    return secured == MANY;
}

TEST(of_many_handshakes_some_are_begun_in_a_turn_and_all_in_the_end)
{
    struct crowd *crowd = crowd_new();
    loop_turn(loop);
    size_t waiting = worker_handshakes_waiting(loop->worker);
    assert_in_range(waiting, MANY / 2, MANY - 1);
    loop_turn(loop);
    assert_true(worker_handshakes_waiting(loop->worker) < waiting);
    loop_run_until(loop, all_are_secured, crowd, MAX_TURNS);
    assert_int_equal(worker_handshakes_waiting(loop->worker), 0);
    crowd_free(crowd);
}

TEST(over_the_rate_they_wait_and_may_leave)
{
    heard_close(&heard, loop);
    peer_close(&peer);
    loop_free(&loop);
    loop = loop_new_with(1);
    peer_open(&peer, heard_open(&heard, loop));
    struct crowd *crowd = crowd_new();
    for (int i = 0; i < 20; i++)
        loop_turn(loop);
    assert_in_range(worker_handshakes_waiting(loop->worker), MANY - 5, MANY - 2);
    crowd_free(crowd);
    assert_int_equal(worker_handshakes_waiting(loop->worker), 0);
}

static struct buf begun;

static void secure_it(struct heard *it)
{
    it->in_bytes = NULL;
    assert_int_equal(buf_append(&begun, span_of(it->bytes.data + 6, it->bytes.len - 6)), 0);
    it->bytes.len = 0;
    assert_int_equal(conn_secure(&it->conn, server, buf_span(&begun)), 0);
}

TEST(it_can_begin_in_plain_and_go_on_with_what_was_read_already)
{
    heard_close(&heard, loop);
    peer_close(&peer);
    peer_open(&peer, heard_open(&heard, loop));
    heard.in_bytes = secure_it;
    assert_int_equal(buf_append(&peer.way_out.inbox, span_of_text("PROXY\n")), 0);
    shake_hands();
    assert_int_equal(conn_write(&heard.conn, span_of_text("hello")), 0);
    loop_run_until(loop, peer_has_hello, NULL, MAX_TURNS);
    buf_fini(&begun);
}

/* --- as a client ---------------------------------------------------------------------------------------------------- */

struct both {
    struct heard near;
    struct heard far;
    int listening;
    bool is_accepted;
};

static void both_connect(struct both *both, const char *host)
{
    struct address address;
    *both = (struct both){.listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    assert_int_equal(address_parse("127.0.0.1:0", &address), 0);
    assert_int_equal(bind(both->listening, (struct sockaddr *)&address.storage, address.len), 0);
    assert_int_equal(listen(both->listening, 1), 0);
    assert_int_equal(address_of_socket(both->listening, &address), 0);
    struct conn_secure_target target = {&address, client, host};
    assert_int_equal(conn_connect_secure(&both->near.conn, loop->worker, &target, &heard_events),
                     0);
}

static void both_accept(struct both *both)
{
    int fd = both->is_accepted ? -1 : accept4(both->listening, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
        return;
    both->is_accepted = true;
    assert_int_equal(conn_open(&both->far.conn, loop->worker, fd, &heard_events), 0);
    assert_int_equal(conn_secure(&both->far.conn, server, span_of(NULL, 0)), 0);
}

static bool both_are_done(void *context)
{
    struct both *both = context;
    both_accept(both);
    return both->near.opens + both->near.fails > 0 && both->far.opens + both->far.fails > 0;
}

static void both_close(struct both *both)
{
    heard_close(&both->near, loop);
    heard_close(&both->far, loop);
    close(both->listening);
}

TEST(a_client_connects_shakes_hands_and_opens)
{
    struct both both;
    both_connect(&both, "localhost");
    loop_run_until(loop, both_are_done, &both, MAX_TURNS);
    assert_int_equal(both.near.opens, 1);
    assert_int_equal(conn_write(&both.near.conn, span_of_text("hello")), 0);
    loop_run_until(loop, has_heard_hello, &both.far, MAX_TURNS);
    both_close(&both);
}

TEST(a_client_that_does_not_trust_the_server_says_why)
{
    struct both both;
    both_connect(&both, "elsewhere");
    loop_run_until(loop, both_are_done, &both, MAX_TURNS);
    assert_int_equal(both.near.failure, TLS_FAILURE_bad_certificate);
    assert_string_equal(both.near.reason, "hostname mismatch");
    assert_int_equal(both.far.failure, TLS_FAILURE_peer_alert);
    both_close(&both);
}
