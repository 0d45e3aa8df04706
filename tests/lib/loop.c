#include "tests/lib/loop.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/mem.h"
#include "tests/lib/test.h"

#define TICK_MS 5

static bool on_turn(void *context, uint64_t now_ms)
{
    struct loop *loop = context;
    (void)now_ms;
    loop->turns++;
    return loop->has_more;
}

static void on_tick(void *context, uint64_t now_ms)
{
    struct loop *loop = context;
    (void)now_ms;
    loop->ticks++;
}

static void on_mail(void *context, void *mail)
{
    struct loop *loop = context;
    int *order = mail;
    *order = ++loop->mails;
}

struct loop *loop_new(void)
{
    return loop_new_with(0);
}

struct loop *loop_new_with(size_t handshakes_per_second)
{
    struct loop *loop = mem_must(sizeof *loop);
    struct worker_options options = {
        .events = {.on_turn = on_turn, .on_tick = on_tick, .on_mail = on_mail},
        .context = loop,
        .tick_ms = TICK_MS,
        .handshakes_per_second = handshakes_per_second,
    };
    loop->worker = worker_new(&options);
    assert_non_null(loop->worker);
    return loop;
}

void loop_free(struct loop **loop)
{
    worker_stop((*loop)->worker);
    worker_run((*loop)->worker);
    worker_free(&(*loop)->worker);
    mem_free(*loop);
    *loop = NULL;
}

void loop_turn(struct loop *loop)
{
    uv_run(worker_loop(loop->worker), UV_RUN_NOWAIT);
}

void loop_run_until(struct loop *loop, bool (*condition)(void *context), void *context,
                    int max_turns)
{
    for (int i = 0; i < max_turns; i++) {
        if (condition(context))
            return;
        uv_run(worker_loop(loop->worker), UV_RUN_ONCE);
    }
    assert_true(condition(context));
}

static struct heard *heard_of(struct conn *conn)
{
    return (struct heard *)(void *)conn;
}

static void on_open(struct conn *conn)
{
    struct heard *heard = heard_of(conn);
    heard->opens++;
    if (heard->in_open != NULL)
        heard->in_open(heard);
}

static void on_failed(struct conn *conn, enum tls_failure failure, const char *reason)
{
    struct heard *heard = heard_of(conn);
    heard->fails++;
    heard->failure = failure;
    snprintf(heard->reason, sizeof heard->reason, "%s", reason);
    if (heard->in_fail != NULL)
        heard->in_fail(heard);
}

static void on_bytes(struct conn *conn, uint8_t *bytes, size_t len)
{
    struct heard *heard = heard_of(conn);
    CHECK(buf_append(&heard->bytes, span_of(bytes, len)) == 0);
    if (heard->in_bytes != NULL)
        heard->in_bytes(heard);
}

static void on_writable(struct conn *conn)
{
    struct heard *heard = heard_of(conn);
    heard->writables++;
    if (heard->in_writable != NULL)
        heard->in_writable(heard);
}

static void on_end(struct conn *conn, enum conn_end end)
{
    struct heard *heard = heard_of(conn);
    heard->ends++;
    heard->end = end;
    if (heard->in_end != NULL)
        heard->in_end(heard);
}

static void on_closed(struct conn *conn)
{
    heard_of(conn)->closes++;
}

const struct conn_events heard_events = {
    .on_open = on_open,
    .on_bytes = on_bytes,
    .on_writable = on_writable,
    .on_end = on_end,
    .on_failed = on_failed,
    .on_closed = on_closed,
};

int heard_open(struct heard *heard, struct loop *loop)
{
    int fds[2];
    *heard = (struct heard){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(conn_open(&heard->conn, loop->worker, fds[0], &heard_events), 0);
    return fds[1];
}

void heard_close(struct heard *heard, struct loop *loop)
{
    conn_close(&heard->conn);
    loop_run_until(loop, heard_is_closed, heard, 10);
    buf_fini(&heard->bytes);
}

bool heard_is_open(void *heard)
{
    return ((struct heard *)heard)->opens > 0;
}

bool heard_has_failed(void *heard)
{
    return ((struct heard *)heard)->fails > 0;
}

bool heard_has_ended(void *heard)
{
    return ((struct heard *)heard)->ends > 0;
}

bool heard_is_writable(void *heard)
{
    return ((struct heard *)heard)->writables > 0;
}

bool heard_is_closed(void *heard)
{
    return ((struct heard *)heard)->closes > 0;
}
