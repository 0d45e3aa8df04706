/*
 * track_format: the forms in which tracks leave and enter the store, as files.
 */
#ifndef SPECTATE_CLI_TRACK_FORMAT_H
#define SPECTATE_CLI_TRACK_FORMAT_H

enum track_format {
    TRACK_FORMAT_NDJSON,  /* a position of the dialect v1 a line: all that is known of it */
    TRACK_FORMAT_GEOJSON, /* a FeatureCollection of Points, all that is known of them */
    TRACK_FORMAT_GPX,     /* one runner's track: place, altitude and time */
    TRACK_FORMAT_COUNT,
};

/* By its name; TRACK_FORMAT_COUNT: it is none. */
enum track_format track_format_of_name(const char *name);

/* By the end of a file's name: .ndjson, .jsonl, .geojson, .json, .gpx in any case; TRACK_FORMAT_COUNT: it does not say. */
enum track_format track_format_of_path(const char *path);

#endif
