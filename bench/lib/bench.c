#include "bench/lib/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/clock.h"

#define PAIRS 15
#define RUN_AT_LEAST_US 20000

/*
 * In place of the system's, for the whole program: the server's hash tables are keyed by chance, and how long their chains
 * are would differ from run to run.
 */
int getentropy(void *buffer, size_t length)
{
    memset(buffer, 0x5a, length);
    return 0;
}

/* Source: Marsaglia, "Xorshift RNGs" (2003), with a multiplication at the end (Vigna's xorshift64*). */
uint32_t bench_random(uint64_t *state, uint32_t bound)
{
    CHECK(*state != 0 && bound > 0);
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    uint64_t bits = (*state * UINT64_C(0x2545f4914f6cdd1d)) >> 32;
    return (uint32_t)(bits * bound >> 32);
}

static struct coordinate degrees(double value)
{
    return (struct coordinate){.real = round(value * 1e7) / 1e7};
}

struct position bench_position(uint32_t runner, uint64_t step)
{
    struct position position = {.runner_is_number = true, .time_is_arrival = true};
    double metre_deg = 1e-5;
    runner_id_set_integer(&position.runner, 1000 + (int64_t)runner);
    position.lat = degrees(48.8567312 + (double)(step % 10007) * 1.37 * metre_deg);
    position.lng = degrees(2.2927941 + (double)(runner % 997) * 2.91 * metre_deg);
    position.time_ms = INT64_C(1700000000000) + (int64_t)step;
    return position;
}

static const struct bench_case *find_case(const struct bench_case *cases, size_t count,
                                          const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    fprintf(stderr, "no case %s: see list\n", name);
    return NULL;
}

static int list(const struct bench_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("%s\t%" PRIu64 "\t%s\t%s\n", cases[i].name, cases[i].rounds, cases[i].operation,
               cases[i].peer != NULL ? cases[i].peer_name : "-");
    return 0;
}

static int run(const struct bench_case *it, const char *rounds_text)
{
    char *end;
    errno = 0;
    uint64_t rounds = strtoull(rounds_text, &end, 10);
    if (errno != 0 || end == rounds_text || *end != '\0') {
        fprintf(stderr, "not a number of rounds: %s\n", rounds_text);
        return 2;
    }
    void *bench = it->setup(it->shape);
    printf("%" PRIu64 "\n", it->run(bench, rounds));
    it->teardown(bench);
    return 0;
}

/* --- time, only ever as a ratio ------------------------------------------------------------------------------------- */

typedef uint64_t run_fn(void *bench, uint64_t rounds);

static uint64_t rounds_for(run_fn *fn, void *bench)
{
    for (uint64_t rounds = 1;; rounds *= 2) {
        uint64_t start_us = clock_monotonic_us();
        fn(bench, rounds);
        if (clock_monotonic_us() - start_us >= RUN_AT_LEAST_US)
            return rounds;
    }
}

static double us_per_operation(run_fn *fn, void *bench, uint64_t rounds)
{
    uint64_t start_us = clock_monotonic_us();
    uint64_t operations = fn(bench, rounds);
    return (double)(clock_monotonic_us() - start_us) / (double)operations;
}

static double faster(double a, double b)
{
    return a < b ? a : b;
}

/* Others that use the machine only ever make a run slower: so the fastest of each are compared. */
static int compare_times(const struct bench_case *it)
{
    double us = INFINITY;
    double peer_us = INFINITY;
    if (it->peer == NULL) {
        fprintf(stderr, "%s has no peer\n", it->name);
        return 2;
    }
    void *bench = it->setup(it->shape);
    uint64_t rounds = rounds_for(it->run, bench);
    uint64_t peer_rounds = rounds_for(it->peer, bench);
    for (size_t i = 0; i < PAIRS; i++) {
        us = faster(us, us_per_operation(it->run, bench, rounds));
        peer_us = faster(peer_us, us_per_operation(it->peer, bench, peer_rounds));
    }
    it->teardown(bench);
    printf("%.4f\n", us / peer_us);
    return 0;
}

/* --- check ---------------------------------------------------------------------------------------------------------- */

static bool works(const struct bench_case *it)
{
    void *bench = it->setup(it->shape);
    bool did = it->run(bench, 1) > 0;
    if (it->peer != NULL)
        did = it->peer(bench, 1) > 0 && did;
    it->teardown(bench);
    return did;
}

static int check(const struct bench_case *cases, size_t count)
{
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        bool did = works(&cases[i]);
        printf("%sok %zu - %s\n", did ? "" : "not ", i + 1, cases[i].name);
        all = all && did;
    }
    printf("1..%zu\n", count);
    return all ? 0 : 1;
}

int bench_main(int argc, char **argv, const struct bench_case *cases, size_t count)
{
    const char *verb = argc > 1 ? argv[1] : "";
    if (argc == 2 && strcmp(verb, "list") == 0)
        return list(cases, count);
    if (argc == 2 && strcmp(verb, "check") == 0)
        return check(cases, count);
    bool is_run = argc == 4 && strcmp(verb, "run") == 0;
    bool is_time = argc == 3 && strcmp(verb, "time") == 0;
    if (!is_run && !is_time) {
        fprintf(stderr, "usage: %s list | run CASE ROUNDS | time CASE | check\n", argv[0]);
        return 2;
    }
    const struct bench_case *it = find_case(cases, count, argv[2]);
    if (it == NULL)
        return 2;
    return is_run ? run(it, argv[3]) : compare_times(it);
}
