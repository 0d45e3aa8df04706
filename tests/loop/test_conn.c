/* A connection on a real loop: partial writes, full sockets, and closes in the middle of everything. */
#include "net/conn.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/loop.h"
#include "tests/lib/test.h"

#define PLENTY (4U << 20)

static struct loop *loop;
static struct heard heard;
static int peer;

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    peer = heard_open(&heard, loop);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    heard_close(&heard, loop);
    if (peer >= 0)
        close(peer);
    loop_free(&loop);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static void peer_says(const char *text)
{
    assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static size_t peer_reads(uint8_t *to, size_t len)
{
    ssize_t got = recv(peer, to, len, 0);
    return got > 0 ? (size_t)got : 0;
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

static bool has_heard_hello(void *context)
{
    struct heard *it = context;
    return span_equals(buf_span(&it->bytes), span_of_text("hello"));
}

TEST(what_arrives_is_handed_on)
{
    peer_says("hel");
    loop_turn(loop);
    peer_says("lo");
    loop_run_until(loop, has_heard_hello, &heard, 10);
    assert_int_equal(heard.ends, 0);
}

static void turn_some(void)
{
    for (int i = 0; i < 5; i++)
        loop_turn(loop);
}

TEST(while_it_is_paused_nothing_is_read_and_then_all_of_it_and_the_end)
{
    peer_says("hel");
    conn_pause(&heard.conn);
    turn_some();
    peer_says("lo");
    shutdown(peer, SHUT_WR);
    turn_some();
    assert_int_equal(heard.bytes.len, 0);
    assert_int_equal(heard.ends, 0);
    conn_resume(&heard.conn);
    loop_run_until(loop, heard_has_ended, &heard, 10);
    assert_true(has_heard_hello(&heard));
    assert_int_equal(heard.end, CONN_END_FIN);
}

static void pause_for_good(struct heard *it)
{
    conn_pause(&it->conn);
}

TEST(one_that_pauses_itself_as_it_reads_is_paused_again_each_time)
{
    heard.in_bytes = pause_for_good;
    peer_says("hel");
    turn_some();
    peer_says("lo");
    turn_some();
    assert_int_equal(heard.bytes.len, 3);
    conn_resume(&heard.conn);
    loop_run_until(loop, has_heard_hello, &heard, 10);
    peer_says("!");
    turn_some();
    assert_true(has_heard_hello(&heard));
}

TEST(one_that_is_paused_writes_as_before)
{
    uint8_t got[8];
    conn_pause(&heard.conn);
    assert_int_equal(conn_write(&heard.conn, span_of_text("hello")), 0);
    assert_int_equal(peer_reads(got, sizeof got), 5);
}

static void break_while_paused(void)
{
    conn_pause(&heard.conn);
    peer_says("hello");
    assert_int_equal(conn_write(&heard.conn, span_of_text("unread")), 0);
    close(peer);
    peer = -1;
    turn_some();
}

TEST(that_it_broke_while_it_was_paused_is_told_when_it_goes_on_and_not_before)
{
    break_while_paused();
    assert_int_equal(heard.ends, 0);
    conn_resume(&heard.conn);
    loop_run_until(loop, heard_has_ended, &heard, 10);
    assert_true(has_heard_hello(&heard));
    assert_int_equal(heard.end, CONN_END_RESET);
    turn_some();
    assert_int_equal(heard.ends, 1);
}

TEST(one_that_is_closed_while_it_is_paused_and_broken_is_told_of_no_end)
{
    break_while_paused();
    heard_close(&heard, loop);
    assert_int_equal(heard.ends, 0);
    peer = heard_open(&heard, loop);
}

TEST(the_end_of_the_stream_is_told_once_after_what_came_before_it)
{
    peer_says("hello");
    shutdown(peer, SHUT_WR);
    loop_run_until(loop, heard_has_ended, &heard, 10);
    assert_true(has_heard_hello(&heard));
    assert_int_equal(heard.end, CONN_END_FIN);
    for (int i = 0; i < 5; i++)
        loop_turn(loop);
    assert_int_equal(heard.ends, 1);
}

TEST(after_the_peers_end_there_can_still_be_written)
{
    uint8_t got[8];
    shutdown(peer, SHUT_WR);
    loop_run_until(loop, heard_has_ended, &heard, 10);
    assert_int_equal(conn_write(&heard.conn, span_of_text("bye")), 0);
    assert_int_equal(peer_reads(got, sizeof got), 3);
}

static size_t fill(const uint8_t *bytes)
{
    struct span all = span_of(bytes, PLENTY);
    return conn_send(&heard.conn, &all, 1);
}

TEST(a_full_socket_is_told_at_once_and_room_later)
{
    uint8_t *bytes = pattern();
    size_t taken = fill(bytes);
    assert_in_range(taken, 1, PLENTY - 1);
    assert_true(conn_is_full(&heard.conn));
    loop_turn(loop);
    assert_int_equal(heard.writables, 0);
    uint8_t *got = mem_must(PLENTY);
    assert_int_equal(peer_reads(got, PLENTY), taken);
    assert_memory_equal(got, bytes, taken);
    loop_run_until(loop, heard_is_writable, &heard, 10);
    assert_false(conn_is_full(&heard.conn));
    for (int i = 0; i < 3; i++)
        loop_turn(loop);
    assert_int_equal(heard.writables, 1);
    mem_free(got);
    mem_free(bytes);
}

TEST(a_socket_that_fills_again_and_again_is_told_room_each_time)
{
    uint8_t *bytes = pattern();
    uint8_t *got = mem_must(PLENTY);
    for (int i = 1; i <= 5; i++) {
        assert_in_range(fill(bytes), 1, PLENTY - 1);
        while (peer_reads(got, PLENTY) > 0)
            continue;
        heard.writables = 0;
        loop_run_until(loop, heard_is_writable, &heard, 10);
    }
    mem_free(got);
    mem_free(bytes);
}

TEST(what_is_kept_for_a_socket_with_room_goes_out_in_the_next_turn)
{
    uint8_t got[8];
    for (int i = 0; i < 3; i++) {
        assert_int_equal(conn_keep(&heard.conn, span_of_text("kept")), 0);
        heard.writables = 0;
        loop_run_until(loop, heard_is_writable, &heard, 10);
        assert_int_equal(peer_reads(got, sizeof got), 4);
        loop_turn(loop); /* the room that this made is told to nobody */
        loop_turn(loop);
    }
}

static size_t peer_fills(const uint8_t *bytes)
{
    size_t said = 0;
    for (ssize_t taken = 1; taken > 0; said += taken > 0 ? (size_t)taken : 0)
        taken = send(peer, bytes + said, 4096, MSG_NOSIGNAL);
    return said;
}

static void expect_heard(const uint8_t *bytes, size_t len)
{
    assert_int_equal(heard.bytes.len, len);
    assert_memory_equal(heard.bytes.data, bytes, len);
}

static void turn_by_turn(size_t len)
{
    size_t buffer_bytes;
    worker_read_buffer(loop->worker, &buffer_bytes);
    assert_true(len > buffer_bytes);
    for (size_t before = 0; before < len; before = heard.bytes.len) {
        loop_turn(loop);
        assert_in_range(heard.bytes.len - before, 1, buffer_bytes);
    }
}

TEST(of_a_peer_that_sends_much_one_buffer_is_read_in_a_turn_and_all_in_the_end)
{
    uint8_t *bytes = pattern();
    size_t len = peer_fills(bytes);
    turn_by_turn(len);
    expect_heard(bytes, len);
    mem_free(bytes);
}

TEST(the_end_lies_behind_all_that_was_sent_before_it)
{
    uint8_t *bytes = pattern();
    size_t len = peer_fills(bytes);
    shutdown(peer, SHUT_WR);
    turn_by_turn(len);
    loop_run_until(loop, heard_has_ended, &heard, 10);
    expect_heard(bytes, len);
    mem_free(bytes);
}

TEST(spans_are_written_as_one_in_order)
{
    uint8_t got[16];
    struct span spans[] = {span_of_text("one"), span_of_text("two"), span_of_text("three")};
    assert_int_equal(conn_send(&heard.conn, spans, 3), 11);
    assert_int_equal(peer_reads(got, sizeof got), 11);
    assert_memory_equal(got, "onetwothree", 11);
}

struct reader {
    size_t offset;
    bool is_wrong;
};

static bool peer_has_read_all(void *context)
{
    struct reader *reader = context;
    uint8_t got[65536];
    size_t len = peer_reads(got, sizeof got);
    for (size_t i = 0; i < len; i++)
        reader->is_wrong |= got[i] != pattern_at(reader->offset + i);
    reader->offset += len;
    return reader->offset == PLENTY;
}

TEST(what_the_socket_does_not_take_is_kept_and_goes_out_first_in_order)
{
    uint8_t *bytes = pattern();
    struct reader reader = {0};
    for (size_t at = 0; at < PLENTY; at += PLENTY / 8)
        assert_int_equal(conn_write(&heard.conn, span_of(bytes + at, PLENTY / 8)), 0);
    assert_in_range(conn_queued(&heard.conn), 1, PLENTY - 1);
    struct span late = span_of_text("late");
    assert_int_equal(conn_send(&heard.conn, &late, 1), 0);
    loop_run_until(loop, peer_has_read_all, &reader, 10000);
    assert_false(reader.is_wrong);
    loop_run_until(loop, heard_is_writable, &heard, 10);
    assert_int_equal(conn_queued(&heard.conn), 0);
    assert_null(heard.conn.kept);
    mem_free(bytes);
}

TEST(without_memory_nothing_is_kept_and_that_is_said)
{
    uint8_t *bytes = pattern();
    fill(bytes);
    mem_fail_after(0);
    assert_int_equal(conn_keep(&heard.conn, span_of_text("more")), ERR_NO_MEMORY);
    assert_int_equal(conn_queued(&heard.conn), 0);
    assert_int_equal(conn_keep(&heard.conn, span_of_text("more")), 0);
    mem_free(bytes);
}

static void close_it(struct heard *it)
{
    conn_close(&it->conn);
}

TEST(it_can_be_closed_while_bytes_are_handed_on)
{
    heard.in_bytes = close_it;
    peer_says("hello");
    loop_run_until(loop, heard_is_closed, &heard, 10);
    assert_int_equal(heard.ends, 0);
    assert_int_equal(heard.closes, 1);
}

TEST(it_can_be_closed_while_room_is_told)
{
    uint8_t *bytes = pattern();
    uint8_t *got = mem_must(PLENTY);
    heard.in_writable = close_it;
    fill(bytes);
    peer_reads(got, PLENTY);
    loop_run_until(loop, heard_is_closed, &heard, 10);
    assert_int_equal(heard.writables, 1);
    mem_free(got);
    mem_free(bytes);
}

TEST(it_can_be_closed_while_the_end_is_told)
{
    heard.in_end = close_it;
    shutdown(peer, SHUT_WR);
    loop_run_until(loop, heard_is_closed, &heard, 10);
    assert_int_equal(heard.ends, 1);
}

TEST(closed_it_takes_nothing_and_says_nothing_but_closed_once)
{
    peer_says("hello");
    conn_close(&heard.conn);
    conn_close(&heard.conn);
    struct span text = span_of_text("text");
    assert_int_equal(conn_send(&heard.conn, &text, 1), 0);
    assert_int_equal(conn_keep(&heard.conn, text), 0);
    assert_int_equal(conn_queued(&heard.conn), 0);
    loop_run_until(loop, heard_is_closed, &heard, 10);
    assert_int_equal(heard.closes, 1);
    assert_int_equal(heard.bytes.len, 0);
}

TEST(writing_to_a_peer_that_is_gone_ends_it_and_does_not_kill)
{
    close(peer);
    for (int i = 0; i < 3; i++)
        (void)conn_write(&heard.conn, span_of_text("anybody there?"));
    loop_run_until(loop, heard_has_ended, &heard, 10);
    assert_int_equal(heard.ends, 1);
}

/* A listening TCP socket on loopback. */
static int tcp_listen(struct address *address)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(address_parse("127.0.0.1:0", address), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address->storage, address->len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(address_of_socket(fd, address), 0);
    return fd;
}

static bool has_opened(void *context)
{
    return ((struct heard *)context)->opens > 0;
}

TEST(a_connect_is_told_when_it_has_come_about)
{
    struct address address;
    struct heard client = {0};
    int listening = tcp_listen(&address);
    assert_int_equal(conn_connect(&client.conn, loop->worker, &address, &heard_events), 0);
    loop_run_until(loop, has_opened, &client, 10);
    heard_close(&client, loop);
    close(listening);
}

TEST(a_refused_connect_is_an_end)
{
    struct address address;
    struct heard client = {0};
    close(tcp_listen(&address));
    assert_int_equal(conn_connect(&client.conn, loop->worker, &address, &heard_events), 0);
    loop_run_until(loop, heard_has_ended, &client, 10);
    assert_int_equal(client.end, CONN_END_REFUSED);
    assert_int_equal(client.opens, 0);
    heard_close(&client, loop);
}

TEST(what_a_peer_sent_before_it_reset_is_still_read)
{
    struct address address;
    struct heard client = {0};
    struct linger at_once = {.l_onoff = 1};
    int listening = tcp_listen(&address);
    assert_int_equal(conn_connect(&client.conn, loop->worker, &address, &heard_events), 0);
    loop_run_until(loop, has_opened, &client, 10);
    int other = accept(listening, NULL, NULL);
    assert_int_equal(send(other, "hello", 5, 0), 5);
    setsockopt(other, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(other);
    loop_run_until(loop, heard_has_ended, &client, 10);
    assert_int_equal(client.end, CONN_END_RESET);
    heard_close(&client, loop);
    close(listening);
}
