#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/close_reason.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "tests/lib/test.h"

static struct metrics *workers[2];
static struct buf text;

static int begin(void **state)
{
    (void)state;
    workers[0] = metrics_new();
    workers[1] = metrics_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    mem_fail_after(-1);
    metrics_free(&workers[0]);
    metrics_free(&workers[1]);
    buf_fini(&text);
    return 0;
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

static const char *write_of(size_t count)
{
    buf_fini(&text);
    assert_int_equal(metrics_write_text((const struct metrics *const *)workers, count, &text), 0);
    assert_int_equal(buf_append(&text, span_of("", 1)), 0);
    assert_int_equal(strlen((char *)text.data), text.len - 1);
    return (const char *)text.data;
}

static void expect_line(const char *line)
{
    char whole[256];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    if (strstr((const char *)text.data, whole) == NULL)
        fail_msg("there is no line %s", line);
}

/*
 * A strict reader of the format 0.0.4: families in one piece, HELP before TYPE before samples, names and labels of the allowed
 * letters, values that are numbers, no sample twice.
 */
struct reader {
    const char *at;
    char family[128];
    char type[32];
    char series[512][160];
    size_t series_count;
    char families[128][128];
    size_t family_count;
};

static void expect_text(struct reader *reader, const char *wanted)
{
    if (strncmp(reader->at, wanted, strlen(wanted)) != 0)
        fail_msg("not '%s' but '%.40s'", wanted, reader->at);
    reader->at += strlen(wanted);
}

static void read_name(struct reader *reader, char *out, size_t bytes)
{
    size_t len = 0;
    while (isalnum((unsigned char)reader->at[len]) || reader->at[len] == '_')
        len++;
    assert_in_range(len, 1, bytes - 1);
    assert_false(isdigit((unsigned char)reader->at[0]));
    memcpy(out, reader->at, len);
    out[len] = '\0';
    reader->at += len;
}

static void read_head(struct reader *reader)
{
    char again[128];
    expect_text(reader, "# HELP ");
    read_name(reader, reader->family, sizeof reader->family);
    expect_text(reader, " ");
    size_t help = strcspn(reader->at, "\n\\");
    assert_true(help > 0);
    reader->at += help;
    expect_text(reader, "\n# TYPE ");
    read_name(reader, again, sizeof again);
    assert_string_equal(again, reader->family);
    expect_text(reader, " ");
    read_name(reader, reader->type, sizeof reader->type);
    expect_text(reader, "\n");
    for (size_t i = 0; i < reader->family_count; i++)
        assert_string_not_equal(reader->families[i], reader->family);
    memcpy(reader->families[reader->family_count++], reader->family, sizeof reader->family);
}

static bool belongs(const struct reader *reader, const char *name)
{
    size_t len = strlen(reader->family);
    if (strncmp(name, reader->family, len) != 0)
        return false;
    const char *suffix = name + len;
    if (strcmp(reader->type, "histogram") != 0)
        return *suffix == '\0';
    return strcmp(suffix, "_bucket") == 0 || strcmp(suffix, "_sum") == 0 ||
           strcmp(suffix, "_count") == 0;
}

static void read_labels(struct reader *reader)
{
    char name[64];
    if (*reader->at != '{')
        return;
    reader->at++;
    read_name(reader, name, sizeof name);
    expect_text(reader, "=\"");
    size_t len = strcspn(reader->at, "\"\\\n");
    assert_true(len > 0);
    reader->at += len;
    expect_text(reader, "\"}");
}

static void read_sample(struct reader *reader)
{
    char name[128];
    char *series = reader->series[reader->series_count];
    const char *begin = reader->at;
    read_name(reader, name, sizeof name);
    assert_true(belongs(reader, name));
    read_labels(reader);
    snprintf(series, 160, "%.*s", (int)(reader->at - begin), begin);
    for (size_t i = 0; i < reader->series_count; i++)
        assert_string_not_equal(reader->series[i], series);
    reader->series_count++;
    expect_text(reader, " ");
    size_t digits = strspn(reader->at, "0123456789.");
    assert_true(digits > 0);
    char *end;
    strtod(reader->at, &end);
    assert_ptr_equal(end, reader->at + digits);
    reader->at = end;
    expect_text(reader, "\n");
}

static size_t read_all(const char *from)
{
    struct reader *reader = calloc(1, sizeof *reader);
    assert_non_null(reader);
    reader->at = from;
    while (*reader->at != '\0') {
        size_t before = reader->series_count;
        read_head(reader);
        while (*reader->at != '#' && *reader->at != '\0')
            read_sample(reader);
        assert_true(reader->series_count > before);
        if (strcmp(reader->type, "counter") == 0)
            assert_non_null(strstr(reader->family, "_total"));
    }
    size_t families = reader->family_count;
    free(reader);
    return families;
}

TEST(the_text_is_strictly_in_the_format)
{
    assert_in_range(read_all(write_of(1)), METRICS_TOTAL + 2, METRICS_TOTAL + 5);
    assert_in_range(read_all(write_of(2)), METRICS_TOTAL + 2, METRICS_TOTAL + 5);
}

TEST(every_metric_is_there_from_the_start)
{
    write_of(1);
    expect_line("# TYPE spectate_sessions gauge");
    expect_line("spectate_sessions 0");
    expect_line("spectate_followers 0");
    expect_line("spectate_audiences 0");
    expect_line("spectate_runners 0");
    expect_line("spectate_queued_bytes 0");
    expect_line("# TYPE spectate_positions_received_total counter");
    expect_line("spectate_positions_received_total 0");
    expect_line("spectate_positions_delivered_total 0");
    expect_line("spectate_positions_superseded_total 0");
    expect_line("spectate_workers 1");
    expect_line("spectate_build_info{version=\"" SPECTATE_VERSION "\"} 1");
}

TEST(every_value_of_a_label_is_there_from_the_start)
{
    char line[128];
    write_of(1);
    for (enum close_reason reason = 0; reason < CLOSE_REASON_COUNT; reason++) {
        snprintf(line, sizeof line, "spectate_sessions_closed_total{reason=\"%s\"} 0",
                 close_reason_name(reason));
        expect_line(line);
    }
    for (enum fault_code code = 0; code < FAULT_COUNT; code++) {
        snprintf(line, sizeof line, "spectate_errors_total{code=\"%s\"} 0", fault_name(code));
        expect_line(line);
    }
    expect_line("spectate_http_requests_total{code=\"404\"} 0");
    expect_line("spectate_http_requests_total{code=\"other\"} 0");
}

TEST(workers_are_added_up)
{
    metrics_set(workers[0], METRIC_sessions, 3);
    metrics_set(workers[1], METRIC_sessions, 4);
    metrics_add_labelled(workers[0], METRIC_errors_total, FAULT_bad_json, 1);
    metrics_add_labelled(workers[1], METRIC_errors_total, FAULT_bad_json, 2);
    metrics_add_labelled(workers[1], METRIC_http_requests_total, metrics_http_label(418), 5);
    write_of(2);
    expect_line("spectate_workers 2");
    expect_line("spectate_sessions 7");
    expect_line("spectate_errors_total{code=\"bad_json\"} 3");
    expect_line("spectate_http_requests_total{code=\"other\"} 5");
}

TEST(the_sessions_of_each_worker_that_serves_are_told_apart)
{
    metrics_set(workers[0], METRIC_worker_sessions, 3);
    metrics_set(workers[1], METRIC_worker_sessions, 4);
    write_of(2);
    expect_line("# TYPE spectate_worker_sessions gauge");
    expect_line("spectate_worker_sessions{worker=\"0\"} 3");
    expect_line("spectate_worker_sessions{worker=\"1\"} 4");
    metrics_set(workers[1], METRIC_workers, 0);
    assert_null(strstr(write_of(2), "worker=\"1\""));
}

TEST(of_runners_that_every_worker_knows_the_largest_number_is_shown)
{
    metrics_set(workers[0], METRIC_runners, 10);
    metrics_set(workers[1], METRIC_runners, 9);
    write_of(2);
    expect_line("spectate_runners 10");
}

TEST(a_histogram_counts_what_is_at_most_each_bound)
{
    metrics_observe_us(workers[0], METRIC_flush_seconds, 50);
    metrics_observe_us(workers[0], METRIC_flush_seconds, 51);
    metrics_observe_us(workers[1], METRIC_flush_seconds, 0);
    metrics_observe_us(workers[1], METRIC_flush_seconds, 2500000);
    write_of(2);
    expect_line("# TYPE spectate_flush_seconds histogram");
    expect_line("spectate_flush_seconds_bucket{le=\"5e-05\"} 2");
    expect_line("spectate_flush_seconds_bucket{le=\"0.0001\"} 3");
    expect_line("spectate_flush_seconds_bucket{le=\"1\"} 3");
    expect_line("spectate_flush_seconds_bucket{le=\"+Inf\"} 4");
    expect_line("spectate_flush_seconds_sum 2.500101");
    expect_line("spectate_flush_seconds_count 4");
}

TEST(large_numbers_are_written_whole)
{
    metrics_set(workers[0], METRIC_bytes_sent_total, UINT64_C(18446744073709551615));
    write_of(1);
    expect_line("spectate_bytes_sent_total 18446744073709551615");
}

#ifdef __linux__
TEST(the_process_tells_of_itself)
{
    const char *all = write_of(1);
    const char *open_fds = strstr(all, "\nprocess_open_fds ");
    const char *resident = strstr(all, "\nprocess_resident_memory_bytes ");
    assert_non_null(open_fds);
    assert_non_null(resident);
    assert_in_range(strtoul(open_fds + strlen("\nprocess_open_fds "), NULL, 10), 3, 1000000);
    assert_true(strtod(resident + strlen("\nprocess_resident_memory_bytes "), NULL) > 100000);
    assert_non_null(strstr(all, "\nprocess_start_time_seconds 1"));
}
#endif

TEST(without_memory_there_is_an_error_and_nothing_breaks)
{
    int err = ERR_NO_MEMORY;
    for (long successes = 0; err < 0; successes++) {
        buf_fini(&text);
        mem_fail_after(successes);
        err = metrics_write_text((const struct metrics *const *)workers, 2, &text);
        assert_true(err == 0 || err == ERR_NO_MEMORY);
        assert_in_range(successes, 0, 100);
    }
}

TEST(the_documentation_names_every_metric_and_value)
{
    buf_fini(&text);
    assert_int_equal(metrics_write_docs(&text), 0);
    assert_int_equal(buf_append(&text, span_of("", 1)), 0);
    const char *docs = (const char *)text.data;
    assert_non_null(strstr(docs, "\n| `spectate_sessions` | gauge | "));
    assert_non_null(strstr(docs, "\n| `spectate_errors_total{code}` | counter | "));
    assert_non_null(strstr(docs, "\n| `process_open_fds` | gauge | "));
    assert_non_null(strstr(docs, "\n| `spectate_build_info{version}` | gauge | "));
    for (enum fault_code code = 0; code < FAULT_COUNT; code++)
        assert_non_null(strstr(docs, fault_name(code)));
}
