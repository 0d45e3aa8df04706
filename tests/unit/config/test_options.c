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

static int set(const char *name, const char *value, enum option_source source)
{
    return options_set(&options, option_find(name), value,
                       (struct option_origin){.source = source, .line = source == SOURCE_FILE});
}

static int flag(const char *name, const char *value)
{
    return set(name, value, SOURCE_FLAG);
}

static void expect_refused(const char *name, const char *value, const char *error)
{
    assert_int_equal(flag(name, value), ERR_INVALID);
    assert_string_equal(options.error, error);
}

TEST(without_settings_the_defaults_hold)
{
    assert_int_equal(options.listen.count, 1);
    assert_string_equal(options.listen.items[0], "127.0.0.1:8080");
    assert_int_equal(options.max_connections, 0);
    assert_int_equal(options.max_message_bytes, 65536);
    assert_int_equal(options.lag_time_ms, 1000);
    assert_int_equal(options.position_ttl_ms, 24 * 3600 * 1000);
    assert_int_equal(options.log_level, LOG_INFO);
    assert_int_equal(options.log_format, LOG_TEXT);
    assert_null(options.config);
    assert_int_equal(options_check(&options), 0);
}

TEST(every_default_is_a_value_that_the_option_takes)
{
    for (enum option_id id = 0; id < OPTIONS_TOTAL; id++) {
        char text[OPTION_TEXT_BYTES];
        option_default(option_of(id), text);
        if (text[0] != '\0')
            assert_int_equal(flag(option_of(id)->name, text), 0);
    }
    assert_int_equal(options_check(&options), 0);
}

TEST(every_bound_is_taken_and_what_is_beyond_is_not)
{
    for (enum option_id id = 0; id < OPTIONS_TOTAL; id++) {
        const struct option_row *option = option_of(id);
        char text[OPTION_TEXT_BYTES];
        if (!option_is_number(option) || option->kind == OPTION_KIND_CHOICE)
            continue;
        assert_true(option->min <= option->number && option->number <= option->max);
        option_format_number(option, option->min, text);
        assert_int_equal(flag(option->name, text), 0);
        option_format_number(option, option->max, text);
        assert_int_equal(flag(option->name, text), 0);
        option_format_number(option, option->max + 1, text);
        assert_int_equal(flag(option->name, text), ERR_INVALID);
        if (option->min == 0)
            continue;
        option_format_number(option, option->min - 1, text);
        assert_int_equal(flag(option->name, text), ERR_INVALID);
    }
}

TEST(every_kind_of_value_gets_into_its_field)
{
    assert_int_equal(flag("max-follows", "12"), 0);
    assert_int_equal(options.max_follows, 12);
    assert_int_equal(flag("lag-bytes", "32K"), 0);
    assert_int_equal(options.lag_bytes, 32768);
    assert_int_equal(flag("heartbeat-interval", "1.5s"), 0);
    assert_int_equal(options.heartbeat_interval_ms, 1500);
    assert_int_equal(flag("log-level", "debug"), 0);
    assert_int_equal(options.log_level, LOG_DEBUG);
    assert_int_equal(flag("log-format", "json"), 0);
    assert_int_equal(options.log_format, LOG_JSON);
    assert_int_equal(flag("config", "a.conf"), 0);
    assert_string_equal(options.config, "a.conf");
}

TEST(the_names_of_choices_are_those_of_the_log)
{
    const char *const levels[] = {"error", "warn", "info", "debug"};
    for (size_t i = 0; i < 4; i++) {
        enum log_level level;
        assert_int_equal(log_level_parse(levels[i], &level), 0);
        assert_int_equal(flag("log-level", levels[i]), 0);
        assert_int_equal(options.log_level, level);
    }
    const char *const formats[] = {"text", "json"};
    for (size_t i = 0; i < 2; i++) {
        enum log_format format;
        assert_int_equal(log_format_parse(formats[i], &format), 0);
        assert_int_equal(flag("log-format", formats[i]), 0);
        assert_int_equal(options.log_format, format);
    }
}

TEST(a_flag_goes_before_the_environment_before_the_file_in_whatever_order_they_come)
{
    const enum option_source orders[6][3] = {
        {SOURCE_FLAG, SOURCE_ENVIRONMENT, SOURCE_FILE},
        {SOURCE_FLAG, SOURCE_FILE, SOURCE_ENVIRONMENT},
        {SOURCE_ENVIRONMENT, SOURCE_FLAG, SOURCE_FILE},
        {SOURCE_ENVIRONMENT, SOURCE_FILE, SOURCE_FLAG},
        {SOURCE_FILE, SOURCE_FLAG, SOURCE_ENVIRONMENT},
        {SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG},
    };
    const char *const values[] = {
        [SOURCE_FILE] = "1", [SOURCE_ENVIRONMENT] = "2", [SOURCE_FLAG] = "3"};
    for (size_t i = 0; i < 6; i++) {
        options_fini(&options);
        options_init(&options);
        for (size_t j = 0; j < 3; j++)
            assert_int_equal(set("max-follows", values[orders[i][j]], orders[i][j]), 0);
        assert_int_equal(options.max_follows, 3);
        assert_int_equal(options.origins[OPTION_max_follows].source, SOURCE_FLAG);
    }
}

TEST(of_two_flags_the_last_holds)
{
    assert_int_equal(flag("workers", "2"), 0);
    assert_int_equal(flag("workers", "3"), 0);
    assert_int_equal(options.workers, 3);
}

TEST(a_weaker_setting_is_dropped_but_must_be_valid)
{
    assert_int_equal(flag("workers", "2"), 0);
    assert_int_equal(set("workers", "x", SOURCE_ENVIRONMENT), ERR_INVALID);
    assert_string_equal(options.error, "SPECTATE_WORKERS: 'x' is not a whole number from 0 to 64");
    assert_int_equal(options.workers, 2);
}

TEST(addresses_of_one_source_add_up_and_take_the_place_of_weaker_ones)
{
    assert_int_equal(set("listen", "a:1", SOURCE_FILE), 0);
    assert_int_equal(set("listen", "b:2 , [::1]:3", SOURCE_FILE), 0);
    assert_int_equal(options.listen.count, 3);
    assert_string_equal(options.listen.items[0], "a:1");
    assert_string_equal(options.listen.items[1], "b:2");
    assert_string_equal(options.listen.items[2], "[::1]:3");

    assert_int_equal(flag("listen", "c:4"), 0);
    assert_int_equal(flag("listen", ":5"), 0);
    assert_int_equal(set("listen", "d:6", SOURCE_ENVIRONMENT), 0);
    assert_int_equal(options.listen.count, 2);
    assert_string_equal(options.listen.items[0], "c:4");
    assert_string_equal(options.listen.items[1], ":5");
}

TEST(a_list_that_is_wrong_in_one_place_changes_nothing)
{
    assert_int_equal(flag("listen", "a:1"), 0);
    expect_refused("listen", "b:2,,c:3",
                   "--listen: '' is not HOST:PORT (like 127.0.0.1:8080 or [::1]:8080)");
    assert_int_equal(options.listen.count, 1);
    assert_string_equal(options.listen.items[0], "a:1");
}

TEST(there_is_an_end_to_the_number_of_addresses)
{
    for (int i = 0; i < OPTIONS_LIST_MAX; i++)
        assert_int_equal(flag("listen", ":0"), 0);
    expect_refused("listen", ":0", "--listen: more than 64 values");
}

TEST(a_text_is_taken_as_it_is_and_none_when_empty)
{
    assert_null(options.tls_cert);
    assert_int_equal(set("tls-cert", "/etc/race, 2026.pem", SOURCE_FILE), 0);
    assert_string_equal(options.tls_cert, "/etc/race, 2026.pem");
    assert_int_equal(set("token-cookie", "token", SOURCE_FILE), 0);
    assert_int_equal(flag("token-cookie", ""), 0);
    assert_null(options.token_cookie);
    assert_int_equal(options.origins[OPTION_token_cookie].source, SOURCE_FLAG);
    assert_int_equal(set("token-cookie", "other", SOURCE_ENVIRONMENT), 0);
    assert_null(options.token_cookie);
}

TEST(specs_are_not_cut_at_commas_and_add_up)
{
    assert_int_equal(flag("issuer", "iss=a aud=x keys=/k,1"), 0);
    assert_int_equal(flag("issuer", "iss=b secret=/s"), 0);
    assert_int_equal(options.issuer.count, 2);
    assert_string_equal(options.issuer.items[0], "iss=a aud=x keys=/k,1");
    assert_string_equal(options.issuer.items[1], "iss=b secret=/s");
}

TEST(an_empty_list_takes_the_place_of_a_weaker_one)
{
    assert_int_equal(set("issuer", "iss=a keys=/k", SOURCE_FILE), 0);
    assert_int_equal(set("trusted-proxies", "10.0.0.0/8, ::1", SOURCE_FILE), 0);
    assert_int_equal(options.trusted_proxies.count, 2);
    assert_int_equal(flag("issuer", ""), 0);
    assert_int_equal(flag("trusted-proxies", ""), 0);
    assert_int_equal(options.issuer.count, 0);
    assert_int_equal(options.trusted_proxies.count, 0);
}

TEST(a_list_that_has_a_default_is_never_empty)
{
    expect_refused("listen", "",
                   "--listen: '' is not HOST:PORT (like 127.0.0.1:8080 or [::1]:8080)");
}

TEST(a_value_that_no_file_could_hold_is_refused)
{
    expect_refused("groups", "a\"b'c", "--groups: 'a\"b'c' is not a file name");
    expect_refused("groups", "a\nb", "--groups: 'a?b' is not a file name");
}

TEST(an_error_says_where_what_and_what_is_expected)
{
    expect_refused("max-follows", "many",
                   "--max-follows: 'many' is not a whole number from 1 to 1000000");
    expect_refused("workers", "", "--workers: '' is not a whole number from 0 to 64");
    expect_refused("lag-bytes", "64KB",
                   "--lag-bytes: '64KB' is not a size (like 65536, 64K or 1M) from 1K to 1G");
    expect_refused("close-timeout", "0",
                   "--close-timeout: '0' is not a time (like 500ms, 10s, 2m or 1h) from 1ms to 1h");
    expect_refused("log-level", "loud", "--log-level: 'loud' is not one of error|warn|info|debug");
    expect_refused("log-level", "error|warn",
                   "--log-level: 'error|warn' is not one of error|warn|info|debug");
    expect_refused("listen", "8080",
                   "--listen: '8080' is not HOST:PORT (like 127.0.0.1:8080 or [::1]:8080)");
    expect_refused("config", "", "--config: '' is not a file name");
}

TEST(an_error_shows_no_control_characters_and_no_more_than_it_must)
{
    expect_refused("workers", "\x1b[31m\n\x7f",
                   "--workers: '?[31m?"
                   "?' is not a whole number from 0 to 64");
    char value[1000];
    memset(value, '9', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    assert_int_equal(flag("workers", value), ERR_INVALID);
    assert_non_null(strstr(options.error, "9...' is not a whole number from 0 to 64"));
    assert_true(strlen(options.error) < 140);
}

TEST(a_file_names_its_line_and_no_other_file)
{
    assert_int_equal(flag("config", "race.conf"), 0);
    assert_int_equal(set("workers", "65", SOURCE_FILE), ERR_INVALID);
    assert_string_equal(options.error,
                        "race.conf:1: workers: '65' is not a whole number from 0 to 64");
    assert_int_equal(set("config", "other.conf", SOURCE_FILE), ERR_INVALID);
    assert_string_equal(options.error, "race.conf:1: config: a file can't name another one");
}

TEST(what_a_follower_may_lag_fits_into_its_queue)
{
    assert_int_equal(flag("max-queued-bytes", "32K"), 0);
    assert_int_equal(options_check(&options), ERR_INVALID);
    assert_string_equal(options.error,
                        "lag-bytes (65536) is over max-queued-bytes (32768): what a follower lags "
                        "is queued for it when it follows more runners");
    assert_int_equal(flag("lag-bytes", "32K"), 0);
    assert_int_equal(options_check(&options), 0);
}

TEST(an_environment_variable_is_the_name_in_capitals)
{
    char name[OPTION_VARIABLE_BYTES];
    option_variable(option_find("max-connections-per-address"), name);
    assert_string_equal(name, "SPECTATE_MAX_CONNECTIONS_PER_ADDRESS");
}

TEST(the_environment_is_read)
{
    char *environment[] = {"PATH=/bin", "SPECTATE_WORKERS=4", "SPECTATE_LISTEN=[::1]:1,[::1]:2",
                           "SPECTATE_LOG_LEVEL=warn", NULL};
    assert_int_equal(options_load(&options, environment), 0);
    assert_int_equal(options.workers, 4);
    assert_int_equal(options.listen.count, 2);
    assert_int_equal(options.log_level, LOG_WARN);
    assert_int_equal(options.warnings.count, 0);
}

TEST(a_wrong_variable_is_named)
{
    char *environment[] = {"SPECTATE_MAX_FAULTS=", NULL};
    assert_int_equal(options_load(&options, environment), ERR_INVALID);
    assert_string_equal(options.error,
                        "SPECTATE_MAX_FAULTS: '' is not a whole number from 1 to 10000");
}

TEST(unknown_variables_of_ours_are_told)
{
    char *environment[] = {"SPECTATE_WORKER=4", "SPECTATE_WORKERSS",  "SPECTATEX=1",
                           "MY_SPECTATE_A=1",   "SPECTATE_WORKERS=2", NULL};
    assert_int_equal(options_load(&options, environment), 0);
    assert_int_equal(options.warnings.count, 2);
    assert_string_equal(options.warnings.items[0], "SPECTATE_WORKER is no option and was ignored");
    assert_string_equal(options.warnings.items[1],
                        "SPECTATE_WORKERSS is no option and was ignored");
}

TEST(a_flood_of_unknown_variables_is_cut_short)
{
    char *environment[101] = {0};
    for (size_t i = 0; i < 100; i++)
        environment[i] = "SPECTATE_X=";
    assert_int_equal(options_load(&options, environment), 0);
    assert_int_equal(options.warnings.count, OPTIONS_WARNINGS_MAX);
}

TEST(options_can_be_released_twice)
{
    options_fini(&options);
    options_fini(&options);
}
