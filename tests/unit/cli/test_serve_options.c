#include "cli/serve_options.h"

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

#define LINE_MAX_WORDS 8

/* The words of the line, NULL behind the last. */
static int read_line(char *const *words, char *const *environment)
{
    char *nothing[] = {NULL};
    char *line[LINE_MAX_WORDS] = {"spectate serve"};
    int count = 1;
    for (; *words != NULL; words++)
        line[count++] = *words;
    return serve_options_read(&options, count, line, environment == NULL ? nothing : environment);
}

TEST(without_flags_the_server_runs_with_the_defaults)
{
    char *words[] = {NULL};
    assert_int_equal(read_line(words, NULL), SERVE_RUN);
    assert_int_equal(options.max_follows, 10000);
}

TEST(flags_come_in_both_forms)
{
    char *words[] = {"--workers", "3", "--lag-time=200ms", NULL};
    assert_int_equal(read_line(words, NULL), SERVE_RUN);
    assert_int_equal(options.workers, 3);
    assert_int_equal(options.lag_time_ms, 200);
}

TEST(every_option_is_a_flag)
{
    for (enum option_id id = 0; id < OPTIONS_TOTAL; id++) {
        char name[64];
        char value[OPTION_TEXT_BYTES];
        option_default(option_of(id), value);
        if (id == OPTION_config)
            continue;
        snprintf(name, sizeof name, "--%s", option_of(id)->name);
        char *words[] = {name, value, NULL};
        assert_int_equal(read_line(words, NULL), SERVE_RUN);
        assert_int_equal(options.origins[id].source, SOURCE_FLAG);
    }
}

TEST(a_flag_goes_before_the_environment)
{
    char *words[] = {"--workers", "3", NULL};
    char *environment[] = {"SPECTATE_WORKERS=4", "SPECTATE_BACKLOG=5", NULL};
    assert_int_equal(read_line(words, environment), SERVE_RUN);
    assert_int_equal(options.workers, 3);
    assert_int_equal(options.backlog, 5);
}

TEST(addresses_may_be_repeated)
{
    char *words[] = {"--listen", "127.0.0.1:1", "--listen=[::1]:2", NULL};
    assert_int_equal(read_line(words, NULL), SERVE_RUN);
    assert_int_equal(options.listen.count, 2);
}

TEST(a_wrong_value_is_told_and_ends_it)
{
    char *words[] = {"--workers", "none", "--backlog", "7", NULL};
    assert_int_equal(read_line(words, NULL), ERR_INVALID);
    assert_string_equal(options.error, "--workers: 'none' is not a whole number from 0 to 64");
}

TEST(a_file_that_is_not_there_is_told)
{
    char *words[] = {"--config", "/nowhere/race.conf", NULL};
    assert_int_equal(read_line(words, NULL), ERR_SYSTEM);
    assert_string_equal(options.error,
                        "/nowhere/race.conf: can't be opened: No such file or directory");
}

TEST(the_configuration_can_be_printed_or_checked_in_place_of_running)
{
    char *print[] = {"--print-config", "--workers=2", NULL};
    char *check[] = {"--check-config", NULL};
    assert_int_equal(read_line(print, NULL), SERVE_PRINT_CONFIG);
    assert_int_equal(options.workers, 2);
    assert_int_equal(read_line(check, NULL), SERVE_CHECK_CONFIG);
}
