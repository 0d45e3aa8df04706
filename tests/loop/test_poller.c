/* A poller on a real loop: what is told, how often, and what is not told any more once a socket is removed. */
#include "net/poller.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"
#include "tests/lib/test.h"

#define MAX_TURNS 20
#define MANY 1500 /* more than are told in one turn */
#define CHUNK 4096

/* One end of a socketpair, polled. */
struct end {
    struct polled polled; /* first: end_of() */
    int peer;
    unsigned ready; /* all that was told */
    int times;
    int removals;
    void (*in_ready)(struct end *end); /* may be NULL */
};

static uv_loop_t loop;
static struct poller *poller;

static struct end *end_of(struct polled *polled)
{
    return (struct end *)(void *)polled;
}

static void on_ready(struct polled *polled, unsigned ready)
{
    struct end *end = end_of(polled);
    CHECK(end->removals == 0);
    end->ready |= ready;
    end->times++;
    if (end->in_ready != NULL)
        end->in_ready(end);
}

static void on_removed(struct polled *polled)
{
    end_of(polled)->removals++;
}

static const struct poller_events events = {.on_ready = on_ready, .on_removed = on_removed};

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    poller = poller_new(&loop, &events);
    assert_non_null(poller);
    return 0;
}

static bool turn(void)
{
    bool is_alive = uv_run(&loop, UV_RUN_NOWAIT) != 0;
    poller_end_turn(poller);
    return is_alive;
}

static void turns(int count)
{
    for (int i = 0; i < count; i++)
        turn();
}

static int tear_down(void **state)
{
    (void)state;
    turns(2);
    poller_stop(poller);
    turns(2);
    assert_int_equal(uv_loop_close(&loop), 0);
    poller_free(&poller);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static void open_end(struct end *end, unsigned wanted)
{
    int fds[2];
    *end = (struct end){0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
    end->peer = fds[1];
    assert_int_equal(poller_add(poller, &end->polled, fds[0], wanted), 0);
}

static void remove_end(struct end *end)
{
    poller_remove(poller, &end->polled);
    close(end->polled.fd);
}

static void close_end(struct end *end)
{
    if (!end->polled.is_removed)
        remove_end(end);
    close(end->peer);
    turns(2);
    assert_int_equal(end->removals, 1);
}

static void peer_says(const struct end *end, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(end->peer, text, len, MSG_NOSIGNAL), len);
}

static void read_one_byte(struct end *end)
{
    char byte;
    assert_int_equal(recv(end->polled.fd, &byte, 1, 0), 1);
}

static void read_all(int fd)
{
    char bytes[CHUNK];
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        continue;
}

static void fill(int fd)
{
    static const char bytes[CHUNK];
    while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) == (ssize_t)sizeof bytes)
        continue;
}

TEST(what_arrives_is_told_once_when_it_is_read)
{
    struct end end;
    open_end(&end, POLLER_READ);
    turns(2);
    assert_int_equal(end.times, 0);
    end.in_ready = read_one_byte;
    for (int i = 1; i <= 3; i++) {
        peer_says(&end, "a");
        turns(3);
        assert_int_equal(end.times, i);
    }
    assert_true((end.ready & POLLER_READ) != 0);
    close_end(&end);
}

TEST(what_was_there_before_it_is_added_is_told)
{
    struct end end;
    open_end(&end, POLLER_READ);
    struct end other = {.peer = end.peer};
    peer_says(&end, "a");
    poller_remove(poller, &end.polled);
    assert_int_equal(poller_add(poller, &other.polled, end.polled.fd, POLLER_READ), 0);
    turns(3);
    assert_int_equal(end.times, 0);
    assert_int_equal(end.removals, 1);
    assert_true(other.times > 0);
    close_end(&other);
}

static void read_one_byte_and_ask_again(struct end *end)
{
    read_one_byte(end);
    poller_again(poller, &end->polled);
}

TEST(what_is_left_unread_is_told_again_to_who_asks_and_nothing_to_who_asks_in_vain)
{
    struct end end;
    open_end(&end, POLLER_READ);
    end.in_ready = read_one_byte_and_ask_again;
    peer_says(&end, "abc");
    turns(MAX_TURNS);
    assert_int_equal(end.times, 3);
    close_end(&end);
}

TEST(what_comes_while_it_is_not_wanted_is_told_when_it_is)
{
    struct end end;
    open_end(&end, POLLER_READ);
    end.in_ready = read_one_byte;
    for (int i = 1; i <= 3; i++) {
        poller_want(poller, &end.polled, 0);
        peer_says(&end, "a");
        turns(3);
        assert_int_equal(end.times, i - 1);
        poller_want(poller, &end.polled, POLLER_READ);
        turns(3);
        assert_int_equal(end.times, i);
    }
    close_end(&end);
}

TEST(an_end_that_comes_while_nothing_is_wanted_is_told_when_it_is)
{
    struct end end;
    open_end(&end, POLLER_READ);
    poller_want(poller, &end.polled, 0);
    shutdown(end.peer, SHUT_RDWR);
    turns(3);
    assert_int_equal(end.times, 0);
    poller_want(poller, &end.polled, POLLER_READ);
    turns(3);
    assert_true((end.ready & POLLER_READ) != 0);
    close_end(&end);
}

TEST(that_a_socket_failed_while_nothing_is_wanted_is_told_when_it_is)
{
    struct end end;
    open_end(&end, POLLER_READ);
    poller_want(poller, &end.polled, 0);
    assert_int_equal(send(end.polled.fd, "a", 1, MSG_NOSIGNAL), 1);
    close(end.peer); /* with a byte unread: it is reset */
    turns(3);
    assert_int_equal(end.times, 0);
    end.peer = -1;
    poller_want(poller, &end.polled, POLLER_READ);
    turns(3);
    assert_true((end.ready & POLLER_READ) != 0);
    assert_true(end.times > 0);
    close_end(&end);
}

TEST(room_is_told_each_time_that_a_full_socket_has_been_emptied)
{
    struct end end;
    open_end(&end, POLLER_READ);
    for (int i = 0; i < 3; i++) {
        fill(end.polled.fd);
        poller_want(poller, &end.polled, POLLER_READ | POLLER_WRITE);
        turns(2);
        assert_int_equal(end.ready & POLLER_WRITE, 0);
        read_all(end.peer);
        turns(2);
        assert_int_equal(end.ready & POLLER_WRITE, POLLER_WRITE);
        poller_want(poller, &end.polled, POLLER_READ);
        turns(2);
        end.ready = 0;
    }
    close_end(&end);
}

TEST(room_that_was_there_already_is_told_to_who_asks_again)
{
    struct end end;
    open_end(&end, POLLER_READ);
    for (int i = 0; i < 3; i++) {
        poller_want(poller, &end.polled, POLLER_READ | POLLER_WRITE);
        poller_again(poller, &end.polled);
        turns(2);
        assert_int_equal(end.ready & POLLER_WRITE, POLLER_WRITE);
        poller_want(poller, &end.polled, POLLER_READ);
        turns(2);
        end.ready = 0;
    }
    close_end(&end);
}

TEST(the_peers_end_is_told)
{
    struct end end;
    open_end(&end, POLLER_READ);
    close(end.peer);
    end.peer = -1;
    turns(3);
    assert_true((end.ready & POLLER_READ) != 0);
    close_end(&end);
}

static struct end *victim;

static void remove_itself(struct end *end)
{
    remove_end(end);
}

static void remove_the_victim(struct end *end)
{
    (void)end;
    if (!victim->polled.is_removed)
        remove_end(victim);
}

TEST(one_that_removes_itself_is_told_nothing_more)
{
    struct end end;
    open_end(&end, POLLER_READ);
    end.in_ready = remove_itself;
    peer_says(&end, "a");
    turns(3);
    assert_int_equal(end.times, 1);
    assert_int_equal(end.removals, 1);
    close_end(&end);
}

/* Whichever of the two is told first removes the other, whose event is on its way. */
static void remove_the_other(struct end *end)
{
    struct end *ends = victim;
    struct end *other = end == &ends[0] ? &ends[1] : &ends[0];
    if (!other->polled.is_removed)
        remove_end(other);
}

TEST(an_event_on_its_way_to_one_that_is_removed_is_dropped)
{
    struct end ends[2];
    victim = ends;
    for (int i = 0; i < 2; i++) {
        open_end(&ends[i], POLLER_READ);
        ends[i].in_ready = remove_the_other;
    }
    for (int i = 0; i < 2; i++)
        peer_says(&ends[i], "a");
    turn();
    assert_int_equal(ends[0].times + ends[1].times, 1);
    for (int i = 0; i < 2; i++)
        close_end(&ends[i]);
}

static struct end heir;

/* The number of the descriptor that was closed is given to the next that is opened. */
static void hand_the_number_on(struct end *end)
{
    struct end *ends = victim;
    struct end *other = end == &ends[0] ? &ends[1] : &ends[0];
    if (other->polled.is_removed)
        return;
    int number = other->polled.fd;
    remove_end(other);
    open_end(&heir, POLLER_READ);
    assert_int_equal(heir.polled.fd, number);
}

TEST(a_number_used_again_gets_no_event_of_the_descriptor_before_it)
{
    struct end ends[2];
    victim = ends;
    for (int i = 0; i < 2; i++) {
        open_end(&ends[i], POLLER_READ);
        ends[i].in_ready = hand_the_number_on;
    }
    for (int i = 0; i < 2; i++)
        peer_says(&ends[i], "a");
    turns(3);
    assert_int_equal(heir.times, 0);
    peer_says(&heir, "a");
    turns(3);
    assert_true(heir.times > 0);
    close_end(&heir);
    for (int i = 0; i < 2; i++)
        close_end(&ends[i]);
}

TEST(one_whose_socket_somebody_else_still_holds_is_told_nothing_once_removed)
{
    struct end end;
    open_end(&end, POLLER_READ);
    int held = dup(end.polled.fd);
    remove_end(&end);
    peer_says(&end, "a");
    turns(3);
    assert_int_equal(end.times, 0);
    close(held);
    close_end(&end);
}

TEST(one_removed_before_the_loop_turns_is_told_so)
{
    struct end end;
    open_end(&end, POLLER_READ);
    victim = &end;
    remove_the_victim(NULL);
    assert_int_equal(end.removals, 0);
    turns(2);
    assert_int_equal(end.removals, 1);
    close(end.peer);
}

TEST(the_loop_lives_while_something_is_polled_and_no_longer)
{
    struct end end;
    assert_false(turn());
    open_end(&end, POLLER_READ);
    assert_true(turn());
    close_end(&end);
    assert_false(turn());
}

static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static int timer_turns;

static void on_timer(uv_timer_t *timer)
{
    (void)timer;
    timer_turns++;
}

static size_t count_told(const struct end *ends)
{
    size_t told = 0;
    for (size_t i = 0; i < MANY; i++)
        told += ends[i].times > 0;
    return told;
}

TEST(however_many_are_ready_all_are_told_and_the_loops_other_business_goes_on)
{
    raise_descriptor_limit();
    struct end *ends = mem_must(MANY * sizeof *ends);
    uv_timer_t timer;
    uv_timer_init(&loop, &timer);
    for (size_t i = 0; i < MANY; i++) {
        open_end(&ends[i], POLLER_READ);
        ends[i].in_ready = read_one_byte;
        peer_says(&ends[i], "a");
    }
    timer_turns = 0;
    int needed = 0;
    for (; count_told(ends) < MANY; needed++) {
        assert_true(needed < MAX_TURNS);
        uv_timer_start(&timer, on_timer, 0, 0);
        turn();
    }
    assert_int_equal(timer_turns, needed);
    uv_close((uv_handle_t *)&timer, NULL);
    for (size_t i = 0; i < MANY; i++)
        close_end(&ends[i]);
    mem_free(ends);
}
