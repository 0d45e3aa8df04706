#include "auth/authority.h"

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"
#include "tests/lib/token_kit.h"

#define NOW INT64_C(1777600000)

/* Issuers: 0 by a secret and any iss; 1 "https://a" and 2 "https://b" by keys from URLs. */
enum { BY_SECRET, FROM_A, FROM_B };

static struct authority *authority;
static EVP_PKEY *p256;
static int asked[3];      /* how often for whose keys */
static bool is_asking_ok; /* the answer */
static uint64_t waited;   /* whose keys a token has waited for */

static bool on_refresh(__attribute__((unused)) void *ctx, size_t issuer)
{
    asked[issuer]++;
    return is_asking_ok;
}

static int set_up(__attribute__((unused)) void **state)
{
    static const struct authority_issuer issuers[] = {
        [BY_SECRET] = {.alg = KEY_ALG_COUNT},
        [FROM_A] = {.iss = "https://a", .alg = KEY_ALG_COUNT, .is_refreshed = true},
        [FROM_B] = {.iss = "https://b", .aud = "b", .alg = KEY_ALG_COUNT, .is_refreshed = true},
    };
    struct authority_options options = {.issuers = issuers,
                                        .issuer_count = 3,
                                        .leeway_s = 2,
                                        .max_life_s = 86400,
                                        .max_revocations = 10,
                                        .revocation_life_s = 86404,
                                        .refresh = on_refresh};
    authority = authority_new(&options);
    p256 = kit_p256();
    is_asking_ok = true;
    waited = AUTHORITY_NO_ISSUER;
    asked[FROM_A] = asked[FROM_B] = asked[BY_SECRET] = 0;
    return authority_set_secret(authority, BY_SECRET, kit_secret());
}

static int tear_down(__attribute__((unused)) void **state)
{
    authority_free(&authority);
    EVP_PKEY_free(p256);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

static struct pass *pass;
static struct authority_refusal refusal;

static int verify(const struct kit_signer *signer, const char *header, const char *claims)
{
    struct buf token = {0};
    kit_append_token(&token, signer, header, claims);
    pass_free(&pass);
    int result = authority_verify(authority, buf_span(&token), NOW, waited, &pass, &refusal);
    buf_fini(&token);
    assert_int_equal(result > 0, pass != NULL);
    return result;
}

static int verify_by_secret(const char *claims)
{
    struct kit_signer signer = {"HS256", NULL, kit_secret()};
    return verify(&signer, "{\"alg\":\"HS256\"}", claims);
}

static int verify_by_key(const char *kid, const char *claims)
{
    struct kit_signer signer = {"ES256", p256, {0}};
    struct buf header = {0};
    buf_printf(&header, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", kid);
    buf_append(&header, span_of("", 1));
    int result = verify(&signer, (const char *)header.data, claims);
    buf_fini(&header);
    return result;
}

static int set_keys(size_t issuer, const char *kid)
{
    struct buf jwk = {0};
    struct buf more = {0};
    buf_printf(&more, ",\"kid\":\"%s\"", kid);
    buf_append(&more, span_of("", 1));
    kit_append_jwk(&jwk, p256, (const char *)more.data);
    int err = authority_set_keys(authority, issuer, buf_span(&jwk));
    buf_fini(&jwk);
    buf_fini(&more);
    return err;
}

#define OF_A "{\"iss\":\"https://a\",\"sub\":\"7\",\"iat\":1777599000,\"exp\":1777600600}"
#define OF_B "{\"iss\":\"https://b\",\"aud\":\"b\",\"exp\":1777600600}"
#define OF_NOBODY "{\"sub\":\"7\",\"jti\":\"x\",\"iat\":1777599000,\"exp\":1777600600}"

TEST(a_pass_tells_the_issuer_of_its_token)
{
    assert_int_equal(set_keys(FROM_A, "k"), 0);
    assert_int_equal(set_keys(FROM_B, "k"), 0);
    assert_int_equal(verify_by_secret(OF_NOBODY), 1);
    assert_int_equal(pass->issuer, BY_SECRET);
    assert_int_equal(verify_by_key("k", OF_A), 1);
    assert_int_equal(pass->issuer, FROM_A);
    assert_int_equal(verify_by_key("k", OF_B), 1);
    assert_int_equal(pass->issuer, FROM_B);
    pass_free(&pass);
}

TEST(junk_is_refused_without_asking_anybody)
{
    assert_int_equal(authority_verify(authority, span_of_text("junk"), NOW, AUTHORITY_NO_ISSUER,
                                      &pass, &refusal),
                     0);
    assert_int_equal(refusal.reason, TOKEN_malformed);
    assert_false(refusal.is_waiting);
    assert_int_equal(verify_by_secret("{\"exp\":1}"), 0);
    assert_int_equal(refusal.reason, TOKEN_expired);
    assert_int_equal(verify_by_key("k", "{\"iss\":\"https://a\",\"exp\":1}"), 0);
    assert_int_equal(refusal.reason, TOKEN_expired);
    assert_int_equal(asked[FROM_A] + asked[FROM_B] + asked[BY_SECRET], 0);
}

TEST(missing_keys_are_asked_for_once_and_waited_for)
{
    assert_int_equal(verify_by_key("k", OF_A), 0);
    assert_true(refusal.is_waiting);
    assert_int_equal(refusal.issuer, FROM_A);
    assert_int_equal(verify_by_key("k", OF_A), 0);
    assert_true(refusal.is_waiting);
    assert_int_equal(asked[FROM_A], 1);
    assert_int_equal(asked[FROM_B], 0);
    assert_true(authority_is_waiting_for(authority, FROM_A));
    assert_int_equal(set_keys(FROM_A, "k"), 0);
    assert_false(authority_is_waiting_for(authority, FROM_A));
    assert_int_equal(verify_by_key("k", OF_A), 1);
    pass_free(&pass);
}

TEST(a_key_that_is_new_is_asked_for_and_known_ones_are_not)
{
    assert_int_equal(set_keys(FROM_A, "old"), 0);
    assert_int_equal(verify_by_key("old", OF_A), 1);
    assert_int_equal(asked[FROM_A], 0);
    assert_int_equal(verify_by_key("new", OF_A), 0);
    assert_int_equal(refusal.reason, TOKEN_unknown_key);
    assert_true(refusal.is_waiting);
    assert_int_equal(set_keys(FROM_A, "new"), 0);
    assert_int_equal(verify_by_key("new", OF_A), 1);
    assert_int_equal(verify_by_key("old", OF_A), 0);
    assert_int_equal(asked[FROM_A], 2);
    pass_free(&pass);
}

TEST(a_token_waits_once_for_the_keys_of_an_issuer)
{
    assert_int_equal(set_keys(FROM_A, "old"), 0);
    assert_int_equal(verify_by_key("nobody's", OF_A), 0);
    assert_true(refusal.is_waiting);
    assert_int_equal(set_keys(FROM_A, "old"), 0);
    waited = UINT64_C(1) << FROM_A;
    assert_int_equal(verify_by_key("nobody's", OF_A), 0);
    assert_false(refusal.is_waiting);
    assert_int_equal(refusal.reason, TOKEN_unknown_key);
    assert_int_equal(asked[FROM_A], 1);
    assert_int_equal(verify_by_key("k", OF_B), 0);
    assert_true(refusal.is_waiting);
    assert_int_equal(refusal.issuer, FROM_B);
}

TEST(when_asking_is_refused_nobody_waits)
{
    is_asking_ok = false;
    assert_int_equal(verify_by_key("k", OF_A), 0);
    assert_false(refusal.is_waiting);
    assert_false(authority_is_waiting_for(authority, FROM_A));
    assert_int_equal(verify_by_key("k", OF_A), 0);
    assert_int_equal(asked[FROM_A], 2);
}

TEST(a_refresh_that_fails_ends_the_waiting)
{
    assert_int_equal(verify_by_key("k", OF_A), 0);
    authority_refresh_failed(authority, FROM_A);
    assert_false(authority_is_waiting_for(authority, FROM_A));
    assert_null(authority_keys(authority, FROM_A));
}

TEST(bad_keys_leave_the_good_ones_and_end_the_waiting)
{
    assert_int_equal(set_keys(FROM_A, "old"), 0);
    assert_int_equal(verify_by_key("new", OF_A), 0);
    assert_true(authority_is_waiting_for(authority, FROM_A));
    assert_int_equal(authority_set_keys(authority, FROM_A, span_of_text("<html>")), ERR_FORMAT);
    assert_false(authority_is_waiting_for(authority, FROM_A));
    assert_int_equal(authority_set_keys(authority, FROM_A, span_of_text("{\"keys\":[]}")),
                     ERR_NOT_FOUND);
    assert_int_equal(authority_set_secret(authority, BY_SECRET, span_of_text("short")),
                     ERR_INVALID);
    assert_int_equal(key_set_count(authority_keys(authority, FROM_A)), 1);
    assert_int_equal(verify_by_key("old", OF_A), 1);
    assert_int_equal(verify_by_secret(OF_NOBODY), 1);
    pass_free(&pass);
}

TEST(the_issuer_of_one_key_does_not_speak_for_another)
{
    /* The key is known to b only, and the token says a. */
    assert_int_equal(set_keys(FROM_B, "k"), 0);
    assert_int_equal(verify_by_key("k", OF_A), 0);
    assert_int_equal(verify_by_key("k", OF_B), 1);
    pass_free(&pass);
}

TEST(the_reason_that_was_found_last_counts)
{
    assert_int_equal(set_keys(FROM_A, "k"), 0);
    assert_int_equal(verify_by_key("k", "{\"iss\":\"https://a\",\"aud\":\"x\",\"exp\":1777600600}"),
                     0);
    assert_int_equal(refusal.reason, TOKEN_wrong_audience);
    struct kit_signer signer = {"HS256", NULL, span_of_text("some secret of thirty-two bytes.")};
    assert_int_equal(verify(&signer, "{\"alg\":\"HS256\"}", OF_A), 0);
    assert_int_equal(refusal.reason, TOKEN_bad_signature);
}

TEST(a_revoked_token_is_refused_though_it_is_signed)
{
    struct revocation by_id = {.kind = REVOKED_TOKEN, .name = span_of_text("x"), .at_s = NOW};
    assert_int_equal(verify_by_secret(OF_NOBODY), 1);
    assert_int_equal(revocations_add(authority_revocations(authority), &by_id), 0);
    assert_true(revocations_match(authority_revocations(authority), pass));
    assert_int_equal(verify_by_secret(OF_NOBODY), 0);
    assert_int_equal(refusal.reason, TOKEN_revoked);
    assert_false(refusal.is_waiting);
}

TEST(a_revocation_lasts_as_long_as_the_longest_token)
{
    struct revocation of_subject = {
        .kind = REVOKED_SUBJECT, .name = span_of_text("7"), .at_s = NOW};
    struct revocations *revocations = authority_revocations(authority);
    assert_int_equal(revocations_add(revocations, &of_subject), 0);
    assert_int_equal(revocations_forget(revocations, NOW + 86400 + 4), 0);
    assert_int_equal(revocations_forget(revocations, NOW + 86400 + 5), 1);
}

static int verify_at(struct span token, int64_t now_s)
{
    pass_free(&pass);
    return authority_verify(authority, token, now_s, AUTHORITY_NO_ISSUER, &pass, &refusal);
}

TEST(a_good_token_is_verified_once_and_all_else_is_looked_at_each_time)
{
    struct kit_signer signer = {"HS256", NULL, kit_secret()};
    struct revocation by_id = {.kind = REVOKED_TOKEN, .name = span_of_text("x"), .at_s = NOW};
    struct buf token = {0};
    kit_append_token(&token, &signer, "{\"alg\":\"HS256\"}", OF_NOBODY);
    for (int i = 0; i < 3; i++)
        assert_int_equal(verify_at(buf_span(&token), NOW), 1);
    assert_string_equal(pass->subject, "7");
    assert_int_equal(authority_verifications(authority), 1);
    assert_int_equal(verify_at(buf_span(&token), 1777600700), 0);
    assert_int_equal(refusal.reason, TOKEN_expired);
    assert_int_equal(verify_at(buf_span(&token), 1777590000), 0);
    assert_int_equal(refusal.reason, TOKEN_not_yet_valid);
    assert_int_equal(revocations_add(authority_revocations(authority), &by_id), 0);
    assert_int_equal(verify_at(buf_span(&token), NOW), 0);
    assert_int_equal(refusal.reason, TOKEN_revoked);
    assert_int_equal(authority_verifications(authority), 1);
    buf_fini(&token);
}

TEST(what_was_verified_is_forgotten_when_keys_change)
{
    struct span other = span_of_text("some secret of thirty-two bytes.");
    assert_int_equal(verify_by_secret(OF_NOBODY), 1);
    assert_int_equal(authority_set_secret(authority, BY_SECRET, other), 0);
    assert_int_equal(verify_by_secret(OF_NOBODY), 0);
    assert_int_equal(refusal.reason, TOKEN_bad_signature);
    assert_int_equal(authority_set_secret(authority, BY_SECRET, kit_secret()), 0);
    assert_int_equal(verify_by_secret(OF_NOBODY), 1);
    assert_int_equal(authority_verifications(authority), 3);
    pass_free(&pass);
}

TEST(a_bad_token_is_verified_each_time)
{
    struct kit_signer signer = {"HS256", NULL, span_of_text("some secret of thirty-two bytes.")};
    for (int i = 0; i < 3; i++)
        assert_int_equal(verify(&signer, "{\"alg\":\"HS256\"}", OF_NOBODY), 0);
    assert_int_equal(authority_verifications(authority), 3);
}

TEST(later_passes_are_made_with_the_groups_of_their_time)
{
    static const char claims[] = "{\"follow\":[\"group:g\"],\"exp\":1777600600}";
    char message[AUTH_GROUPS_MESSAGE_BYTES];
    struct auth_groups *groups = NULL;
    assert_int_equal(verify_by_secret(claims), 1);
    assert_false(pass_may_follow(pass, span_of_text("1")));
    assert_int_equal(auth_groups_parse(span_of_text("{\"g\":[1]}"), &groups, message), 0);
    authority_set_groups(authority, groups);
    authority_set_groups(authority, groups);
    auth_groups_drop(&groups);
    assert_int_equal(verify_by_secret(claims), 1);
    assert_true(pass_may_follow(pass, span_of_text("1")));
    authority_set_groups(authority, NULL);
    assert_true(pass_may_follow(pass, span_of_text("1")));
    assert_int_equal(verify_by_secret(claims), 1);
    assert_false(pass_may_follow(pass, span_of_text("1")));
    pass_free(&pass);
}

TEST(without_issuers_everything_is_refused)
{
    struct authority_options options = {
        .max_life_s = 1, .max_revocations = 1, .revocation_life_s = 1};
    authority_free(&authority);
    authority = authority_new(&options);
    assert_int_equal(verify_by_secret(OF_NOBODY), 0);
    assert_int_equal(refusal.reason, TOKEN_unknown_issuer);
}

TEST(without_memory_nothing_is_accepted_and_the_next_try_goes_well)
{
    struct kit_signer signer = {"HS256", NULL, kit_secret()};
    struct buf token = {0};
    long successes = 0;
    int result;
    kit_append_token(&token, &signer, "{\"alg\":\"HS256\"}", OF_NOBODY);
    do {
        mem_fail_after(successes++);
        result = authority_verify(authority, buf_span(&token), NOW, AUTHORITY_NO_ISSUER, &pass,
                                  &refusal);
        mem_fail_after(-1);
        assert_int_equal(result > 0, pass != NULL);
    } while (result == ERR_NO_MEMORY);
    assert_int_equal(result, 1);
    pass_free(&pass);
    buf_fini(&token);
}
