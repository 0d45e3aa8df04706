#include "app/v1_http_list.h"

#include <stdlib.h>

#include "app/rests.h"
#include "app/session_act.h"
#include "app/shard.h"
#include "app/v1_http_reply.h"
#include "base/err.h"
#include "base/mem.h"
#include "proto/geojson.h"
#include "proto/runner_json.h"
#include "proto/v1_live.h"

static int append_position(struct v1_list *list, const struct position *position,
                           enum runner_status status)
{
    if (list->kind == V1_LIST_POSITIONS)
        return v1_encode_newest(position, status, &list->elements);
    size_t before = list->elements.len;
    int err = buf_append_text(&list->elements, ",");
    if (err == 0)
        err = geojson_encode_position(position, &list->elements);
    if (err < 0 || list->elements.len == before + 1)
        list->elements.len = before;
    return err;
}

static void note(struct v1_list *list, const struct runner_id *id, size_t len_before)
{
    if (list->elements.len == len_before)
        return; /* it has no place on the globe */
    list->count++;
    list->last = *id;
}

int v1_list_add_position(struct v1_list *list, const struct session *session,
                         const struct runner_id *id)
{
    const struct hub *hub = session->shard->hub;
    struct position position;
    size_t before = list->elements.len;
    if (!act_may_follow(session, id) || !hub_newest(hub, id, &position))
        return 0;
    int err = append_position(list, &position, hub_status(hub, id));
    if (err == 0)
        note(list, id, before);
    return err;
}

int v1_list_add_runner(struct v1_list *list, const struct session *session,
                       const struct runner_id *id, struct span begun)
{
    struct position ignored;
    const struct hub *hub = session->shard->hub;
    size_t before = list->elements.len;
    if (!act_may_follow(session, id))
        return 0;
    int err = buf_append_text(&list->elements, ",");
    if (err == 0)
        err = buf_append(&list->elements, begun);
    if (err == 0 && hub_newest(hub, id, &ignored))
        err = buf_printf(&list->elements, ",\"status\":\"%s\"",
                         runner_status_text(hub_status(hub, id)));
    if (err == 0)
        err = buf_append_text(&list->elements, "}");
    if (err == 0)
        note(list, id, before);
    return err;
}

/* --- the answer ----------------------------------------------------------------------------------------------------- */

static int write_body(const struct v1_list *list, struct buf *body)
{
    static const char *const begins[] = {
        [V1_LIST_RUNNERS] = "{\"runners\":[",
        [V1_LIST_POSITIONS] = "{\"positions\":[",
        [V1_LIST_FEATURES] = "{\"type\":\"FeatureCollection\",\"features\":[",
    };
    struct span elements = buf_span(&list->elements);
    int err = buf_append_text(body, begins[list->kind]);
    if (err == 0 && elements.len > 0)
        err = buf_append(body, span_of(elements.data + 1, elements.len - 1));
    return err == 0 ? buf_append_text(body, "]}") : err;
}

void v1_list_send(struct session *session, struct v1_list *list, bool has_more, int err)
{
    bool is_geojson = list->kind == V1_LIST_FEATURES;
    struct v1_reply reply = {.type = is_geojson ? "application/geo+json" : "application/json"};
    if (err == 0)
        err = write_body(list, &reply.body);
    if (err == 0 && has_more)
        err = v1_reply_add_next(session, span_of(list->last.text, list->last.len), &reply.headers);
    v1_list_fini(list);
    v1_reply_send_good(session, &reply, err);
}

void v1_list_fini(struct v1_list *list)
{
    buf_fini(&list->elements);
    list->count = 0;
}

/* --- those in memory ------------------------------------------------------------------------------------------------ */

/* The first `limit` of all, and one more: a heap with the last of them on top. */
struct search {
    const struct session *session;
    struct span after;
    struct runner_id *heap;
    size_t count;
    size_t limit;
};

static struct span id_span(const struct runner_id *id)
{
    return span_of(id->text, id->len);
}

static int compare(const void *a, const void *b)
{
    return span_compare(id_span(a), id_span(b));
}

static void swap(struct runner_id *a, struct runner_id *b)
{
    struct runner_id kept = *a;
    *a = *b;
    *b = kept;
}

static void rise(struct runner_id *heap, size_t at)
{
    while (at > 0 && compare(&heap[at], &heap[(at - 1) / 2]) > 0) {
        swap(&heap[at], &heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sink(struct runner_id *heap, size_t count, size_t at)
{
    for (;;) {
        size_t largest = at;
        for (size_t child = 2 * at + 1; child < count && child <= 2 * at + 2; child++)
            if (compare(&heap[child], &heap[largest]) > 0)
                largest = child;
        if (largest == at)
            return;
        swap(&heap[at], &heap[largest]);
        at = largest;
    }
}

static bool look_at(void *ctx, const struct position *position, enum runner_status status)
{
    struct search *search = ctx;
    const struct runner_id *id = &position->runner;
    (void)status;
    if (span_compare(id_span(id), search->after) <= 0 ||
        (search->count == search->limit && compare(id, &search->heap[0]) >= 0) ||
        !act_may_follow(search->session, id))
        return true;
    if (search->count < search->limit) {
        search->heap[search->count] = *id;
        rise(search->heap, search->count++);
    } else {
        search->heap[0] = *id;
        sink(search->heap, search->count, 0);
    }
    return true;
}

int v1_list_find(const struct session *session, const struct runner_id *after, size_t limit,
                 struct buf *ids, bool *has_more)
{
    const struct hub *hub = session->shard->hub;
    size_t most = hub_stats(hub).runners;
    struct search search = {
        .session = session, .after = id_span(after), .limit = limit < most ? limit + 1 : most};
    *has_more = false;
    if (most == 0)
        return 0;
    search.heap = mem_try(search.limit * sizeof *search.heap);
    if (search.heap == NULL)
        return ERR_NO_MEMORY;
    hub_each_newest(hub, look_at, &search);
    if (search.count > 0)
        qsort(search.heap, search.count, sizeof *search.heap, compare);
    *has_more = search.count > limit;
    size_t count = *has_more ? limit : search.count;
    int err = buf_append(ids, span_of(search.heap, count * sizeof *search.heap));
    mem_free(search.heap);
    return err;
}

void v1_list_charge(struct session *session)
{
    rests_charge(session, hub_stats(session->shard->hub).runners);
}
