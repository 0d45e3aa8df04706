#include "course/gpx.h"

#include <expat.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "course/decimal.h"
#include "course/gpx_time.h"

#define TEXT_BYTES 64
#define PREFIX_BYTES 32
#define QUOTE(number) #number
#define TEXT(number) QUOTE(number)

/* Where in the file we are; elements that lead nowhere are ignored with all that is in them. */
enum place {
    AT_TOP,
    AT_GPX,
    AT_TRACK,
    AT_SEGMENT,
    AT_ROUTE,
    AT_TRACK_POINT,
    AT_ROUTE_POINT,
    AT_ELE,
    AT_TIME,
};

struct gpx_reader {
    XML_Parser parser; /* owned */
    gpx_on_point *on_point;
    void *context;
    struct gpx_point point; /* being read */
    uint64_t skipped;
    uint64_t fed_bytes;
    uint32_t tracks;
    uint32_t routes;
    int err;
    enum place path[8]; /* from the top to where we are */
    unsigned path_len;
    unsigned ignored_depth; /* how deep we are in an element that leads nowhere */
    bool segment_begins;
    bool is_point_usable;
    bool is_text_whole;
    size_t text_len;
    char text[TEXT_BYTES];     /* of <ele> or <time>; what is longer is neither */
    char prefix[PREFIX_BYTES]; /* of the root element: "" or, rarely, "gpx:" */
    char error[GPX_ERROR_BYTES];
};

static struct gpx_point *begin_point(struct gpx_reader *reader, const XML_Char **attributes);

static void begin_track(struct gpx_reader *reader, const XML_Char **attributes)
{
    (void)attributes;
    reader->tracks++;
}

static void begin_segment(struct gpx_reader *reader, const XML_Char **attributes)
{
    (void)attributes;
    reader->segment_begins = true;
}

static void begin_route(struct gpx_reader *reader, const XML_Char **attributes)
{
    (void)attributes;
    reader->routes++;
    reader->segment_begins = true;
}

static void begin_track_point(struct gpx_reader *reader, const XML_Char **attributes)
{
    begin_point(reader, attributes)->index = reader->tracks - 1;
}

static void begin_route_point(struct gpx_reader *reader, const XML_Char **attributes)
{
    struct gpx_point *point = begin_point(reader, attributes);
    point->is_route = true;
    point->index = reader->routes - 1;
}

static void begin_text(struct gpx_reader *reader, const XML_Char **attributes)
{
    (void)attributes;
    reader->text_len = 0;
    reader->is_text_whole = true;
}

static void end_ele(struct gpx_reader *reader)
{
    reader->text[reader->text_len] = '\0';
    if (reader->is_text_whole)
        reader->point.has_ele = decimal_parse(reader->text, &reader->point.ele_m);
}

static void end_time(struct gpx_reader *reader)
{
    struct span text = span_of(reader->text, reader->text_len);
    if (reader->is_text_whole)
        reader->point.has_time = gpx_time_parse(text, &reader->point.time_ms);
}

static void end_point(struct gpx_reader *reader)
{
    if (!reader->is_point_usable) {
        reader->skipped++;
        return;
    }
    reader->point.line = (uint32_t)XML_GetCurrentLineNumber(reader->parser);
    reader->point.begins_segment = reader->segment_begins;
    reader->segment_begins = false;
    reader->on_point(reader->context, &reader->point);
}

/* The elements that matter, by their parent. */
static const struct element {
    enum place parent;
    const char *name;
    enum place place;
    void (*on_begin)(struct gpx_reader *reader, const XML_Char **attributes);
    void (*on_end)(struct gpx_reader *reader);
} elements[] = {
    {AT_TOP, "gpx", AT_GPX, NULL, NULL},
    {AT_GPX, "trk", AT_TRACK, begin_track, NULL},
    {AT_TRACK, "trkseg", AT_SEGMENT, begin_segment, NULL},
    {AT_SEGMENT, "trkpt", AT_TRACK_POINT, begin_track_point, end_point},
    {AT_GPX, "rte", AT_ROUTE, begin_route, NULL},
    {AT_ROUTE, "rtept", AT_ROUTE_POINT, begin_route_point, end_point},
    {AT_TRACK_POINT, "ele", AT_ELE, begin_text, end_ele},
    {AT_TRACK_POINT, "time", AT_TIME, begin_text, end_time},
    {AT_ROUTE_POINT, "ele", AT_ELE, begin_text, end_ele},
    {AT_ROUTE_POINT, "time", AT_TIME, begin_text, end_time},
};

static enum place place_now(const struct gpx_reader *reader)
{
    return reader->path[reader->path_len - 1];
}

/* Keep the first error, with the line, and end the parsing. */
static void fail(struct gpx_reader *reader, int err, const char *what)
{
    if (reader->err != 0)
        return;
    reader->err = err;
    unsigned long line = (unsigned long)XML_GetCurrentLineNumber(reader->parser);
    snprintf(reader->error, sizeof reader->error, "line %lu: %s", line, what);
    XML_StopParser(reader->parser, XML_FALSE);
}

static const char *attribute(const XML_Char **attributes, const char *name)
{
    for (; attributes[0] != NULL; attributes += 2) {
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    }
    return NULL;
}

static bool read_degrees(const char *text, double limit_deg, double *out_deg)
{
    return text != NULL && decimal_parse(text, out_deg) && fabs(*out_deg) <= limit_deg;
}

static struct gpx_point *begin_point(struct gpx_reader *reader, const XML_Char **attributes)
{
    struct gpx_point *point = &reader->point;
    *point = (struct gpx_point){0};
    bool has_lat = read_degrees(attribute(attributes, "lat"), 90, &point->lat_deg);
    bool has_lng = read_degrees(attribute(attributes, "lon"), 180, &point->lng_deg);
    reader->is_point_usable = has_lat && has_lng;
    return point;
}

/* The name without the prefix that the root element has; NULL: of another vocabulary. */
static const char *own_name(const struct gpx_reader *reader, const char *name)
{
    size_t prefix_len = strlen(reader->prefix);
    if (strncmp(name, reader->prefix, prefix_len) != 0 || strchr(name + prefix_len, ':') != NULL)
        return NULL;
    return name + prefix_len;
}

static const struct element *find_element(const struct gpx_reader *reader, const char *name)
{
    const char *own = own_name(reader, name);
    for (size_t i = 0; own != NULL && i < sizeof elements / sizeof *elements; i++) {
        if (elements[i].parent == place_now(reader) && strcmp(elements[i].name, own) == 0)
            return &elements[i];
    }
    return NULL;
}

static const struct element *element_of(enum place place, enum place parent)
{
    const struct element *element = elements;
    while (element->place != place || element->parent != parent)
        element++;
    return element;
}

static void learn_prefix(struct gpx_reader *reader, const char *root)
{
    const char *colon = strchr(root, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon + 1 - root);
    if (len < PREFIX_BYTES)
        memcpy(reader->prefix, root, len);
}

static void XMLCALL on_start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct gpx_reader *reader = context;
    if (reader->err != 0)
        return;
    if (place_now(reader) == AT_TOP)
        learn_prefix(reader, name);
    const struct element *element = reader->ignored_depth == 0 ? find_element(reader, name) : NULL;
    if (element == NULL && place_now(reader) == AT_TOP) {
        fail(reader, ERR_FORMAT, "this is not GPX: the root element is not <gpx>");
        return;
    }
    if (element == NULL) {
        if (++reader->ignored_depth > GPX_MAX_DEPTH)
            fail(reader, ERR_TOO_BIG, "elements are nested more than " TEXT(GPX_MAX_DEPTH) " deep");
        return;
    }
    CHECK(reader->path_len < sizeof reader->path / sizeof *reader->path);
    reader->path[reader->path_len++] = element->place;
    if (element->on_begin != NULL)
        element->on_begin(reader, attributes);
}

static void XMLCALL on_end(void *context, const XML_Char *name)
{
    (void)name;
    struct gpx_reader *reader = context;
    if (reader->err != 0)
        return;
    if (reader->ignored_depth > 0) {
        reader->ignored_depth--;
        return;
    }
    enum place place = place_now(reader);
    reader->path_len--;
    const struct element *element = element_of(place, place_now(reader));
    if (element->on_end != NULL)
        element->on_end(reader);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int len)
{
    struct gpx_reader *reader = context;
    enum place place = place_now(reader);
    if (reader->ignored_depth > 0 || (place != AT_ELE && place != AT_TIME))
        return;
    if ((size_t)len >= TEXT_BYTES - reader->text_len) {
        reader->is_text_whole = false;
        return;
    }
    memcpy(reader->text + reader->text_len, text, (size_t)len);
    reader->text_len += (size_t)len;
}

/* Entities are declared only in a document type, which GPX never needs: without one nothing can expand. */
static void XMLCALL on_doctype(void *context, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal_subset;
    fail(context, ERR_FORMAT, "a DOCTYPE is not allowed, entities are never expanded");
}

struct gpx_reader *gpx_reader_new(gpx_on_point *on_point, void *context)
{
    static const XML_Memory_Handling_Suite memory = {mem_try, mem_try_resize, mem_free};
    struct gpx_reader *reader = mem_try(sizeof *reader);
    if (reader == NULL)
        return NULL;
    reader->parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    if (reader->parser == NULL) {
        mem_free(reader);
        return NULL;
    }
    reader->on_point = on_point;
    reader->context = context;
    reader->path[0] = AT_TOP;
    reader->path_len = 1;
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    return reader;
}

void gpx_reader_free(struct gpx_reader **reader)
{
    if (*reader == NULL)
        return;
    XML_ParserFree((*reader)->parser);
    mem_free(*reader);
    *reader = NULL;
}

static void fail_as_expat_says(struct gpx_reader *reader)
{
    enum XML_Error error = XML_GetErrorCode(reader->parser);
    int err = error == XML_ERROR_NO_MEMORY ? ERR_NO_MEMORY : ERR_FORMAT;
    const char *text =
        error == XML_ERROR_NO_ELEMENTS ? "the file ends too early" : XML_ErrorString(error);
    fail(reader, err, text);
}

/* The parser keeps what it can't hand out yet: an endless tag must not fill the memory. */
static void check_held_bytes(struct gpx_reader *reader)
{
    XML_Index done = XML_GetCurrentByteIndex(reader->parser);
    uint64_t done_bytes = done < 0 ? 0 : (uint64_t)done;
    if (reader->fed_bytes - done_bytes > GPX_MAX_TOKEN_BYTES)
        fail(reader, ERR_TOO_BIG, "a tag or comment is too long");
}

/* Small bites, so that what is held is looked at often. */
static void feed(struct gpx_reader *reader, struct span bytes, bool is_last)
{
    reader->fed_bytes += bytes.len;
    const char *text = bytes.len == 0 ? "" : (const char *)bytes.data;
    if (XML_Parse(reader->parser, text, (int)bytes.len, is_last) != XML_STATUS_OK)
        fail_as_expat_says(reader);
    else if (!is_last)
        check_held_bytes(reader);
}

int gpx_read(struct gpx_reader *reader, struct span bytes)
{
    static const size_t bite_bytes = 64 * 1024;
    while (reader->err == 0 && bytes.len > 0) {
        size_t len = bytes.len < bite_bytes ? bytes.len : bite_bytes;
        feed(reader, span_of(bytes.data, len), false);
        bytes = span_of(bytes.data + len, bytes.len - len);
    }
    return reader->err;
}

int gpx_end(struct gpx_reader *reader)
{
    if (reader->err == 0)
        feed(reader, span_of(NULL, 0), true);
    return reader->err;
}

const char *gpx_error(const struct gpx_reader *reader)
{
    return reader->error;
}

uint64_t gpx_skipped(const struct gpx_reader *reader)
{
    return reader->skipped;
}
