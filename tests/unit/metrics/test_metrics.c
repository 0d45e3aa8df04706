#include "metrics/metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/close_reason.h"
#include "base/fault.h"
#include "tests/lib/test.h"

static struct metrics *metrics;

static int begin(void **state)
{
    (void)state;
    metrics = metrics_new();
    return 0;
}

static int end(void **state)
{
    (void)state;
    metrics_free(&metrics);
    return metrics == NULL ? 0 : -1;
}

TEST_SETUP(begin);
TEST_TEARDOWN(end);

TEST(numbers_begin_at_zero)
{
    assert_int_equal(metrics_get(metrics, METRIC_positions_received_total), 0);
    assert_int_equal(metrics_get(metrics, METRIC_sessions), 0);
}

TEST(a_worker_counts_itself)
{
    assert_int_equal(metrics_get(metrics, METRIC_workers), 1);
}

TEST(a_counter_adds_up)
{
    metrics_add(metrics, METRIC_positions_received_total, 2);
    metrics_add(metrics, METRIC_positions_received_total, 3);
    assert_int_equal(metrics_get(metrics, METRIC_positions_received_total), 5);
    assert_int_equal(metrics_get(metrics, METRIC_positions_late_total), 0);
}

TEST(a_gauge_is_what_it_was_set_to_last)
{
    metrics_set(metrics, METRIC_sessions, 7);
    metrics_set(metrics, METRIC_sessions, 4);
    assert_int_equal(metrics_get(metrics, METRIC_sessions), 4);
}

TEST(each_value_of_a_label_has_its_own_number)
{
    metrics_add_labelled(metrics, METRIC_sessions_closed_total, CLOSE_shutdown, 2);
    metrics_add_labelled(metrics, METRIC_errors_total, FAULT_bad_json, 3);
    for (size_t i = 0; i < CLOSE_REASON_COUNT; i++)
        assert_int_equal(metrics_get_labelled(metrics, METRIC_sessions_closed_total, i),
                         i == CLOSE_shutdown ? 2 : 0);
    for (size_t i = 0; i < FAULT_COUNT; i++)
        assert_int_equal(metrics_get_labelled(metrics, METRIC_errors_total, i),
                         i == FAULT_bad_json ? 3 : 0);
}

TEST(numbers_do_not_share_a_place)
{
    metrics_add_labelled(metrics, METRIC_sessions_closed_total, CLOSE_REASON_COUNT - 1, 1);
    metrics_add_labelled(metrics, METRIC_errors_total, 0, 10);
    metrics_observe_us(metrics, METRIC_flush_seconds, 1000);
    assert_int_equal(
        metrics_get_labelled(metrics, METRIC_sessions_closed_total, CLOSE_REASON_COUNT - 1), 1);
    assert_int_equal(metrics_get_labelled(metrics, METRIC_errors_total, 0), 10);
    assert_int_equal(metrics_get(metrics, METRIC_sessions_opened_total), 0);
}

TEST(an_http_status_without_a_label_of_its_own_counts_as_other)
{
    assert_int_not_equal(metrics_http_label(200), metrics_http_label(404));
    assert_int_equal(metrics_http_label(299), metrics_http_label(-1));
    assert_int_not_equal(metrics_http_label(299), metrics_http_label(200));
}

#define ROUNDS 100000

static void *count(void *done)
{
    for (int i = 0; i < ROUNDS; i++)
        metrics_add(metrics, METRIC_sends_total, 1);
    atomic_store((atomic_bool *)done, true);
    return NULL;
}

TEST(another_thread_may_read_while_one_counts)
{
    pthread_t thread;
    atomic_bool done = false;
    uint64_t last = 0;
    assert_int_equal(pthread_create(&thread, NULL, count, &done), 0);
    while (!atomic_load(&done)) {
        uint64_t now = metrics_get(metrics, METRIC_sends_total);
        assert_true(now >= last);
        last = now;
    }
    pthread_join(thread, NULL);
    assert_int_equal(metrics_get(metrics, METRIC_sends_total), ROUNDS);
}

TEST(nothing_can_be_released)
{
    struct metrics *none = NULL;
    metrics_free(&none);
    assert_null(none);
}
