#include "cli/position_line.h"

#include <inttypes.h>
#include <time.h>

#include "base/buf.h"
#include "cli/printable.h"
#include "proto/seed.h"

static void print_clock(FILE *out, const char *format, const struct tm *civil, int64_t time_ms)
{
    char text[32];
    strftime(text, sizeof text, format, civil);
    fprintf(out, "%s.%03d", text, (int)(time_ms % 1000));
}

static void print_coordinate(FILE *out, const struct coordinate *coordinate)
{
    if (coordinate->is_integer)
        fprintf(out, " %" PRId64, coordinate->integer);
    else
        fprintf(out, " %.7f", coordinate->real);
}

void position_line_text(FILE *out, const struct position *position)
{
    time_t seconds = (time_t)(position->time_ms / 1000);
    struct tm civil;
    localtime_r(&seconds, &civil);
    print_clock(out, "%H:%M:%S", &civil, position->time_ms);
    putc(' ', out);
    printable_write(out, span_of(position->runner.text, position->runner.len));
    print_coordinate(out, &position->lat);
    print_coordinate(out, &position->lng);
    putc('\n', out);
}

void position_line_json(FILE *out, const struct position *position)
{
    struct buf object = {0};
    if (seed_encode(position, &object) < 0)
        return;
    time_t seconds = (time_t)(position->time_ms / 1000);
    struct tm civil;
    gmtime_r(&seconds, &civil);
    fputs("{\"received\":\"", out);
    print_clock(out, "%Y-%m-%dT%H:%M:%S", &civil, position->time_ms);
    fprintf(out, "Z\",%.*s\n", (int)object.len - 1, (const char *)object.data + 1);
    buf_fini(&object);
}
