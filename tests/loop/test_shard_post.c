/* What the main thread has to tell a shard, as at SIGHUP, while the shard's mailbox is full. */
#include <pthread.h>

#include "app/mail.h"
#include "app/shard.h"
#include "base/err.h"
#include "tests/lib/loop_test.h"

#define MAILS_MAX 100000

static int others[MAILS_MAX];

/* What the main thread does, and what comes of it. */
struct poster {
    struct shard shard; /* of which only the worker is there */
    struct mail reload;
    int result;
};

static int fill_mailbox(void)
{
    int count = 0;
    while (count < MAILS_MAX && worker_post(loop->worker, &others[count]) == 0)
        count++;
    assert_int_equal(worker_post(loop->worker, &others[count]), ERR_FULL);
    return count;
}

static void *post_reload(void *context)
{
    struct poster *poster = context;
    poster->result = shard_post(&poster->shard, &poster->reload);
    return NULL;
}

static bool reload_is_there(void *context)
{
    return loop->mails == *(int *)context + 1;
}

TEST(what_is_posted_to_a_full_mailbox_waits_and_comes_behind_all_that_is_in_it)
{
    pthread_t main_thread;
    struct poster poster = {.shard.worker = loop->worker, .result = 1};
    int before = fill_mailbox();
    assert_int_equal(pthread_create(&main_thread, NULL, post_reload, &poster), 0);
    loop_run_until(loop, reload_is_there, &before, 100000);
    pthread_join(main_thread, NULL);
    assert_int_equal(poster.result, 0);
    assert_int_equal(*(int *)(void *)&poster.reload, before + 1);
}

TEST(what_is_posted_to_one_that_has_ended_stays_the_posters)
{
    struct poster poster = {.shard.worker = loop->worker};
    fill_mailbox();
    worker_stop(loop->worker);
    assert_int_equal(shard_post(&poster.shard, &poster.reload), ERR_CLOSED);
}
