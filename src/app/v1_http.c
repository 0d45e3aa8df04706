#include "app/v1_http.h"

#include <string.h>

#include "app/cors.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "app/sse_session.h"
#include "app/v1_http_document.h"
#include "app/v1_http_erase.h"
#include "app/v1_http_naming.h"
#include "app/v1_http_newest.h"
#include "app/v1_http_publish.h"
#include "app/v1_http_reply.h"
#include "app/v1_http_runner.h"
#include "app/v1_http_runners.h"
#include "app/v1_http_track.h"
#include "app/v1_http_visit.h"
#include "base/err.h"
#include "codec/query.h"
#include "codec/route_path.h"
#include "codec/utf8.h"

static void head_stream(const struct v1_request *request)
{
    struct v1_reply reply = {.status = 200, .type = "text/event-stream"};
    v1_reply_send(request->session, &reply);
}

static const struct v1_route {
    const char *method;
    const char *path;
    void (*answer)(const struct v1_request *request);
    bool is_open; /* no token is needed */
} table[] = {
    {"GET", "/v1/positions", v1_http_get_positions, false},
    {"POST", "/v1/positions", v1_http_post_positions, false},
    {"GET", "/v1/runners", v1_http_get_runners, false},
    {"GET", "/v1/runners/{id}", v1_http_get_runner, false},
    {"PUT", "/v1/runners/{id}", v1_http_put_runner, false},
    {"DELETE", "/v1/runners/{id}", v1_http_delete_runner, false},
    {"GET", "/v1/runners/{id}/track", v1_http_get_track, false},
    {"POST", "/v1/runners/{id}/positions", v1_http_post_positions, false},
    {"GET", PROBLEM_PATH "{code}", v1_http_get_problem, true},
    {"GET", SSE_PATH, head_stream, false}, /* HEAD; GET is another matter: app/sse_session.h */
    {"GET", "/v1/openapi.yaml", v1_http_get_openapi, true},
};
#define ROUTES (sizeof table / sizeof *table)

/* --- which ---------------------------------------------------------------------------------------------------------- */

bool v1_http_is_path(struct span path)
{
    static const char prefix[] = "/v1/";
    return path.len >= sizeof prefix - 1 && memcmp(path.data, prefix, sizeof prefix - 1) == 0;
}

bool v1_http_takes_body(const char *method, struct span path)
{
    return v1_http_is_path(path) && (strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0);
}

static bool is_for(const struct v1_route *route, const char *method)
{
    return strcmp(route->method, strcmp(method, "HEAD") == 0 ? "GET" : method) == 0;
}

/* NULL: none. `*is_known`: there is one of that path, by another method. */
static const struct v1_route *find_route(const struct http_reader *http, struct span *segment,
                                         bool *is_known)
{
    struct span path = http_path(http);
    *is_known = false;
    for (size_t i = 0; i < ROUTES; i++) {
        if (!route_path_matches(path, table[i].path, segment))
            continue;
        *is_known = true;
        if (is_for(&table[i], http_method(http)))
            return &table[i];
    }
    return NULL;
}

static int append_method(const struct v1_route *route, struct buf *headers)
{
    bool is_get = strcmp(route->method, "GET") == 0;
    return buf_printf(headers, ", %s%s", route->method, is_get ? ", HEAD" : "");
}

static int append_allowed(struct span path, struct buf *headers)
{
    struct span segment;
    int err = buf_append_text(headers, "Allow: OPTIONS");
    for (size_t i = 0; err == 0 && i < ROUTES; i++)
        if (route_path_matches(path, table[i].path, &segment))
            err = append_method(&table[i], headers);
    return err == 0 ? buf_append_text(headers, "\r\n") : err;
}

static void refuse_method(struct session *session)
{
    struct fault fault;
    struct v1_reply reply = {.status = 405, .type = PROBLEM_TYPE};
    fault_set(&fault, FAULT_bad_method, "another method; Allow tells which");
    struct problem problem = {.status = 405, .fault = &fault, .index = PROBLEM_NO_INDEX};
    session_count_fault(session, fault.code);
    if (problem_encode(&problem, &reply.body) < 0 ||
        append_allowed(http_path(session->http), &reply.headers) < 0)
        session->is_doomed = true;
    v1_reply_send(session, &reply);
}

/* --- the id in a path ----------------------------------------------------------------------------------------------- */

static bool read_id(struct session *session, struct span segment, struct runner_id *id)
{
    uint8_t decoded[3 * RUNNER_ID_BYTES];
    struct fault fault;
    size_t len = 0;
    if (segment.len <= sizeof decoded)
        len = percent_decode(segment, decoded);
    if (runner_id_set(id, span_of(decoded, len)) == 0)
        return true;
    fault_set(&fault, FAULT_bad_id, "the path: an id is 1 to 64 bytes of UTF-8");
    v1_reply_fault(session, &fault);
    return false;
}

/* --- its way -------------------------------------------------------------------------------------------------------- */

static bool is_let_in(struct session *session)
{
    struct fault fault;
    int status = v1_visit_admit(session, &fault);
    if (status != 200 && status != 0)
        v1_reply_status(session, status, &fault);
    return status == 200;
}

static void follow_route(struct session *session)
{
    struct v1_request request = {.session = session};
    struct span segment;
    bool is_known;
    const struct v1_route *route = find_route(session->http, &segment, &is_known);
    if (route == NULL && is_known)
        refuse_method(session);
    else if (route == NULL)
        v1_reply_not_found(session);
    if (route == NULL || (!route->is_open && !is_let_in(session)) ||
        (segment.data != NULL && !read_id(session, segment, &request.id)))
        return;
    request.query = query_of_target(http_target(session->http));
    route->answer(&request);
}

enum route_result v1_http_answer(struct session *session, struct http_answer *unused)
{
    (void)unused;
    if (session->visit == NULL && v1_visit_begin(session) < 0) {
        session->is_doomed = true;
        return ROUTE_TAKEN;
    }
    if (cors_is_preflight(session->http))
        v1_reply_send(session, &(struct v1_reply){.status = 204});
    else
        follow_route(session);
    return ROUTE_TAKEN;
}

void v1_http_refuse(struct session *session, int status, const struct fault *fault)
{
    v1_reply_and_close(session, status, fault);
}

void v1_http_timeout(struct session *session)
{
    struct fault fault;
    if (session->visit->flow.is_under_way) {
        session_part(session, CLOSE_too_slow, SESSION_PART_AT_ONCE);
        return;
    }
    fault_set(&fault, FAULT_store_busy, "it took too long");
    v1_reply_and_close(session, problem_status(fault.code), &fault);
}

bool v1_http_wait(struct session *session)
{
    if (session_await(session) < 0) {
        v1_reply_no_memory(session);
        return false;
    }
    session_stop_reading(session);
    session_set_deadline(session, session->shard->options->handshake_timeout_ms);
    return true;
}
