#include "config/option_form.h"

#include <string.h>

#include "tests/lib/test.h"

#define EXPECT(verdict, form, ...)                                                                 \
    do {                                                                                           \
        const char *texts[] = {__VA_ARGS__};                                                       \
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)                                  \
            verdict(option_form_fits(form, texts[i]));                                             \
    } while (0)

TEST(an_origin_is_a_scheme_a_host_and_perhaps_a_port)
{
    EXPECT(assert_true, FORM_ORIGIN, "*", "https://race.example", "http://localhost:3000",
           "https://[::1]:8443", "https://[2001:db8::1]", "capacitor://localhost", "HTTPS://A.B");
}

TEST(an_origin_has_no_path_and_is_nothing_else)
{
    EXPECT(assert_false, FORM_ORIGIN, "", "null", "race.example", "https://",
           "https://race.example/", "https://a/b", "https://:80", "https://a:", "https://a:0",
           "https://a:65536", "://a", "https://a b", "https://u@a", "https://a?b", "https://[::1",
           "https://*.example,b");
    char text[400] = "https://";
    memset(text + strlen(text), 'a', 300);
    EXPECT(assert_false, FORM_ORIGIN, text);
}

TEST(a_network_is_an_address_with_or_without_a_length)
{
    EXPECT(assert_true, FORM_NETWORK, "10.0.0.0/8", "10.1.2.3", "::1", "2001:db8::/32",
           "0.0.0.0/0");
    EXPECT(assert_false, FORM_NETWORK, "", "10.0.0.0/33", "10.0.0/8", "::/129", "a.b/8",
           "10.0.0.0/");
}

TEST(a_time_for_a_group_is_its_name_and_a_duration)
{
    EXPECT(assert_true, FORM_GROUP_TIME, "elite=30d", "a b,c=0", "x=y=1h", "=%=500ms");
    EXPECT(assert_false, FORM_GROUP_TIME, "", "elite", "=30d", "elite=", "elite=soon", "elite=30y",
           "a\nb=1h");
    char text[100];
    memset(text, 'a', 65);
    memcpy(text + 65, "=1h", 4);
    EXPECT(assert_false, FORM_GROUP_TIME, text);
}

TEST(the_name_of_a_cookie_is_a_token)
{
    EXPECT(assert_true, FORM_COOKIE, "token", "__Host-race", "a.b");
    EXPECT(assert_false, FORM_COOKIE, "", "a b", "a=b", "a;b", "h\xC3\xB6st", "\"a\"");
    char text[100] = "";
    memset(text, 'a', 65);
    EXPECT(assert_false, FORM_COOKIE, text);
}

TEST(files_names_and_specs_fit_on_a_line)
{
    EXPECT(assert_true, FORM_FILE, "/etc/a b.pem", "it's", "\"a\"", "h\xC3\xB6he");
    EXPECT(assert_false, FORM_FILE, "", "a\nb", "\x7f", "it's \"a\"");
    EXPECT(assert_true, FORM_SPEC, "iss=https://a,b keys=/k");
    EXPECT(assert_false, FORM_SPEC, "", "a\tb");
    EXPECT(assert_true, FORM_NAME, "spectate", "_www-data");
    EXPECT(assert_false, FORM_NAME, "", "a b", "a:b", "../a");
}

TEST(this_machine_alone_is_127_or_1_or_localhost)
{
    const char *loopback[] = {"127.0.0.1:80", "127.255.255.254:0", "[::1]:80",
                              "localhost:80", "LOCALHOST:1",       "[::ffff:127.0.0.1]:1"};
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++)
        assert_true(address_text_is_loopback(loopback[i]));
}

TEST(whatever_else_an_address_says_others_may_connect)
{
    const char *open[] = {":80",      "0.0.0.0:80", "[::]:80",          "128.0.0.1:80",
                          "127.1:80", "[::2]:80",   "localhost.evil:1", "127.0.0.1.evil:1",
                          "local:80", "",           "localhost"};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        assert_false(address_text_is_loopback(open[i]));
}
