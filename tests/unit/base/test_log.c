#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/err.h"
#include "tests/lib/test.h"

static char *said; /* what the log wrote */
static size_t said_len;
static FILE *stream;

static int listen_to_the_log(void **state)
{
    (void)state;
    stream = open_memstream(&said, &said_len);
    log_open(stream, LOG_TEXT);
    log_set_level(LOG_INFO);
    return stream == NULL;
}
TEST_SETUP(listen_to_the_log);

static int stop_listening(void **state)
{
    (void)state;
    log_open(stderr, LOG_TEXT);
    fclose(stream);
    free(said);
    return 0;
}
TEST_TEARDOWN(stop_listening);

static size_t lines_said(void)
{
    size_t lines = 0;
    for (size_t i = 0; i < said_len; i++)
        lines += said[i] == '\n';
    return lines;
}

/* A call site's burst counts by the second of the monotonic clock: begin just after one has turned. */
static void wait_for_a_fresh_second(void)
{
    uint64_t second = clock_monotonic_ms() / 1000;
    while (clock_monotonic_ms() / 1000 == second)
        ;
}

TEST(a_line_has_time_level_event_session_and_message)
{
    LOG(LOG_INFO, "net.listening", NO_SESSION, "listening on %s", "127.0.0.1:8080");
    const char *behind_time = " info net.listening session=0 listening on 127.0.0.1:8080\n";
    assert_int_equal(said_len, strlen("2026-05-01T09:00:00.123Z") + strlen(behind_time));
    assert_string_equal(said + strlen("2026-05-01T09:00:00.123Z"), behind_time);
}

TEST(the_time_is_utc_to_the_millisecond)
{
    LOG(LOG_INFO, "test", NO_SESSION, "now");
    static const char shape[] = "0000-00-00T00:00:00.000Z ";
    for (size_t i = 0; i + 1 < sizeof shape; i++) {
        if (shape[i] == '0')
            assert_in_range(said[i], '0', '9');
        else
            assert_int_equal(said[i], shape[i]);
    }
}

TEST(the_session_is_told)
{
    LOG(LOG_WARN, "test", ((struct session_id){.value = UINT64_MAX}), "odd");
    assert_non_null(strstr(said, " warn test session=18446744073709551615 odd\n"));
}

TEST(a_level_that_is_off_says_nothing_and_does_not_even_look_at_its_arguments)
{
    int looked = 0;
    LOG(LOG_DEBUG, "test", NO_SESSION, "%d", ++looked);
    fflush(stream);
    assert_int_equal(said_len, 0);
    assert_int_equal(looked, 0);
    log_set_level(LOG_DEBUG);
    LOG(LOG_DEBUG, "test", NO_SESSION, "%d", ++looked);
    assert_non_null(strstr(said, " debug test session=0 1\n"));
}

TEST(a_level_lets_through_what_is_worse)
{
    log_set_level(LOG_WARN);
    assert_true(log_enabled(LOG_ERROR));
    assert_true(log_enabled(LOG_WARN));
    assert_false(log_enabled(LOG_INFO));
    log_set_level(LOG_ERROR);
    assert_true(log_enabled(LOG_ERROR));
    assert_false(log_enabled(LOG_WARN));
}

TEST(a_message_can_not_forge_a_line)
{
    LOG(LOG_INFO, "test", NO_SESSION, "%s", "a\nb\r\x1b[31m\"c\"\\ \xc3\xa9");
    assert_int_equal(lines_said(), 1);
    assert_non_null(
        strstr(said, "session=0 a\\u000ab\\u000d\\u001b[31m\\\"c\\\"\\\\ \\u00c3\\u00a9\n"));
}

TEST(a_json_line_is_one_json_object)
{
    log_open(stream, LOG_JSON);
    LOG(LOG_ERROR, "test.event", ((struct session_id){.value = 7}), "%s", "say \"please\"\n");
    assert_int_equal(lines_said(), 1);
    json_t *line = json_loads(said, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(line, "event")), "test.event");
    assert_int_equal(json_integer_value(json_object_get(line, "session")), 7);
    assert_string_equal(json_string_value(json_object_get(line, "message")), "say \"please\"\n");
    assert_int_equal(json_string_length(json_object_get(line, "time")), 24);
    json_decref(line);
}

TEST(a_message_that_is_too_long_is_cut_to_one_whole_line)
{
    log_open(stream, LOG_JSON);
    LOG(LOG_INFO, "test", NO_SESSION, "%05000d", 7);
    assert_int_equal(lines_said(), 1);
    json_t *line = json_loads(said, 0, NULL);
    assert_non_null(line);
    assert_in_range(json_string_length(json_object_get(line, "message")), 500, 2000);
    json_decref(line);
}

TEST(a_site_that_says_too_much_is_held_back)
{
    wait_for_a_fresh_second();
    for (int i = 0; i < 3 * LOG_BURST; i++)
        LOG(LOG_INFO, "test", NO_SESSION, "again");
    assert_int_equal(lines_said(), LOG_BURST);
}

TEST(sites_do_not_hold_back_each_other)
{
    wait_for_a_fresh_second();
    for (int i = 0; i < 3 * LOG_BURST; i++)
        LOG(LOG_INFO, "test", NO_SESSION, "noise");
    LOG(LOG_INFO, "test", NO_SESSION, "signal");
    assert_non_null(strstr(said, " signal\n"));
}

TEST(the_next_line_says_how_many_were_held_back)
{
    wait_for_a_fresh_second();
    for (int i = 0; i < LOG_BURST + 6; i++) {
        if (i == LOG_BURST + 5)
            wait_for_a_fresh_second();
        LOG(LOG_INFO, "test", NO_SESSION, "line %d", i);
    }
    assert_int_equal(lines_said(), LOG_BURST + 1);
    assert_non_null(strstr(said, " line 15 (and 5 like it)\n"));
}

TEST(names_of_levels_and_formats_are_read)
{
    enum log_level level = LOG_INFO;
    assert_int_equal(log_level_parse("error", &level), 0);
    assert_int_equal(level, LOG_ERROR);
    assert_int_equal(log_level_parse("debug", &level), 0);
    assert_int_equal(level, LOG_DEBUG);
    enum log_format format = LOG_TEXT;
    assert_int_equal(log_format_parse("json", &format), 0);
    assert_int_equal(format, LOG_JSON);
}

TEST(a_name_that_is_none_changes_nothing)
{
    enum log_level level = LOG_WARN;
    enum log_format format = LOG_JSON;
    assert_int_equal(log_level_parse("loud", &level), ERR_INVALID);
    assert_int_equal(log_level_parse("", &level), ERR_INVALID);
    assert_int_equal(log_level_parse("INFO", &level), ERR_INVALID);
    assert_int_equal(log_format_parse("xml", &format), ERR_INVALID);
    assert_int_equal(level, LOG_WARN);
    assert_int_equal(format, LOG_JSON);
}
