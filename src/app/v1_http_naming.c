#include "app/v1_http_naming.h"

#include "app/access.h"
#include "app/session_act.h"
#include "app/shard.h"
#include "app/v1_http_publish.h"
#include "app/v1_http_reply.h"
#include "app/v1_http_store.h"
#include "app/v1_publish.h"
#include "base/err.h"
#include "base/mem.h"
#include "codec/accept.h"
#include "codec/http_head.h"
#include "store/change.h"

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
    return session->permit != NULL ? grants_allow_all(session->permit->pass->publish)
                                   : act_may_all(session);
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
