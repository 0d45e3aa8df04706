/* What operators ask, and what they are answered. */
#include "proto/admin.h"

#include <jansson.h>

#include "base/err.h"
#include "tests/lib/test.h"

static int kick(const char *body, struct admin_who *who)
{
    struct fault fault;
    return admin_decode_kick(span_of_text(body), who, &fault);
}

static int revoke(const char *body, struct admin_revocation *revocation)
{
    struct fault fault;
    return admin_decode_revocation(span_of_text(body), revocation, &fault);
}

TEST(a_kick_names_a_session_a_subject_or_an_address)
{
    struct admin_who who;
    assert_int_equal(kick("{\"id\": 281474976710657}", &who), 0);
    assert_int_equal(who.by, ADMIN_BY_ID);
    assert_int_equal(who.id, 281474976710657);
    assert_int_equal(kick("{\"sub\": \"7\"}", &who), 0);
    assert_int_equal(who.by, ADMIN_BY_SUBJECT);
    assert_string_equal(who.name, "7");
    assert_int_equal(kick("{\"address\": \"192.0.2.7\"}", &who), 0);
    assert_int_equal(who.by, ADMIN_BY_ADDRESS);
    assert_string_equal(who.name, "192.0.2.7");
}

TEST(a_kick_that_is_not_clear_is_refused)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "7",
        "{\"id\": \"7\"}",
        "{\"sub\": 7}",
        "{\"sub\": \"\"}",
        "{\"id\": 7, \"sub\": \"7\"}",
        "{\"id\": 7, \"other\": 1}",
        "{\"address\": null}",
        "{\"sub\": \"a\\u0000b\"}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct admin_who who;
        if (kick(bodies[i], &who) != ERR_FORMAT)
            fail_msg("%s was taken", bodies[i]);
    }
}

TEST(a_revocation_names_a_token_a_subject_or_a_time)
{
    struct admin_revocation revocation;
    assert_int_equal(revoke("{\"jti\": \"a\"}", &revocation), 0);
    assert_int_equal(revocation.kind, ADMIN_REVOKE_TOKEN);
    assert_string_equal(revocation.name, "a");
    assert_int_equal(revoke("{\"sub\": \"7\"}", &revocation), 0);
    assert_int_equal(revocation.kind, ADMIN_REVOKE_SUBJECT);
    assert_int_equal(revoke("{\"issued_before\": 1777600000}", &revocation), 0);
    assert_int_equal(revocation.kind, ADMIN_REVOKE_BEFORE);
    assert_int_equal(revocation.before_s, 1777600000);
    assert_int_equal(revoke("{\"issued_before\": 1.5}", &revocation), ERR_FORMAT);
    assert_int_equal(revoke("{\"jti\": \"a\", \"sub\": \"7\"}", &revocation), ERR_FORMAT);
}

TEST(a_backup_has_a_name)
{
    struct fault fault;
    char name[ADMIN_NAME_BYTES + 1];
    assert_int_equal(admin_decode_backup(span_of_text("{\"name\": \"a.db\"}"), name, &fault), 0);
    assert_string_equal(name, "a.db");
    assert_int_equal(admin_decode_backup(span_of_text("{}"), name, &fault), ERR_FORMAT);
}

TEST(a_level_is_a_text)
{
    char level[ADMIN_NAME_BYTES + 1];
    struct fault fault;
    assert_int_equal(admin_decode_level(span_of_text("{\"level\": \"debug\"}"), level, &fault), 0);
    assert_string_equal(level, "debug");
    assert_int_equal(admin_decode_level(span_of_text("{\"level\": 3}"), level, &fault), ERR_FORMAT);
}

TEST(sessions_are_listed_as_json_whatever_is_in_their_names)
{
    struct admin_session sessions[2] = {
        {.id = 17,
         .superseded = 5,
         .follows = 2,
         .expires_s = 1777600000,
         .is_behind = true,
         .address = "192.0.2.7:1",
         .subject = "a \"quoted\" \\ name"},
        {.id = 18, .expires_s = INT64_MAX},
    };
    struct buf out = {0};
    assert_int_equal(admin_encode_sessions(sessions, 2, 40, &out), 0);
    json_t *root = json_loadb((const char *)out.data, out.len, 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_integer_value(json_object_get(root, "total")), 40);
    const json_t *first = json_array_get(json_object_get(root, "sessions"), 0);
    const json_t *second = json_array_get(json_object_get(root, "sessions"), 1);
    assert_int_equal(json_integer_value(json_object_get(first, "id")), 17);
    assert_string_equal(json_string_value(json_object_get(first, "sub")), sessions[0].subject);
    assert_int_equal(json_integer_value(json_object_get(first, "expires")), 1777600000);
    assert_true(json_is_true(json_object_get(first, "behind")));
    assert_true(json_is_null(json_object_get(second, "sub")));
    assert_true(json_is_null(json_object_get(second, "expires")));
    json_decref(root);
    buf_fini(&out);
}

TEST(revocations_are_listed_with_what_they_concern)
{
    struct admin_revocation token = {.kind = ADMIN_REVOKE_TOKEN, .name = "a"};
    struct admin_revocation before = {.kind = ADMIN_REVOKE_BEFORE, .before_s = 5};
    struct buf out = {0};
    assert_int_equal(admin_encode_revocation(&token, 9, true, &out), 0);
    assert_int_equal(admin_encode_revocation(&before, 9, false, &out), 0);
    struct span expected = span_of_text("{\"jti\":\"a\",\"at\":9},{\"issued_before\":5}");
    assert_true(span_equals(buf_span(&out), expected));
    buf_fini(&out);
}
