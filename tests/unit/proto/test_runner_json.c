#include "proto/runner_json.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static struct runner_facts facts;
static struct fault fault;

static bool is_text(const struct runner_text *text, const char *expected)
{
    return span_equals(span_of(text->bytes, text->len), span_of_text(expected));
}

TEST(what_is_said_is_read_and_what_is_not_is_empty)
{
    assert_int_equal(
        runner_facts_decode(
            span_of_text("{\"name\":\"Ann \\u00e9\",\"colour\":\"#D62728\",\"bib\":null,"
                         "\"groups\":[\"elite\",\"w\"],\"more\":1}"),
            &facts, &fault),
        0);
    assert_true(is_text(&facts.name, "Ann \xc3\xa9") && is_text(&facts.colour, "#D62728"));
    assert_int_equal(facts.bib.len, 0);
    assert_true(facts.has_groups && facts.group_count == 2 && is_text(&facts.groups[1], "w"));
    assert_int_equal(runner_facts_decode(span_of_text("{}"), &facts, &fault), 0);
    assert_true(!facts.has_groups && facts.name.len == 0);
    assert_int_equal(runner_facts_decode(span_of_text("{\"groups\":[]}"), &facts, &fault), 0);
    assert_true(facts.has_groups && facts.group_count == 0);
}

TEST(what_can_not_be_is_refused)
{
    static const struct {
        const char *text;
        enum fault_code code;
    } cases[] = {
        {"[]", FAULT_not_an_object},
        {"{", FAULT_bad_json},
        {"{\"name\":7}", FAULT_wrong_type},
        {"{\"name\":\"a\\nb\"}", FAULT_bad_parameter},
        {"{\"name\":\"a\\u007f\"}", FAULT_bad_parameter},
        {"{\"colour\":\"red\"}", FAULT_bad_parameter},
        {"{\"colour\":\"#12345\"}", FAULT_bad_parameter},
        {"{\"colour\":\"#12345g\"}", FAULT_bad_parameter},
        {"{\"groups\":{}}", FAULT_wrong_type},
        {"{\"groups\":[1]}", FAULT_wrong_type},
        {"{\"groups\":[\"\"]}", FAULT_bad_parameter},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(runner_facts_decode(span_of_text(cases[i].text), &facts, &fault),
                         ERR_FORMAT);
        assert_int_equal(fault.code, cases[i].code);
    }
}

TEST(texts_and_groups_have_bounds)
{
    struct buf text = {0};
    assert_int_equal(buf_printf(&text, "{\"name\":\"%0*d\"}", RUNNER_TEXT_BYTES, 0), 0);
    assert_int_equal(runner_facts_decode(buf_span(&text), &facts, &fault), 0);
    text.len = 0;
    assert_int_equal(buf_printf(&text, "{\"name\":\"%0*d\"}", RUNNER_TEXT_BYTES + 1, 0), 0);
    assert_int_equal(runner_facts_decode(buf_span(&text), &facts, &fault), ERR_FORMAT);
    text.len = 0;
    assert_int_equal(buf_append_text(&text, "{\"groups\":[\"a\""), 0);
    for (int i = 0; i < RUNNER_GROUPS_MAX; i++)
        assert_int_equal(buf_append_text(&text, ",\"a\""), 0);
    assert_int_equal(buf_append_text(&text, "]}"), 0);
    assert_int_equal(runner_facts_decode(buf_span(&text), &facts, &fault), ERR_FORMAT);
    buf_fini(&text);
}

TEST(what_is_known_is_written_and_what_is_not_is_left_out)
{
    struct span groups[] = {span_of_text("elite"), span_of_text("a\"b")};
    struct runner_known known = {.name = span_of_text("Ann <&>"), .groups = groups};
    struct buf out = {0};
    assert_int_equal(runner_id_set(&known.id, span_of_text("7")), 0);
    assert_int_equal(runner_known_begin(&known, &out), 0);
    assert_true(span_equals(buf_span(&out), span_of_text("{\"userId\":7,\"name\":\"Ann <&>\"")));
    out.len = 0;
    known.group_count = 2;
    known.name = span_of(NULL, 0);
    assert_int_equal(runner_known_begin(&known, &out), 0);
    assert_true(span_equals(buf_span(&out),
                            span_of_text("{\"userId\":7,\"groups\":[\"elite\",\"a\\\"b\"]")));
    buf_fini(&out);
    mem_fail_after(0);
    assert_int_equal(runner_known_begin(&known, &out), ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_int_equal(out.len, 0);
}
