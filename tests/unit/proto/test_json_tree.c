/*
 * Faults of the JSON itself, and that hostile nesting is refused before it costs stack.
 */
#include "proto/json_tree.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

#define MESSAGE_BYTES (64 * 1024)
#define SMALL_STACK_BYTES (512 * 1024)

TEST(a_json_fault_says_where_it_is)
{
    static const struct {
        const char *text;
        enum fault_code code;
        const char *message;
    } cases[] = {
        {"", FAULT_bad_json, "line 1, column 0: the text ends in the middle of a value"},
        {"{", FAULT_bad_json, "line 1, column 1: the text ends in the middle of a value"},
        {"{\"lat\": 1", FAULT_bad_json, "line 1, column 9: the text ends in the middle of a value"},
        {"{\"lat\": x}", FAULT_bad_json, "line 1, column 9: this is not JSON here"},
        {"{\n  \"lat\": 01}", FAULT_bad_json, "line 2, column 10: this is not JSON here"},
        {"{} {}", FAULT_bad_json, "line 1, column 4: there is more behind the end of the value"},
        {"{'a': 1}", FAULT_bad_json, "line 1, column 2: this is not JSON here"},
        {"[1,]", FAULT_bad_json, "line 1, column 4: this is not JSON here"},
        {"[NaN]", FAULT_bad_json, "line 1, column 4: this is not JSON here"},
        {"\xef\xbb\xbf{}", FAULT_bad_json, "line 1, column 1: this is not JSON here"},
        {"\"\\ud800\"", FAULT_bad_json, "line 1, column 8: this is not JSON here"},
        {"{\"a\\u0000\": 1}", FAULT_bad_json,
         "line 1, column 10: the name of a member holds \\u0000"},
        {"[1e400]", FAULT_bad_number, "line 1, column 6: the number is too large to be a double"},
        {"[-1e400]", FAULT_bad_number, "line 1, column 7: the number is too large to be a double"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_tree tree;
        struct fault fault = {0};
        assert_int_equal(json_tree_parse(&tree, span_of_text(cases[i].text), &fault), ERR_FORMAT);
        json_tree_fini(&tree);
        assert_string_equal(fault.message, cases[i].message);
        assert_string_equal(fault_name(fault.code), fault_name(cases[i].code));
    }
}

static const json_t *parse(struct json_tree *tree, const char *text)
{
    struct fault fault = {0};
    if (json_tree_parse(tree, span_of_text(text), &fault) != 0)
        fail_msg("%s", fault.message);
    return tree->root;
}

TEST(an_integer_over_64_bits_becomes_a_real_and_its_neighbours_stay_exact)
{
    struct json_tree tree;
    const json_t *root = parse(
        &tree,
        "[9223372036854775808, 9223372036854775807, \"99999999999999999999\", -9223372036854775808,"
        "-9223372036854775809, 1.5, \"\\\"99999999999999999999\"]");
    assert_true(json_is_real(json_array_get(root, 0)));
    assert_true(json_real_value(json_array_get(root, 0)) == 0x1p63);
    assert_true(json_integer_value(json_array_get(root, 1)) == INT64_MAX);
    assert_string_equal(json_string_value(json_array_get(root, 2)), "99999999999999999999");
    assert_true(json_integer_value(json_array_get(root, 3)) == INT64_MIN);
    assert_true(json_real_value(json_array_get(root, 4)) == -0x1p63);
    assert_true(json_real_value(json_array_get(root, 5)) == 1.5);
    assert_string_equal(json_string_value(json_array_get(root, 6)), "\"99999999999999999999");
    json_tree_fini(&tree);
}

TEST(any_value_is_a_tree_and_has_a_name)
{
    static const struct {
        const char *text;
        const char *kind;
    } cases[] = {{"{}", "an object"}, {"[]", "an array"},  {"\"\\u0000\"", "a string"},
                 {"7", "a number"},   {"7.5", "a number"}, {"true", "true"},
                 {"false", "false"},  {"null", "null"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_tree tree;
        assert_string_equal(json_tree_kind(parse(&tree, cases[i].text)), cases[i].kind);
        json_tree_fini(&tree);
    }
}

TEST(jansson_outside_a_tree_is_as_ever)
{
    struct json_tree tree;
    parse(&tree, "{\"a\":[1,2,3]}");
    json_t *other = json_pack("{s:[i,s]}", "b", 1, "text");
    json_tree_fini(&tree);
    assert_int_equal(json_array_size(json_object_get(other, "b")), 2);
    json_decref(other);
}

/* Many small values cost the most memory for their length; each chunk but the first can fail. */
TEST(memory_that_runs_out_leaves_nothing_behind)
{
    char *text = malloc(MESSAGE_BYTES + 1);
    for (size_t i = 0; i + 4 <= MESSAGE_BYTES; i += 4)
        memcpy(text + i, " {},", 4);
    text[0] = '[';
    memcpy(text + MESSAGE_BYTES - 1, "]", 2);
    struct json_tree tree;
    struct fault fault = {0};
    int err = -1;
    for (long successes = 0; err != 0; successes++) {
        mem_fail_after(successes);
        err = json_tree_parse(&tree, span_of_text(text), &fault);
        mem_fail_after(-1);
        json_tree_fini(&tree);
        assert_true(err == 0 || (err == ERR_NO_MEMORY && fault.code == FAULT_out_of_memory));
        assert_in_range(successes, 0, 100);
    }
    free(text);
}

static void nest(char *text, size_t depth)
{
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
}

TEST(nesting_is_allowed_up_to_a_depth)
{
    char text[2 * (JSON_TREE_DEPTH + 1) + 1];
    struct json_tree tree;
    nest(text, JSON_TREE_DEPTH);
    parse(&tree, text);
    json_tree_fini(&tree);

    nest(text, JSON_TREE_DEPTH + 1);
    struct fault fault = {0};
    assert_int_equal(json_tree_parse(&tree, span_of_text(text), &fault), ERR_FORMAT);
    json_tree_fini(&tree);
    assert_int_equal(fault.code, FAULT_bad_json);
    assert_string_equal(fault.message, "arrays and objects are nested deeper than 64 levels");
}

TEST(brackets_in_strings_and_side_by_side_are_not_nesting)
{
    struct json_tree tree;
    char *text = malloc(MESSAGE_BYTES + 1);
    memset(text, '[', MESSAGE_BYTES);
    text[0] = text[MESSAGE_BYTES - 1] = '"';
    text[MESSAGE_BYTES] = '\0';
    memcpy(text + 100, "\\\"", 2);
    parse(&tree, text);
    json_tree_fini(&tree);

    for (size_t i = 0; i + 3 <= MESSAGE_BYTES; i += 3)
        memcpy(text + i, "[],", 3);
    text[0] = '[';
    text[1] = text[2] = ' ';
    memcpy(text + MESSAGE_BYTES - 4, "[] ]", 5);
    parse(&tree, text);
    json_tree_fini(&tree);
    free(text);
}

static void *parse_hostile(void *text)
{
    static const char *const openings[] = {"[", "{\"a\":", "[[{\"a\":", "[ {\"\":[9e9,"};
    for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
        size_t len = strlen(openings[i]);
        for (size_t at = 0; at + len <= MESSAGE_BYTES; at += len)
            memcpy((char *)text + at, openings[i], len);
        struct json_tree tree;
        struct fault fault = {0};
        int err = json_tree_parse(&tree, span_of(text, MESSAGE_BYTES), &fault);
        json_tree_fini(&tree);
        if (err != ERR_FORMAT)
            return (void *)openings[i];
    }
    return NULL;
}

TEST(a_message_full_of_openings_is_refused_on_a_small_stack)
{
    char *text = calloc(1, MESSAGE_BYTES);
    pthread_attr_t attributes;
    pthread_t thread;
    void *failed = NULL;
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, SMALL_STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attributes, parse_hostile, text), 0);
    pthread_join(thread, &failed);
    pthread_attr_destroy(&attributes);
    assert_null(failed);
    assert_null(parse_hostile(text));
    free(text);
}
