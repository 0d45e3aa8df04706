/*
 * loop_test: a fresh `loop` for each test of a file.
 *
 * Included by test programs only, once.
 */
#ifndef SPECTATE_TESTS_LIB_LOOP_TEST_H
#define SPECTATE_TESTS_LIB_LOOP_TEST_H

#include "base/log.h"
#include "tests/lib/loop.h"
#include "tests/lib/test.h"

static struct loop *loop;

static int make_loop(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    loop = loop_new();
    return 0;
}

static int end_loop(void **state)
{
    (void)state;
    loop_free(&loop);
    return 0;
}

TEST_SETUP(make_loop);
TEST_TEARDOWN(end_loop);

#endif
