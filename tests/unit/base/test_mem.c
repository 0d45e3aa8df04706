#include "base/mem.h"

#include <string.h>

#include "tests/lib/test.h"

static int never_fail_afterwards(void **state)
{
    (void)state;
    mem_fail_after(-1);
    return 0;
}
TEST_TEARDOWN(never_fail_afterwards);

TEST(memory_comes_zeroed)
{
    static const uint8_t zeroes[300];
    uint8_t *tried = mem_try(sizeof zeroes);
    uint8_t *certain = mem_must(sizeof zeroes);
    assert_memory_equal(tried, zeroes, sizeof zeroes);
    assert_memory_equal(certain, zeroes, sizeof zeroes);
    mem_free(tried);
    mem_free(certain);
}

TEST(nothing_fails_unless_it_is_told_to)
{
    for (int i = 0; i < 100; i++) {
        void *memory = mem_try(1);
        assert_non_null(memory);
        mem_free(memory);
    }
}

TEST(the_nth_try_fails_and_only_that_one)
{
    mem_fail_after(2);
    void *first = mem_try(1);
    void *second = mem_try(1);
    void *third = mem_try(1);
    void *fourth = mem_try(1);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_non_null(fourth);
    mem_free(first);
    mem_free(second);
    mem_free(fourth);
}

TEST(a_resize_that_fails_leaves_the_old_memory_alone)
{
    char *memory = mem_try(8);
    memcpy(memory, "kept", 5);
    mem_fail_after(0);
    assert_null(mem_try_resize(memory, 1 << 20));
    assert_string_equal(memory, "kept");
    mem_free(memory);
}

TEST(a_resize_keeps_the_contents)
{
    char *memory = mem_try_resize(NULL, 5);
    assert_non_null(memory);
    memcpy(memory, "kept", 5);
    memory = mem_try_resize(memory, 5000);
    assert_non_null(memory);
    assert_string_equal(memory, "kept");
    mem_free(memory);
}

TEST(what_must_succeed_does_not_count_as_a_try)
{
    mem_fail_after(0);
    void *certain = mem_must(1);
    assert_non_null(certain);
    assert_null(mem_try(1));
    mem_free(certain);
}

TEST(freeing_nothing_is_fine)
{
    mem_free(NULL);
}
