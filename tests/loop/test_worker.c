/* The mailbox across threads, the loop's turns, and the end of a worker. */
#include "net/worker.h"

#include <pthread.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/mailbox.h"
#include "tests/lib/loop_test.h"

#define POSTERS 4
#define MAILS_EACH 2000

struct poster {
    pthread_t thread;
    int orders[MAILS_EACH];
};

static void *post_many(void *context)
{
    struct poster *poster = context;
    for (int i = 0; i < MAILS_EACH; i++)
        while (worker_post(loop->worker, &poster->orders[i]) == ERR_FULL)
            continue;
    return NULL;
}

static bool all_mail_is_there(void *context)
{
    (void)context;
    return loop->mails == POSTERS * MAILS_EACH;
}

TEST(mail_from_several_threads_arrives_each_threads_in_order)
{
    static struct poster posters[POSTERS];
    for (int i = 0; i < POSTERS; i++)
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_many, &posters[i]), 0);
    loop_run_until(loop, all_mail_is_there, NULL, 100000);
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(posters[i].thread, NULL);
        for (int m = 1; m < MAILS_EACH; m++)
            assert_true(posters[i].orders[m] > posters[i].orders[m - 1]);
    }
}

TEST(mail_posted_in_one_go_costs_one_wake_up)
{
    struct mailbox *mailbox = mailbox_new(10);
    int letter;
    assert_int_equal(mailbox_post(mailbox, &letter), 1);
    assert_int_equal(mailbox_post(mailbox, &letter), 0);
    assert_ptr_equal(mailbox_take(mailbox), &letter);
    assert_int_equal(mailbox_post(mailbox, &letter), 0);
    assert_ptr_equal(mailbox_take(mailbox), &letter);
    assert_ptr_equal(mailbox_take(mailbox), &letter);
    assert_null(mailbox_take(mailbox));
    assert_int_equal(mailbox_post(mailbox, &letter), 1);
    assert_ptr_equal(mailbox_take(mailbox), &letter);
    mailbox_free(&mailbox);
}

TEST(a_mailbox_is_bounded)
{
    struct mailbox *mailbox = mailbox_new(2);
    int letter;
    assert_true(mailbox_post(mailbox, &letter) >= 0);
    assert_true(mailbox_post(mailbox, &letter) >= 0);
    assert_int_equal(mailbox_post(mailbox, &letter), ERR_FULL);
    while (mailbox_take(mailbox) != NULL)
        continue;
    assert_true(mailbox_post(mailbox, &letter) >= 0);
    mailbox_close(mailbox);
    assert_int_equal(mailbox_post(mailbox, &letter), ERR_CLOSED);
    assert_non_null(mailbox_take(mailbox));
    mailbox_free(&mailbox);
}

TEST(mail_that_is_there_when_the_worker_stops_is_still_delivered)
{
    int order = 0;
    assert_int_equal(worker_post(loop->worker, &order), 0);
    worker_stop(loop->worker);
    assert_int_equal(worker_post(loop->worker, &order), ERR_CLOSED);
    worker_run(loop->worker);
    assert_int_equal(order, 1);
    worker_free(&loop->worker);
    loop->worker = NULL;
    mem_free(loop);
    loop = loop_new();
}

static bool has_turned_often(void *context)
{
    (void)context;
    return loop->turns > 20;
}

TEST(a_turn_with_work_left_does_not_sleep)
{
    loop_turn(loop);
    loop->has_more = true;
    loop_turn(loop);
    int ticks = loop->ticks;
    loop->turns = 0;
    loop_run_until(loop, has_turned_often, NULL, 30);
    assert_in_range(loop->ticks, ticks, ticks + 15);
    loop->has_more = false;
}
