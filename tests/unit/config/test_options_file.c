#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "config/options.h"
#include "tests/lib/test.h"

static struct options options;
static char path[64];

static int begin(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/spectate-options-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    options_init(&options);
    return 0;
}

static int end(void **state)
{
    (void)state;
    options_fini(&options);
    return unlink(path);
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

static int load_named(const char *name)
{
    char *nothing[] = {NULL};
    assert_int_equal(options_set(&options, option_of(OPTION_config), name,
                                 (struct option_origin){.source = SOURCE_FLAG}),
                     0);
    return options_load(&options, nothing);
}

static int load_bytes(const char *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    return load_named(path);
}

static int load(const char *text)
{
    return load_bytes(text, strlen(text));
}

static void expect_error(const char *text, const char *behind_the_path)
{
    char expected[OPTIONS_ERROR_BYTES];
    options_fini(&options);
    options_init(&options);
    assert_int_equal(load(text), ERR_INVALID);
    snprintf(expected, sizeof expected, "%s%s", path, behind_the_path);
    assert_string_equal(options.error, expected);
}

TEST(a_file_is_lines_of_name_and_value)
{
    assert_int_equal(load("workers = 2\nmax-follows=77\n\tlag-time =  250ms  \n"), 0);
    assert_int_equal(options.workers, 2);
    assert_int_equal(options.max_follows, 77);
    assert_int_equal(options.lag_time_ms, 250);
    assert_int_equal(options.origins[OPTION_lag_time_ms].source, SOURCE_FILE);
    assert_int_equal(options.origins[OPTION_lag_time_ms].line, 3);
}

TEST(an_empty_file_says_nothing)
{
    assert_int_equal(load(""), 0);
    assert_int_equal(options.origins[OPTION_workers].source, SOURCE_DEFAULT);
}

TEST(comments_and_blank_lines_are_ignored)
{
    assert_int_equal(load("# a race\n\n   \t\n  # workers = 9\nworkers = 2 # as cores\n"
                          "backlog = 5\t#\n#"),
                     0);
    assert_int_equal(options.workers, 2);
    assert_int_equal(options.backlog, 5);
}

TEST(a_hash_inside_a_value_is_no_comment)
{
    expect_error("log-level = in#fo\n",
                 ":1: log-level: 'in#fo' is not one of error|warn|info|debug");
}

TEST(a_value_may_stand_in_quotes)
{
    assert_int_equal(load("workers = \"2\"\nlog-level = 'debug' # all\nlisten='[::1]:1'\n"), 0);
    assert_int_equal(options.workers, 2);
    assert_int_equal(options.log_level, LOG_DEBUG);
    assert_string_equal(options.listen.items[0], "[::1]:1");
}

TEST(quotes_must_match_and_end_the_value)
{
    const char *error = ":1: a quoted value ends with the same quote, and nothing follows";
    expect_error("workers = \"2\n", error);
    expect_error("workers = \"2'\n", error);
    expect_error("workers = '2' 3\n", error);
    expect_error("workers = '2'3\n", error);
}

TEST(what_is_in_quotes_is_taken_as_it_is)
{
    expect_error("workers = ' 2'\n", ":1: workers: ' 2' is not a whole number from 0 to 64");
    expect_error("workers = '#'\n", ":1: workers: '#' is not a whole number from 0 to 64");
}

TEST(a_byte_order_mark_and_the_line_ends_of_windows_are_fine)
{
    assert_int_equal(load("\xEF\xBB\xBFworkers = 2\r\nlog-level = 'warn'\r\n\r\n"), 0);
    assert_int_equal(options.workers, 2);
    assert_int_equal(options.log_level, LOG_WARN);
}

TEST(the_last_line_needs_no_end)
{
    assert_int_equal(load("workers = 2"), 0);
    assert_int_equal(options.workers, 2);
}

TEST(addresses_may_be_on_one_line_or_several)
{
    assert_int_equal(load("listen = [::1]:1, localhost:2\nlisten = 127.0.0.1:3\n"), 0);
    assert_int_equal(options.listen.count, 3);
    assert_string_equal(options.listen.items[2], "127.0.0.1:3");
}

TEST(an_option_given_twice_is_an_error)
{
    expect_error("workers = 2\n\nworkers = 3\n", ":3: workers: was given on line 1 already");
}

TEST(an_option_given_twice_is_an_error_also_when_a_flag_overrules_it)
{
    options_set(&options, option_of(OPTION_workers), "4",
                (struct option_origin){.source = SOURCE_FLAG});
    assert_int_equal(load("workers = 2\nworkers = 3\n"), ERR_INVALID);
    assert_non_null(strstr(options.error, ":2: workers: was given on line 1 already"));
}

TEST(an_unknown_option_is_an_error)
{
    expect_error("\n\nmax-folows = 3\n", ":3: there is no option 'max-folows'");
    expect_error("Workers = 3\n", ":1: there is no option 'Workers'");
    expect_error("= 3\n", ":1: there is no option ''");
}

TEST(a_line_without_a_value_is_an_error)
{
    expect_error("workers\n", ":1: a line is `name = value`, and this one has no '='");
    expect_error("workers =\n", ":1: workers: '' is not a whole number from 0 to 64");
    expect_error("workers = # two\n", ":1: workers: '' is not a whole number from 0 to 64");
}

TEST(the_wrong_value_is_shown_with_its_line)
{
    expect_error("# limits\nmax-follows = x\n",
                 ":2: max-follows: 'x' is not a whole number from 1 to 1000000");
}

TEST(a_file_names_no_other_file)
{
    expect_error("config = other.conf\n", ":1: config: a file can't name another one");
}

TEST(settings_that_do_not_fit_each_other_are_an_error)
{
    assert_int_equal(load("lag-bytes = 1M\n"), ERR_INVALID);
    assert_non_null(strstr(options.error, "lag-bytes (1048576) is over max-queued-bytes"));
}

TEST(a_file_with_a_zero_byte_is_no_text)
{
    const char bytes[] = "workers = 2\0\n";
    assert_int_equal(load_bytes(bytes, sizeof bytes - 1), ERR_INVALID);
    assert_non_null(strstr(options.error, ": is not text: it holds a byte 0"));
}

TEST(the_size_of_a_file_has_a_bound)
{
    char *text = malloc(OPTIONS_FILE_MAX_BYTES + 1);
    assert_non_null(text);
    memset(text, '\n', OPTIONS_FILE_MAX_BYTES + 1);
    assert_int_equal(load_bytes(text, OPTIONS_FILE_MAX_BYTES), 0);
    assert_int_equal(load_bytes(text, OPTIONS_FILE_MAX_BYTES + 1), ERR_INVALID);
    assert_non_null(strstr(options.error, ": is larger than 262144 bytes"));
    free(text);
}

TEST(a_line_of_any_length_is_shown_in_short)
{
    char *text = malloc(10001);
    assert_non_null(text);
    memset(text, 'k', 10000);
    text[10000] = '\0';
    assert_int_equal(load(text), ERR_INVALID);
    text[9000] = '=';
    assert_int_equal(load(text), ERR_INVALID);
    assert_true(strlen(options.error) < 200);
    free(text);
}

TEST(control_characters_of_a_name_are_not_shown)
{
    expect_error("wor\x1bkers = 1\n", ":1: there is no option 'wor?kers'");
}

TEST(a_file_that_is_not_there_is_told)
{
    assert_int_equal(load_named("/nowhere/race.conf"), ERR_SYSTEM);
    assert_string_equal(options.error,
                        "/nowhere/race.conf: can't be opened: No such file or directory");
}

TEST(a_directory_is_no_file)
{
    assert_int_equal(load_named("/tmp"), ERR_SYSTEM);
    assert_string_equal(options.error, "/tmp: can't be read: Is a directory");
}

TEST(a_variable_can_name_the_file_and_overrules_it)
{
    char name[128];
    assert_int_equal(load("workers = 2\nbacklog = 7\n"), 0);
    options_fini(&options);
    options_init(&options);
    snprintf(name, sizeof name, "SPECTATE_CONFIG=%s", path);
    char *environment[] = {"SPECTATE_WORKERS=3", name, NULL};
    assert_int_equal(options_load(&options, environment), 0);
    assert_int_equal(options.workers, 3);
    assert_int_equal(options.backlog, 7);
}

TEST(what_is_printed_is_a_file_that_gives_the_same_settings)
{
    struct buf first = {0};
    struct buf second = {0};
    assert_int_equal(load("listen = :1, [::1]:2\nauth = none\nlag-time = 1500ms\nmax-runners = 5\n"
                          "log-format = json\nnotsent-bytes = 0\nposition-ttl = 0\n"),
                     0);
    assert_int_equal(options_print(&options, &first), 0);
    options_fini(&options);
    options_init(&options);
    assert_int_equal(load_bytes((const char *)first.data, first.len), 0);
    assert_int_equal(options.listen.count, 2);
    assert_string_equal(options.listen.items[1], "[::1]:2");
    assert_int_equal(options.lag_time_ms, 1500);
    assert_int_equal(options.max_runners, 5);
    assert_int_equal(options.log_format, LOG_JSON);
    assert_int_equal(options.notsent_bytes, 0);
    assert_int_equal(options.position_ttl_ms, 0);
    assert_int_equal(options_print(&options, &second), 0);
    buf_fini(&first);
    buf_fini(&second);
}

TEST(texts_and_specs_are_printed_so_that_they_are_read_again)
{
    struct buf first = {0};
    struct buf second = {0};
    assert_int_equal(load("issuer = iss=https://a aud=x, y secret=/s\nissuer = \"keys=/k #2\"\n"
                          "groups = '/etc/the \"elite\".json'\nallow-origin = *\n"
                          "trusted-proxies = 10.0.0.0/8, ::1\nauth = jwt\n"),
                     0);
    assert_int_equal(options.issuer.count, 2);
    assert_int_equal(options_print(&options, &first), 0);
    assert_int_equal(buf_append(&first, span_of("", 1)), 0);
    assert_non_null(
        strstr((char *)first.data, "\nissuer = \"iss=https://a aud=x, y secret=/s\"  #"));
    assert_non_null(strstr((char *)first.data, "\nissuer = \"keys=/k #2\"  #"));
    assert_non_null(strstr((char *)first.data, "\ntls-cert =   # default\n"));
    options_fini(&options);
    options_init(&options);
    assert_int_equal(load_bytes((const char *)first.data, first.len - 1), 0);
    assert_int_equal(options.issuer.count, 2);
    assert_string_equal(options.issuer.items[1], "keys=/k #2");
    assert_string_equal(options.groups, "/etc/the \"elite\".json");
    assert_int_equal(options.auth, AUTH_JWT);
    assert_int_equal(options.allow_origin.count, 1);
    assert_int_equal(options.trusted_proxies.count, 2);
    assert_null(options.tls_cert);
    assert_int_equal(options_print(&options, &second), 0);
    buf_fini(&first);
    buf_fini(&second);
}

TEST(what_is_printed_says_where_each_setting_came_from)
{
    char line[128];
    struct buf text = {0};
    char *environment[] = {"SPECTATE_BACKLOG=9", NULL};
    assert_int_equal(load("workers = 2\n"), 0);
    options_fini(&options);
    options_init(&options);
    options_set(&options, option_of(OPTION_log_level), "warn",
                (struct option_origin){.source = SOURCE_FLAG});
    options_set(&options, option_of(OPTION_config), path,
                (struct option_origin){.source = SOURCE_FLAG});
    assert_int_equal(options_load(&options, environment), 0);
    assert_int_equal(options_print(&options, &text), 0);
    assert_int_equal(buf_append(&text, span_of("", 1)), 0);
    snprintf(line, sizeof line, "\nworkers = 2  # %s:1\n", path);
    assert_non_null(strstr((char *)text.data, line));
    assert_non_null(strstr((char *)text.data, "\nbacklog = 9  # SPECTATE_BACKLOG\n"));
    assert_non_null(strstr((char *)text.data, "\nlog-level = warn  # --log-level\n"));
    assert_non_null(strstr((char *)text.data, "\nlag-bytes = 64K  # default\n"));
    assert_null(strstr((char *)text.data, "config ="));
    buf_fini(&text);
}

TEST(the_documentation_names_every_option_and_its_variable)
{
    struct buf text = {0};
    assert_int_equal(options_write_docs(&text), 0);
    assert_int_equal(buf_append(&text, span_of("", 1)), 0);
    for (enum option_id id = 0; id < OPTIONS_TOTAL; id++) {
        char variable[OPTION_VARIABLE_BYTES];
        char row[128];
        option_variable(option_of(id), variable);
        snprintf(row, sizeof row, "\n| `--%s` | ", option_of(id)->name);
        assert_non_null(strstr((char *)text.data, row));
        assert_non_null(strstr((char *)text.data, variable));
    }
    buf_fini(&text);
}
