#include "cli/race.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/mem.h"
#include "cli/random.h"

#define SECOND_US 1000000U
#define WAVE_RUNNERS 25
#define WAVE_GAP_S 20
#define FASTEST_S_KM 210.0 /* 3:30 a kilometre */
#define SLOWEST_S_KM 480.0 /* 8:00 */
#define MIDDLE_S_KM 330.0
#define SPREAD_S_KM 60.0
#define GPS_ERROR_M 4.0
#define GPS_MEMORY                                                                                 \
    0.9 /* how much of an error is still there a second later: it wanders, it doesn't jump */
#define WOBBLE_CHANCE 0.004 /* a second: a bridge, a wood, high houses */
#define WOBBLE_ERROR_M 14.0
#define METRES_PER_DEGREE 111320.0
#define RADIANS_PER_DEGREE 0.017453292519943295

struct entrant {
    struct random random;
    uint32_t number;
    uint32_t start_s;  /* wave start */
    uint32_t phase_us; /* in which part of a second the phone tells its position */
    uint32_t wobble_s; /* how long the reception stays bad */
    double pace_s_km;  /* of the day */
    double effort;     /* at the moment, as a factor of the pace, near 1 */
    double distance_m;
    double error_north_m;
    double error_east_m;
    bool has_started;
    bool is_finished;
};

struct race {
    const struct course *course;
    struct entrant *entrants; /* owned; by phase */
    uint32_t count;
    uint32_t at; /* whose turn it is in this second */
    uint32_t second;
    uint32_t finished;
    double length_m; /* with all laps; infinite without end */
};

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static struct entrant entrant_draw(uint64_t seed, uint32_t number)
{
    struct entrant entrant = {.random = random_seeded(seed, number + 1), .number = number};
    double pace_s_km = MIDDLE_S_KM + SPREAD_S_KM * random_normal(&entrant.random);
    entrant.pace_s_km = clamp(pace_s_km, FASTEST_S_KM, SLOWEST_S_KM);
    entrant.start_s = number / WAVE_RUNNERS * WAVE_GAP_S;
    entrant.phase_us = random_below(&entrant.random, SECOND_US);
    entrant.effort = 1;
    entrant.error_north_m = GPS_ERROR_M * random_normal(&entrant.random);
    entrant.error_east_m = GPS_ERROR_M * random_normal(&entrant.random);
    return entrant;
}

static int compare_phases(const void *left, const void *right)
{
    const struct entrant *a = left;
    const struct entrant *b = right;
    if (a->phase_us != b->phase_us)
        return a->phase_us < b->phase_us ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

struct race *race_new(const struct race_options *options)
{
    CHECK(course_points(options->course) >= 2);
    struct race *race = mem_try(sizeof *race);
    if (race == NULL)
        return NULL;
    race->entrants = mem_try(options->runners * sizeof *race->entrants);
    if (race->entrants == NULL) {
        mem_free(race);
        return NULL;
    }
    race->course = options->course;
    race->count = options->runners;
    race->length_m =
        options->laps == 0 ? INFINITY : options->laps * course_length_m(options->course);
    for (uint32_t i = 0; i < race->count; i++)
        race->entrants[i] = entrant_draw(options->seed, i);
    qsort(race->entrants, race->count, sizeof *race->entrants, compare_phases);
    return race;
}

void race_free(struct race **race)
{
    if (*race == NULL)
        return;
    mem_free((*race)->entrants);
    mem_free(*race);
    *race = NULL;
}

static double wander(struct entrant *entrant, double error_m)
{
    double size_m = entrant->wobble_s > 0 ? WOBBLE_ERROR_M : GPS_ERROR_M;
    double fresh = sqrt(1 - GPS_MEMORY * GPS_MEMORY) * size_m;
    return GPS_MEMORY * error_m + fresh * random_normal(&entrant->random);
}

static void receive_gps(struct entrant *entrant)
{
    if (entrant->wobble_s > 0)
        entrant->wobble_s--;
    else if (random_unit(&entrant->random) < WOBBLE_CHANCE)
        entrant->wobble_s = 5 + random_below(&entrant->random, 15);
    entrant->error_north_m = wander(entrant, entrant->error_north_m);
    entrant->error_east_m = wander(entrant, entrant->error_east_m);
}

static double pace_now_s_km(const struct entrant *entrant)
{
    return clamp(entrant->pace_s_km * entrant->effort, FASTEST_S_KM, SLOWEST_S_KM);
}

/* One second further: nobody holds a pace exactly. */
static void run_a_second(const struct race *race, struct entrant *entrant)
{
    double drift = 0.01 * random_normal(&entrant->random);
    entrant->effort = clamp(1 + 0.98 * (entrant->effort - 1) + drift, 0.85, 1.15);
    entrant->distance_m = fmin(entrant->distance_m + 1000 / pace_now_s_km(entrant), race->length_m);
}

static struct course_place place_of(const struct race *race, const struct entrant *entrant)
{
    double lap_m = course_length_m(race->course);
    bool is_at_end = entrant->distance_m >= race->length_m;
    return course_at(race->course, is_at_end ? lap_m : fmod(entrant->distance_m, lap_m));
}

static void tell(const struct race *race, const struct entrant *entrant, struct step *step)
{
    struct course_place place = place_of(race, entrant);
    double metres_per_lng = METRES_PER_DEGREE * fmax(0.01, cos(place.lat_deg * RADIANS_PER_DEGREE));
    *step = (struct step){
        .due_us = (uint64_t)race->second * SECOND_US + entrant->phase_us,
        .runner = entrant->number,
        .lat_deg = clamp(place.lat_deg + entrant->error_north_m / METRES_PER_DEGREE, -90, 90),
        .lng_deg = clamp(place.lng_deg + entrant->error_east_m / metres_per_lng, -180, 180),
    };
}

bool race_next(struct race *race, struct step *step)
{
    while (race->finished < race->count) {
        struct entrant *entrant = &race->entrants[race->at];
        bool is_running = !entrant->is_finished && race->second >= entrant->start_s;
        if (is_running) {
            if (race->second > entrant->start_s)
                run_a_second(race, entrant);
            entrant->has_started = true;
            receive_gps(entrant);
            tell(race, entrant, step);
            entrant->is_finished = entrant->distance_m >= race->length_m;
            race->finished += entrant->is_finished;
        }
        race->at++;
        if (race->at == race->count) {
            race->at = 0;
            race->second++;
        }
        if (is_running)
            return true;
    }
    return false;
}

struct race_standing race_standing(const struct race *race)
{
    struct race_standing standing = {.finished = race->finished};
    const struct entrant *leader = &race->entrants[0];
    for (uint32_t i = 0; i < race->count; i++) {
        const struct entrant *entrant = &race->entrants[i];
        standing.running += entrant->has_started && !entrant->is_finished;
        if (entrant->distance_m > leader->distance_m)
            leader = entrant;
    }
    standing.leader = leader->number;
    standing.leader_m = leader->distance_m;
    standing.leader_pace_s_km = leader->distance_m > 0 ? pace_now_s_km(leader) : 0;
    return standing;
}
