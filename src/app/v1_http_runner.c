#include "app/v1_http_runner.h"

#include "app/session_act.h"
#include "app/shard.h"
#include "app/v1_http_reply.h"
#include "app/v1_http_store.h"
#include "base/err.h"
#include "base/mem.h"
#include "proto/v1_live.h"

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
    struct runner_known known = v1_http_known_of(runner);
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
