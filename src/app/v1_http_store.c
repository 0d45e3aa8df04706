#include "app/v1_http_store.h"

#include "app/shard.h"
#include "app/v1_http_reply.h"
#include "base/err.h"

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

struct runner_known v1_http_known_of(const struct store_runner *runner)
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
