/* What comes before a connection: just its bytes are taken, whatever comes with them. */
#include "net/preface.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "tests/lib/loop.h"
#include "tests/lib/test.h"

/* A preface is all up to a '.'; '!' is refused. */
struct visitor {
    struct preface preface; /* first */
    struct buf bytes;
    int fd; /* once it is whole */
    int ends;
    int closes;
    enum preface_end end;
};

static struct loop *loop;
static struct visitor visitor;
static int peer;

static enum preface_verdict on_bytes(struct preface *preface, struct span bytes, size_t *taken)
{
    struct visitor *it = (struct visitor *)(void *)preface;
    for (*taken = 0; *taken < bytes.len; ++*taken) {
        CHECK(buf_append(&it->bytes, span_of(bytes.data + *taken, 1)) == 0);
        if (bytes.data[*taken] == '!')
            return PREFACE_REFUSED;
        if (bytes.data[*taken] == '.') {
            ++*taken;
            return PREFACE_DONE;
        }
    }
    return PREFACE_MORE;
}

static void on_done(struct preface *preface, int fd)
{
    ((struct visitor *)(void *)preface)->fd = fd;
}

static void on_end(struct preface *preface, enum preface_end end)
{
    struct visitor *it = (struct visitor *)(void *)preface;
    it->ends++;
    it->end = end;
}

static void on_closed(struct preface *preface)
{
    ((struct visitor *)(void *)preface)->closes++;
}

static const struct preface_events events = {
    .on_bytes = on_bytes,
    .on_done = on_done,
    .on_end = on_end,
    .on_closed = on_closed,
};

static int set_up(void **state)
{
    int fds[2];
    (void)state;
    loop = loop_new();
    visitor = (struct visitor){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
        return -1;
    peer = fds[1];
    return preface_open(&visitor.preface, loop->worker, fds[0], &events);
}

static int tear_down(void **state)
{
    (void)state;
    preface_close(&visitor.preface);
    if (visitor.fd >= 0)
        close(visitor.fd);
    if (peer >= 0)
        close(peer);
    loop_free(&loop);
    buf_fini(&visitor.bytes);
    return visitor.closes == 1 ? 0 : -1;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static void peer_says(const char *text)
{
    assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static bool is_whole(void *context)
{
    return ((struct visitor *)context)->fd >= 0;
}

static bool has_ended(void *context)
{
    return ((struct visitor *)context)->ends > 0;
}

static bool has_three_bytes(void *context)
{
    return ((struct visitor *)context)->bytes.len == 3;
}

static void expect_rest(const char *text)
{
    char got[16] = "";
    assert_int_equal(recv(visitor.fd, got, sizeof got - 1, 0), strlen(text));
    assert_string_equal(got, text);
}

TEST(what_is_behind_the_preface_stays_in_the_socket)
{
    peer_says("abc.GET /");
    loop_run_until(loop, is_whole, &visitor, 10);
    assert_true(span_equals(buf_span(&visitor.bytes), span_of_text("abc.")));
    expect_rest("GET /");
    assert_int_equal(visitor.ends, 0);
}

TEST(it_may_come_in_pieces_of_which_each_is_seen_once)
{
    peer_says("abc");
    loop_run_until(loop, has_three_bytes, &visitor, 10);
    for (int i = 0; i < 3; i++)
        loop_turn(loop);
    peer_says("d.x");
    loop_run_until(loop, is_whole, &visitor, 10);
    assert_true(span_equals(buf_span(&visitor.bytes), span_of_text("abcd.")));
    expect_rest("x");
}

TEST(the_descriptor_can_be_watched_by_a_connection_at_once)
{
    struct heard heard = {0};
    peer_says(".hello");
    loop_run_until(loop, is_whole, &visitor, 10);
    assert_int_equal(conn_open(&heard.conn, loop->worker, visitor.fd, &heard_events), 0);
    visitor.fd = -1;
    shutdown(peer, SHUT_WR);
    loop_run_until(loop, heard_has_ended, &heard, 20);
    assert_true(span_equals(buf_span(&heard.bytes), span_of_text("hello")));
    heard_close(&heard, loop);
}

TEST(what_is_refused_is_told_once)
{
    peer_says("ab!cd");
    loop_run_until(loop, has_ended, &visitor, 10);
    for (int i = 0; i < 3; i++)
        loop_turn(loop);
    assert_int_equal(visitor.ends, 1);
    assert_int_equal(visitor.end, PREFACE_END_REFUSED);
}

TEST(a_peer_that_goes_away_is_told)
{
    peer_says("abc");
    close(peer);
    peer = -1;
    loop_run_until(loop, has_ended, &visitor, 10);
    assert_int_equal(visitor.end, PREFACE_END_FIN);
    assert_true(span_equals(buf_span(&visitor.bytes), span_of_text("abc")));
}

TEST(it_can_be_closed_while_it_waits)
{
    preface_close(&visitor.preface);
    preface_close(&visitor.preface);
    loop_turn(loop);
    assert_int_equal(visitor.closes, 1);
    assert_int_equal(visitor.ends, 0);
}
