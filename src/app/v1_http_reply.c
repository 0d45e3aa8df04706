#include "app/v1_http_reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/cors.h"
#include "app/session_act.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "app/v1_http_flow.h"
#include "app/v1_http_query.h"
#include "base/err.h"
#include "base/hash.h"
#include "codec/accept.h"
#include "codec/gzip.h"
#include "codec/query.h"

#define COMPRESSED_FROM_BYTES 512

/* --- headers -------------------------------------------------------------------------------------------------------- */

static const char *challenge_of(enum fault_code code)
{
    return code == FAULT_token_required ? "WWW-Authenticate: Bearer\r\n" : session_headers_for(401);
}

static int add_status_headers(int status, struct buf *headers)
{
    const char *text = status == 429 || status == 503 ? session_headers_for(status) : NULL;
    return text != NULL ? buf_append_text(headers, text) : 0;
}

int v1_reply_add_headers(struct session *session, struct buf *headers)
{
    char cors[CORS_BYTES];
    cors_write_headers(session->http, &session->shard->origins, cors);
    int err = buf_append_text(headers, cors);
    return err == 0 ? buf_append_text(headers, "Vary: Accept, Accept-Encoding\r\n") : err;
}

/* Against the path that was asked; the token is left out (app/v1_http_query.h). */
int v1_reply_add_next(struct session *session, struct span after, struct buf *headers)
{
    struct span query = query_of_target(http_target(session->http));
    int err = buf_append_text(headers, "Link: <?");
    if (err == 0)
        err = v1_query_replace(query, "after", after, headers);
    return err == 0 ? buf_append_text(headers, ">; rel=\"next\"\r\n") : err;
}

/* The same for the same text, in whatever process: under keys that are no secret. */
static void tag_body(struct span body, char tag[V1_TAG_BYTES])
{
    v1_reply_write_tag(hash_bytes((struct hash_key){1, 2}, body.data, body.len),
                       hash_bytes((struct hash_key){3, 4}, body.data, body.len), tag);
}

void v1_reply_write_tag(uint64_t first, uint64_t second, char tag[V1_TAG_BYTES])
{
    snprintf(tag, V1_TAG_BYTES, "\"%016" PRIx64 "%016" PRIx64 "\"", first, second);
}

/* Weak, as it is the same however it is compressed. */
static int apply_tag(struct session *session, struct v1_reply *reply)
{
    char tag[V1_TAG_BYTES];
    tag_body(buf_span(&reply->body), tag);
    if (accept_has_tag(session->http, span_of_text(tag))) {
        reply->status = 304;
        reply->type = NULL;
        reply->body.len = 0;
    }
    return buf_printf(&reply->headers, "ETag: W/%s\r\n", tag);
}

/* --- the body ------------------------------------------------------------------------------------------------------- */

static int gzip_whole(struct ws_deflate *deflate, struct span body, struct buf *out)
{
    struct gzip gzip;
    int err = gzip_begin(&gzip, out);
    if (err == 0)
        err = gzip_add(&gzip, deflate, body, out);
    return err == 0 ? gzip_end(&gzip, out) : err;
}

static struct ws_deflate *gzip_of(struct shard *shard)
{
    static const struct ws_deflate_options options = GZIP_DEFLATE_OPTIONS;
    if (shard->gzip == NULL)
        shard->gzip = ws_deflate_new(&options);
    return shard->gzip;
}

struct ws_deflate *v1_reply_deflate(struct session *session)
{
    return accept_takes_gzip(session->http) ? gzip_of(session->shard) : NULL;
}

/* What can't be compressed goes as it is. */
static int compress(struct session *session, struct v1_reply *reply)
{
    struct buf compressed = {0};
    struct ws_deflate *deflate = NULL;
    if (reply->body.len >= COMPRESSED_FROM_BYTES && reply->body.len <= GZIP_PART_BYTES)
        deflate = v1_reply_deflate(session);
    if (deflate == NULL || gzip_whole(deflate, buf_span(&reply->body), &compressed) < 0 ||
        compressed.len >= reply->body.len) {
        buf_fini(&compressed);
        return 0;
    }
    buf_fini(&reply->body);
    reply->body = compressed;
    return buf_append_text(&reply->headers, V1_GZIP_HEADER);
}

/* --- sending -------------------------------------------------------------------------------------------------------- */

static bool is_method(const struct session *session, const char *method)
{
    return strcmp(http_method(session->http), method) == 0;
}

static int write_reply(struct session *session, struct v1_reply *reply, struct buf *out)
{
    struct http_answer answer = {
        .status = reply->status,
        .content_type = reply->type,
        .body = buf_span(&reply->body),
        .extra_headers = (const char *)reply->headers.data,
        .cache_control = reply->has_tag || reply->status == 304 ? "private, no-cache" : NULL,
        .keep_alive = !reply->closes && http_keep_alive(session->http),
        .head_only = is_method(session, "HEAD"),
    };
    reply->closes = !answer.keep_alive;
    return http_write_answer(out, &answer);
}

static int finish(struct session *session, struct v1_reply *reply)
{
    int err = v1_reply_add_headers(session, &reply->headers);
    if (err == 0)
        err = add_status_headers(reply->status, &reply->headers);
    if (err == 0 && reply->has_tag)
        err = apply_tag(session, reply);
    if (err == 0)
        err = compress(session, reply);
    return err == 0 ? buf_append(&reply->headers, span_of("", 1)) : err;
}

void v1_reply_send(struct session *session, struct v1_reply *reply)
{
    struct buf out = {0};
    int err = finish(session, reply);
    if (err == 0)
        err = write_reply(session, reply, &out);
    buf_fini(&reply->body);
    buf_fini(&reply->headers);
    session_http_answers(session, reply->status);
    if (err == 0) {
        v1_flow_send(session, &out, !reply->closes);
        return;
    }
    buf_fini(&out);
    session->is_doomed = true;
}

/* Not more waits to be written than may; who is turned away asks again later. */
static bool has_room(struct session *session, const struct buf *body)
{
    if (v1_flow_has_room(session->shard, body->len))
        return true;
    struct fault fault;
    fault_set(&fault, FAULT_out_of_memory, "too many long answers are on their way");
    v1_reply_fault(session, &fault);
    return false;
}

static void fini_reply(struct v1_reply *reply)
{
    buf_fini(&reply->body);
    buf_fini(&reply->headers);
}

void v1_reply_send_good(struct session *session, struct v1_reply *reply, int err)
{
    reply->status = 200;
    reply->has_tag = true;
    if (err < 0)
        v1_reply_no_memory(session);
    else if (has_room(session, &reply->body))
        v1_reply_send(session, reply);
    fini_reply(reply);
}

/* --- what went wrong ------------------------------------------------------------------------------------------------ */

static void say_problem(struct session *session, const struct problem *problem, bool closes)
{
    struct v1_reply reply = {.status = problem->status, .type = PROBLEM_TYPE, .closes = closes};
    int err = problem_encode(problem, &reply.body);
    if (err == 0 && problem->status == 401)
        err = buf_append_text(&reply.headers, challenge_of(problem->fault->code));
    if (err < 0)
        session->is_doomed = true;
    v1_reply_send(session, &reply);
}

void v1_reply_problem(struct session *session, const struct problem *problem)
{
    session_count_fault(session, problem->fault->code);
    say_problem(session, problem, false);
}

void v1_reply_status(struct session *session, int status, const struct fault *fault)
{
    struct problem problem = {.status = status, .fault = fault, .index = PROBLEM_NO_INDEX};
    v1_reply_problem(session, &problem);
}

void v1_reply_fault(struct session *session, const struct fault *fault)
{
    v1_reply_status(session, problem_status(fault->code), fault);
}

void v1_reply_and_close(struct session *session, int status, const struct fault *fault)
{
    struct problem problem = {.status = status, .fault = fault, .index = PROBLEM_NO_INDEX};
    session_count_fault(session, fault->code);
    say_problem(session, &problem, true);
}

void v1_reply_denied(struct session *session, const struct denied *denied, const char *what)
{
    struct fault fault;
    act_explain_denied(denied, what, &fault);
    struct problem problem = {.status = 403,
                              .fault = &fault,
                              .ids = denied->ids,
                              .id_count = act_denied_named(denied),
                              .index = PROBLEM_NO_INDEX};
    v1_reply_problem(session, &problem);
}

void v1_reply_no_memory(struct session *session)
{
    struct fault fault;
    fault_set(&fault, FAULT_out_of_memory, "no memory for this request");
    v1_reply_fault(session, &fault);
}

void v1_reply_not_found(struct session *session)
{
    struct fault fault;
    fault_set(&fault, FAULT_not_found, "there is nothing of the kind, or it is not for this token");
    v1_reply_fault(session, &fault);
}
