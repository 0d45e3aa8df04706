#include "app/v1_http_runners.h"

#include <string.h>

#include "app/shard.h"
#include "app/v1_http_query.h"
#include "app/v1_http_reply.h"
#include "app/v1_http_store.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/query.h"

#define LIMIT_MAX 1000
#define ROWS_AT_A_TIME 1000

/* --- lists from the store ------------------------------------------------------------------------------------------- */

/* Who was read, and the object that is begun for him. */
struct found {
    struct runner_id id;
    size_t len;
};

struct listing {
    struct inquiry inquiry; /* first */
    struct v1_list list;
    struct store_runners wanted;
    struct runner_text group;
    uint64_t limit;
    struct buf found; /* struct found */
    struct buf texts; /* one after the other */
    bool is_end;      /* of all */
    int read_err;
};

static void free_listing(struct listing *listing)
{
    v1_list_fini(&listing->list);
    buf_fini(&listing->found);
    buf_fini(&listing->texts);
    mem_free(listing);
}

static bool keep_found(void *ctx, const struct store_runner *runner)
{
    struct listing *listing = ctx;
    struct runner_known known = v1_http_known_of(runner);
    size_t before = listing->texts.len;
    listing->read_err = runner_known_begin(&known, &listing->texts);
    struct found found = {.id = runner->id, .len = listing->texts.len - before};
    if (listing->read_err == 0)
        listing->read_err = buf_append(&listing->found, span_of(&found, sizeof found));
    listing->wanted.after = runner->id;
    return listing->read_err == 0;
}

static int read_some(struct store_job *job, struct store_reader *reader)
{
    struct listing *listing = job->owner;
    listing->found.len = listing->texts.len = 0;
    listing->read_err = 0;
    int got = store_read_runners(reader, &listing->wanted, keep_found, listing);
    listing->is_end = got >= 0 && (size_t)got < listing->wanted.limit;
    return got < 0 ? got : listing->read_err;
}

static int add_found(struct listing *listing, const struct session *session,
                     const struct found *found, struct span text)
{
    if (listing->list.kind == V1_LIST_RUNNERS)
        return v1_list_add_runner(&listing->list, session, &found->id, text);
    return v1_list_add_position(&listing->list, session, &found->id);
}

/* Up to one that is more than fits: it is not shown, but then there is more. */
static int add_all(struct listing *listing, const struct session *session, bool *has_more)
{
    const struct found *found = (const struct found *)(const void *)listing->found.data;
    const struct found *end = found + listing->found.len / sizeof *found;
    const uint8_t *text = listing->texts.data;
    int err = 0;
    *has_more = false;
    for (; err == 0 && found < end && !*has_more; text += found->len, found++) {
        size_t len_before = listing->list.elements.len;
        struct runner_id last = listing->list.last;
        err = add_found(listing, session, found, span_of(text, found->len));
        *has_more = listing->list.count > listing->limit;
        if (*has_more) {
            listing->list.elements.len = len_before;
            listing->list.last = last;
        }
    }
    return err;
}

static void go_on_or_send(struct listing *listing, struct session *session)
{
    bool has_more;
    int err = add_all(listing, session, &has_more);
    if (err == 0 && !has_more && !listing->is_end) {
        err = inquiry_ask(&listing->inquiry, session->shard, session->id);
        if (err == 0)
            return;
        v1_http_refuse_store(session, err);
    } else {
        v1_list_send(session, &listing->list, has_more, err);
    }
    free_listing(listing);
}

static void on_listing(struct inquiry *inquiry, struct session *session)
{
    struct listing *listing = (struct listing *)(void *)inquiry;
    if (session != NULL && inquiry->err >= 0) {
        go_on_or_send(listing, session);
        return;
    }
    if (session != NULL)
        v1_http_refuse_store(session, inquiry->err);
    free_listing(listing);
}

static int read_group(struct span query, struct listing *listing, struct fault *fault)
{
    struct span value = query_find(query, "group");
    uint8_t decoded[3 * RUNNER_TEXT_BYTES];
    if (value.data == NULL)
        return 0;
    size_t len = value.len <= sizeof decoded ? percent_decode(value, decoded) : 0;
    if (len == 0 || len > RUNNER_TEXT_BYTES) {
        fault_set(fault, FAULT_bad_parameter, "group: expected 1 to %d bytes", RUNNER_TEXT_BYTES);
        return ERR_INVALID;
    }
    memcpy(listing->group.bytes, decoded, len);
    listing->wanted.group = span_of(listing->group.bytes, len);
    return 0;
}

static int read_listing(struct span query, size_t limit_max, struct listing *listing,
                        struct fault *fault)
{
    listing->limit = limit_max;
    int err = v1_query_id(query, "after", &listing->wanted.after, fault);
    if (err == 0)
        err = v1_query_limit(query, limit_max, &listing->limit, fault);
    return err == 0 ? read_group(query, listing, fault) : err;
}

void v1_http_list_kept(const struct v1_request *request, enum v1_list_kind kind, size_t limit_max)
{
    struct session *session = request->session;
    struct listing *listing = NULL;
    struct fault fault;
    if (session->shard->store == NULL) {
        v1_http_refuse_without_store(session);
        return;
    }
    listing = mem_try(sizeof *listing);
    if (listing == NULL) {
        v1_reply_no_memory(session);
        return;
    }
    listing->list.kind = kind;
    listing->wanted.limit = ROWS_AT_A_TIME;
    listing->inquiry.job.read = read_some;
    listing->inquiry.on_back = on_listing;
    bool is_on_its_way = false;
    if (read_listing(request->query, limit_max, listing, &fault) < 0)
        v1_reply_fault(session, &fault);
    else
        is_on_its_way = v1_http_inquire(session, &listing->inquiry);
    if (!is_on_its_way)
        free_listing(listing);
}

/* --- lists from memory ---------------------------------------------------------------------------------------------- */

static void list_live(struct session *session, const struct buf *ids, bool has_more)
{
    struct v1_list list = {.kind = V1_LIST_RUNNERS};
    const struct runner_id *id = (const struct runner_id *)(const void *)ids->data;
    struct buf begun = {0};
    int err = 0;
    for (size_t i = 0; err == 0 && i < ids->len / sizeof *id; i++) {
        struct runner_known known = {.id = id[i]};
        begun.len = 0;
        err = runner_known_begin(&known, &begun);
        if (err == 0)
            err = v1_list_add_runner(&list, session, &id[i], buf_span(&begun));
    }
    buf_fini(&begun);
    v1_list_send(session, &list, has_more, err);
}

static void get_live_runners(const struct v1_request *request)
{
    struct session *session = request->session;
    struct runner_id after = {.len = 0};
    struct buf ids = {0};
    struct fault fault;
    uint64_t limit = LIMIT_MAX;
    bool has_more;
    int err = v1_query_id(request->query, "after", &after, &fault);
    if (err == 0)
        err = v1_query_limit(request->query, LIMIT_MAX, &limit, &fault);
    if (err < 0)
        v1_reply_fault(session, &fault);
    else if (v1_list_find(session, &after, limit, &ids, &has_more) < 0)
        v1_reply_no_memory(session);
    else
        list_live(session, &ids, has_more);
    buf_fini(&ids);
    if (err == 0)
        v1_list_charge(session);
}

void v1_http_get_runners(const struct v1_request *request)
{
    bool wants_group = query_find(request->query, "group").data != NULL;
    if (request->session->shard->store != NULL || wants_group)
        v1_http_list_kept(request, V1_LIST_RUNNERS, LIMIT_MAX);
    else
        get_live_runners(request);
}
