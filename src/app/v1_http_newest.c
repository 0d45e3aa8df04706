#include "app/v1_http_newest.h"

#include "app/v1_http_list.h"
#include "app/v1_http_query.h"
#include "app/v1_http_reply.h"
#include "app/v1_http_runners.h"
#include "base/err.h"
#include "codec/accept.h"
#include "codec/query.h"

#define NAMED_MAX 1000
#define LIMIT_MAX 10000

/* By ?format=, or else by what the client accepts. */
static int read_kind(const struct v1_request *request, enum v1_list_kind *kind, struct fault *fault)
{
    static const char *const types[] = {"application/json", "application/geo+json"};
    static const enum v1_list_kind kinds[] = {V1_LIST_POSITIONS, V1_LIST_FEATURES};
    struct span format = query_find(request->query, "format");
    size_t chosen = accept_best(request->session->http, types, 2);
    if (format.data != NULL)
        chosen = span_equals(format, span_of_text("json"))      ? 0
                 : span_equals(format, span_of_text("geojson")) ? 1
                                                                : 3;
    if (chosen < 2) {
        *kind = kinds[chosen];
        return 0;
    }
    if (chosen == 3)
        fault_set(fault, FAULT_bad_parameter, "format: expected json or geojson");
    else
        fault_set(fault, FAULT_not_acceptable, "application/json or application/geo+json");
    return ERR_INVALID;
}

static void list_ids(struct session *session, struct v1_list *list, const struct buf *ids,
                     bool has_more)
{
    const struct runner_id *id = (const struct runner_id *)(const void *)ids->data;
    int err = 0;
    for (size_t i = 0; err == 0 && i < ids->len / sizeof *id; i++)
        err = v1_list_add_position(list, session, &id[i]);
    if (has_more)
        list->last = id[ids->len / sizeof *id - 1]; /* who is not on the globe was not shown */
    v1_list_send(session, list, has_more, err);
}

static void list_all(const struct v1_request *request, struct v1_list *list, struct fault *fault)
{
    struct session *session = request->session;
    struct runner_id after = {.len = 0};
    struct buf ids = {0};
    uint64_t limit = LIMIT_MAX;
    bool has_more = false;
    int err = v1_query_id(request->query, "after", &after, fault);
    if (err == 0)
        err = v1_query_limit(request->query, LIMIT_MAX, &limit, fault);
    if (err < 0)
        v1_reply_fault(session, fault);
    else if (v1_list_find(session, &after, limit, &ids, &has_more) < 0)
        v1_reply_no_memory(session);
    else
        list_ids(session, list, &ids, has_more);
    buf_fini(&ids);
    if (err == 0)
        v1_list_charge(session);
}

void v1_http_get_positions(const struct v1_request *request)
{
    struct session *session = request->session;
    struct v1_list list = {0};
    struct buf named = {0};
    struct fault fault;
    bool names_some = false;
    int err = read_kind(request, &list.kind, &fault);
    if (err == 0)
        err = v1_query_ids(request->query, "runner", NAMED_MAX, &named, &names_some, &fault);
    if (err == ERR_NO_MEMORY)
        v1_reply_no_memory(session);
    else if (err < 0)
        v1_reply_fault(session, &fault);
    else if (names_some)
        list_ids(session, &list, &named, false);
    else if (query_find(request->query, "group").data != NULL)
        v1_http_list_kept(request, list.kind, LIMIT_MAX);
    else
        list_all(request, &list, &fault);
    buf_fini(&named);
}
