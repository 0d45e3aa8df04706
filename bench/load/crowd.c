#include "bench/load/crowd.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/random.h"

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool holds(const uint32_t *set, uint32_t count, uint32_t runner)
{
    for (uint32_t i = 0; i < count; i++)
        if (set[i] == runner)
            return true;
    return false;
}

/* Fill up a set that has `count` runners with others, each once. */
static void draw_rest(const struct crowd *crowd, uint32_t *set, uint32_t count,
                      struct random *random)
{
    while (count < crowd->follow) {
        uint32_t runner = random_below(random, crowd->runners);
        if (!holds(set, count, runner))
            set[count++] = runner;
    }
}

typedef void fill_fn(const struct crowd *crowd, uint32_t follower, uint32_t *set,
                     struct random *random);

static void fill_same(const struct crowd *crowd, uint32_t follower, uint32_t *set,
                      struct random *random)
{
    (void)follower;
    (void)random;
    for (uint32_t i = 0; i < crowd->follow; i++)
        set[i] = i;
}

static void fill_next(const struct crowd *crowd, uint32_t follower, uint32_t *set,
                      struct random *random)
{
    (void)random;
    for (uint32_t i = 0; i < crowd->follow; i++)
        set[i] = (follower + i) % crowd->runners;
}

static void fill_random(const struct crowd *crowd, uint32_t follower, uint32_t *set,
                        struct random *random)
{
    (void)follower;
    draw_rest(crowd, set, 0, random);
}

static void fill_star(const struct crowd *crowd, uint32_t follower, uint32_t *set,
                      struct random *random)
{
    (void)follower;
    set[0] = 0;
    draw_rest(crowd, set, 1, random);
}

static void fill_apart(const struct crowd *crowd, uint32_t follower, uint32_t *set,
                       struct random *random)
{
    set[0] = follower + 1 < crowd->runners ? follower + 1 : 0;
    draw_rest(crowd, set, 1, random);
}

static const struct draw {
    const char *name;
    fill_fn *fill;
} draws[] = {
    {"same", fill_same}, {"next", fill_next},   {"random", fill_random},
    {"star", fill_star}, {"apart", fill_apart},
};

static fill_fn *find_fill(const char *name)
{
    for (size_t i = 0; i < sizeof draws / sizeof draws[0]; i++)
        if (strcmp(draws[i].name, name) == 0)
            return draws[i].fill;
    return NULL;
}

struct crowd *crowd_new(const struct load_options *options)
{
    fill_fn *fill = find_fill(options->draw);
    if (fill == NULL)
        return NULL;
    struct crowd *crowd = mem_must(sizeof *crowd);
    crowd->followers = (uint32_t)options->followers;
    crowd->runners = (uint32_t)options->runners;
    crowd->follow = (uint32_t)options->follow;
    crowd->sets = mem_must(options->followers * options->follow * sizeof *crowd->sets);
    struct random random = random_seeded(options->seed, 0);
    for (uint32_t i = 0; i < crowd->followers; i++) {
        uint32_t *set = crowd->sets + (uint64_t)i * crowd->follow;
        fill(crowd, i, set, &random);
        qsort(set, crowd->follow, sizeof *set, by_number);
    }
    return crowd;
}

void crowd_free(struct crowd **crowd)
{
    if (*crowd == NULL)
        return;
    mem_free((*crowd)->sets);
    mem_free(*crowd);
    *crowd = NULL;
}

uint32_t crowd_find(const struct crowd *crowd, uint32_t follower, uint32_t runner)
{
    const uint32_t *set = crowd_set(crowd, follower);
    uint32_t guess = runner - set[0]; /* right at once where the set has no gaps */
    if (guess < crowd->follow && set[guess] == runner)
        return guess;
    uint32_t low = 0;
    uint32_t high = crowd->follow;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (set[middle] < runner)
            low = middle + 1;
        else
            high = middle;
    }
    return low < crowd->follow && set[low] == runner ? low : crowd->follow;
}
