#include "app/v1_http_query.h"

#include "base/err.h"
#include "tests/lib/test.h"

static struct fault fault;

static void expect_number(const char *query, int err, uint64_t expected)
{
    uint64_t number = 42;
    assert_int_equal(v1_query_number(span_of_text(query), "n", 100, &number, &fault), err);
    assert_int_equal(number, expected);
}

TEST(a_number_is_digits_and_has_a_bound)
{
    expect_number("", 0, 42);
    expect_number("n=0", 0, 0);
    expect_number("m=1&n=100", 0, 100);
    expect_number("n=101", ERR_INVALID, 42);
    expect_number("n=", ERR_INVALID, 42);
    expect_number("n=-1", ERR_INVALID, 42);
    expect_number("n=1.5", ERR_INVALID, 42);
    expect_number("n=99999999999999999999999", ERR_INVALID, 42);
    assert_int_equal(fault.code, FAULT_bad_parameter);
}

static void expect_time(const char *query, int err, int64_t expected)
{
    int64_t time_ms = 42;
    assert_int_equal(v1_query_time(span_of_text(query), "t", &time_ms, &fault), err);
    assert_int_equal(time_ms, expected);
}

TEST(a_time_is_milliseconds_or_a_date)
{
    expect_time("", 0, 42);
    expect_time("t=1700000000000", 0, 1700000000000);
    expect_time("t=1970-01-01T00:00:01Z", 0, 1000);
    expect_time("t=1970-01-01T01:00:01%2B01:00", 0, 1000);
    expect_time("t=yesterday", ERR_INVALID, 42);
    expect_time("t=1970-01-01T00:00:01", ERR_INVALID, 42);
    expect_time("t=-5", ERR_INVALID, 42);
}

static void expect_ids(const char *query, int err, size_t count, const char *last)
{
    struct buf ids = {0};
    bool is_there;
    assert_int_equal(v1_query_ids(span_of_text(query), "r", 3, &ids, &is_there, &fault), err);
    if (err == 0) {
        assert_int_equal(ids.len / sizeof(struct runner_id), count);
        assert_int_equal(is_there, count > 0);
    }
    if (last != NULL) {
        const struct runner_id *id = (const struct runner_id *)(const void *)ids.data + count - 1;
        assert_true(span_equals(span_of(id->text, id->len), span_of_text(last)));
    }
    buf_fini(&ids);
}

TEST(ids_stand_between_commas_and_may_hold_one)
{
    expect_ids("", 0, 0, NULL);
    expect_ids("r=7", 0, 1, "7");
    expect_ids("r=7,8,ann%2Cbob", 0, 3, "ann,bob");
    expect_ids("r=1,2,3,4", ERR_INVALID, 0, NULL);
    expect_ids("r=", ERR_INVALID, 0, NULL);
    expect_ids("r=1,,2", ERR_INVALID, 0, NULL);
    expect_ids("r=%ff", ERR_INVALID, 0, NULL);
}

static void expect_replaced(const char *query, const char *value, const char *expected)
{
    struct buf out = {0};
    assert_int_equal(v1_query_replace(span_of_text(query), "after", span_of_text(value), &out), 0);
    assert_true(span_equals(buf_span(&out), span_of_text(expected)));
    buf_fini(&out);
}

TEST(the_next_page_is_asked_by_the_same_query_without_its_token)
{
    expect_replaced("", "7", "after=7");
    expect_replaced("limit=5&after=3&x", "a b&c", "limit=5&x&after=a%20b%26c");
    expect_replaced("token=secret&limit=5&%74oken=secret", "7", "limit=5&after=7");
    expect_replaced("a=1>;rel=x&b=2", "\xc3\xa9", "b=2&after=%C3%A9");
}
