#include "course/gpx.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "tests/lib/guard.h"
#include "tests/lib/test.h"

#define MAX_POINTS 16

/* What came of reading a file. */
struct reading {
    struct gpx_point points[MAX_POINTS];
    size_t count;
    uint64_t skipped;
    int err;
    char error[GPX_ERROR_BYTES];
};

static void keep(void *context, const struct gpx_point *point)
{
    struct reading *reading = context;
    assert_true(reading->count < MAX_POINTS);
    reading->points[reading->count++] = *point;
}

/* A piece lies before an unreadable page, so that reading beyond it is a crash. */
static int feed(struct gpx_reader *reader, const char *text, size_t len)
{
    struct guard piece = guard_copy(text, len);
    int err = gpx_read(reader, span_of(piece.data, len));
    guard_fini(&piece);
    return err;
}

/* In two pieces cut at `cut`, and each of them in bites of `bite` bytes. */
static struct reading read_cut(struct span text, size_t cut, size_t bite)
{
    struct reading reading = {0};
    struct gpx_reader *reader = gpx_reader_new(keep, &reading);
    size_t at = 0;
    while (at < text.len) {
        size_t end = at < cut ? cut : text.len;
        size_t len = end - at < bite ? end - at : bite;
        if (feed(reader, (const char *)text.data + at, len) < 0)
            break;
        at += len;
    }
    reading.err = gpx_end(reader);
    reading.skipped = gpx_skipped(reader);
    snprintf(reading.error, sizeof reading.error, "%s", gpx_error(reader));
    gpx_reader_free(&reader);
    return reading;
}

static void assert_same(const struct reading *a, const struct reading *b)
{
    assert_int_equal(a->err, b->err);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->skipped, b->skipped);
    assert_string_equal(a->error, b->error);
    assert_memory_equal(a->points, b->points, sizeof a->points);
}

/* Whole, byte by byte and cut at each place: always the same. */
static struct reading read_span(struct span text)
{
    struct reading whole = read_cut(text, text.len, text.len);
    struct reading bytes = read_cut(text, text.len, 1);
    assert_same(&whole, &bytes);
    for (size_t cut = 1; cut < text.len; cut++) {
        struct reading parts = read_cut(text, cut, text.len);
        assert_same(&whole, &parts);
    }
    return whole;
}

static struct reading read_text(const char *text)
{
    return read_span(span_of_text(text));
}

static struct reading read_fine(const char *text, size_t points)
{
    struct reading reading = read_text(text);
    assert_string_equal(reading.error, "");
    assert_int_equal(reading.err, 0);
    assert_int_equal(reading.count, points);
    return reading;
}

static void fails_with(const char *text, int err, const char *error)
{
    struct reading reading = read_text(text);
    assert_string_equal(reading.error, error);
    assert_int_equal(reading.err, err);
}

#define TRACK(points) "<gpx><trk><trkseg>" points "</trkseg></trk></gpx>"

TEST(a_gpx_1_1_track_gives_its_points)
{
    struct reading got = read_fine(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<gpx version=\"1.1\" creator=\"x\" xmlns=\"http://www.topografix.com/GPX/1/1\">\n"
        "<metadata><name>n</name><time>2020-01-01T00:00:00Z</time></metadata>\n"
        "<trk><name>Run</name><trkseg>\n"
        "<trkpt lat=\"48.5\" lon=\"-2.25\"><ele>12.5</ele><time>1970-01-01T00:00:01Z</time>"
        "</trkpt>\n"
        "<trkpt lat=\"48.6\" lon=\"-2.5\"/>\n"
        "</trkseg></trk></gpx>\n",
        2);
    struct gpx_point first = got.points[0];
    assert_true(first.lat_deg == 48.5 && first.lng_deg == -2.25);
    assert_true(first.has_ele && first.ele_m == 12.5);
    assert_true(first.has_time && first.time_ms == 1000);
    assert_true(first.begins_segment);
    assert_false(first.is_route);
    assert_int_equal(first.line, 5);
    struct gpx_point second = got.points[1];
    assert_true(second.lat_deg == 48.6 && second.lng_deg == -2.5);
    assert_false(second.has_ele || second.has_time || second.begins_segment);
}

TEST(gpx_1_0_with_speed_and_course_is_read_too)
{
    struct reading got = read_fine(
        "<gpx version='1.0' xmlns='http://www.topografix.com/GPX/1/0'>"
        "<time>2020-01-01T00:00:00Z</time><trk><trkseg>"
        "<trkpt lat='1' lon='2'><ele>3</ele><time>1970-01-01T00:00:02Z</time><course>90</course>"
        "<speed>3.1</speed></trkpt></trkseg></trk></gpx>",
        1);
    assert_int_equal(got.points[0].time_ms, 2000);
}

TEST(single_quotes_and_attributes_in_any_order_are_fine)
{
    struct reading got = read_fine(TRACK("<trkpt  lon='2.5' foo='x'\n lat='1.5' ></trkpt>"), 1);
    assert_true(got.points[0].lat_deg == 1.5 && got.points[0].lng_deg == 2.5);
}

TEST(a_byte_order_mark_is_fine)
{
    read_fine("\xef\xbb\xbf" TRACK("<trkpt lat='1' lon='2'/>"), 1);
}

TEST(long_decimals_keep_their_exact_value)
{
    struct reading got = read_fine(TRACK("<trkpt lat='53.5457148961722850799560546875'"
                                         " lon='9.80538301169872283935546875'/>"),
                                   1);
    assert_true(got.points[0].lat_deg == 53.5457148961722850799560546875);
    assert_true(got.points[0].lng_deg == 9.80538301169872283935546875);
}

TEST(extensions_are_ignored_with_all_that_is_in_them)
{
    struct reading got =
        read_fine(TRACK("<trkpt lat='1' lon='2'><extensions><time>2001-01-01T00:00:00Z</time>"
                        "<gpxtpx:TrackPointExtension><gpxtpx:hr>130</gpxtpx:hr><ele>9</ele>"
                        "<trkpt lat='8' lon='8'/></gpxtpx:TrackPointExtension></extensions>"
                        "<x:ele>7</x:ele></trkpt>"),
                  1);
    assert_false(got.points[0].has_time || got.points[0].has_ele);
}

TEST(a_prefix_of_the_whole_vocabulary_is_understood)
{
    read_fine("<g:gpx xmlns:g='http://www.topografix.com/GPX/1/1'><g:trk><g:trkseg>"
              "<g:trkpt lat='1' lon='2'/></g:trkseg></g:trk><trk><trkseg><trkpt lat='1' lon='2'/>"
              "</trkseg></trk></g:gpx>",
              1);
}

TEST(comments_and_cdata_are_part_of_xml)
{
    struct reading got =
        read_fine(TRACK("<!-- <trkpt lat='9' lon='9'/> --><trkpt lat='1' lon='2'>"
                        "<name><![CDATA[<trkpt lat='9' lon='9'/>]]></name>"
                        "<time><![CDATA[1970-01-01]]>T00:00:03<!-- c -->Z</time></trkpt>"),
                  1);
    assert_int_equal(got.points[0].time_ms, 3000);
}

TEST(segments_and_tracks_are_told_apart)
{
    struct reading got =
        read_fine("<gpx><trk><trkseg><trkpt lat='1' lon='1'/><trkpt lat='2' lon='2'/></trkseg>"
                  "<trkseg/><trkseg><trkpt lat='3' lon='3'/></trkseg></trk>"
                  "<trk><trkseg><trkpt lat='4' lon='4'/></trkseg></trk></gpx>",
                  4);
    static const bool begins[] = {true, false, true, true};
    static const uint32_t tracks[] = {0, 0, 0, 1};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(got.points[i].begins_segment, begins[i]);
        assert_int_equal(got.points[i].index, tracks[i]);
    }
}

TEST(a_route_gives_points_marked_as_such)
{
    struct reading got = read_fine("<gpx><wpt lat='9' lon='9'/><rte><rtept lat='1' lon='1'/>"
                                   "<rtept lat='2' lon='2'/></rte><rte><rtept lat='3' lon='3'/>"
                                   "</rte></gpx>",
                                   3);
    assert_true(got.points[0].is_route && got.points[0].begins_segment);
    assert_false(got.points[1].begins_segment);
    assert_int_equal(got.points[2].index, 1);
}

TEST(times_are_handed_on_as_they_are)
{
    struct reading got =
        read_fine(TRACK("<trkpt lat='1' lon='1'><time>7528-03-01T00:00:00Z</time></trkpt>"
                        "<trkpt lat='1' lon='1'><time>1970-01-01T00:00:00Z</time></trkpt>"
                        "<trkpt lat='1' lon='1'><time>yesterday</time></trkpt>"
                        "<trkpt lat='1' lon='1'><time></time></trkpt>"),
                  4);
    assert_int_equal(got.points[0].time_ms, 175398652800000);
    assert_int_equal(got.points[1].time_ms, 0);
    assert_true(got.points[1].has_time);
    assert_false(got.points[2].has_time || got.points[3].has_time);
}

TEST(a_text_that_is_too_long_is_no_number)
{
    struct reading got =
        read_fine(TRACK("<trkpt lat='1' lon='1'><ele>0000000000000000000000000000000000000000000000"
                        "00000000000000000000000000000000001</ele></trkpt>"),
                  1);
    assert_false(got.points[0].has_ele);
}

TEST(points_without_usable_coordinates_are_left_out_and_counted)
{
    struct reading got =
        read_fine(TRACK("<trkpt lat='NaN' lon='1'/><trkpt lon='1'/><trkpt lat='90.001' lon='1'/>"
                        "<trkpt lat='1' lon='-180.5'/><trkpt lat='' lon=''/>"
                        "<trkpt lat='90' lon='-180'/>"),
                  1);
    assert_int_equal(got.skipped, 5);
    assert_true(got.points[0].begins_segment);
}

TEST(a_file_without_points_is_fine)
{
    read_fine("<gpx/>", 0);
}

TEST(utf_16_is_read_too)
{
    static const char text[] = TRACK("<trkpt lat='1' lon='2'/>");
    uint8_t wide[2 * sizeof text] = {0xff, 0xfe};
    for (size_t i = 0; i + 1 < sizeof text; i++)
        wide[2 + 2 * i] = (uint8_t)text[i];
    struct reading got = read_span(span_of(wide, 2 * sizeof text));
    assert_int_equal(got.err, 0);
    assert_int_equal(got.count, 1);
}

TEST(a_doctype_is_refused_before_anything_expands)
{
    static const char error[] = "line 2: a DOCTYPE is not allowed, entities are never expanded";
    fails_with("<?xml version='1.0'?>\n<!DOCTYPE gpx [<!ENTITY a 'b'>]>\n" TRACK("&a;"), ERR_FORMAT,
               error);
    fails_with("\n<!DOCTYPE gpx SYSTEM 'file:///etc/passwd'>" TRACK(""), ERR_FORMAT, error);
}

TEST(an_entity_nobody_declared_is_an_error)
{
    fails_with("<gpx>\n<trk>&lol;</trk></gpx>", ERR_FORMAT, "line 2: undefined entity");
}

TEST(another_root_is_not_gpx)
{
    fails_with("<kml></kml>", ERR_FORMAT, "line 1: this is not GPX: the root element is not <gpx>");
}

TEST(broken_xml_is_told_with_its_line)
{
    fails_with("<gpx>\n<trk>\n</trkseg>", ERR_FORMAT, "line 3: mismatched tag");
    fails_with("<gpx>\n<trk>", ERR_FORMAT, "line 2: the file ends too early");
    fails_with("", ERR_FORMAT, "line 1: the file ends too early");
    fails_with("GARBAGE", ERR_FORMAT, "line 1: syntax error");
}

static struct reading read_big(const char *head, const char *repeated, size_t times)
{
    struct reading reading = {0};
    struct gpx_reader *reader = gpx_reader_new(keep, &reading);
    int err = gpx_read(reader, span_of_text(head));
    for (size_t i = 0; err == 0 && i < times; i++)
        err = gpx_read(reader, span_of_text(repeated));
    reading.err = err;
    snprintf(reading.error, sizeof reading.error, "%s", gpx_error(reader));
    gpx_reader_free(&reader);
    return reading;
}

TEST(elements_nested_too_deep_are_an_error)
{
    struct reading got = read_big("<gpx>", "<a>", 1000);
    assert_int_equal(got.err, ERR_TOO_BIG);
    assert_string_equal(got.error, "line 1: elements are nested more than 64 deep");
}

TEST(an_endless_tag_or_comment_is_an_error)
{
    static char filler[4096];
    memset(filler, 'x', sizeof filler - 1);
    assert_int_equal(read_big("<gpx a='", filler, 1000).err, ERR_TOO_BIG);
    assert_int_equal(read_big("<gpx><!--", filler, 1000).err, ERR_TOO_BIG);
    assert_int_equal(read_big("<gpx>", filler, 1000).err, 0);
}

static size_t file_points;
static size_t file_timed_points;

static void count_point(void *context, const struct gpx_point *point)
{
    (void)context;
    file_points++;
    file_timed_points += point->has_time;
}

TEST(the_nth_allocation_failing_is_an_error_and_no_leak)
{
    static const char text[] = TRACK("<trkpt lat='1' lon='2'><ele>1</ele></trkpt>");
    bool done = false;
    for (long n = 0; !done; n++) {
        mem_fail_after(n);
        struct gpx_reader *reader = gpx_reader_new(count_point, NULL);
        if (reader != NULL) {
            int err = gpx_read(reader, span_of_text(text));
            err = err < 0 ? err : gpx_end(reader);
            assert_true(err == 0 || err == ERR_NO_MEMORY);
            done = err == 0;
        }
        gpx_reader_free(&reader);
    }
    mem_fail_after(-1);
}

static void read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct gpx_reader *reader = gpx_reader_new(count_point, NULL);
    uint8_t bytes[997];
    size_t len;
    while ((len = fread(bytes, 1, sizeof bytes, file)) > 0)
        assert_int_equal(gpx_read(reader, span_of(bytes, len)), 0);
    assert_int_equal(gpx_end(reader), 0);
    assert_int_equal(gpx_skipped(reader), 0);
    gpx_reader_free(&reader);
    fclose(file);
}

/* Recorded runs, when there are any around: SPECTATE_GPX_DIR names their folder. */
TEST(recorded_runs_are_read_whole)
{
    const char *folder = getenv("SPECTATE_GPX_DIR");
    DIR *dir = folder == NULL ? NULL : opendir(folder);
    if (dir == NULL) {
        print_message("# no recorded runs: set SPECTATE_GPX_DIR\n");
        skip();
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strstr(entry->d_name, ".gpx") == NULL)
            continue;
        file_points = file_timed_points = 0;
        read_file(path);
        assert_true(file_points > 100);
        assert_int_equal(file_points, file_timed_points);
    }
    closedir(dir);
}
