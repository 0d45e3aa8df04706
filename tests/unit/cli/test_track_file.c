#include "cli/track_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/course_file.h"
#include "tests/lib/test.h"

static char path[] = "/tmp/spectate-test-XXXXXX";

static void write_file(const char *text)
{
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static struct track_file *open_text(const char *text)
{
    char error[TRACK_FILE_ERROR_BYTES] = "";
    write_file(text);
    struct track_file *track = track_file_open(path, error);
    assert_string_equal(error, "");
    unlink(path);
    return track;
}

TEST(a_track_is_played_with_its_times)
{
    struct track_file *track =
        open_text("<gpx><rte><rtept lat='9' lon='9'/></rte><trk><trkseg>"
                  "<trkpt lat='1' lon='2'><time>2024-01-01T00:00:00Z</time></trkpt>"
                  "<trkpt lat='x' lon='2'/>"
                  "<trkpt lat='3' lon='4'><time>2024-01-01T00:00:02.5Z</time></trkpt>"
                  "</trkseg></trk></gpx>");
    struct track_facts facts = track_file_facts(track);
    assert_int_equal(facts.points, 2);
    assert_int_equal(facts.skipped, 1);
    assert_int_equal(facts.untimed, 0);
    assert_int_equal(facts.first_ms, 1704067200000);
    struct track_point point;
    assert_true(track_file_next(track, &point));
    assert_true(point.lat_deg == 1 && point.lng_deg == 2 && point.due_ms == 0);
    assert_true(track_file_next(track, &point));
    assert_true(point.lat_deg == 3 && point.due_ms == 2500);
    assert_false(track_file_next(track, &point));
    track_file_close(&track);
}

TEST(a_file_without_a_track_gives_its_route)
{
    struct track_file *track =
        open_text("<gpx><rte><rtept lat='1' lon='2'/><rtept lat='3' lon='4'/></rte></gpx>");
    assert_true(track_file_facts(track).is_route);
    assert_int_equal(track_file_facts(track).untimed, 2);
    struct track_point point;
    assert_true(track_file_next(track, &point));
    assert_true(track_file_next(track, &point));
    assert_int_equal(point.due_ms, 1000);
    track_file_close(&track);
}

TEST(a_file_much_longer_than_a_bite_loses_no_point)
{
    enum { POINTS = 20000 };
    struct buf text = {0};
    buf_append_text(&text, "<gpx><trk><trkseg>");
    for (int i = 0; i < POINTS; i++)
        buf_printf(&text, "<trkpt lat='%d.%04d' lon='1'/>", i / 1000, i % 1000);
    buf_append(&text, span_of("</trkseg></trk></gpx>", sizeof "</trkseg></trk></gpx>"));
    struct track_file *track = open_text((const char *)text.data);
    struct track_point point;
    for (int i = 0; i < POINTS; i++) {
        assert_true(track_file_next(track, &point));
        assert_int_equal((int)(point.lat_deg * 10000 + 0.5), i / 1000 * 10000 + i % 1000);
    }
    assert_false(track_file_next(track, &point));
    track_file_close(&track);
    buf_fini(&text);
}

static void fails_with(const char *text, const char *part)
{
    char error[TRACK_FILE_ERROR_BYTES] = "";
    write_file(text);
    struct track_file *track = track_file_open(path, error);
    unlink(path);
    assert_null(track);
    if (strstr(error, part) == NULL)
        fail_msg("'%s' does not say '%s'", error, part);
}

TEST(what_is_wrong_is_told_with_file_and_line)
{
    fails_with("<gpx>\n\n</gpy>", ": line 3: mismatched tag");
    fails_with("<gpx/>", ": there is no track in it");
    fails_with("<!DOCTYPE gpx><gpx/>", "DOCTYPE is not allowed");
    char error[TRACK_FILE_ERROR_BYTES];
    assert_null(track_file_open("/nonexistent.gpx", error));
    assert_string_equal(error, "/nonexistent.gpx: No such file or directory");
}

TEST(a_course_is_the_first_track_closed_when_it_is_a_loop)
{
    char error[COURSE_FILE_ERROR_BYTES];
    write_file("<gpx><rte><rtept lat='9' lon='9'/><rtept lat='8' lon='9'/></rte>"
               "<trk><trkseg><trkpt lat='0' lon='0'/><trkpt lat='0' lon='0.01'/></trkseg>"
               "<trkseg><trkpt lat='0.01' lon='0.01'/><trkpt lat='0.0001' lon='0'/></trkseg></trk>"
               "<trk><trkseg><trkpt lat='5' lon='5'/></trkseg></trk></gpx>");
    struct course *course = course_file_load(path, error);
    unlink(path);
    assert_non_null(course);
    assert_int_equal(course_points(course), 5);
    course_free(&course);
}

TEST(a_course_needs_two_places)
{
    char error[COURSE_FILE_ERROR_BYTES];
    write_file("<gpx><trk><trkseg><trkpt lat='0' lon='0'/></trkseg></trk></gpx>");
    assert_null(course_file_load(path, error));
    unlink(path);
    assert_non_null(strstr(error, "no track or route of two places"));
}
