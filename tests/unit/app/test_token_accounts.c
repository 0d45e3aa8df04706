/* What all sessions with the same token take together. */
#include "app/token_accounts.h"

#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/test.h"

static char seven[] = "7";
static char eight[] = "8";
static char id_a[] = "a";

static const struct pass of_seven = {.subject = seven};
static const struct pass of_eight = {.subject = eight};
static const struct pass a_of_seven = {.subject = seven, .token_id = id_a};
static const struct pass seven_elsewhere = {.subject = seven, .issuer = 1};
static const struct pass nobodys = {0};

static const uint64_t now_ms = 1000;

static struct token_account *enter(struct token_accounts *accounts, const struct pass *pass)
{
    struct token_account *account;
    assert_int_equal(token_accounts_enter(accounts, pass, &account), 0);
    return account;
}

static bool takes(struct token_accounts *accounts, struct token_account *account)
{
    return token_account_takes_message(accounts, account, &of_seven, now_ms);
}

static int taken(struct token_accounts *accounts, struct token_account *account,
                 const struct pass *pass, uint64_t at_ms)
{
    int count = 0;
    for (int i = 0; i < 20; i++)
        count += token_account_takes_message(accounts, account, pass, at_ms);
    return count;
}

TEST(sessions_of_one_token_are_limited_and_a_leaver_makes_room)
{
    struct token_account_limits limits = {.sessions = 2};
    struct token_accounts *accounts = token_accounts_new(&limits);
    struct token_account *account;
    struct token_account *first = enter(accounts, &of_seven);
    assert_ptr_equal(enter(accounts, &of_seven), first);
    assert_int_equal(token_accounts_enter(accounts, &of_seven, &account), ERR_TOO_MANY);
    token_accounts_leave(accounts, first, now_ms);
    assert_ptr_equal(enter(accounts, &of_seven), first);
    token_accounts_leave(accounts, first, now_ms);
    token_accounts_leave(accounts, first, now_ms);
    token_accounts_free(&accounts);
}

TEST(another_subject_another_issuer_and_a_token_with_an_id_have_accounts_of_their_own)
{
    struct token_account_limits limits = {.sessions = 1};
    struct token_accounts *accounts = token_accounts_new(&limits);
    const struct pass *passes[] = {&of_seven, &of_eight, &a_of_seven, &seven_elsewhere};
    struct token_account *entered[4];
    for (int i = 0; i < 4; i++)
        entered[i] = enter(accounts, passes[i]);
    for (int i = 0; i < 4; i++)
        token_accounts_leave(accounts, entered[i], now_ms);
    token_accounts_free(&accounts);
}

TEST(a_token_without_any_name_is_not_limited)
{
    struct token_account_limits limits = {.sessions = 1, .messages_per_second = 1};
    struct token_accounts *accounts = token_accounts_new(&limits);
    for (int i = 0; i < 10; i++)
        assert_null(enter(accounts, &nobodys));
    assert_true(token_account_takes_message(accounts, NULL, &nobodys, now_ms));
    token_accounts_leave(accounts, NULL, now_ms);
    token_accounts_free(&accounts);
}

TEST(messages_are_limited_over_all_sessions_of_a_token)
{
    struct token_account_limits limits = {.messages_per_second = 4};
    struct token_accounts *accounts = token_accounts_new(&limits);
    struct token_account *one = enter(accounts, &of_seven);
    struct token_account *other = enter(accounts, &of_seven);
    struct token_account *stranger = enter(accounts, &of_eight);
    for (int i = 0; i < 4; i++)
        assert_true(takes(accounts, i % 2 == 0 ? one : other));
    assert_false(takes(accounts, one));
    assert_false(takes(accounts, other));
    assert_true(takes(accounts, stranger));
    token_accounts_leave(accounts, one, now_ms);
    token_accounts_leave(accounts, other, now_ms);
    token_accounts_leave(accounts, stranger, now_ms);
    token_accounts_free(&accounts);
}

TEST(what_was_used_up_stays_so_when_the_last_session_goes_until_it_is_as_good_as_new)
{
    struct token_account_limits limits = {.messages_per_second = 4};
    struct token_accounts *accounts = token_accounts_new(&limits);
    struct token_account *one = enter(accounts, &of_seven);
    uint64_t at_ms = now_ms;
    assert_int_equal(taken(accounts, one, &of_seven, at_ms), 4);
    for (int i = 0; i < 4; i++) {
        token_accounts_leave(accounts, one, at_ms);
        assert_int_equal(token_accounts_kept(accounts), 1);
        one = enter(accounts, &of_seven);
        assert_int_equal(token_accounts_kept(accounts), 0);
        assert_int_equal(taken(accounts, one, &of_seven, at_ms), 0);
        at_ms += 250;
        assert_int_equal(taken(accounts, one, &of_seven, at_ms), 1);
    }
    token_accounts_leave(accounts, one, at_ms);
    token_accounts_leave(accounts, enter(accounts, &of_eight), at_ms + 999);
    assert_int_equal(token_accounts_kept(accounts), 2);
    token_accounts_leave(accounts, enter(accounts, &of_eight), at_ms + 1000);
    assert_int_equal(token_accounts_kept(accounts), 0);
    token_accounts_free(&accounts);
}

TEST(a_tokens_own_rate_holds_over_all_its_sessions_where_it_is_lower)
{
    struct token_account_limits limits = {0};
    struct token_accounts *accounts = token_accounts_new(&limits);
    struct pass slow = {.subject = seven, .rate = 3};
    struct token_account *one = enter(accounts, &slow);
    assert_ptr_equal(enter(accounts, &slow), one);
    assert_int_equal(taken(accounts, one, &slow, now_ms), 3);
    token_accounts_leave(accounts, one, now_ms);
    token_accounts_leave(accounts, one, now_ms);
    token_accounts_free(&accounts);

    limits.messages_per_second = 2;
    accounts = token_accounts_new(&limits);
    one = enter(accounts, &slow);
    assert_int_equal(taken(accounts, one, &slow, now_ms), 2);
    token_accounts_leave(accounts, one, now_ms);
    assert_int_equal(token_accounts_kept(accounts), 1);
    token_accounts_free(&accounts);
}

TEST(accounts_without_sessions_are_only_so_many)
{
    struct token_account_limits limits = {.messages_per_second = 1};
    struct token_accounts *accounts = token_accounts_new(&limits);
    char name[16];
    struct pass pass = {.subject = name};
    for (int i = 0; i < TOKEN_ACCOUNTS_KEPT + 100; i++) {
        snprintf(name, sizeof name, "%d", i);
        struct token_account *account = enter(accounts, &pass);
        assert_int_equal(taken(accounts, account, &pass, now_ms), 1);
        token_accounts_leave(accounts, account, now_ms);
    }
    assert_int_equal(token_accounts_kept(accounts), TOKEN_ACCOUNTS_KEPT);
    struct token_account *last = enter(accounts, &pass);
    assert_int_equal(taken(accounts, last, &pass, now_ms), 0);
    token_accounts_leave(accounts, last, now_ms + 1000);
    assert_int_equal(token_accounts_kept(accounts), 0);
    token_accounts_free(&accounts);
}

TEST(without_memory_nobody_enters_and_nothing_is_left)
{
    struct token_account_limits limits = {.sessions = 1};
    struct token_accounts *accounts = token_accounts_new(&limits);
    struct token_account *account;
    mem_fail_after(0);
    assert_int_equal(token_accounts_enter(accounts, &of_seven, &account), ERR_NO_MEMORY);
    mem_fail_after(-1);
    assert_null(account);
    token_accounts_free(&accounts);
}
