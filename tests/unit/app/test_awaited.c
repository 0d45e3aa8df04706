#include "app/awaited.h"

#include "app/session.h"
#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static struct awaited *awaited;
static struct session ann = {.id = 7};
static struct session ben = {.id = 8};

static int make(void **state)
{
    (void)state;
    awaited = awaited_new();
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    mem_fail_after(-1);
    awaited_free(&awaited);
    return 0;
}

TEST_SETUP(make);
TEST_TEARDOWN(unmake);

TEST(what_comes_finds_its_session_as_often_as_it_was_expected)
{
    assert_int_equal(awaited_expect(awaited, &ann), 0);
    assert_int_equal(awaited_expect(awaited, &ben), 0);
    assert_int_equal(awaited_expect(awaited, &ann), 0);

    assert_ptr_equal(awaited_take(awaited, 7), &ann);
    assert_ptr_equal(awaited_take(awaited, 8), &ben);
    assert_ptr_equal(awaited_take(awaited, 7), &ann);
    assert_null(awaited_take(awaited, 7));
    assert_null(awaited_take(awaited, 8));
}

TEST(what_comes_for_one_that_has_ended_finds_nobody)
{
    assert_int_equal(awaited_expect(awaited, &ann), 0);
    awaited_forget(awaited, &ann);
    assert_null(awaited_take(awaited, 7));
    awaited_forget(awaited, &ann);
}

TEST(what_was_read_meanwhile_is_kept_in_order)
{
    assert_int_equal(awaited_expect(awaited, &ann), 0);
    assert_int_equal(awaited_keep(awaited, &ann, span_of_text("ab")), 0);
    assert_int_equal(awaited_keep(awaited, &ann, span_of_text("c")), 0);

    struct buf rest = awaited_rest(awaited, 7);

    assert_int_equal(rest.len, 3);
    assert_memory_equal(rest.data, "abc", 3);
    buf_fini(&rest);
    assert_int_equal(awaited_rest(awaited, 7).len, 0);
    assert_int_equal(awaited_rest(awaited, 99).len, 0);
    assert_ptr_equal(awaited_take(awaited, 7), &ann);
}

TEST(what_is_kept_goes_with_the_session)
{
    assert_int_equal(awaited_expect(awaited, &ann), 0);
    assert_int_equal(awaited_keep(awaited, &ann, span_of_text("ab")), 0);
    awaited_forget(awaited, &ann);
}

TEST(without_memory_nothing_is_expected)
{
    for (long successes = 0; successes < 3; successes++) {
        mem_fail_after(successes);
        int err = awaited_expect(awaited, &ann);
        mem_fail_after(-1);
        if (err == 0)
            break;
        assert_int_equal(err, ERR_NO_MEMORY);
        assert_null(awaited_take(awaited, 7));
    }
    awaited_forget(awaited, &ann);
}
