#include "app/inquiry.h"

#include <pthread.h>

#include "app/awaited.h"
#include "app/mail.h"
#include "app/shard.h"
#include "base/check.h"
#include "base/mem.h"

struct inquiries {
    pthread_mutex_t lock;
    struct inquiry *back; /* owned; under the lock: came back, in order */
    struct inquiry **back_end;
};

struct inquiries *inquiries_new(void)
{
    struct inquiries *inquiries = mem_must(sizeof *inquiries);
    inquiries->back_end = &inquiries->back;
    CHECK(pthread_mutex_init(&inquiries->lock, NULL) == 0);
    return inquiries;
}

static struct inquiry *take_back(struct inquiries *inquiries)
{
    pthread_mutex_lock(&inquiries->lock);
    struct inquiry *first = inquiries->back;
    inquiries->back = NULL;
    inquiries->back_end = &inquiries->back;
    pthread_mutex_unlock(&inquiries->lock);
    return first;
}

void inquiries_free(struct inquiries **inquiries)
{
    struct inquiries *it = *inquiries;
    if (it == NULL)
        return;
    for (struct inquiry *at = take_back(it), *next; at != NULL; at = next) {
        next = at->next;
        at->on_back(at, NULL);
    }
    pthread_mutex_destroy(&it->lock);
    mem_free(it);
    *inquiries = NULL;
}

/* In the store's thread. A full mailbox does not matter: its worker is about to turn, and looks here in each turn. */
static void on_done(struct store_job *job, int err)
{
    static struct mail mail = {.kind = MAIL_STORED};
    struct inquiry *inquiry = job->owner;
    struct worker *worker = inquiry->home->worker;
    struct inquiries *inquiries = inquiry->home->inquiries;
    inquiry->err = err;
    if (err >= 0 && inquiry->work != NULL)
        inquiry->err = inquiry->work(inquiry);
    pthread_mutex_lock(&inquiries->lock);
    bool was_empty = inquiries->back == NULL;
    *inquiries->back_end = inquiry;
    inquiries->back_end = &inquiry->next;
    pthread_mutex_unlock(&inquiries->lock);
    if (was_empty)
        (void)worker_post(worker, &mail);
}

static void prepare(struct inquiry *inquiry, struct shard *shard, uint64_t session_id)
{
    inquiry->job.on_done = on_done;
    inquiry->job.owner = inquiry;
    inquiry->next = NULL;
    inquiry->home = shard;
    inquiry->session_id = session_id;
}

int inquiry_ask(struct inquiry *inquiry, struct shard *shard, uint64_t session_id)
{
    prepare(inquiry, shard, session_id);
    return store_ask(shard->store, &inquiry->job);
}

int inquiry_change(struct inquiry *inquiry, struct shard *shard, uint64_t session_id)
{
    prepare(inquiry, shard, session_id);
    return store_change(shard->store, &inquiry->job);
}

void inquiries_collect(struct shard *shard)
{
    struct inquiry *inquiry = take_back(shard->inquiries);
    while (inquiry != NULL) {
        struct inquiry *next = inquiry->next;
        inquiry->on_back(inquiry, awaited_find(shard->awaited, inquiry->session_id));
        inquiry = next;
    }
}
