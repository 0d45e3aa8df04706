/* What all sessions with the same token take together. */
#include "app/token_accounts.h"

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

static struct token_account *enter(struct token_accounts *accounts, const struct pass *pass)
{
    struct token_account *account;
    assert_int_equal(token_accounts_enter(accounts, pass, &account), 0);
    return account;
}

TEST(sessions_of_one_token_are_limited_and_a_leaver_makes_room)
{
    struct token_account_limits limits = {.sessions = 2};
    struct token_accounts *accounts = token_accounts_new(&limits);
    struct token_account *account;
    struct token_account *first = enter(accounts, &of_seven);
    assert_ptr_equal(enter(accounts, &of_seven), first);
    assert_int_equal(token_accounts_enter(accounts, &of_seven, &account), ERR_TOO_MANY);
    token_accounts_leave(accounts, first);
    assert_ptr_equal(enter(accounts, &of_seven), first);
    token_accounts_leave(accounts, first);
    token_accounts_leave(accounts, first);
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
        token_accounts_leave(accounts, entered[i]);
    token_accounts_free(&accounts);
}

TEST(a_token_without_any_name_is_not_limited)
{
    struct token_account_limits limits = {.sessions = 1, .messages_per_second = 1};
    struct token_accounts *accounts = token_accounts_new(&limits);
    for (int i = 0; i < 10; i++)
        assert_null(enter(accounts, &nobodys));
    assert_true(token_account_takes_message(accounts, NULL, 1000));
    token_accounts_leave(accounts, NULL);
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
        assert_true(token_account_takes_message(accounts, i % 2 == 0 ? one : other, 1000));
    assert_false(token_account_takes_message(accounts, one, 1000));
    assert_false(token_account_takes_message(accounts, other, 1000));
    assert_true(token_account_takes_message(accounts, stranger, 1000));
    token_accounts_leave(accounts, one);
    token_accounts_leave(accounts, other);
    token_accounts_leave(accounts, stranger);
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
