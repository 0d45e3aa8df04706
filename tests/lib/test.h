/*
 * test: a test is a sentence that is proved, written once.
 *
 *   TEST(a_full_buffer_refuses_more)
 *   {
 *       assert_int_equal(..., ...);
 *   }
 *
 * The macro registers the test with test_main.c before main() runs, in the order of the file. Each test file becomes one
 * program. A program without a test fails, so that nothing is forgotten in silence. The body may use `state`.
 */
#ifndef SPECTATE_TESTS_LIB_TEST_H
#define SPECTATE_TESTS_LIB_TEST_H

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct test_case {
    const char *name;
    void (*run)(void **state);
    struct test_case *next;
};

void test_register(struct test_case *test);

/* For each test of the file, before and after it; 0 is success. Called by TEST_SETUP and TEST_TEARDOWN. */
void test_set_setup(int (*setup)(void **state));
void test_set_teardown(int (*teardown)(void **state));

#define TEST(name)                                                                                 \
    static void name(void **state);                                                                \
    __attribute__((constructor)) static void name##_register(void)                                 \
    {                                                                                              \
        static struct test_case test = {#name, name, NULL};                                        \
        test_register(&test);                                                                      \
    }                                                                                              \
    static void name(__attribute__((unused)) void **state)

/* TEST_SETUP(make_world); with `static int make_world(void **state)` above it. At most one of each in a file. */
#define TEST_SETUP(function)                                                                       \
    __attribute__((constructor)) static void test_setup_register(void)                             \
    {                                                                                              \
        test_set_setup(function);                                                                  \
    }                                                                                              \
    _Static_assert(1, "takes the semicolon")

#define TEST_TEARDOWN(function)                                                                    \
    __attribute__((constructor)) static void test_teardown_register(void)                          \
    {                                                                                              \
        test_set_teardown(function);                                                               \
    }                                                                                              \
    _Static_assert(1, "takes the semicolon")

#endif
