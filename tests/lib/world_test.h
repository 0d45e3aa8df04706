/*
 * world_test: a fresh world for each test of a file, and what goes wrong in it told to cmocka.
 *
 * Included by test programs only, once, after which the body of a TEST says `struct world *w = *state;`.
 */
#ifndef SPECTATE_TESTS_LIB_WORLD_TEST_H
#define SPECTATE_TESTS_LIB_WORLD_TEST_H

#include "base/mem.h"
#include "tests/lib/test.h"
#include "tests/lib/world.h"

static void tell_cmocka(const char *what, const char *file, int line)
{
    print_error("%s\n", what);
    _fail(file, line);
}

static int make_world(void **state)
{
    world_tell_broken(tell_cmocka);
    *state = world_new(world_usual());
    return 0;
}

static int end_world(void **state)
{
    mem_fail_after(-1);
    struct world *world = *state;
    world_free(&world);
    return 0;
}

/* Another world than the usual one for the rest of the test. */
__attribute__((unused)) static struct world *world_like(void **state, struct hub_options options)
{
    end_world(state);
    *state = world_new(options);
    return *state;
}

TEST_SETUP(make_world);
TEST_TEARDOWN(end_world);

#endif
