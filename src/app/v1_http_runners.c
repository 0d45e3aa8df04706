#include "app/v1_http_runners.h"

#include <string.h>

#include "app/access.h"
#include "app/inquiry.h"
#include "app/session_act.h"
#include "app/shard.h"
#include "app/v1_http_publish.h"
#include "app/v1_http_query.h"
#include "app/v1_http_reply.h"
#include "app/v1_publish.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/accept.h"
#include "codec/http_head.h"
#include "codec/query.h"
#include "proto/runner_json.h"
#include "proto/v1_live.h"
#include "store/change.h"
#include "store/reader.h"

#define LIMIT_MAX 1000
#define ROWS_AT_A_TIME 1000

_Static_assert(RUNNER_TEXT_BYTES == STORE_TEXT_BYTES && RUNNER_GROUPS_MAX == STORE_GROUPS_MAX,
               "what is taken can be kept");

void v1_http_refuse_without_store(struct session *session)
{
    struct fault fault;
    fault_set(&fault, FAULT_not_kept, "this server keeps nothing on disk");
    v1_reply_fault(session, &fault);
}

void v1_http_refuse_store(struct session *session, int err)
{
    struct fault fault;
    fault_set(&fault, FAULT_store_busy, "%s",
              err == ERR_FULL ? "more waits for the disk than may" : "the disk fails");
    v1_reply_fault(session, &fault);
}

bool v1_http_inquire(struct session *session, struct inquiry *inquiry)
{
    if (!v1_http_wait(session))
        return false;
    int err = inquiry->job.change != NULL ? inquiry_change(inquiry, session->shard, session->id)
                                          : inquiry_ask(inquiry, session->shard, session->id);
    if (err < 0)
        v1_http_refuse_store(session, err);
    return err == 0;
}

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

static struct runner_known known_of(const struct store_runner *runner)
{
    return (struct runner_known){
        .id = runner->id,
        .name = runner->name,
        .bib = runner->bib,
        .colour = runner->colour,
        .groups = runner->groups,
        .group_count = runner->group_count,
    };
}

static bool keep_found(void *ctx, const struct store_runner *runner)
{
    struct listing *listing = ctx;
    struct runner_known known = known_of(runner);
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
}

void v1_http_get_runners(const struct v1_request *request)
{
    bool wants_group = query_find(request->query, "group").data != NULL;
    if (request->session->shard->store != NULL || wants_group)
        v1_http_list_kept(request, V1_LIST_RUNNERS, LIMIT_MAX);
    else
        get_live_runners(request);
}

/* --- one runner ----------------------------------------------------------------------------------------------------- */

struct look {
    struct inquiry inquiry; /* first */
    struct runner_id id;
    struct buf text; /* begun by what is known */
    bool is_known;
    bool has_position;
    struct position position;
    int read_err;
};

static void free_look(struct look *look)
{
    buf_fini(&look->text);
    mem_free(look);
}

static bool keep_known(void *ctx, const struct store_runner *runner)
{
    struct look *look = ctx;
    struct runner_known known = known_of(runner);
    look->read_err = runner_known_begin(&known, &look->text);
    look->is_known = true;
    return false;
}

static bool keep_position(void *ctx, const struct store_record *record)
{
    struct look *look = ctx;
    look->position = record->position;
    look->has_position = true;
    return false;
}

static int read_one(struct store_job *job, struct store_reader *reader)
{
    struct look *look = job->owner;
    int got = store_read_runner(reader, &look->id, keep_known, look);
    if (got >= 0)
        got = store_read_newest(reader, &look->id, keep_position, look);
    return got < 0 ? got : look->read_err;
}

/* What is live counts; it may have been forgotten there. */
static enum runner_status find_live(struct look *look, const struct session *session)
{
    const struct hub *hub = session->shard->hub;
    if (!hub_newest(hub, &look->id, &look->position))
        return RUNNER_LOST;
    look->has_position = true;
    return hub_status(hub, &look->id);
}

static int append_newest(struct look *look, enum runner_status status, struct buf *body)
{
    struct buf element = {0};
    int err = v1_encode_newest(&look->position, status, &element);
    if (err == 0)
        err = buf_printf(body, ",\"status\":\"%s\"", runner_status_text(status));
    if (err == 0 && element.len > 0)
        err = buf_append_text(body, ",\"position\":");
    if (err == 0 && element.len > 0)
        err = buf_append(body, span_of(element.data + 1, element.len - 1));
    buf_fini(&element);
    return err;
}

static void show_one(struct look *look, struct session *session)
{
    struct v1_reply reply = {.type = "application/json"};
    struct runner_known known = {.id = look->id};
    enum runner_status status = find_live(look, session);
    if (!look->is_known && !look->has_position) {
        v1_reply_not_found(session);
        return;
    }
    int err = look->is_known ? 0 : runner_known_begin(&known, &look->text);
    if (err == 0)
        err = buf_append(&reply.body, buf_span(&look->text));
    if (err == 0 && look->has_position)
        err = append_newest(look, status, &reply.body);
    if (err == 0)
        err = buf_append_text(&reply.body, "}");
    v1_reply_send_good(session, &reply, err);
}

static void on_look(struct inquiry *inquiry, struct session *session)
{
    struct look *look = (struct look *)(void *)inquiry;
    if (session != NULL && inquiry->err < 0)
        v1_http_refuse_store(session, inquiry->err);
    else if (session != NULL)
        show_one(look, session);
    free_look(look);
}

void v1_http_get_runner(const struct v1_request *request)
{
    struct session *session = request->session;
    struct look *look;
    if (!act_may_follow(session, &request->id)) {
        v1_reply_not_found(session);
        return;
    }
    look = mem_try(sizeof *look);
    if (look == NULL) {
        v1_reply_no_memory(session);
        return;
    }
    look->id = request->id;
    look->inquiry.job.read = read_one;
    look->inquiry.on_back = on_look;
    if (session->shard->store == NULL)
        show_one(look, session);
    else if (v1_http_inquire(session, &look->inquiry))
        return;
    free_look(look);
}

/* --- what is known of one ------------------------------------------------------------------------------------------- */

struct naming {
    struct inquiry inquiry; /* first */
    struct runner_id id;
    struct runner_facts facts;
};

static struct span text_span(const struct runner_text *text)
{
    return span_of(text->bytes, text->len);
}

static int set_facts(struct store_job *job, struct store_writer *writer)
{
    struct naming *naming = job->owner;
    struct runner_facts *facts = &naming->facts;
    struct span groups[RUNNER_GROUPS_MAX];
    for (size_t i = 0; i < facts->group_count; i++)
        groups[i] = text_span(&facts->groups[i]);
    struct store_runner runner = {
        .id = naming->id,
        .name = text_span(&facts->name),
        .bib = text_span(&facts->bib),
        .colour = text_span(&facts->colour),
        .groups = groups,
        .group_count = facts->has_groups ? facts->group_count : STORE_GROUPS_STAY,
    };
    return store_set_runner(writer, &runner);
}

static void on_named(struct inquiry *inquiry, struct session *session)
{
    if (session != NULL && inquiry->err < 0)
        v1_http_refuse_store(session, inquiry->err);
    else if (session != NULL)
        v1_reply_send(session, &(struct v1_reply){.status = 204});
    mem_free(inquiry);
}

/* By groups it is decided how long positions are kept: that is for who may publish everything. */
static bool may_set_groups(const struct session *session)
{
    return session->permit == NULL || grants_allow_all(session->permit->pass->publish);
}

static int decode_facts(const struct session *session, struct span body, struct runner_facts *facts,
                        struct fault *fault)
{
    int err = runner_facts_decode(body, facts, fault);
    if (err < 0 || !facts->has_groups || may_set_groups(session))
        return err;
    fault_set(fault, FAULT_not_allowed, "groups: for a token that may publish everything");
    return ERR_INVALID;
}

/* False: it was answered what is wrong. */
static bool read_facts(struct session *session, struct runner_facts *facts)
{
    struct buf inflated = {0};
    struct span body;
    struct fault fault;
    bool is_read = v1_http_read_body(session, &inflated, &body);
    int err = is_read ? decode_facts(session, body, facts, &fault) : 0;
    if (err < 0)
        v1_reply_fault(session, &fault);
    buf_fini(&inflated);
    return is_read && err == 0;
}

static bool is_json(const struct session *session)
{
    struct span type = media_type_of(http_header(session->http, "Content-Type"));
    return http_head_equals_ignoring_case(type, "application/json");
}

static void set_runner(const struct v1_request *request)
{
    struct session *session = request->session;
    struct naming *naming = mem_try(sizeof *naming);
    if (naming == NULL) {
        v1_reply_no_memory(session);
        return;
    }
    naming->id = request->id;
    naming->inquiry.job.change = set_facts;
    naming->inquiry.on_back = on_named;
    if (!read_facts(session, &naming->facts) || !v1_http_inquire(session, &naming->inquiry))
        mem_free(naming);
}

void v1_http_put_runner(const struct v1_request *request)
{
    struct session *session = request->session;
    struct denied denied = {.count = 0};
    if (!act_may_publish(session, &request->id)) {
        act_deny(&denied, &request->id);
        v1_reply_denied(session, &denied, V1_PUBLISH);
    } else if (!is_json(session)) {
        v1_http_refuse_type(session, "application/json");
    } else if (session->shard->store == NULL) {
        v1_http_refuse_without_store(session);
    } else {
        set_runner(request);
    }
}
