#include "app/v1_http_visit.h"

#include "app/session_access.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "app/trusted_proxies.h"
#include "base/err.h"
#include "base/mem.h"

int v1_visit_begin(struct session *session)
{
    struct v1_visit *visit = mem_try(sizeof *visit);
    if (visit == NULL)
        return ERR_NO_MEMORY;
    visit->peer = session->client;
    visit->own = session->permit;
    session->permit = NULL;
    session->client = trusted_proxies_client(session->shard->proxies, &visit->peer, session->http);
    session->visit = visit;
    return 0;
}

/* Without a token what the connection came with counts. */
static void fall_back(struct session *session)
{
    struct v1_visit *visit = session->visit;
    visit->shows_token = session->permit != NULL;
    if (visit->shows_token)
        return;
    session->permit = visit->own;
    visit->own = NULL;
}

static int check_permit(const struct session *session, struct fault *fault)
{
    const struct access *access = session->shard->access;
    if (session_lacks_permit(session)) {
        fault_set(fault, FAULT_token_required, "show a token: Authorization: Bearer TOKEN");
        return 401;
    }
    bool holds = session->permit == NULL || access_still_holds(access, session->permit, fault);
    return holds ? 200 : 401;
}

int v1_visit_admit(struct session *session, struct fault *fault)
{
    struct shard *shard = session->shard;
    bool by_subprotocol;
    if (access_shuns(shard->access, session->client, worker_now_ms(shard->worker), fault))
        return 429;
    int status = session_admit_request(session, &by_subprotocol, fault);
    if (status != 101)
        return status;
    fall_back(session);
    status = check_permit(session, fault);
    if (status == 200 && !session_takes_message(session, fault))
        status = 429;
    return status;
}

bool v1_visit_holds(const struct session *session)
{
    struct fault ignored;
    return check_permit(session, &ignored) == 200;
}

/* What stood back counts again; its authority may have gone meanwhile. */
static void give_back(struct session *session)
{
    struct v1_visit *visit = session->visit;
    session->client = visit->peer;
    if (visit->shows_token)
        access_free_permit(session->shard->access, &session->permit);
    if (session->permit == NULL)
        session->permit = visit->own;
}

void v1_visit_end(struct session *session)
{
    struct v1_visit *visit = session->visit;
    if (visit == NULL)
        return;
    give_back(session);
    session->visit = NULL;
    v1_flow_fini(session->shard, &visit->flow);
    mem_free(visit);
    session_check_certificate(session);
}
