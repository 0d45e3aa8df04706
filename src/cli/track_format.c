#include "cli/track_format.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

enum track_format track_format_of_name(const char *name)
{
    static const char *const names[] = {
        [TRACK_FORMAT_NDJSON] = "ndjson",
        [TRACK_FORMAT_GEOJSON] = "geojson",
        [TRACK_FORMAT_GPX] = "gpx",
    };
    size_t at = 0;
    while (at < TRACK_FORMAT_COUNT && strcmp(names[at], name) != 0)
        at++;
    return (enum track_format)at;
}

enum track_format track_format_of_path(const char *path)
{
    static const struct {
        const char *end;
        enum track_format format;
    } ends[] = {
        {".ndjson", TRACK_FORMAT_NDJSON},   {".jsonl", TRACK_FORMAT_NDJSON},
        {".geojson", TRACK_FORMAT_GEOJSON}, {".json", TRACK_FORMAT_GEOJSON},
        {".gpx", TRACK_FORMAT_GPX},
    };
    size_t len = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i].end);
        if (len > end && strcasecmp(path + len - end, ends[i].end) == 0)
            return ends[i].format;
    }
    return TRACK_FORMAT_COUNT;
}
