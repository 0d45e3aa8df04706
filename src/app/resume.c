#include "app/resume.h"

#include <string.h>
#include <utlist.h>

#include "app/archive.h"
#include "app/mail.h"
#include "app/resume_state.h"
#include "app/session_phase.h"
#include "app/session_stream.h"
#include "app/shard.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#define WAITING_MAX 10000
#define ASKED_MAX 16 /* at a time: the store has two threads that read */
#define BYTES_MAX (64U << 20)
#define WAIT_MS 5000
#define STUCK_MS 30000     /* the socket takes nothing for so long */
#define PIECES_PER_TURN 16 /* of one session */

struct resumes *resumes_new(struct shard *shard)
{
    struct resumes *resumes = mem_must(sizeof *resumes);
    resumes->shard = shard;
    CHECK(pthread_mutex_init(&resumes->lock, NULL) == 0);
    return resumes;
}

void resumes_free(struct resumes **resumes)
{
    struct resumes *it = *resumes;
    struct resume *at;
    struct resume *next;
    if (it == NULL)
        return;
    CHECK(it->waiting == NULL && it->sending == NULL);
    DL_FOREACH_SAFE(it->back, at, next)
    {
        resume_free(at);
    }
    pthread_mutex_destroy(&it->lock);
    mem_free(it);
    *resumes = NULL;
}

size_t resumes_count(const struct resumes *resumes)
{
    return resumes->waiting_count + resumes->asked + resumes->sending_count;
}

size_t resumes_bytes(const struct resumes *resumes)
{
    return resumes->bytes;
}

/* --- begin ---------------------------------------------------------------------------------------------------------- */

static bool is_ours(const struct shard *shard, const struct cursor *cursor)
{
    const struct store_identity *ours = store_identity(shard->store);
    return memcmp(cursor->identity, ours->id, sizeof ours->id) == 0 && cursor->boot <= ours->boot;
}

static struct resume *make(struct session *session, const struct resume_request *request)
{
    struct resume *resume = mem_try(sizeof *resume);
    if (resume == NULL)
        return NULL;
    resume->home = session->shard->resumes;
    if (missed_init(&resume->missed, request->ids, request->count) < 0 ||
        buf_append(&resume->note, request->note) < 0 || session_await(session) < 0) {
        resume_free(resume);
        return NULL;
    }
    resume->session = session;
    resume->missed.dialect = session->follower.dialect;
    resume->missed.after = *request->since;
    resume->sets_pace = request->sets_pace;
    resume->pace_ms = request->pace_ms;
    resume->state = BEGINS;
    return resume;
}

static bool has_room(const struct resumes *resumes, size_t ids)
{
    return resumes->waiting_count < WAITING_MAX &&
           resumes->bytes + ids * sizeof(struct runner_id) <= BYTES_MAX;
}

/* What is refused here is counted as what begins and is reset later. */
static bool refuse_to_begin(const struct session *session, enum v1_reset *reason,
                            enum resume_outcome outcome, enum v1_reset because)
{
    metrics_add_labelled(session->shard->metrics, METRIC_resumes_total, outcome, 1);
    *reason = because;
    return false;
}

bool resume_begin(struct session *session, const struct resume_request *request,
                  enum v1_reset *reason)
{
    struct shard *shard = session->shard;
    CHECK(session->resume == NULL);
    if (shard->resumes == NULL)
        return refuse_to_begin(session, reason, RESUME_not_kept, V1_RESET_NOT_KEPT);
    if (!is_ours(shard, request->since))
        return refuse_to_begin(session, reason, RESUME_unknown_cursor, V1_RESET_UNKNOWN_CURSOR);
    struct resume *resume =
        has_room(shard->resumes, request->count) ? make(session, request) : NULL;
    if (resume == NULL)
        return refuse_to_begin(session, reason, RESUME_too_much, V1_RESET_TOO_MUCH);
    session->resume = resume;
    resume_set_bytes(resume, missed_bytes(&resume->missed));
    resume_enter(resume, WAITS);
    return true;
}

bool resume_keeps(struct session *session, struct span message)
{
    if (session->resume == NULL)
        return false;
    if (buf_append(&session->resume->message, message) < 0)
        session->is_doomed = true;
    session_stop_reading(session);
    return true;
}

bool resume_delays_meeting(struct session *session)
{
    if (session->resume == NULL)
        return false;
    session->resume->delays_meeting = true;
    return true;
}

/* --- ask ------------------------------------------------------------------------------------------------------------ */

/* A full mailbox does not matter: its worker is about to turn, and looks here in each turn. */
static void wake(struct resumes *resumes)
{
    static struct mail mail = {.kind = MAIL_STORED};
    (void)worker_post(resumes->shard->worker, &mail);
}

static int on_read(struct store_job *job, struct store_reader *reader)
{
    struct resume *resume = job->owner;
    return missed_read(&resume->missed, reader);
}

/* In a thread of the store. */
static void on_done(struct store_job *job, int err)
{
    struct resume *resume = job->owner;
    struct resumes *home = resume->home;
    resume->err = err;
    pthread_mutex_lock(&home->lock);
    bool was_empty = home->back == NULL;
    DL_APPEND(home->back, resume);
    pthread_mutex_unlock(&home->lock);
    if (was_empty)
        wake(home);
}

/* What comes live from now on begins here. */
static void note_here(struct resume *resume)
{
    const struct shard *shard = resume->home->shard;
    const struct store_identity *ours = store_identity(shard->store);
    struct cursor *upto = &resume->missed.upto;
    size_t origins;
    const uint64_t *applied = hub_applied(shard->hub, &origins);
    memcpy(upto->identity, ours->id, sizeof ours->id);
    upto->boot = ours->boot;
    upto->origins = (uint32_t)origins;
    memcpy(upto->applied, applied, origins * sizeof *applied);
}

/* Has the hub got all that the cursor holds? What it has not would come live, a second time. */
static bool is_reached(const struct shard *shard, const struct cursor *cursor)
{
    size_t origins;
    const uint64_t *applied = hub_applied(shard->hub, &origins);
    if (cursor->boot < store_identity(shard->store)->boot)
        return true;
    for (size_t i = 0; i < cursor->origins; i++)
        if (cursor->applied[i] > (i < origins ? applied[i] : 0))
            return false;
    return true;
}

static void ask(struct resume *resume)
{
    struct resumes *home = resume->home;
    resume->job = (struct store_job){.read = on_read, .on_done = on_done, .owner = resume};
    note_here(resume);
    int err = store_ask(home->shard->store, &resume->job);
    if (err == 0) {
        resume->state = ASKED;
        home->asked++;
        return;
    }
    resume_enter(resume, SENDING); /* where a reset leaves it */
    resume_reset(resume->session, err == ERR_FULL ? V1_RESET_TOO_MUCH : V1_RESET_NOT_KEPT);
}

/* What was published in this turn is put before the question. */
static void begin(struct resume *resume)
{
    struct session *session = resume->session;
    resume_enter(resume, BEGINS);
    archive_post(session->shard->archive);
    hub_hold(&session->follower, true);
    int err = resume_follow_now(resume, false);
    if (err == 0 && session->resume == resume) {
        ask(resume);
        return;
    }
    resume_refuse(session, err);
    if (session->resume == resume) {
        struct remains remains = resume_part(resume);
        resume_go_on(&remains);
    }
    resume_free(resume);
}

static void begin_waiting(struct resumes *resumes)
{
    struct resume *at;
    struct resume *next;
    DL_FOREACH_SAFE(resumes->waiting, at, next)
    {
        if (resumes->asked >= ASKED_MAX)
            return;
        if (is_reached(resumes->shard, &at->missed.after))
            begin(at);
    }
}

/* --- send ----------------------------------------------------------------------------------------------------------- */

/* The last one says where its reader is then; unless it is owed older things still, whose last one will. */
static struct hub_seal seal_of(const struct resume *resume, size_t piece)
{
    const struct follower *follower = &resume->session->follower;
    struct hub_seal seal = {0};
    if (piece + 1 < missed_pieces(&resume->missed))
        return seal;
    seal.superseded = hub_superseded(follower);
    seal.origins = resume->missed.upto.origins;
    if (!follower->behind)
        seal.applied = resume->missed.upto.applied;
    return seal;
}

static void send_piece(struct resume *resume)
{
    const struct hub_dialect *dialect = resume->missed.dialect;
    struct session *session = resume->session;
    CHECK(session != NULL); /* nothing that is sent here closes it */
    struct hub_seal seal = seal_of(resume, resume->sent);
    struct buf frame = {0};
    if (dialect->seal(dialect->context, &seal, missed_piece(&resume->missed, resume->sent),
                      &frame) < 0)
        session->is_doomed = true;
    else
        stream_write_before(session, buf_span(&frame));
    buf_fini(&frame);
    resume->sent++;
    resume->since_ms = resumes_now_ms(resume->home);
}

static bool is_all_sent(const struct resume *resume)
{
    return resume->sent == missed_pieces(&resume->missed);
}

static bool may_send(const struct resume *resume)
{
    const struct session *session = resume->session;
    CHECK(session != NULL);
    return !conn_is_full(&session->conn) && !session->is_doomed;
}

/* True: there is more that its socket takes. */
static bool send_some(struct resume *resume)
{
    for (int i = 0; i < PIECES_PER_TURN && !is_all_sent(resume) && may_send(resume); i++)
        send_piece(resume);
    if (!is_all_sent(resume))
        return may_send(resume);
    resumes_count_outcome(resume->home, RESUME_whole);
    metrics_add(resume->home->shard->metrics, METRIC_resumed_positions_total,
                resume->missed.positions);
    struct remains remains = resume_part(resume);
    resume_go_on(&remains);
    return false;
}

static enum v1_reset reason_of(int err)
{
    return err == ERR_TOO_MANY ? V1_RESET_TOO_MUCH : V1_RESET_NOT_KEPT;
}

/* It has been read, or could not be. */
static void come_home(struct resume *resume)
{
    struct resumes *home = resume->home;
    home->asked--;
    if (resume->session == NULL) {
        resume_free(resume);
        return;
    }
    resume_enter(resume, SENDING);
    resume_set_bytes(resume, missed_bytes(&resume->missed));
    if (resume->err < 0)
        resume_reset(resume->session, reason_of(resume->err));
    else if (home->bytes > BYTES_MAX)
        resume_reset(resume->session, V1_RESET_TOO_MUCH);
    else
        (void)send_some(resume);
}

static void take_back(struct resumes *resumes)
{
    struct resume *at;
    struct resume *next;
    pthread_mutex_lock(&resumes->lock);
    struct resume *back = resumes->back;
    resumes->back = NULL;
    pthread_mutex_unlock(&resumes->lock);
    DL_FOREACH_SAFE(back, at, next)
    {
        at->prev = at->next = NULL;
        come_home(at);
    }
}

/* Each once: who is sent something goes to the end, or is done. */
static bool send_more(struct resumes *resumes)
{
    bool has_more = false;
    for (size_t left = resumes->sending_count; left > 0 && resumes->sending != NULL; left--) {
        struct resume *resume = resumes->sending;
        DL_DELETE(resumes->sending, resume);
        DL_APPEND(resumes->sending, resume);
        has_more |= may_send(resume) && send_some(resume);
    }
    return has_more;
}

bool resumes_turn(struct resumes *resumes)
{
    take_back(resumes);
    bool has_more = send_more(resumes);
    begin_waiting(resumes);
    return has_more;
}

/* --- patience ------------------------------------------------------------------------------------------------------- */

static struct resume *find_stuck(const struct resumes *resumes)
{
    struct resume *at;
    DL_FOREACH(resumes->sending, at)
    {
        if (resumes_now_ms(resumes) - at->since_ms >= STUCK_MS)
            break;
    }
    return at;
}

static bool waits_too_long(const struct resume *resume)
{
    return resume != NULL && resumes_now_ms(resume->home) - resume->since_ms >= WAIT_MS;
}

/* A cursor that is never reached was made up, or is of a worker that stalls. */
void resumes_tick(struct resumes *resumes)
{
    struct resume *stuck;
    while (waits_too_long(resumes->waiting)) {
        bool reached = is_reached(resumes->shard, &resumes->waiting->missed.after);
        resume_reset(resumes->waiting->session,
                     reached ? V1_RESET_TOO_MUCH : V1_RESET_UNKNOWN_CURSOR);
    }
    while ((stuck = find_stuck(resumes)) != NULL) {
        session_count_fault(stuck->session, FAULT_queue_full);
        session_close(stuck->session, CLOSE_queue_full);
    }
}
