#include "course/gpx_write.h"

#include "base/err.h"
#include "base/mem.h"
#include "course/gpx.h"
#include "tests/lib/test.h"

static struct buf out;

static int end(void **state)
{
    (void)state;
    buf_fini(&out);
    return 0;
}
TEST_TEARDOWN(end);

static void writes(const char *expected)
{
    assert_int_equal(buf_append(&out, span_of("", 1)), 0);
    assert_string_equal((const char *)out.data, expected);
    out.len = 0;
}

static const struct gpx_track_point points[] = {
    {488568000, -22927001, -5, true, 1732600000500},
    {-10, 1800000000, 0, false, 1732600001000},
};

TEST(a_track_is_gpx_of_version_1_1)
{
    assert_int_equal(gpx_write_begin(span_of_text("Ann <7> & \"b\"\x01"), &out), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(gpx_write_point(&points[i], &out), 0);
    assert_int_equal(gpx_write_end(&out), 0);
    writes("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<gpx version=\"1.1\" creator=\"spectate\" "
           "xmlns=\"http://www.topografix.com/GPX/1/1\">\n"
           "<trk>\n<name>Ann &lt;7&gt; &amp; \"b\"?</name>\n<trkseg>\n"
           "<trkpt lat=\"48.8568000\" lon=\"-2.2927001\"><ele>-0.05</ele>"
           "<time>2024-11-26T05:46:40.500Z</time></trkpt>\n"
           "<trkpt lat=\"-0.0000010\" lon=\"180.0000000\">"
           "<time>2024-11-26T05:46:41Z</time></trkpt>\n"
           "</trkseg>\n</trk>\n</gpx>\n");
}

static void check_point(void *context, const struct gpx_point *read)
{
    size_t *index = context;
    const struct gpx_track_point *written = &points[(*index)++];
    assert_true(read->lat_deg == written->lat_e7 / 1e7);
    assert_true(read->lng_deg == written->lng_e7 / 1e7);
    assert_int_equal(read->has_ele, written->has_ele);
    assert_true(!read->has_ele || read->ele_m == written->ele_cm / 1e2);
    assert_true(read->has_time);
    assert_int_equal(read->time_ms, written->time_ms);
}

TEST(what_is_written_reads_back)
{
    size_t count = 0;
    assert_int_equal(gpx_write_begin(span_of_text("7"), &out), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(gpx_write_point(&points[i], &out), 0);
    assert_int_equal(gpx_write_end(&out), 0);
    struct gpx_reader *reader = gpx_reader_new(check_point, &count);
    assert_int_equal(gpx_read(reader, buf_span(&out)), 0);
    assert_int_equal(gpx_end(reader), 0);
    assert_int_equal(count, 2);
    gpx_reader_free(&reader);
}

TEST(a_beginning_without_memory_is_none)
{
    int err = ERR_NO_MEMORY;
    for (long n = 0; err < 0; n++) {
        assert_int_equal(out.len, 0);
        buf_fini(&out);
        mem_fail_after(n);
        err =
            gpx_write_begin(span_of_text("a name that is so long that the buffer has to grow once "
                                         "more, and more than once, when it comes"),
                            &out);
        mem_fail_after(-1);
        assert_true(n < 10);
    }
}
