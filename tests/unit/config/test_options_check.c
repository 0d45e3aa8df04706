#include "config/options.h"

#include <string.h>

#include "base/err.h"
#include "tests/lib/test.h"

static struct options options;

static int begin(void **state)
{
    (void)state;
    options_init(&options);
    return 0;
}

static int end(void **state)
{
    (void)state;
    options_fini(&options);
    return 0;
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

static void flag(const char *name, const char *value)
{
    assert_int_equal(options_set(&options, option_find(name), value,
                                 (struct option_origin){.source = SOURCE_FLAG}),
                     0);
}

static void expect_error(const char *begins)
{
    assert_int_equal(options_check(&options), ERR_INVALID);
    options.error[strlen(begins)] = '\0';
    assert_string_equal(options.error, begins);
}

TEST(the_defaults_fit_each_other)
{
    assert_int_equal(options_check(&options), 0);
    assert_true(options_listen_is_loopback(&options));
}

TEST(who_serves_others_has_to_say_whom)
{
    flag("listen", "127.0.0.1:1, 192.0.2.7:2");
    assert_false(options_listen_is_loopback(&options));
    expect_error("others than this machine can connect to 192.0.2.7:2: say `auth jwt`");
    flag("auth", "none");
    assert_int_equal(options_check(&options), 0);
}

TEST(all_interfaces_and_names_are_public)
{
    const char *addresses[] = {":8080", "0.0.0.0:1", "[::]:1", "race.example:80", "127.1:80"};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        options_fini(&options);
        options_init(&options);
        flag("listen", addresses[i]);
        expect_error("others than this machine can connect to");
    }
}

TEST(tokens_need_an_issuer)
{
    flag("auth", "jwt");
    expect_error("auth is jwt, but there is no issuer");
    flag("issuer", "keys=/k");
    assert_int_equal(options_check(&options), 0);
}

TEST(an_issuer_is_never_ignored_silently)
{
    flag("issuer", "keys=/k");
    expect_error("there is an issuer, but auth is auto: say `auth jwt`");
    flag("auth", "none");
    assert_int_equal(options_check(&options), 0);
}

TEST(there_is_no_admin_without_a_token)
{
    flag("admin", "127.0.0.1:9");
    expect_error("admin needs admin-token-file");
    flag("admin-token-file", "/t");
    assert_int_equal(options_check(&options), 0);
}

TEST(a_certificate_and_its_key_come_together)
{
    flag("tls-cert", "/c");
    expect_error("tls-cert needs tls-key");
    flag("tls-key", "/k");
    assert_int_equal(options_check(&options), 0);
    flag("tls-cert", "");
    expect_error("tls-key needs tls-cert");
}

TEST(clients_have_certificates_only_where_the_server_has_one)
{
    flag("tls-client-ca", "/a");
    expect_error("tls-client-ca needs tls-cert");
}

TEST(proxies_have_to_be_named_to_be_believed)
{
    flag("proxy-protocol", "on");
    expect_error("proxy-protocol is on, but there are no trusted-proxies");
    flag("trusted-proxies", "10.0.0.1");
    assert_int_equal(options_check(&options), 0);
}
