/*
 * test_main: runs what TEST() registered. An argument is a pattern (`*`, `?`) of the tests to run. Prints TAP when meson
 * asks for it by CMOCKA_MESSAGE_OUTPUT.
 */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

static struct test_case *first;
static struct test_case **end = &first;
static size_t count;
static int (*setup_function)(void **state);
static int (*teardown_function)(void **state);

void test_register(struct test_case *test)
{
    *end = test;
    end = &test->next;
    count++;
}

void test_set_setup(int (*setup)(void **state))
{
    setup_function = setup;
}

void test_set_teardown(int (*teardown)(void **state))
{
    teardown_function = teardown;
}

static int run_all(const char *program)
{
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    if (tests == NULL)
        return EXIT_FAILURE;
    size_t i = 0;
    for (const struct test_case *test = first; test != NULL; test = test->next)
        tests[i++] = (struct CMUnitTest){.name = test->name,
                                         .test_func = test->run,
                                         .setup_func = setup_function,
                                         .teardown_func = teardown_function};
    int failed = _cmocka_run_group_tests(program, tests, count, NULL, NULL);
    free(tests);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (count == 0) {
        fprintf(stderr, "%s: no test registered\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return run_all(argv[0]);
}
