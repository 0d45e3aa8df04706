#include "auth/revocations.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

#define LIFE_S 1000

static struct revocations *set;

static int set_up(__attribute__((unused)) void **state)
{
    set = revocations_new(100, LIFE_S);
    return 0;
}

static int tear_down(__attribute__((unused)) void **state)
{
    revocations_free(&set);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static int add(enum revocation_kind kind, const char *name, int64_t at_s)
{
    struct revocation revocation = {.kind = kind, .name = span_of_text(name), .at_s = at_s};
    return revocations_add(set, &revocation);
}

static bool is_revoked(const char *subject, const char *token_id, int64_t issued_s)
{
    struct pass pass = {
        .subject = (char *)subject, .token_id = (char *)token_id, .issued_s = issued_s};
    return revocations_match(set, &pass);
}

TEST(an_empty_set_revokes_nothing)
{
    assert_false(is_revoked("7", "a", 5));
    assert_false(is_revoked(NULL, NULL, INT64_MIN));
    assert_int_equal(revocations_count(set), 0);
    assert_int_equal(revocations_forget(set, INT64_MAX), 0);
}

TEST(one_token_is_revoked_by_its_id)
{
    assert_int_equal(add(REVOKED_TOKEN, "a", 100), 0);
    assert_true(is_revoked("7", "a", 50));
    assert_true(is_revoked("7", "a", 150));
    assert_false(is_revoked("7", "b", 50));
    assert_false(is_revoked("a", NULL, 50));
}

TEST(a_subject_is_revoked_with_what_was_issued_up_to_then)
{
    assert_int_equal(add(REVOKED_SUBJECT, "7", 100), 0);
    assert_true(is_revoked("7", NULL, 99));
    assert_true(is_revoked("7", NULL, 100));
    assert_true(is_revoked("7", NULL, INT64_MIN));
    assert_false(is_revoked("7", NULL, 101));
    assert_false(is_revoked("8", "7", 50));
    assert_false(is_revoked("77", NULL, 50));
}

TEST(everything_issued_before_a_time_is_revoked)
{
    assert_int_equal(add(REVOKED_BEFORE, "", 100), 0);
    assert_true(is_revoked("7", NULL, 99));
    assert_true(is_revoked(NULL, NULL, INT64_MIN));
    assert_false(is_revoked("7", NULL, 100));
}

TEST(a_certificate_is_revoked_by_its_name_alone)
{
    struct pass *pass = pass_for_certificate(span_of_text("van"));
    assert_int_equal(add(REVOKED_BEFORE, "", 100), 0);
    assert_false(revocations_match(set, pass));
    assert_int_equal(add(REVOKED_SUBJECT, "van", 100), 0);
    assert_true(revocations_match(set, pass));
    pass_free(&pass);
}

TEST(the_later_of_two_counts)
{
    assert_int_equal(add(REVOKED_SUBJECT, "7", 100), 0);
    assert_int_equal(add(REVOKED_SUBJECT, "7", 200), 0);
    assert_int_equal(add(REVOKED_SUBJECT, "7", 150), 0);
    assert_int_equal(add(REVOKED_BEFORE, "", 20), 0);
    assert_int_equal(add(REVOKED_BEFORE, "", 10), 0);
    assert_int_equal(revocations_count(set), 2);
    assert_true(is_revoked("7", NULL, 200));
    assert_true(is_revoked("8", NULL, 19));
    assert_false(is_revoked("8", NULL, 20));
}

TEST(a_revocation_can_be_taken_back_and_others_hold)
{
    struct revocation token = {.kind = REVOKED_TOKEN, .name = span_of_text("a")};
    struct revocation subject = {.kind = REVOKED_SUBJECT, .name = span_of_text("a")};
    struct revocation other_time = {.kind = REVOKED_BEFORE, .at_s = 19};
    struct revocation time = {.kind = REVOKED_BEFORE, .at_s = 20};
    assert_int_equal(revocations_remove(set, &token), ERR_NOT_FOUND);
    assert_int_equal(revocations_remove(set, &time), ERR_NOT_FOUND);
    assert_int_equal(add(REVOKED_TOKEN, "a", 100), 0);
    assert_int_equal(add(REVOKED_BEFORE, "", 20), 0);
    assert_int_equal(revocations_remove(set, &subject), ERR_NOT_FOUND);
    assert_int_equal(revocations_remove(set, &other_time), ERR_NOT_FOUND);
    assert_true(is_revoked(NULL, "b", 19));
    assert_int_equal(revocations_remove(set, &time), 0);
    assert_false(is_revoked(NULL, "b", 19));
    assert_true(is_revoked(NULL, "a", 50));
    assert_int_equal(revocations_remove(set, &token), 0);
    assert_false(is_revoked(NULL, "a", 50));
    assert_int_equal(revocations_count(set), 0);
    struct revocation nothing = {.kind = REVOKED_TOKEN};
    assert_int_equal(revocations_remove(set, &nothing), ERR_INVALID);
}

TEST(what_is_no_revocation_is_refused)
{
    char name[PASS_NAME_BYTES + 2] = {0};
    memset(name, 'a', PASS_NAME_BYTES + 1);
    assert_int_equal(add(REVOKED_TOKEN, "", 1), ERR_INVALID);
    assert_int_equal(add(REVOKED_TOKEN, name, 1), ERR_INVALID);
    assert_int_equal(add(REVOKED_BEFORE, "7", 1), ERR_INVALID);
    struct revocation nul = {.kind = REVOKED_SUBJECT, .name = span_of("a\0b", 3)};
    assert_int_equal(revocations_add(set, &nul), ERR_INVALID);
    assert_int_equal(revocations_count(set), 0);
    assert_int_equal(add(REVOKED_TOKEN, name + 1, 1), 0);
    assert_true(is_revoked(NULL, name + 1, 1));
}

TEST(an_entry_is_forgotten_when_no_token_can_be_left)
{
    assert_int_equal(add(REVOKED_TOKEN, "a", 100), 0);
    assert_int_equal(add(REVOKED_SUBJECT, "7", 200), 0);
    assert_int_equal(add(REVOKED_BEFORE, "", 300), 0);
    assert_int_equal(revocations_forget(set, 100 + LIFE_S), 0);
    assert_int_equal(revocations_forget(set, 101 + LIFE_S), 1);
    assert_false(is_revoked(NULL, "a", 500));
    assert_true(is_revoked("7", NULL, 200));
    assert_int_equal(revocations_forget(set, 301 + LIFE_S), 2);
    assert_int_equal(revocations_count(set), 0);
    assert_false(is_revoked("7", NULL, 0));
}

TEST(times_at_the_ends_of_the_range_are_compared_right)
{
    assert_int_equal(add(REVOKED_TOKEN, "a", INT64_MAX), 0);
    assert_int_equal(add(REVOKED_TOKEN, "b", INT64_MIN), 0);
    assert_int_equal(revocations_forget(set, INT64_MAX), 1);
    assert_true(is_revoked(NULL, "a", 0));
    assert_false(is_revoked(NULL, "b", 0));
}

TEST(a_full_set_refuses_new_names_but_not_known_ones)
{
    for (int i = 0; i < 100; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(add(REVOKED_TOKEN, name, 100), 0);
    }
    assert_int_equal(add(REVOKED_TOKEN, "100", 100), ERR_FULL);
    assert_int_equal(add(REVOKED_BEFORE, "", 100), ERR_FULL);
    assert_int_equal(add(REVOKED_TOKEN, "7", 200), 0);
    assert_int_equal(revocations_count(set), 100);
    assert_true(is_revoked(NULL, "99", 0));
}

/* Writes "j:a@100 " for each. */
static int print_entry(void *ctx, const struct revocation *revocation)
{
    char *out = ctx;
    size_t len = strlen(out);
    snprintf(out + len, 200 - len, "%d:%.*s@%d ", revocation->kind, (int)revocation->name.len,
             revocation->name.len > 0 ? (const char *)revocation->name.data : "",
             (int)revocation->at_s);
    return strlen(out) > 30 ? ERR_FULL : 0;
}

TEST(a_visit_sees_each_entry_in_the_order_of_their_addition)
{
    char out[200] = "";
    assert_int_equal(add(REVOKED_SUBJECT, "b", 2), 0);
    assert_int_equal(add(REVOKED_TOKEN, "a", 3), 0);
    assert_int_equal(add(REVOKED_BEFORE, "", 1), 0);
    assert_int_equal(revocations_visit(set, print_entry, out), 0);
    assert_string_equal(out, "2:@1 1:b@2 0:a@3 ");
}

TEST(a_visit_is_ended_by_an_error)
{
    char out[200] = "";
    assert_int_equal(add(REVOKED_SUBJECT, "a name of more than thirty bytes", 2), 0);
    assert_int_equal(add(REVOKED_TOKEN, "unseen", 3), 0);
    assert_int_equal(revocations_visit(set, print_entry, out), ERR_FULL);
    assert_null(strstr(out, "unseen"));
}

TEST(without_memory_nothing_is_added)
{
    long successes = 0;
    int err;
    do {
        mem_fail_after(successes++);
        err = add(REVOKED_TOKEN, "a", 100);
        mem_fail_after(-1);
        assert_int_equal(is_revoked(NULL, "a", 0), err == 0);
    } while (err == ERR_NO_MEMORY);
    assert_int_equal(err, 0);
    assert_int_equal(successes, 4);
}
