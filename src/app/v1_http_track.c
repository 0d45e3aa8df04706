#include "app/v1_http_track.h"

#include <stdio.h>
#include <string.h>

#include "app/inquiry.h"
#include "app/session_act.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "app/v1_http_query.h"
#include "app/v1_http_reply.h"
#include "app/v1_http_store.h"
#include "app/v1_http_track_text.h"
#include "app/v1_http_visit.h"
#include "base/date_time.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "codec/accept.h"
#include "codec/gzip.h"
#include "codec/query.h"
#include "proto/runner_json.h"
#include "store/reader.h"

#define STRETCH_POSITIONS 4096 /* read at a time */
#define PAGE_MAX 10000
#define TOLERANCE_MAX_M 100000

struct track {
    struct inquiry inquiry; /* first */
    struct store_track part;
    struct track_text text;
    struct runner_text name;
    struct store_extent extent; /* of what comes in pieces */
    struct buf positions;       /* struct position: what was read last */
    struct buf out;             /* its text */
    struct gzip gzip;
    struct ws_deflate *deflate; /* borrowed; NULL: it goes as it is */
    bool is_page;
    bool is_begun; /* the beginning of the text was made */
    bool is_last;  /* nothing is behind what was read last */
    bool in_chunks;
    int read_err;
};

static void free_track(struct track *track)
{
    buf_fini(&track->positions);
    buf_fini(&track->out);
    mem_free(track);
}

/* --- in the store's thread ------------------------------------------------------------------------------------------ */

static bool keep_position(void *ctx, const struct store_record *record)
{
    struct track *track = ctx;
    track->read_err =
        buf_append(&track->positions, span_of(&record->position, sizeof record->position));
    return track->read_err == 0;
}

static bool keep_name(void *ctx, const struct store_runner *runner)
{
    struct track *track = ctx;
    track->name.len = runner->name.len < RUNNER_TEXT_BYTES ? runner->name.len : RUNNER_TEXT_BYTES;
    memcpy(track->name.bytes, runner->name.data, track->name.len);
    return false;
}

static int read_first(struct track *track, struct store_reader *reader)
{
    int got = store_read_runner(reader, &track->part.runner, keep_name, track);
    if (got == 0)
        return ERR_NOT_FOUND;
    if (got > 0 && !track->is_page)
        got = store_read_extent(reader, &track->part, &track->extent);
    return got < 0 ? got : 0;
}

/* One more than is wanted, to know whether it is there. */
static int read_part(struct store_job *job, struct store_reader *reader)
{
    struct track *track = job->owner;
    size_t limit = track->part.limit;
    struct store_track one_more = track->part;
    one_more.limit = limit + 1;
    track->positions.len = 0;
    track->read_err = 0;
    int got = track->is_begun ? 0 : read_first(track, reader);
    if (got == 0)
        got = store_read_track(reader, &one_more, keep_position, track);
    if (got < 0 || track->read_err < 0)
        return got < 0 ? got : track->read_err;
    track->is_last = (size_t)got <= limit;
    if (!track->is_last)
        track->positions.len = limit * sizeof(struct position);
    return 0;
}

static int write_part(struct inquiry *inquiry)
{
    struct track *track = (struct track *)(void *)inquiry;
    struct position *positions = (struct position *)(void *)track->positions.data;
    size_t count = track->positions.len / sizeof *positions;
    int err = 0;
    if (count > 0)
        track->part.from_ms = positions[count - 1].time_ms + 1;
    track->out.len = 0;
    if (!track->is_begun)
        err = track_text_begin(&track->text, span_of(track->name.bytes, track->name.len),
                               &track->out);
    if (err == 0)
        err = track_text_add(&track->text, positions, count, &track->out);
    if (err == 0 && (track->is_last || track->is_page))
        err = track_text_end(&track->text, &track->out);
    return err;
}

/* --- in one piece --------------------------------------------------------------------------------------------------- */

static int add_next(struct session *session, const struct track *track, struct buf *headers)
{
    char after[24];
    int len = snprintf(after, sizeof after, "%lld", (long long)track->part.from_ms - 1);
    return v1_reply_add_next(session, span_of(after, (size_t)len), headers);
}

static int add_file_name(const struct track *track, struct buf *headers)
{
    if (track->text.format != TRACK_GPX)
        return 0;
    return buf_append_text(headers, "Content-Disposition: attachment; filename=\"track.gpx\"\r\n");
}

static void send_whole(struct session *session, struct track *track)
{
    struct v1_reply reply = {.type = track_format_types[track->text.format], .body = track->out};
    track->out = (struct buf){0};
    int err = add_file_name(track, &reply.headers);
    if (err == 0 && !track->is_last)
        err = add_next(session, track, &reply.headers);
    v1_reply_send_good(session, &reply, err);
}

/* --- in pieces ------------------------------------------------------------------------------------------------------ */

static int append_framed(const struct track *track, struct span bytes, struct buf *out)
{
    return track->in_chunks ? http_write_chunk(out, bytes) : buf_append(out, bytes);
}

static int compress_piece(struct track *track, struct buf *piece)
{
    int err = track->is_begun ? 0 : gzip_begin(&track->gzip, piece);
    if (err == 0)
        err = gzip_add(&track->gzip, track->deflate, buf_span(&track->out), piece);
    return err == 0 && track->is_last ? gzip_end(&track->gzip, piece) : err;
}

static int append_piece(struct track *track, struct buf *out)
{
    struct buf piece = {0};
    int err = track->deflate != NULL ? compress_piece(track, &piece)
                                     : buf_append(&piece, buf_span(&track->out));
    if (err == 0)
        err = append_framed(track, buf_span(&piece), out);
    if (err == 0 && track->is_last && track->in_chunks)
        err = http_write_last_chunk(out);
    buf_fini(&piece);
    return err;
}

/* The answer has begun: that something is wrong can only be told by ending it before its end. */
static void break_off(struct session *session)
{
    session_part(session, CLOSE_http_done, SESSION_PART_AT_ONCE);
}

static void drop_track(void *source)
{
    free_track(source);
}

static void ask_more(struct session *session)
{
    struct v1_flow *flow = &session->visit->flow;
    struct track *track = flow->source;
    if (v1_visit_holds(session) && inquiry_ask(&track->inquiry, session->shard, session->id) == 0) {
        flow->source = NULL;
        flow->drop = NULL;
        return;
    }
    break_off(session);
}

static void keep_source(struct session *session, struct track *track)
{
    struct v1_flow *flow = &session->visit->flow;
    flow->more = ask_more;
    flow->source = track;
    flow->drop = drop_track;
}

/* Of what is asked and of what is there, at the moment at which the first piece was read. */
static void tag_extent(struct session *session, const struct track *track, char tag[V1_TAG_BYTES])
{
    struct span query = query_of_target(http_target(session->http));
    uint64_t what[] = {track->extent.count, track->extent.mark, track->text.format,
                       hash_bytes((struct hash_key){1, 2}, query.data, query.len)};
    v1_reply_write_tag(hash_bytes((struct hash_key){1, 2}, what, sizeof what),
                       hash_bytes((struct hash_key){3, 4}, what, sizeof what), tag);
}

static int write_head(struct session *session, struct track *track, const char *tag,
                      struct buf *out)
{
    struct buf headers = {0};
    int err = v1_reply_add_headers(session, &headers);
    if (err == 0)
        err = add_file_name(track, &headers);
    if (err == 0)
        err = buf_printf(&headers, "ETag: W/%s\r\n", tag);
    if (err == 0 && track->deflate != NULL)
        err = buf_append_text(&headers, V1_GZIP_HEADER);
    if (err == 0)
        err = buf_append(&headers, span_of("", 1));
    struct http_answer answer = {
        .status = 200,
        .content_type = track_format_types[track->text.format],
        .extra_headers = (const char *)headers.data,
        .cache_control = "private, no-cache",
        .keep_alive = track->in_chunks && http_keep_alive(session->http),
        .form = track->in_chunks ? HTTP_BODY_IN_CHUNKS : HTTP_BODY_TO_THE_END,
    };
    if (err == 0)
        err = http_write_answer(out, &answer);
    buf_fini(&headers);
    return err;
}

/* What it has already is not sent, nor to who asks for the head alone. */
static void send_head_alone(struct session *session, struct track *track, const char *tag)
{
    struct buf out = {0};
    struct v1_reply known = {.status = 304};
    bool is_known = accept_has_tag(session->http, span_of_text(tag));
    int err = is_known ? buf_printf(&known.headers, "ETag: W/%s\r\n", tag)
                       : write_head(session, track, tag, &out);
    bool keep_alive = track->in_chunks && http_keep_alive(session->http);
    free_track(track);
    if (err < 0)
        session->is_doomed = true;
    if (is_known) {
        v1_reply_send(session, &known);
        return;
    }
    session_http_answers(session, 200);
    v1_flow_send(session, &out, keep_alive);
}

static void send_first(struct session *session, struct track *track)
{
    char tag[V1_TAG_BYTES];
    struct buf out = {0};
    struct fault fault;
    tag_extent(session, track, tag);
    track->in_chunks = http_is_1_1(session->http);
    track->deflate = v1_reply_deflate(session);
    if (!v1_flow_has_room(session->shard, V1_FLOW_PIECES_BYTES)) {
        free_track(track);
        fault_set(&fault, FAULT_out_of_memory, "too many long answers are on their way");
        v1_reply_fault(session, &fault);
        return;
    }
    if (accept_has_tag(session->http, span_of_text(tag)) ||
        strcmp(http_method(session->http), "HEAD") == 0) {
        send_head_alone(session, track, tag);
        return;
    }
    int err = write_head(session, track, tag, &out);
    if (err == 0)
        err = append_piece(track, &out);
    track->is_begun = true;
    if (err < 0)
        session->is_doomed = true;
    session_http_answers(session, 200);
    keep_source(session, track);
    v1_flow_begin(session, &out, track->in_chunks && http_keep_alive(session->http));
}

static void send_next(struct session *session, struct track *track)
{
    struct buf out = {0};
    bool is_last = track->is_last;
    if (append_piece(track, &out) < 0) {
        buf_fini(&out);
        free_track(track);
        break_off(session);
        return;
    }
    if (is_last)
        free_track(track);
    else
        keep_source(session, track);
    v1_flow_add(session, &out, is_last);
}

/* --- both ----------------------------------------------------------------------------------------------------------- */

static void refuse_track(struct session *session, const struct track *track, int err)
{
    if (track->is_begun)
        break_off(session);
    else if (err == ERR_NOT_FOUND)
        v1_reply_not_found(session);
    else if (err == ERR_NO_MEMORY)
        v1_reply_no_memory(session);
    else
        v1_http_refuse_store(session, err);
}

static void on_track(struct inquiry *inquiry, struct session *session)
{
    struct track *track = (struct track *)(void *)inquiry;
    bool is_whole = track->is_page || track->is_last;
    if (session != NULL && inquiry->err >= 0 && track->is_begun) {
        send_next(session, track);
        return;
    }
    if (session != NULL && inquiry->err >= 0 && !is_whole) {
        send_first(session, track);
        return;
    }
    if (session != NULL && inquiry->err < 0)
        refuse_track(session, track, inquiry->err);
    else if (session != NULL)
        send_whole(session, track);
    free_track(track);
}

/* --- what is asked -------------------------------------------------------------------------------------------------- */

static int read_format(const struct v1_request *request, struct track *track, struct fault *fault)
{
    struct span asked = query_find(request->query, "format");
    size_t format = 0;
    if (asked.data == NULL) {
        format = accept_best(request->session->http, track_format_types, TRACK_FORMATS);
        track->text.format = (enum track_format)format;
        if (format < TRACK_FORMATS)
            return 0;
        fault_set(fault, FAULT_not_acceptable, "JSON, GeoJSON, GPX, NDJSON or an encoded polyline");
        return ERR_INVALID;
    }
    while (format < TRACK_FORMATS && !span_equals(asked, span_of_text(track_format_names[format])))
        format++;
    track->text.format = (enum track_format)format;
    if (format < TRACK_FORMATS)
        return 0;
    fault_set(fault, FAULT_bad_parameter,
              "format: expected json, geojson, gpx, ndjson or polyline");
    return ERR_INVALID;
}

static int read_shape(const struct v1_request *request, struct track *track, struct fault *fault)
{
    uint64_t tolerance_m = 0;
    uint64_t precision = 5;
    int err = v1_query_number(request->query, "tolerance", TOLERANCE_MAX_M, &tolerance_m, fault);
    if (err == 0)
        err = v1_query_number(request->query, "precision", 6, &precision, fault);
    if (err == 0 && precision < 5) {
        fault_set(fault, FAULT_bad_parameter, "precision: expected 5 or 6");
        err = ERR_INVALID;
    }
    track->text.tolerance_m = (double)tolerance_m;
    track->text.line.decimals = (unsigned)precision;
    return err;
}

static int read_times(const struct v1_request *request, struct track *track, struct fault *fault)
{
    int64_t after_ms = INT64_MIN;
    int err = v1_query_time(request->query, "from", &track->part.from_ms, fault);
    if (err == 0)
        err = v1_query_time(request->query, "until", &track->part.until_ms, fault);
    if (err == 0)
        err = v1_query_time(request->query, "after", &after_ms, fault);
    if (err == 0 && after_ms >= track->part.from_ms)
        track->part.from_ms = after_ms + 1;
    return err;
}

static int read_page(const struct v1_request *request, struct track *track, struct fault *fault)
{
    uint64_t limit = STRETCH_POSITIONS;
    track->is_page = query_find(request->query, "limit").data != NULL;
    int err = v1_query_limit(request->query, PAGE_MAX, &limit, fault);
    track->part.limit = (size_t)limit;
    return err;
}

static int read_request(const struct v1_request *request, struct track *track, struct fault *fault)
{
    track->part.runner = request->id;
    track->part.from_ms = INT64_MIN;
    track->part.until_ms = INT64_MAX;
    track->text.user =
        (struct v1_user){.id = request->id, .is_number = runner_id_is_integer(&request->id)};
    int err = read_format(request, track, fault);
    if (err == 0)
        err = read_shape(request, track, fault);
    if (err == 0)
        err = read_times(request, track, fault);
    return err == 0 ? read_page(request, track, fault) : err;
}

void v1_http_get_track(const struct v1_request *request)
{
    struct session *session = request->session;
    struct fault fault;
    if (!act_may_follow(session, &request->id)) {
        v1_reply_not_found(session);
        return;
    }
    if (session->shard->store == NULL) {
        v1_http_refuse_without_store(session);
        return;
    }
    struct track *track = mem_try(sizeof *track);
    if (track == NULL) {
        v1_reply_no_memory(session);
        return;
    }
    track->inquiry.job.read = read_part;
    track->inquiry.work = write_part;
    track->inquiry.on_back = on_track;
    int err = read_request(request, track, &fault);
    if (err < 0)
        v1_reply_fault(session, &fault);
    if (err < 0 || !v1_http_inquire(session, &track->inquiry))
        free_track(track);
}
