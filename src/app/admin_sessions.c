/* The operators' port: who is there, and away with them. */
#include "app/admin_request.h"
#include "app/admin_routes.h"
#include "app/errand.h"
#include "app/server.h"
#include "app/shard.h"
#include "base/err.h"
#include "base/log.h"
#include "codec/query.h"
#include "proto/admin.h"

#define SESSIONS_USUAL 50

static enum route_result send_errand(const struct admin_request *request, struct errand *errand)
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
    return admin_say(request, 503, "the server is busy or ending\n");
}

/* NULL data: it is not there. */
static struct span parameter(const struct admin_request *request, const char *name)
{
    struct span rest = query_of_target(http_target(admin_head(request)));
    struct query_field field;
    while (query_next(&rest, &field))
        if (span_equals(field.name, span_of_text(name)))
            return field.value;
    return span_of(NULL, 0);
}

static int read_order(const struct admin_request *request, enum errand_order *order)
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

static int read_limit(const struct admin_request *request, size_t *limit)
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

enum route_result admin_get_sessions(const struct admin_request *request)
{
    enum errand_order order;
    size_t limit;
    if (read_order(request, &order) < 0 || read_limit(request, &limit) < 0)
        return admin_say(request, 400, "order is slowest, heaviest or newest; limit is 1 to 500\n");
    struct errand *errand = errand_new(ERRAND_LIST, limit);
    if (errand == NULL)
        return admin_say(request, 503, "out of memory\n");
    errand->order = order;
    return send_errand(request, errand);
}

enum route_result admin_post_kick(const struct admin_request *request)
{
    struct fault fault;
    struct admin_who who;
    if (admin_decode_kick(http_body(admin_head(request)), &who, &fault) < 0)
        return admin_say_fault(request, 400, &fault);
    struct errand *errand = errand_new(ERRAND_KICK, 0);
    if (errand == NULL)
        return admin_say(request, 503, "out of memory\n");
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
