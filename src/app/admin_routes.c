#include "app/admin_routes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "app/errand.h"
#include "app/server.h"
#include "app/session.h"
#include "app/shard.h"
#include "app/trust.h"
#include "auth/revocation_file.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "codec/credentials.h"
#include "codec/query.h"
#include "proto/admin.h"

#define BODY_BYTES 4096
#define SESSIONS_USUAL 50

/* A request that an operator may make. */
struct request {
    struct session *session;
    struct http_answer *answer;
    struct buf *body; /* of the answer */
};

static enum route_result say(const struct request *request, int status, const char *text)
{
    route_answer_text(request->answer, status, text);
    return ROUTE_ANSWERED;
}

static enum route_result say_fault(const struct request *request, int status,
                                   const struct fault *fault)
{
    request->body->len = 0;
    if (buf_printf(request->body, "%s: %s\n", fault_name(fault->code), fault->message) < 0)
        return say(request, 503, "out of memory\n");
    request->answer->status = status;
    request->answer->content_type = "text/plain; charset=utf-8";
    request->answer->body = buf_span(request->body);
    return ROUTE_ANSWERED;
}

static enum route_result say_json(const struct request *request, int err)
{
    if (err < 0)
        return say(request, 503, "out of memory\n");
    route_answer_json(request->answer, 200, request->body);
    return ROUTE_ANSWERED;
}

static const struct http_reader *head_of(const struct request *request)
{
    return request->session->http;
}

/* --- sessions and kick ---------------------------------------------------------------------------------------------- */

static enum route_result send_errand(const struct request *request, struct errand *errand)
{
    struct shard *home = request->session->shard;
    errand->home = home;
    errand->shards = server_shards(home->server, &errand->shard_count);
    errand->asked_by = request->session->id;
    struct buf rest;
    if (session_await(request->session) == 0) {
        if (errand_go(errand) == 0)
            return ROUTE_LATER;
        session_awaited(home, request->session->id, &rest);
    }
    errand_free(&errand);
    return say(request, 503, "the server is busy or ending\n");
}

/* NULL data: it is not there. */
static struct span parameter(const struct request *request, const char *name)
{
    return query_find(query_of_target(http_target(head_of(request))), name);
}

static int read_order(const struct request *request, enum errand_order *order)
{
    static const char *const names[] = {
        [ERRAND_SLOWEST] = "slowest", [ERRAND_HEAVIEST] = "heaviest", [ERRAND_NEWEST] = "newest"};
    struct span value = parameter(request, "order");
    *order = ERRAND_SLOWEST;
    if (value.data == NULL)
        return 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!span_equals(value, span_of_text(names[i])))
            continue;
        *order = (enum errand_order)i;
        return 0;
    }
    return ERR_INVALID;
}

static int read_limit(const struct request *request, size_t *limit)
{
    struct span value = parameter(request, "limit");
    *limit = SESSIONS_USUAL;
    if (value.data == NULL)
        return 0;
    *limit = 0;
    for (size_t i = 0; i < value.len && *limit <= ERRAND_SESSIONS_MAX; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return ERR_INVALID;
        *limit = *limit * 10 + (size_t)(value.data[i] - '0');
    }
    return *limit >= 1 && *limit <= ERRAND_SESSIONS_MAX ? 0 : ERR_INVALID;
}

static enum route_result get_sessions(const struct request *request)
{
    enum errand_order order;
    size_t limit;
    if (read_order(request, &order) < 0 || read_limit(request, &limit) < 0)
        return say(request, 400, "order is slowest, heaviest or newest; limit is 1 to 500\n");
    struct errand *errand = errand_new(ERRAND_LIST, limit);
    if (errand == NULL)
        return say(request, 503, "out of memory\n");
    errand->order = order;
    return send_errand(request, errand);
}

static enum route_result post_kick(const struct request *request)
{
    struct fault fault;
    struct admin_who who;
    if (admin_decode_kick(http_body(head_of(request)), &who, &fault) < 0)
        return say_fault(request, 400, &fault);
    struct errand *errand = errand_new(ERRAND_KICK, 0);
    if (errand == NULL)
        return say(request, 503, "out of memory\n");
    errand->who = who;
    LOG(LOG_INFO, "admin.kick", NO_SESSION, "an operator sends sessions away");
    return send_errand(request, errand);
}

static int write_errand(const struct errand *errand, struct buf *body)
{
    if (errand->kind == ERRAND_LIST)
        return admin_encode_sessions(errand->sessions, errand->count, errand->total, body);
    return buf_printf(body, "{\"kicked\":%llu}\n", (unsigned long long)errand->total);
}

void admin_on_errand(struct shard *shard, struct errand *errand)
{
    struct buf rest;
    struct session *session = session_awaited(shard, errand->asked_by, &rest);
    struct http_answer answer = {0};
    struct buf body = {0};
    if (session != NULL) {
        if (errand->is_partial)
            route_answer_text(&answer, 503, "not all workers could be asked; repeat it\n");
        else if (write_errand(errand, &body) < 0)
            route_answer_text(&answer, 503, "out of memory\n");
        else
            route_answer_json(&answer, 200, &body);
        session_answer_later(session, &answer, &rest);
    }
    buf_fini(&body);
    errand_free(&errand);
}

/* --- revocations ---------------------------------------------------------------------------------------------------- */

/* On disk first: what was acknowledged holds after a crash. */
static int keep_revocation(struct trust *trust, const char *path,
                           const struct revocation *revocation)
{
    struct revocations *revocations = trust_revocations(trust);
    revocations_forget(revocations, clock_wall_ms() / 1000);
    if (revocations_count(revocations) >= REVOCATIONS_MAX)
        return ERR_FULL;
    int err = path != NULL ? revocation_file_append(path, revocation) : 0;
    if (err == ERR_FORMAT) { /* the last entry was cut short */
        err = revocation_file_rewrite(path, revocations);
        if (err == 0)
            err = revocation_file_append(path, revocation);
    }
    return err == 0 ? revocations_add(revocations, revocation) : err;
}

static enum revocation_kind kind_of(enum admin_revoke asked)
{
    static const enum revocation_kind kinds[] = {
        [ADMIN_REVOKE_TOKEN] = REVOKED_TOKEN,
        [ADMIN_REVOKE_SUBJECT] = REVOKED_SUBJECT,
        [ADMIN_REVOKE_BEFORE] = REVOKED_BEFORE,
    };
    return kinds[asked];
}

/*
 * What was issued until now. An issuer's clock may be ahead of ours, and its tokens count all the same (token-leeway): so those
 * of a subject that it dated that far ahead are meant too.
 */
static struct revocation revocation_of(const struct trust *trust,
                                       const struct admin_revocation *asked)
{
    int64_t now_s = clock_wall_ms() / 1000;
    struct revocation revocation = {
        .kind = kind_of(asked->kind), .name = span_of_text(asked->name), .at_s = now_s};
    if (asked->kind == ADMIN_REVOKE_BEFORE)
        revocation.at_s = asked->before_s;
    if (asked->kind == ADMIN_REVOKE_SUBJECT)
        revocation.at_s = now_s + trust_leeway_s(trust);
    return revocation;
}

/* By a time that is yet to come nobody would get in any more until then. */
static int read_revocation(const struct request *request, struct admin_revocation *asked,
                           struct fault *fault)
{
    const struct trust *trust = server_trust(request->session->shard->server);
    int err = admin_decode_revocation(http_body(head_of(request)), asked, fault);
    if (err < 0)
        return err;
    if (asked->kind != ADMIN_REVOKE_BEFORE ||
        asked->before_s <= clock_wall_ms() / 1000 + trust_leeway_s(trust))
        return 0;
    fault_set(fault, FAULT_bad_number,
              "issued_before: expected seconds since 1970, and not after now");
    return ERR_INVALID;
}

static enum route_result post_revoke(const struct request *request)
{
    const struct shard *shard = request->session->shard;
    struct trust *trust = server_trust(shard->server);
    struct admin_revocation asked;
    struct fault fault;
    if (read_revocation(request, &asked, &fault) < 0)
        return say_fault(request, 400, &fault);
    struct revocation revocation = revocation_of(trust, &asked);
    int err = keep_revocation(trust, shard->options->revocations, &revocation);
    if (err < 0) {
        LOG(LOG_ERROR, "admin.not_revoked", NO_SESSION, "a revocation could not be kept: %s",
            err == ERR_SYSTEM ? strerror(errno) : err_text(err));
        return say(request, 503, "it could not be kept, and so was not carried out\n");
    }
    if (trust_post_revocation(trust, &revocation) < 0)
        return say(request, 503, "it is kept, but not carried out by all workers; repeat it\n");
    LOG(LOG_INFO, "admin.revoke", NO_SESSION, "an operator revokes tokens");
    return say_json(request, buf_append_text(request->body, "{\"revoked\":true}\n"));
}

struct search {
    struct revocation *wanted;
    bool is_found;
};

static int compare_revocation(void *ctx, const struct revocation *revocation)
{
    struct search *search = ctx;
    if (revocation->kind == search->wanted->kind &&
        span_equals(revocation->name, search->wanted->name)) {
        search->wanted->at_s = revocation->at_s;
        search->is_found = true;
    }
    return 0;
}

/* On disk first, as above: what could not be taken from the file is not taken back. */
static int drop_revocation(struct trust *trust, const char *path, struct revocation *revocation)
{
    struct revocations *revocations = trust_revocations(trust);
    struct search search = {.wanted = revocation};
    int64_t at_s = revocation->at_s;
    (void)revocations_visit(revocations, compare_revocation, &search);
    if (!search.is_found || (revocation->kind == REVOKED_BEFORE && revocation->at_s != at_s))
        return ERR_NOT_FOUND;
    int err = revocations_remove(revocations, revocation);
    if (err == 0 && path != NULL)
        err = revocation_file_rewrite(path, revocations);
    if (err == 0)
        return 0;
    int reason = errno;
    (void)revocations_add(revocations, revocation);
    errno = reason;
    return err;
}

static enum route_result delete_revocation(const struct request *request)
{
    const struct shard *shard = request->session->shard;
    struct trust *trust = server_trust(shard->server);
    struct admin_revocation asked;
    struct fault fault;
    if (admin_decode_revocation(http_body(head_of(request)), &asked, &fault) < 0)
        return say_fault(request, 400, &fault);
    struct revocation revocation = revocation_of(trust, &asked);
    int err = drop_revocation(trust, shard->options->revocations, &revocation);
    if (err == ERR_NOT_FOUND)
        return say(request, 404, "nothing of the kind is revoked\n");
    if (err < 0) {
        LOG(LOG_ERROR, "admin.not_revoked", NO_SESSION, "a revocation could not be taken back: %s",
            err == ERR_SYSTEM ? strerror(errno) : err_text(err));
        return say(request, 503, "it could not be taken from the file, and so still holds\n");
    }
    if (trust_post_pardon(trust, &revocation) < 0)
        return say(request, 503, "it is taken back, but not by all workers\n");
    LOG(LOG_INFO, "admin.pardon", NO_SESSION, "an operator takes a revocation back");
    return say_json(request, buf_append_text(request->body, "{\"revoked\":false}\n"));
}

struct listing {
    struct buf *out;
    bool has_one;
};

static int append_revocation(void *ctx, const struct revocation *revocation)
{
    static const enum admin_revoke kinds[] = {
        [REVOKED_TOKEN] = ADMIN_REVOKE_TOKEN,
        [REVOKED_SUBJECT] = ADMIN_REVOKE_SUBJECT,
        [REVOKED_BEFORE] = ADMIN_REVOKE_BEFORE,
    };
    struct listing *listing = ctx;
    struct admin_revocation shown = {.kind = kinds[revocation->kind], .before_s = revocation->at_s};
    if (revocation->name.len > 0)
        memcpy(shown.name, revocation->name.data, revocation->name.len);
    int err = admin_encode_revocation(&shown, revocation->at_s, !listing->has_one, listing->out);
    listing->has_one = true;
    return err;
}

static enum route_result get_revocations(const struct request *request)
{
    const struct shard *shard = request->session->shard;
    struct listing listing = {.out = request->body};
    struct revocations *revocations = trust_revocations(server_trust(shard->server));
    revocations_forget(revocations, clock_wall_ms() / 1000);
    int err = buf_append_text(request->body, "{\"revocations\":[");
    if (err == 0)
        err = revocations_visit(revocations, append_revocation, &listing);
    if (err == 0)
        err = buf_append_text(request->body, "]}\n");
    return say_json(request, err);
}

/* --- the rest ------------------------------------------------------------------------------------------------------- */

static enum route_result get_level(const struct request *request)
{
    return say_json(request, buf_printf(request->body, "{\"level\":\"%s\"}\n",
                                        log_level_name(log_get_level())));
}

static enum route_result put_level(const struct request *request)
{
    struct fault fault;
    char name[ADMIN_NAME_BYTES + 1];
    enum log_level level;
    if (admin_decode_level(http_body(head_of(request)), name, &fault) < 0)
        return say_fault(request, 400, &fault);
    if (log_level_parse(name, &level) < 0)
        return say(request, 400, "level is error, warn, info or debug\n");
    log_set_level(level);
    return get_level(request);
}

static enum route_result get_metrics(const struct request *request)
{
    const struct shard *shard = request->session->shard;
    shard_refresh_metrics(request->session->shard);
    if (server_write_metrics(shard->server, request->body) < 0)
        return say(request, 503, "out of memory\n");
    request->answer->status = 200;
    request->answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    request->answer->body = buf_span(request->body);
    return ROUTE_ANSWERED;
}

static enum route_result get_health(const struct request *request)
{
    return say(request, 200, "alive\n");
}

static const struct route {
    const char *method;
    const char *path;
    enum route_result (*answer)(const struct request *request);
} table[] = {
    {"GET", "/sessions", get_sessions},
    {"POST", "/kick", post_kick},
    {"POST", "/revoke", post_revoke},
    {"GET", "/revocations", get_revocations},
    {"DELETE", "/revocations", delete_revocation},
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
    struct request request = {.session = session, .answer = out, .body = body};
    struct fault fault;
    bool is_known;
    const struct route *route = find_route(session->http, &is_known);
    bool is_open = route != NULL && route->answer == get_health;
    int status = is_open ? 200 : check_operator(session, &fault);
    if (status != 200) {
        metrics_add_labelled(session->shard->metrics, METRIC_errors_total, fault.code, 1);
        return say_fault(&request, status, &fault);
    }
    if (route != NULL)
        return route->answer(&request);
    return is_known ? say(&request, 405, "another method\n") : say(&request, 404, "not found\n");
}

const struct routes admin_routes = {
    .answer = answer, .has_long_answers = true, .body_bytes = BODY_BYTES};
