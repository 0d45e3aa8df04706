#include "cli/latency.h"

#include "base/mem.h"
#include "tests/lib/test.h"

static struct latency *of(size_t count, const uint64_t *durations_us)
{
    struct latency *latency = mem_must(sizeof *latency);
    for (size_t i = 0; i < count; i++)
        latency_add(latency, durations_us[i]);
    return latency;
}

TEST(of_nothing_every_quantile_is_nought)
{
    struct latency *none = of(0, NULL);
    assert_int_equal(latency_quantile_us(none, 0.5), 0);
    assert_int_equal(none->max_us, 0);
    mem_free(none);
}

TEST(small_durations_are_exact)
{
    struct latency *latency = of(5, (const uint64_t[]){1, 2, 3, 4, 63});
    assert_int_equal(latency_quantile_us(latency, 0.2), 1);
    assert_int_equal(latency_quantile_us(latency, 0.5), 3);
    assert_int_equal(latency_quantile_us(latency, 0.8), 4);
    assert_int_equal(latency_quantile_us(latency, 1), 63);
    mem_free(latency);
}

TEST(a_quantile_is_never_above_the_maximum)
{
    struct latency *latency = of(2, (const uint64_t[]){1000001, 1000001});
    assert_int_equal(latency_quantile_us(latency, 0.5), 1000001);
    assert_int_equal(latency->max_us, 1000001);
    mem_free(latency);
}

TEST(any_duration_is_told_within_a_sixtyfourth)
{
    for (uint64_t us = 1; us < UINT64_MAX / 3; us += us / 8 + 1) {
        struct latency *latency = of(2, (const uint64_t[]){us, UINT64_MAX});
        uint64_t told = latency_quantile_us(latency, 0.5);
        assert_true(told >= us && told - us <= us / 64);
        mem_free(latency);
    }
}

TEST(the_longest_duration_there_is_has_a_bucket)
{
    struct latency *latency = of(1, (const uint64_t[]){UINT64_MAX});
    assert_true(latency_quantile_us(latency, 0.99) == UINT64_MAX);
    mem_free(latency);
}

TEST(quantiles_grow)
{
    struct latency *latency = mem_must(sizeof *latency);
    for (uint64_t i = 0; i < 10000; i++)
        latency_add(latency, i * i);
    uint64_t before = 0;
    for (double quantile = 0.01; quantile < 1; quantile += 0.01) {
        uint64_t now = latency_quantile_us(latency, quantile);
        assert_true(now >= before);
        before = now;
    }
    mem_free(latency);
}
