#include "app/v1_http_publish.h"

#include <string.h>

#include "app/archive.h"
#include "app/rests.h"
#include "app/shard.h"
#include "app/v1_http_reply.h"
#include "app/v1_publish.h"
#include "base/err.h"
#include "codec/accept.h"
#include "codec/gunzip.h"
#include "codec/http_head.h"
#include "codec/utf8.h"
#include "proto/geojson.h"
#include "proto/v1_upload.h"

/* What reading one of a large upload and publishing it costs, in runners moved (app/rests.h): a full one holds up the loop for a while. */
#define MOVES_PER_POSITION 4

/* --- the body ------------------------------------------------------------------------------------------------------- */

static void refuse(struct session *session, enum fault_code code, const char *text)
{
    struct fault fault;
    fault_set(&fault, code, "%s", text);
    v1_reply_fault(session, &fault);
}

static size_t inflated_max(const struct session *session)
{
    uint64_t upload = session->shard->options->max_upload_bytes;
    return upload > UPLOAD_INFLATED_BYTES ? (size_t)upload : UPLOAD_INFLATED_BYTES;
}

static bool inflate(struct session *session, struct buf *inflated, struct span *body)
{
    int err = gunzip(*body, inflated_max(session), inflated);
    if (err == ERR_TOO_BIG)
        refuse(session, FAULT_body_refused, "the body inflates to more than is taken");
    else if (err == ERR_FORMAT)
        refuse(session, FAULT_bad_request, "the body is no gzip, cut short, or damaged");
    else if (err < 0)
        v1_reply_no_memory(session);
    *body = buf_span(inflated);
    return err == 0;
}

static bool undo_coding(struct session *session, struct buf *inflated, struct span *body)
{
    struct span coding = http_header(session->http, "Content-Encoding");
    if (coding.data == NULL || http_head_equals_ignoring_case(coding, "identity"))
        return true;
    if (http_head_equals_ignoring_case(coding, "gzip") ||
        http_head_equals_ignoring_case(coding, "x-gzip"))
        return inflate(session, inflated, body);
    refuse(session, FAULT_bad_media_type, "Content-Encoding: gzip is taken, and none");
    return false;
}

bool v1_http_read_body(struct session *session, struct buf *inflated, struct span *body)
{
    *body = http_body(session->http);
    if (!media_type_is_utf8(http_header(session->http, "Content-Type"))) {
        refuse(session, FAULT_bad_media_type, "the charset is UTF-8");
        return false;
    }
    if (!undo_coding(session, inflated, body))
        return false;
    if (utf8_is_valid(*body))
        return true;
    refuse(session, FAULT_bad_utf8, "the body is not UTF-8");
    return false;
}

void v1_http_refuse_type(struct session *session, const char *taken)
{
    struct fault fault;
    fault_set(&fault, FAULT_bad_media_type, "Content-Type: %s", taken);
    v1_reply_fault(session, &fault);
}

/* --- its forms ------------------------------------------------------------------------------------------------------ */

typedef int decode_fn(struct span text, const struct v1_limits *limits, struct v1_message *message,
                      struct fault *fault);

static const struct {
    const char *type;
    decode_fn *decode;
} forms[] = {
    {"application/json", v1_decode_upload},
    {"application/geo+json", geojson_decode},
    {"application/x-ndjson", v1_decode_lines},
    {"application/ndjson", v1_decode_lines},
};

/* NULL: it was answered that there is no such form. */
static decode_fn *find_form(struct session *session)
{
    struct span type = media_type_of(http_header(session->http, "Content-Type"));
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (http_head_equals_ignoring_case(type, forms[i].type))
            return forms[i].decode;
    v1_http_refuse_type(session, "application/json, application/geo+json or application/x-ndjson");
    return NULL;
}

/* --- publishing ----------------------------------------------------------------------------------------------------- */

static void reply_with(struct session *session, int status, size_t count)
{
    struct v1_reply reply = {.status = status, .type = "application/json"};
    if (buf_printf(&reply.body, "{\"accepted\":%zu,\"stored\":%s}", count,
                   status == 200 ? "true" : "false") < 0)
        session->is_doomed = true;
    v1_reply_send(session, &reply);
    rests_charge(session, count * MOVES_PER_POSITION);
}

static void reply_fault_at(struct session *session, const struct v1_message *message,
                           const struct fault *fault)
{
    struct problem problem = {.status = problem_status(fault->code),
                              .fault = fault,
                              .index = message->index == V1_NO_INDEX ? PROBLEM_NO_INDEX
                                                                     : message->index};
    v1_reply_problem(session, &problem);
}

/* Once they are on disk: v1_http_on_stored(). The note is how many they are. */
static void await_word(struct session *session, size_t count)
{
    struct archive *archive = session->shard->archive;
    if (archive == NULL || count == 0) {
        reply_with(session, archive == NULL ? 202 : 200, count);
        return;
    }
    if (archive_want_word(archive, session->id, span_of(&count, sizeof count)) < 0)
        v1_reply_no_memory(session);
    else
        (void)v1_http_wait(session);
}

void v1_http_on_stored(struct session *session, struct span note, int err)
{
    struct fault fault;
    size_t count;
    if (err < 0) {
        act_explain_not_stored(err, &fault);
        v1_reply_fault(session, &fault);
        return;
    }
    memcpy(&count, note.data, sizeof count);
    reply_with(session, 200, count);
}

static void publish(struct session *session, struct v1_message *message)
{
    struct fault fault;
    size_t done = 0;
    int err = shard_publish(session->shard, message->positions, message->position_count, &done);
    if (err == 0) {
        await_word(session, message->position_count);
        return;
    }
    message->index = done;
    act_explain(session, err, &fault);
    reply_fault_at(session, message, &fault);
}

/* Where the path names a runner. True: `message->index` is that of one that is of another. */
static bool is_of_other(const struct runner_id *id, struct v1_message *message)
{
    for (size_t i = 0; id->len > 0 && i < message->position_count; i++) {
        const struct runner_id *other = &message->positions[i].runner;
        message->index = i;
        if (other->len != id->len || memcmp(other->text, id->text, id->len) != 0)
            return true;
    }
    message->index = V1_NO_INDEX;
    return false;
}

static void check_and_publish(const struct v1_request *request, struct v1_message *message)
{
    struct session *session = request->session;
    struct denied denied = {.count = 0};
    struct fault fault;
    if (is_of_other(&request->id, message)) {
        fault_set(&fault, FAULT_bad_id, "userId: not the one that the path names");
        reply_fault_at(session, message, &fault);
    } else if (v1_check_positions(session, message, &denied, &fault) == 0) {
        publish(session, message);
    } else if (denied.count > 0) {
        v1_reply_denied(session, &denied, V1_PUBLISH);
    } else {
        reply_fault_at(session, message, &fault);
    }
}

static void read_and_publish(const struct v1_request *request, decode_fn *decode, struct span body)
{
    struct v1_message *message = &request->session->shard->v1_message;
    struct v1_user user = {.id = request->id, .is_number = runner_id_is_integer(&request->id)};
    struct v1_limits limits = {.max_positions = ARCHIVE_MESSAGE_POSITIONS,
                               .publishes = user.id.len > 0 ? &user : NULL};
    struct fault fault;
    if (decode(body, &limits, message, &fault) == 0)
        check_and_publish(request, message);
    else
        reply_fault_at(request->session, message, &fault);
}

void v1_http_post_positions(const struct v1_request *request)
{
    struct buf inflated = {0};
    struct span body;
    decode_fn *decode = find_form(request->session);
    if (decode != NULL && v1_http_read_body(request->session, &inflated, &body))
        read_and_publish(request, decode, body);
    buf_fini(&inflated);
}
