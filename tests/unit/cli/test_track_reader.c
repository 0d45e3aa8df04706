#include "cli/track_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "tests/lib/test.h"

/* What was read of a file: "7@1000 " for a position, "!2 " for a fault in line 2. */
struct heard {
    char text[2000];
    size_t len;
    size_t bytes;
    int answer; /* to each position */
};

static int on_position(void *ctx, const struct position *position, uint64_t line)
{
    struct heard *heard = ctx;
    (void)line;
    heard->len +=
        (size_t)snprintf(heard->text + heard->len, sizeof heard->text - heard->len, "%.*s@%lld ",
                         position->runner.len, position->runner.text, (long long)position->time_ms);
    return heard->answer;
}

static void on_fault(void *ctx, uint64_t line, const char *message)
{
    struct heard *heard = ctx;
    (void)message;
    heard->len += (size_t)snprintf(heard->text + heard->len, sizeof heard->text - heard->len,
                                   "!%llu ", (unsigned long long)line);
}

static void on_bytes(void *ctx, size_t bytes)
{
    struct heard *heard = ctx;
    heard->bytes += bytes;
}

static const struct track_events events = {on_position, on_fault, on_bytes};

/* Read a file with these contents; 0 or what it failed with. */
static int read_text(enum track_format format, const char *contents, struct heard *heard)
{
    char path[] = "/tmp/spectate-track-XXXXXX";
    size_t len = strlen(contents);
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, contents, len) == (ssize_t)len);
    close(fd);
    struct track_source source = {.path = path, .format = format};
    assert_int_equal(runner_id_set(&source.runner.id, span_of_text("me")), 0);
    int err = track_reader_run(&source, &events, heard);
    unlink(path);
    return err;
}

static void reads(enum track_format format, const char *contents, const char *expected)
{
    struct heard heard = {0};
    assert_int_equal(read_text(format, contents, &heard), 0);
    assert_string_equal(heard.text, expected);
    assert_int_equal(heard.bytes, strlen(contents));
}

TEST(each_line_is_a_position_and_what_is_none_is_told_by_its_number)
{
    reads(TRACK_FORMAT_NDJSON,
          "{\"userId\":7,\"lat\":1,\"lng\":2,\"time\":1000}\r\n \n7\n"
          "{\"lat\":1,\"lng\":2,\"time\":2000}",
          "7@1000 !3 me@2000 ");
    reads(TRACK_FORMAT_NDJSON, "", "");
    reads(TRACK_FORMAT_NDJSON, "\n\n\n", "");
}

TEST(a_line_may_hold_what_a_request_may)
{
    reads(TRACK_FORMAT_NDJSON,
          "[{\"lat\":1,\"lng\":2,\"time\":1},{\"lat\":1,\"lng\":2,\"time\":2}]\n"
          "{\"userId\":7,\"positions\":[{\"lat\":1,\"lng\":2,\"time\":3}]}\n",
          "me@1 me@2 7@3 ");
}

TEST(a_line_without_end_is_passed_over_in_little_memory_and_the_next_is_read)
{
    static const char next[] = "\n{\"lat\":1,\"lng\":2,\"time\":5}\n";
    size_t len = 3 * TRACK_READER_LINE_BYTES;
    char *contents = malloc(len + sizeof next);
    memset(contents, 'x', len);
    memcpy(contents + len, next, sizeof next);
    reads(TRACK_FORMAT_NDJSON, contents, "!1 me@5 ");
    free(contents);
}

TEST(a_document_is_taken_whole_or_not)
{
    static const char good[] =
        "{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[2,1]},"
        "\"properties\":{\"time\":\"1970-01-01T00:00:01Z\"}}";
    reads(TRACK_FORMAT_GEOJSON, good, "me@1000 ");
    reads(TRACK_FORMAT_GEOJSON, "{\"type\":\"Feature\"}", "!0 ");
    reads(TRACK_FORMAT_GEOJSON, "", "!0 ");
}

TEST(who_has_enough_ends_the_reading)
{
    struct heard heard = {.answer = ERR_FULL};
    assert_int_equal(read_text(TRACK_FORMAT_NDJSON,
                               "{\"lat\":1,\"lng\":2,\"time\":1}\n{\"lat\":1,\"lng\":2}", &heard),
                     ERR_FULL);
    assert_string_equal(heard.text, "me@1 ");
}

TEST(a_file_that_is_not_there_is_told_from_one_that_is_refused)
{
    struct track_source source = {.path = "/nonexistent/a.gpx", .format = TRACK_FORMAT_GPX};
    struct heard heard = {0};
    assert_int_equal(track_reader_run(&source, &events, &heard), ERR_NOT_FOUND);
    source.format = TRACK_FORMAT_NDJSON;
    assert_int_equal(track_reader_run(&source, &events, &heard), ERR_NOT_FOUND);
}

static void names(const char *path, const char *id)
{
    struct track_source source = {.path = path};
    assert_int_equal(track_source_name_by_path(&source), id != NULL);
    if (id == NULL)
        return;
    assert_int_equal(source.runner.id.len, strlen(id));
    assert_memory_equal(source.runner.id.text, id, strlen(id));
}

TEST(a_gpx_file_is_called_after_its_runner)
{
    names("7.gpx", "7");
    names("/a.b/ann.x.gpx", "ann.x");
    names("%2e%2Fa%20b.gpx", "./a b");
    names("100%.gpx", "100%");
    names("%4.gpx", "%4");
    names("%zz.gpx", "%zz");
    names("%c3%a9.gpx", "\xc3\xa9");
    names("%ff.gpx", NULL);
    names(".gpx", NULL);
    names("-", NULL);
}
