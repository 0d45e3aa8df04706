/* What the main thread has to tell a shard, as at SIGHUP, while the shard's mailbox is full. */
#include <pthread.h>

#include "app/mail.h"
#include "app/shard.h"
#include "base/err.h"
#include "tests/lib/loop.h"
#include "tests/lib/test.h"

#define MAILS_MAX 100000

static struct loop *loop;
static struct shard shard; /* of which only the worker is there */
static int others[MAILS_MAX];
static struct mail reload;
static int posted = 1;

static int set_up(void **state)
{
    (void)state;
    loop = loop_new();
    shard.worker = loop->worker;
    posted = 1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(&loop);
    return 0;
}

TEST_SETUP(set_up);
TEST_TEARDOWN(tear_down);

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
    (void)context;
    posted = shard_post(&shard, &reload);
    return NULL;
}

static bool reload_is_there(void *context)
{
    return loop->mails == *(int *)context + 1;
}

TEST(what_is_posted_to_a_full_mailbox_waits_and_comes_behind_all_that_is_in_it)
{
    pthread_t main_thread;
    int before = fill_mailbox();
    assert_int_equal(pthread_create(&main_thread, NULL, post_reload, NULL), 0);
    loop_run_until(loop, reload_is_there, &before, 100000);
    pthread_join(main_thread, NULL);
    assert_int_equal(posted, 0);
    assert_int_equal(*(int *)(void *)&reload, before + 1);
}

TEST(what_is_posted_to_one_that_has_ended_stays_the_posters)
{
    fill_mailbox();
    worker_stop(loop->worker);
    assert_int_equal(shard_post(&shard, &reload), ERR_CLOSED);
}
