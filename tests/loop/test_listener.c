/* Accepting on a real loop, also when there is no descriptor left. */
#include "net/listener.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lib/loop_test.h"

#define CLIENTS 8

struct door {
    int accepted[CLIENTS];
    int count;
    int turned_away;
};

static void on_accept(void *context, int fd, const struct address *peer)
{
    struct door *door = context;
    char text[ADDRESS_TEXT_BYTES];
    address_format(peer, text);
    assert_memory_equal(text, "127.0.0.1:", 10);
    door->accepted[door->count++] = fd;
}

static void on_out_of_descriptors(void *context)
{
    ((struct door *)context)->turned_away++;
}

static struct listener *open_door(struct door *door)
{
    struct listener_options options = {
        .backlog = 64,
        .notsent_bytes = 16384,
        .context = door,
        .on_accept = on_accept,
        .on_out_of_descriptors = on_out_of_descriptors,
    };
    assert_int_equal(address_parse("127.0.0.1:0", &options.address), 0);
    struct listener *listener = listener_open(loop->worker, &options);
    assert_non_null(listener);
    return listener;
}

static int knock(const struct listener *listener)
{
    const struct address *address = listener_address(listener);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address->storage, address->len), 0);
    return fd;
}

static bool all_are_in(void *context)
{
    return ((struct door *)context)->count == CLIENTS;
}

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

TEST(everybody_who_knocks_is_let_in)
{
    struct door door = {0};
    int clients[CLIENTS];
    struct listener *listener = open_door(&door);
    assert_true(address_port(listener_address(listener)) > 0);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = knock(listener);
    loop_run_until(loop, all_are_in, &door, 20);
    close_all(clients, CLIENTS);
    close_all(door.accepted, door.count);
}

TEST(a_taken_address_is_refused)
{
    struct door door = {0};
    struct listener *listener = open_door(&door);
    struct listener_options second = {
        .address = *listener_address(listener),
        .backlog = 1,
        .context = &door,
        .on_accept = on_accept,
        .on_out_of_descriptors = on_out_of_descriptors,
    };
    assert_null(listener_open(loop->worker, &second));
}

/* Allow no more descriptors than are open now. */
static struct rlimit use_up_descriptors(void)
{
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int next = dup(0);
    assert_true(next >= 0);
    close(next);
    struct rlimit tight = {.rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    return before;
}

static bool all_were_turned_away(void *context)
{
    return ((struct door *)context)->turned_away == CLIENTS;
}

TEST(without_descriptors_newcomers_are_turned_away_and_the_loop_does_not_spin)
{
    struct door door = {0};
    int clients[CLIENTS];
    char byte;
    struct listener *listener = open_door(&door);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = knock(listener);
    struct rlimit before = use_up_descriptors();
    loop_run_until(loop, all_were_turned_away, &door, 50);
    assert_int_equal(door.count, 0);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(recv(clients[i], &byte, 1, 0), 0);
    int turns = loop->turns;
    for (int i = 0; i < 5; i++)
        loop_turn(loop);
    assert_in_range(loop->turns, turns, turns + 15);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close_all(clients, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = knock(listener);
    loop_run_until(loop, all_are_in, &door, 20);
    close_all(clients, CLIENTS);
    close_all(door.accepted, door.count);
}
