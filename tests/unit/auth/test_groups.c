#include "auth/groups.h"

#include <pthread.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static char message[AUTH_GROUPS_MESSAGE_BYTES];

static int parse(const char *text, struct auth_groups **groups)
{
    message[0] = '\0';
    return auth_groups_parse(span_of_text(text), groups, message);
}

static struct auth_groups *need(const char *text)
{
    struct auth_groups *groups = NULL;
    assert_int_equal(parse(text, &groups), 0);
    return groups;
}

static bool has(const struct auth_groups *groups, const char *name, const char *id)
{
    return grants_allow(auth_groups_find(groups, span_of_text(name)), span_of_text(id));
}

TEST(a_group_is_found_by_its_name)
{
    struct auth_groups *groups =
        need("{\"b\":[1],\"a\":[\"x\"],\"ab\":[\"2\",\"pro-*\"],\"\xc3\xa9\":[3]}");
    assert_int_equal(auth_groups_count(groups), 4);
    assert_true(has(groups, "a", "x"));
    assert_true(has(groups, "b", "1"));
    assert_true(has(groups, "ab", "2"));
    assert_true(has(groups, "ab", "pro-9"));
    assert_true(has(groups, "\xc3\xa9", "3"));
    assert_false(has(groups, "a", "1"));
    assert_null(auth_groups_find(groups, span_of_text("c")));
    assert_null(auth_groups_find(groups, span_of_text("")));
    assert_null(auth_groups_find(groups, span_of_text("abc")));
    assert_null(auth_groups_find(NULL, span_of_text("a")));
    auth_groups_drop(&groups);
    assert_null(groups);
    auth_groups_drop(&groups);
}

TEST(no_groups_at_all_are_fine)
{
    struct auth_groups *groups = need("{}");
    assert_int_equal(auth_groups_count(groups), 0);
    assert_null(auth_groups_find(groups, span_of_text("a")));
    auth_groups_drop(&groups);
}

TEST(what_is_wrong_is_told_and_where)
{
    static const struct {
        const char *text;
        const char *expected; /* part of the message */
    } cases[] = {
        {"", "line 1"},
        {"[]", "line 1"},
        {"{\"a\":[1],\n \"a\":[2]}", "line 2"},
        {"{\"a\":7}", "group \"a\": expected an array"},
        {"{\"a\":[1],\"b\":[1.5]}", "group \"b\": expected an array"},
        {"{\"b\":[\"\"]}", "group \"b\": expected an array"},
        {"{\"\":[1]}", "a name has 1 to 64 bytes"},
        {"{\"a\":[\"group:b\"],\"b\":[]}", "group \"a\": a group holds no other groups"},
        {"{\"\xc3\xa9\":7}", "group \"??\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct auth_groups *groups = NULL;
        assert_int_equal(parse(cases[i].text, &groups), ERR_FORMAT);
        assert_null(groups);
        assert_non_null(strstr(message, cases[i].expected));
    }
}

TEST(too_much_text_is_refused_before_it_is_read)
{
    struct auth_groups *groups = NULL;
    struct span text = span_of("{}", AUTH_GROUPS_BYTES + 1);
    assert_int_equal(auth_groups_parse(text, &groups, message), ERR_TOO_BIG);
    assert_true(strlen(message) > 0);
}

TEST(without_memory_no_groups_are_made_and_nothing_lost)
{
    struct auth_groups *groups = NULL;
    long successes = 0;
    int err;
    do {
        mem_fail_after(successes++);
        err = parse("{\"b\":[1],\"a\":[\"x\"]}", &groups);
        mem_fail_after(-1);
        if (err < 0)
            assert_non_null(strstr(message, "no memory"));
    } while (err == ERR_NO_MEMORY);
    assert_int_equal(err, 0);
    assert_true(successes > 8);
    auth_groups_drop(&groups);
}

static void *hold_and_drop(void *ctx)
{
    for (int i = 0; i < 10000; i++) {
        struct auth_groups *groups = auth_groups_hold(ctx);
        auth_groups_drop(&groups);
    }
    return NULL;
}

TEST(threads_hold_and_drop_the_same_groups)
{
    pthread_t threads[2];
    struct auth_groups *groups = need("{\"a\":[1]}");
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_drop, groups), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_true(has(groups, "a", "1"));
    auth_groups_drop(&groups);
}

TEST(groups_are_the_same_when_they_hold_the_same)
{
    static const char *const texts[] = {
        "{\"a\":[1,\"p-*\"],\"b\":[]}",
        "{\"b\":[],\"a\":[\"p-*\",1]}",
        "{\"a\":[1],\"b\":[]}",
        "{\"a\":[2,\"p-*\"],\"b\":[]}",
        "{\"a\":[\"1*\",\"p-*\"],\"b\":[]}",
        "{\"a\":[1,\"p-*\"],\"c\":[]}",
        "{\"a\":[1,\"p-*\"]}",
        "{\"a\":[11,\"-*\"],\"b\":[]}",
    };
    struct auth_groups *first = NULL;
    assert_int_equal(auth_groups_parse(span_of_text(texts[0]), &first, message), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct auth_groups *other = NULL;
        assert_int_equal(auth_groups_parse(span_of_text(texts[i]), &other, message), 0);
        assert_int_equal(auth_groups_equal(first, other), i < 2);
        auth_groups_drop(&other);
    }
    auth_groups_drop(&first);
}
