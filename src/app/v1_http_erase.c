#include "app/v1_http_erase.h"

#include "app/awaited.h"
#include "app/errand.h"
#include "app/server.h"
#include "app/session_act.h"
#include "app/shard.h"
#include "app/v1_http_reply.h"
#include "app/v1_http_store.h"
#include "app/v1_publish.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/change.h"

#define PIECE_POSITIONS 10000 /* others' positions are stored between pieces */

struct erasure {
    struct inquiry inquiry; /* first */
    struct store_erasing erasing;
};

/* --- on disk -------------------------------------------------------------------------------------------------------- */

/* Who is not there is erased as well. */
static int erase(struct store_job *job, struct store_writer *writer)
{
    struct erasure *erasure = job->owner;
    int err = store_erase_runner(writer, &erasure->erasing);
    if (err != ERR_NOT_FOUND)
        return err;
    erasure->erasing.is_over = true;
    return 0;
}

static void reply_erased(struct session *session)
{
    v1_reply_send(session, &(struct v1_reply){.status = 204});
}

/* Once the shard drains the store may be closed. */
static bool goes_on(struct erasure *erasure)
{
    struct inquiry *inquiry = &erasure->inquiry;
    struct shard *home = inquiry->home;
    if (inquiry->err < 0 || erasure->erasing.is_over)
        return false;
    inquiry->err = home->drain_deadline_ms != 0
                       ? ERR_CLOSED
                       : inquiry_change(inquiry, home, inquiry->session_id);
    return inquiry->err == 0;
}

static void on_erased(struct inquiry *inquiry, struct session *session)
{
    if (goes_on((struct erasure *)inquiry))
        return;
    if (inquiry->err < 0)
        LOG(LOG_WARN, "store.not_erased", NO_SESSION, "a runner could not be erased on disk: %s",
            err_text(inquiry->err));
    if (session != NULL && inquiry->err < 0)
        v1_http_refuse_store(session, inquiry->err);
    else if (session != NULL)
        reply_erased(session);
    mem_free(inquiry);
}

/* Whether or not who asked for it is still there. */
static int erase_on_disk(struct shard *shard, const struct errand *errand)
{
    struct erasure *erasure = mem_try(sizeof *erasure);
    if (erasure == NULL)
        return ERR_NO_MEMORY;
    erasure->erasing = (struct store_erasing){
        .runner = errand->runner, .limit = PIECE_POSITIONS, .next_ms = INT64_MIN};
    erasure->inquiry.job.change = erase;
    erasure->inquiry.on_back = on_erased;
    int err = inquiry_change(&erasure->inquiry, shard, errand->asked_by);
    if (err < 0)
        mem_free(erasure);
    return err;
}

/* --- in memory ------------------------------------------------------------------------------------------------------ */

void v1_http_on_errand(struct shard *shard, struct errand *errand)
{
    struct session *session = awaited_find(shard->awaited, errand->asked_by);
    int err = errand->is_partial ? ERR_FULL : 0;
    if (err == 0 && shard->store != NULL)
        err = erase_on_disk(shard, errand);
    if (session != NULL && err < 0)
        v1_http_refuse_store(session, err);
    else if (session != NULL && shard->store == NULL)
        reply_erased(session);
    errand_free(&errand);
}

static void send_errand(const struct v1_request *request)
{
    struct session *session = request->session;
    struct shard *home = session->shard;
    struct errand *errand = errand_new(ERRAND_FORGET, 0);
    if (errand == NULL) {
        v1_reply_no_memory(session);
        return;
    }
    errand->runner = request->id;
    errand->home = home;
    errand->shards = server_shards(home->server, &errand->shard_count);
    errand->asked_by = session->id;
    if (v1_http_wait(session)) {
        if (errand_go(errand) == 0)
            return;
        v1_http_refuse_store(session, ERR_FULL);
    }
    errand_free(&errand);
}

void v1_http_delete_runner(const struct v1_request *request)
{
    struct denied denied = {.count = 0};
    if (act_may_publish(request->session, &request->id)) {
        send_errand(request);
        return;
    }
    act_deny(&denied, &request->id);
    v1_reply_denied(request->session, &denied, V1_PUBLISH);
}
