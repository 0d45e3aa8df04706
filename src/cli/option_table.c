#include "cli/option_table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_time.h"
#include "base/exit_code.h"
#include "base/mem.h"

/* A plain decimal; the process runs in the C locale. */
static bool read_number(const char *text, double *value, const char **rest)
{
    if (strspn(text, "0123456789.") == 0)
        return false;
    char *end;
    *value = strtod(text, &end);
    *rest = end;
    return end > text && isfinite(*value);
}

static bool read_count(const char *text, uint64_t *value)
{
    size_t len = strlen(text);
    if (len == 0 || strspn(text, "0123456789") != len)
        return false;
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return errno == 0;
}

/* In seconds; 0: not a unit. */
static double unit_seconds(const char *unit)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"ms", 0.001}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(units[i].name, unit) == 0)
            return units[i].seconds;
    }
    return 0;
}

static bool read_duration(const char *text, double *seconds)
{
    const char *unit;
    if (!read_number(text, seconds, &unit))
        return false;
    *seconds *= unit_seconds(unit);
    return unit_seconds(unit) > 0;
}

static void check_bounds(const struct option_field *field, double value, struct argp_state *state)
{
    if (value < field->low || value > field->high)
        argp_error(state, "--%s is from %.10g to %.10g", field->name, field->low, field->high);
}

static void set_flag(const struct option_field *field, const char *value, struct argp_state *state)
{
    (void)value;
    *(bool *)((char *)state->input + field->offset) = true;
}

static void set_text(const struct option_field *field, const char *value, struct argp_state *state)
{
    memcpy((char *)state->input + field->offset, &value, sizeof value);
}

static void set_count(const struct option_field *field, const char *value, struct argp_state *state)
{
    uint64_t count = 0; /* argp_error() ends the process, but compilers don't know */
    if (!read_count(value, &count))
        argp_error(state, "--%s wants a whole number, not '%s'", field->name, value);
    check_bounds(field, (double)count, state);
    memcpy((char *)state->input + field->offset, &count, sizeof count);
}

static void set_number(const struct option_field *field, const char *value,
                       struct argp_state *state)
{
    double number = 0;
    const char *rest = "";
    if (!read_number(value, &number, &rest) || *rest != '\0')
        argp_error(state, "--%s wants a number, not '%s'", field->name, value);
    check_bounds(field, number, state);
    memcpy((char *)state->input + field->offset, &number, sizeof number);
}

static void set_duration(const struct option_field *field, const char *value,
                         struct argp_state *state)
{
    double seconds = 0;
    if (!read_duration(value, &seconds))
        argp_error(state, "--%s wants a time like 30s, 500ms or 5m, not '%s'", field->name, value);
    check_bounds(field, seconds, state);
    uint64_t ms = (uint64_t)llround(seconds * 1000);
    memcpy((char *)state->input + field->offset, &ms, sizeof ms);
}

/* A time of RFC 3339, or a date: its beginning. */
static bool read_time(const char *text, int64_t *ms)
{
    static const char midnight[] = "T00:00:00Z";
    char whole[sizeof "2026-05-01" - 1 + sizeof midnight];
    if (strlen(text) != strlen("2026-05-01"))
        return date_time_parse(span_of_text(text), DATE_TIME_RFC3339, ms);
    memcpy(whole, text, strlen(text));
    memcpy(whole + strlen(text), midnight, sizeof midnight);
    return date_time_parse(span_of_text(whole), DATE_TIME_RFC3339, ms);
}

static void set_time(const struct option_field *field, const char *value, struct argp_state *state)
{
    int64_t ms = 0;
    if (!read_time(value, &ms))
        argp_error(state, "--%s wants a time like 2026-05-01T09:00:00Z or 2026-05-01, not '%s'",
                   field->name, value);
    memcpy((char *)state->input + field->offset, &ms, sizeof ms);
}

static size_t count_of(const struct option_field *fields)
{
    size_t count = 0;
    while (fields[count].name != NULL)
        count++;
    return count;
}

error_t option_table_set(const struct option_field *fields, int key, const char *value,
                         struct argp_state *state)
{
    static void (*const setters[])(const struct option_field *, const char *,
                                   struct argp_state *) = {
        [OPTION_FLAG] = set_flag,     [OPTION_TEXT] = set_text,         [OPTION_COUNT] = set_count,
        [OPTION_NUMBER] = set_number, [OPTION_DURATION] = set_duration, [OPTION_TIME] = set_time,
    };
    if (key == ARGP_KEY_ARG)
        argp_error(state, "what is '%s'? There are options only", value);
    if (key < OPTION_FIRST_KEY || (size_t)(key - OPTION_FIRST_KEY) >= count_of(fields))
        return ARGP_ERR_UNKNOWN;
    const struct option_field *field = &fields[key - OPTION_FIRST_KEY];
    setters[field->kind](field, value, state);
    return 0;
}

/* What argp wants to see; owned by the caller. */
static struct argp_option *make_rows(const struct option_field *fields)
{
    size_t count = count_of(fields);
    struct argp_option *rows = mem_must((count + 1) * sizeof *rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = (struct argp_option){.name = fields[i].name,
                                       .key = OPTION_FIRST_KEY + (int)i,
                                       .arg = fields[i].argument,
                                       .doc = fields[i].help};
    return rows;
}

void option_table_run(const struct option_field *fields, const struct argp *argp, int argc,
                      char **argv, void *target)
{
    struct argp_option *rows = make_rows(fields);
    struct argp with_options = *argp;
    with_options.options = rows;
    argp_err_exit_status = EXIT_CODE_USAGE;
    if (argp_parse(&with_options, argc, argv, 0, NULL, target) != 0)
        exit(EXIT_CODE_USAGE);
    mem_free(rows);
}
