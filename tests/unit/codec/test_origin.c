#include "codec/origin.h"

#include <string.h>

#include "tests/lib/guard.h"
#include "tests/lib/request.h"
#include "tests/lib/test.h"

static bool compare(bool (*question)(struct span a, struct span b), const char *a, const char *b)
{
    struct guard one = guard_copy(a, strlen(a));
    struct guard other = guard_copy(b, strlen(b));
    bool answer = question(span_of(one.data, one.len), span_of(other.data, other.len));
    guard_fini(&one);
    guard_fini(&other);
    return answer;
}

TEST(origins_are_equal_when_scheme_host_and_port_are)
{
    assert_true(compare(origin_equals, "https://race.example", "https://race.example"));
    assert_true(compare(origin_equals, "https://race.example", "HTTPS://Race.Example:443"));
    assert_true(compare(origin_equals, "http://a:80", "http://a"));
    assert_true(compare(origin_equals, "wss://a:443", "wss://a"));
    assert_true(compare(origin_equals, "http://[::1]:8080", "http://[::1]:8080"));
    assert_true(compare(origin_equals, "capacitor://localhost", "capacitor://localhost"));
}

TEST(origins_that_differ_in_anything_are_not)
{
    assert_false(compare(origin_equals, "https://race.example", "http://race.example"));
    assert_false(compare(origin_equals, "https://race.example", "https://race.example:8443"));
    assert_false(compare(origin_equals, "https://race.example", "https://www.race.example"));
    assert_false(compare(origin_equals, "https://race.example", "https://race.example.evil"));
    assert_false(compare(origin_equals, "https://race.example", "https://evil@race.example"));
    assert_false(compare(origin_equals, "http://[::1]", "http://[::1]:8080"));
}

TEST(what_is_no_origin_equals_nothing)
{
    const char *wrong[] = {"",           "null",       "race.example", "://a",       "https://",
                           "https://:1", "https://a/", "https://a/b",  "https://a:x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(compare(origin_equals, wrong[i], wrong[i]));
}

TEST(a_page_of_the_same_host_has_its_port_too)
{
    assert_true(compare(origin_has_host, "https://race.example", "race.example"));
    assert_true(compare(origin_has_host, "https://race.example", "RACE.example:443"));
    assert_true(compare(origin_has_host, "http://race.example", "race.example"));
    assert_true(compare(origin_has_host, "http://localhost:8080", "localhost:8080"));
    assert_true(compare(origin_has_host, "http://[::1]:8080", "[::1]:8080"));
    assert_false(compare(origin_has_host, "http://localhost:3000", "localhost:8080"));
    assert_false(compare(origin_has_host, "https://race.example", "race.example:8443"));
    assert_false(compare(origin_has_host, "https://evil.example", "race.example"));
    assert_false(compare(origin_has_host, "null", "race.example"));
    assert_false(compare(origin_has_host, "https://race.example", ""));
}

static bool allows(const struct origin_policy *policy, const char *header_lines)
{
    struct http_reader *request = request_of("/", header_lines);
    bool allowed = origin_is_allowed(request, policy);
    http_reader_free(&request);
    return allowed;
}

static char race[] = "https://race.example";
static char app[] = "capacitor://localhost";
static char star[] = "*";

TEST(those_on_the_list_may_and_others_may_not)
{
    char *list[] = {race, app};
    struct origin_policy policy = {.origins = list, .count = 2};
    assert_true(allows(&policy, "Origin: https://race.example\r\n"));
    assert_true(allows(&policy, "Origin: capacitor://localhost\r\n"));
    assert_false(allows(&policy, "Origin: https://other.example\r\n"));
    assert_false(allows(&policy, "Origin: null\r\n"));
    assert_false(allows(&policy, "Origin:\r\n"));
}

TEST(who_sends_no_origin_is_no_browser)
{
    struct origin_policy nobody = {0};
    assert_true(allows(&nobody, ""));
    assert_false(allows(&nobody, "Origin: https://race.example\r\n"));
}

TEST(a_star_is_everybody)
{
    char *list[] = {star};
    struct origin_policy policy = {.origins = list, .count = 1};
    assert_true(allows(&policy, "Origin: https://other.example\r\n"));
    assert_true(allows(&policy, "Origin: null\r\n"));
}

TEST(two_origins_are_none)
{
    char *list[] = {star};
    struct origin_policy policy = {.origins = list, .count = 1};
    assert_false(
        allows(&policy, "Origin: https://race.example\r\nOrigin: https://race.example\r\n"));
}

TEST(pages_of_the_same_host_may_when_that_is_the_policy)
{
    struct origin_policy policy = {.same_host = true};
    assert_true(allows(&policy, "Origin: https://race.example\r\n"));
    assert_false(allows(&policy, "Origin: https://other.example\r\n"));
}
