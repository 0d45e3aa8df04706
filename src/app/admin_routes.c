#include "app/admin_routes.h"

#include <string.h>

#include "app/admin_request.h"
#include "app/server.h"
#include "app/shard.h"
#include "app/trust.h"
#include "base/log.h"
#include "codec/credentials.h"
#include "proto/admin.h"

#define BODY_BYTES 4096

static enum route_result get_level(const struct admin_request *request)
{
    return admin_say_json(request, buf_printf(request->body, "{\"level\":\"%s\"}\n",
                                              log_level_name(log_get_level())));
}

static enum route_result put_level(const struct admin_request *request)
{
    struct fault fault;
    char name[ADMIN_NAME_BYTES + 1];
    enum log_level level;
    if (admin_decode_level(http_body(admin_head(request)), name, &fault) < 0)
        return admin_say_fault(request, 400, &fault);
    if (log_level_parse(name, &level) < 0)
        return admin_say(request, 400, "level is error, warn, info or debug\n");
    log_set_level(level);
    return get_level(request);
}

static enum route_result get_metrics(const struct admin_request *request)
{
    const struct shard *shard = request->session->shard;
    shard_refresh_metrics(request->session->shard);
    if (server_write_metrics(shard->server, request->body) < 0)
        return admin_say(request, 503, "out of memory\n");
    request->answer->status = 200;
    request->answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    request->answer->body = buf_span(request->body);
    return ROUTE_ANSWERED;
}

static enum route_result get_health(const struct admin_request *request)
{
    return admin_say(request, 200, "alive\n");
}

static const struct route {
    const char *method;
    const char *path;
    admin_route_fn *answer;
} table[] = {
    {"GET", "/sessions", admin_get_sessions},
    {"POST", "/kick", admin_post_kick},
    {"POST", "/revoke", admin_post_revoke},
    {"GET", "/revocations", admin_get_revocations},
    {"DELETE", "/revocations", admin_delete_revocation},
    {"GET", "/store", admin_get_store},
    {"POST", "/backup", admin_post_backup},
    {"GET", "/log-level", get_level},
    {"PUT", "/log-level", put_level},
    {"GET", "/metrics", get_metrics},
    {"GET", "/healthz", get_health},
};

/* NULL: none; `*is_known`: there is one of that path, by another method. */
static const struct route *find_route(const struct http_reader *head, bool *is_known)
{
    *is_known = false;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (!span_equals(http_path(head), span_of_text(table[i].path)))
            continue;
        *is_known = true;
        bool is_head = strcmp(http_method(head), "HEAD") == 0;
        if (strcmp(is_head ? "GET" : http_method(head), table[i].method) == 0)
            return &table[i];
    }
    return NULL;
}

/* Not asked for its budget: a flood of wrong tokens from the operators' own address must not keep them out. */
static bool shows_operators_token(const struct session *session)
{
    struct credentials credentials;
    struct buf decoded = {0};
    int err = credentials_find(session->http, NULL, &decoded, &credentials);
    bool is_good = err == 0 && credentials.place == CREDENTIALS_AUTHORIZATION &&
                   trust_is_operator(server_trust(session->shard->server), credentials.token);
    buf_fini(&decoded);
    return is_good;
}

/* The operators' own token: nothing of it depends on the tokens of runners and spectators. */
static int check_operator(const struct session *session, struct fault *fault)
{
    struct failed_tokens *failed = trust_failed_operators(server_trust(session->shard->server));
    struct ip address = session_address(session);
    uint64_t now_ms = worker_now_ms(session->shard->worker);
    if (shows_operators_token(session))
        return 200;
    if (failed_tokens_is_over(failed, address, now_ms)) {
        fault_set(fault, FAULT_too_many_failed_tokens, "too many bad tokens from this address");
        return 429;
    }
    failed_tokens_add(failed, address, now_ms);
    fault_set(fault, FAULT_bad_token, "this needs the operators' token");
    return 401;
}

static enum route_result answer(struct session *session, struct http_answer *out, struct buf *body)
{
    struct admin_request request = {.session = session, .answer = out, .body = body};
    struct fault fault;
    bool is_known;
    const struct route *route = find_route(session->http, &is_known);
    bool is_open = route != NULL && route->answer == get_health;
    int status = is_open ? 200 : check_operator(session, &fault);
    if (status != 200) {
        metrics_add_labelled(session->shard->metrics, METRIC_errors_total, fault.code, 1);
        return admin_say_fault(&request, status, &fault);
    }
    if (route != NULL)
        return route->answer(&request);
    return is_known ? admin_say(&request, 405, "another method\n")
                    : admin_say(&request, 404, "not found\n");
}

const struct routes admin_routes = {
    .answer = answer, .has_long_answers = true, .body_bytes = BODY_BYTES};
