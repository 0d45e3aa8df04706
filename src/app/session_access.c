#include "app/session_access.h"

#include "app/resume.h"
#include "app/session_phase.h"
#include "app/shard.h"
#include "base/mem.h"
#include "codec/credentials.h"
#include "codec/origin.h"

/* What a refusal means for a handshake, and for an open session that has no permit. */
static const struct refusal {
    enum fault_code fault;
    int status;
    enum close_reason reason;
} refusals[] = {
    {FAULT_bad_token, 401, CLOSE_bad_token},
    {FAULT_token_expired, 401, CLOSE_token_expired},
    {FAULT_token_revoked, 401, CLOSE_token_revoked},
    {FAULT_keys_missing, 503, CLOSE_keys_missing},
    {FAULT_too_many_failed_tokens, 429, CLOSE_too_many_failed_tokens},
    {FAULT_too_many_sessions_per_token, 429, CLOSE_too_many_sessions_per_token},
    {FAULT_out_of_memory, 503, CLOSE_out_of_memory},
};

/* The last row is what is left. */
static const struct refusal *refusal_of(const struct fault *fault)
{
    size_t row = 0;
    while (row + 1 < sizeof refusals / sizeof refusals[0] && refusals[row].fault != fault->code)
        row++;
    return &refusals[row];
}

/* A token costs more than any other message: so many in messages at once, then one in this time. */
#define TOKENS_AT_ONCE 5
#define TOKEN_EVERY_MS 1000

static enum access_verdict ask(struct session *session, struct span token,
                               struct access_answer *answer)
{
    struct access_question question = {
        .session = session,
        .token = token,
        .held = session->permit,
        .address = session_address(session),
        .now_ms = worker_now_ms(session->shard->worker),
    };
    return access_ask(session->shard->access, &question, answer);
}

/* Nothing is read from it until keys come; without room to wait the answer is that there are none. */
static bool park(struct session *session, struct span message, struct access_answer *answer)
{
    const struct shard *shard = session->shard;
    struct access_wait wait = {
        .session = session,
        .issuer = answer->issuer,
        .waited = answer->waited,
        .since_ms = answer->since_ms,
    };
    if (access_park(shard->access, &wait, message) < 0) {
        fault_set(&answer->fault, FAULT_keys_missing, "tokens can't be verified yet, try again");
        return false;
    }
    session->token_credit_ms -= TOKEN_EVERY_MS; /* it will be shown again */
    session->is_parked = true;
    conn_pause(&session->conn);
    return true;
}

/* --- in the handshake ----------------------------------------------------------------------------------------------- */

static bool page_may_connect(const struct session *session)
{
    const struct shard *shard = session->shard;
    return origin_is_allowed(session->http, &shard->origins);
}

void session_trust_certificate(struct session *session)
{
    struct access *access = session->shard->access;
    if (session->state != SESSION_HTTP || !access_needs_tokens(access))
        return;
    char *name = conn_peer_name(&session->conn);
    if (name == NULL)
        return;
    if (!conn_peer_is_trusted_by(&session->conn, session->shard->tls)) {
        mem_free(name); /* the authorities changed during the handshake */
        return;
    }
    session->permit =
        access_permit_certificate(access, span_of_text(name), conn_peer_expires_s(&session->conn));
    mem_free(name);
}

static int admit_token(struct session *session, struct span token, struct fault *fault)
{
    struct access_answer answer;
    enum access_verdict verdict = ask(session, token, &answer);
    if (verdict == ACCESS_WAITS && park(session, span_of(NULL, 0), &answer))
        return 0;
    if (verdict == ACCESS_GRANTED) {
        access_free_permit(session->shard->access, &session->permit);
        session->permit = answer.permit;
        return 101;
    }
    *fault = answer.fault;
    return refusal_of(fault)->status;
}

/* Where no token is needed, none is looked at. */
int session_admit_request(struct session *session, bool *by_subprotocol, struct fault *fault)
{
    struct credentials credentials;
    struct buf decoded = {0};
    *by_subprotocol = false;
    if (!page_may_connect(session)) {
        fault_set(fault, FAULT_origin_refused, "web pages of this origin may not connect");
        return 403;
    }
    if (credentials_find(session->http, session->shard->options->token_cookie, &decoded,
                         &credentials) < 0) {
        fault_set(fault, FAULT_out_of_memory, "no memory for the token");
        return 503;
    }
    int status = 101;
    *by_subprotocol = credentials.by_subprotocol;
    if (!access_needs_tokens(session->shard->access) || credentials.place == CREDENTIALS_NONE)
        status = 101;
    else if (credentials.contradict)
        status = admit_token(session, span_of(NULL, 0), fault);
    else
        status = admit_token(session, credentials.token, fault);
    buf_fini(&decoded);
    return status;
}

/* --- in messages ---------------------------------------------------------------------------------------------------- */

void session_begin_access(struct session *session)
{
    if (session_lacks_permit(session))
        session_set_deadline(session, session->shard->options->token_timeout_ms);
}

bool session_lacks_permit(const struct session *session)
{
    return session->permit == NULL && access_needs_tokens(session->shard->access);
}

bool session_awaits_keys(const struct session *session)
{
    return session->is_parked && !session->is_stopped;
}

static bool may_follow(void *ctx, const struct runner_id *id)
{
    return pass_may_follow(ctx, span_of(id->text, id->len));
}

/* Whoever can't be kept from what is not granted any more is sent away. */
static void narrow(struct session *session)
{
    struct shard *shard = session->shard;
    if (hub_narrow(shard->hub, &session->follower, may_follow, session->permit->pass,
                   worker_now_ms(shard->worker)) < 0)
        session->is_doomed = true;
    session_check_queue(session);
}

static void use_permit(struct session *session, struct permit *permit)
{
    if (session->permit == NULL)
        session_set_deadline(session, 0);
    access_free_permit(session->shard->access, &session->permit);
    session->permit = permit;
    narrow(session);
    session_handler_of(session)->tell_expiry(session);
}

static void refuse_token(struct session *session, const struct fault *fault)
{
    if (session_lacks_permit(session))
        session_end_by_fault(session, fault, refusal_of(fault)->reason);
    else
        session_fault(session, fault);
}

/* A time that is not between now and the longest that can be owed is one of long ago. */
static bool takes_token(struct session *session)
{
    uint32_t now_ms = session_now_ms(session);
    uint32_t owed_ms = session->token_credit_ms - now_ms;
    if (owed_ms > TOKENS_AT_ONCE * TOKEN_EVERY_MS)
        owed_ms = 0;
    if (owed_ms > (TOKENS_AT_ONCE - 1) * TOKEN_EVERY_MS)
        return false;
    session->token_credit_ms = now_ms + owed_ms + TOKEN_EVERY_MS;
    return true;
}

static void refuse_haste(struct session *session)
{
    struct fault fault;
    fault_set(&fault, FAULT_too_many_messages, "more tokens than may be: %d, then one a second",
              TOKENS_AT_ONCE);
    session_fault(session, &fault);
}

void session_show_token(struct session *session, struct span token, struct span message)
{
    struct access_answer answer;
    if (!access_needs_tokens(session->shard->access)) {
        session_handler_of(session)->tell_expiry(session);
        return;
    }
    if (!takes_token(session)) {
        refuse_haste(session);
        return;
    }
    enum access_verdict verdict = ask(session, token, &answer);
    if (verdict == ACCESS_GRANTED)
        use_permit(session, answer.permit);
    else if (verdict == ACCESS_REFUSED || !park(session, message, &answer))
        refuse_token(session, &answer.fault);
}

void session_need_token(struct session *session)
{
    struct fault fault;
    fault_set(&fault, FAULT_token_required, "show a token first: {\"token\": \"...\"}");
    session_end_by_fault(session, &fault, CLOSE_token_required);
}

/* --- while it lives ------------------------------------------------------------------------------------------------- */

static void check_deadline(struct session *session)
{
    if (!session_awaits_keys(session) &&
        (int32_t)(session_now_ms(session) - session->deadline_ms) >= 0)
        session_need_token(session);
}

void session_check_access(struct session *session)
{
    struct access *access = session->shard->access;
    struct fault fault;
    if (session->state != SESSION_OPEN || !access_needs_tokens(access))
        return;
    if (session->permit == NULL)
        check_deadline(session);
    else if (!access_still_holds(access, session->permit, &fault))
        session_end_by_fault(session, &fault, refusal_of(&fault)->reason);
}

void session_check_certificate(struct session *session)
{
    const struct shard *shard = session->shard;
    struct fault fault;
    if (session->permit == NULL || session->permit->pass->issuer != PASS_OF_CERTIFICATE ||
        conn_peer_is_trusted_by(&session->conn, shard->tls))
        return;
    access_free_permit(shard->access, &session->permit);
    if (session->state != SESSION_OPEN)
        return;
    fault_set(&fault, FAULT_token_revoked, "the certificate is not trusted any more");
    session_end_by_fault(session, &fault, CLOSE_token_revoked);
}

void session_regroup(struct session *session)
{
    size_t followed = hub_following(&session->follower);
    if (session->permit == NULL || !access_regroup(session->shard->access, session->permit) ||
        session->state != SESSION_OPEN)
        return;
    narrow(session);
    if (hub_following(&session->follower) < followed)
        session_handler_of(session)->tell_expiry(session);
    resume_give_up(session);
}

void session_resume(struct session *session, const struct parked_bytes *bytes)
{
    session->is_parked = session->is_stopped = false;
    conn_resume(&session->conn);
    session_take_up(session, bytes);
}

void session_end_access(struct session *session)
{
    if (session->is_parked) {
        access_unpark(session->shard->access, session);
        session->is_parked = session->is_stopped = false;
        conn_resume(&session->conn);
    }
    access_free_permit(session->shard->access, &session->permit);
}
