#include "base/check.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/test.h"

struct object {
    unsigned magic;
};

/* How a child ends that runs `body`; what it says on stderr lands in `said`. */
static int end_of(void (*body)(void), char *said, size_t bytes)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0});
        signal(SIGABRT, SIG_DFL);
        dup2(pipes[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    close(pipes[1]);
    size_t len = 0;
    for (ssize_t got; (got = read(pipes[0], said + len, bytes - 1 - len)) > 0;)
        len += (size_t)got;
    said[len] = '\0';
    close(pipes[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void break_an_expectation(void)
{
    int runners = 7;
    CHECK(runners == 8);
}

static void use_a_dead_object(void)
{
    struct object dead = {.magic = 0};
    CHECK_MAGIC(&dead, 0x5eed);
}

static void expect_abort(void (*body)(void), const char *words)
{
    char said[1000];
    int status = end_of(body, said, sizeof said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(said, words));
}

TEST(a_broken_expectation_says_what_and_where_and_aborts)
{
    expect_abort(break_an_expectation, "check failed: runners == 8 (");
    expect_abort(break_an_expectation, "test_check.c:");
}

TEST(an_object_that_is_not_what_it_should_be_aborts)
{
    expect_abort(use_a_dead_object, "magic");
}

TEST(an_expectation_that_holds_says_nothing)
{
    struct object alive = {.magic = 0x5eed};
    CHECK_MAGIC(&alive, 0x5eed);
    CHECK(true);
}
