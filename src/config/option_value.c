#include "config/option_value.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit byte_units[] = {
    {"G", UINT64_C(1) << 30},
    {"GiB", UINT64_C(1) << 30},
    {"M", UINT64_C(1) << 20},
    {"MiB", UINT64_C(1) << 20},
    {"K", UINT64_C(1) << 10},
    {"KiB", UINT64_C(1) << 10},
    {"", 1},
};

static const struct unit time_units[] = {
    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {"d", 86400000}, {"", 1000},
};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads one digit or more; NULL when there is none or the number is too large. */
static const char *read_digits(const char *text, uint64_t *out)
{
    if (!is_digit(*text))
        return NULL;
    uint64_t value = 0;
    for (; is_digit(*text); text++) {
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return NULL;
    }
    *out = value;
    return text;
}

int count_parse(const char *text, uint64_t *out)
{
    uint64_t value;
    const char *rest = read_digits(text, &value);
    if (rest == NULL || *rest != '\0')
        return ERR_INVALID;
    *out = value;
    return 0;
}

int bytes_parse(const char *text, uint64_t *out)
{
    uint64_t value;
    const char *rest = read_digits(text, &value);
    if (rest == NULL)
        return ERR_INVALID;
    for (size_t i = 0; i < LENGTH(byte_units); i++) {
        if (strcasecmp(rest, byte_units[i].name) == 0)
            return __builtin_mul_overflow(value, byte_units[i].factor, out) ? ERR_INVALID : 0;
    }
    return ERR_INVALID;
}

/* A decimal fraction as thousandths of a thousandth ...: `digits` over `scale`. Both 1 or more digits long. */
struct fraction {
    uint64_t digits;
    uint64_t scale;
};

static const char *read_fraction(const char *text, struct fraction *out)
{
    const char *rest = read_digits(text, &out->digits);
    if (rest == NULL || rest - text > 9)
        return NULL;
    out->scale = 1;
    for (const char *digit = text; digit < rest; digit++)
        out->scale *= 10;
    return rest;
}

int duration_parse(const char *text, uint64_t *out_ms)
{
    uint64_t whole;
    struct fraction part = {.digits = 0, .scale = 1};
    const char *rest = read_digits(text, &whole);
    if (rest != NULL && *rest == '.')
        rest = read_fraction(rest + 1, &part);
    if (rest == NULL)
        return ERR_INVALID;
    for (size_t i = 0; i < LENGTH(time_units); i++) {
        uint64_t factor = time_units[i].factor;
        if (strcmp(rest, time_units[i].name) != 0)
            continue;
        if (part.digits * factor % part.scale != 0 ||
            __builtin_mul_overflow(whole, factor, &whole) ||
            __builtin_add_overflow(whole, part.digits * factor / part.scale, &whole))
            return ERR_INVALID;
        *out_ms = whole;
        return 0;
    }
    return ERR_INVALID;
}

bool listen_address_is_well_formed(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;
    if (colon == NULL || count_parse(colon + 1, &port) < 0 || port > UINT16_MAX)
        return false;
    if (text[0] == '[')
        return colon > text + 2 && colon[-1] == ']' &&
               strcspn(text, "]") == (size_t)(colon - text) - 1;
    for (const char *c = text; c < colon; c++) {
        if (*c <= ' ' || *c > '~' || strchr(":[]/@", *c) != NULL)
            return false;
    }
    return true;
}

static void format_with_unit(uint64_t value, const struct unit *unit, char *text)
{
    snprintf(text, OPTION_VALUE_TEXT_BYTES, "%" PRIu64 "%s", value / unit->factor, unit->name);
}

void count_format(uint64_t count, char text[OPTION_VALUE_TEXT_BYTES])
{
    snprintf(text, OPTION_VALUE_TEXT_BYTES, "%" PRIu64, count);
}

void bytes_format(uint64_t bytes, char text[OPTION_VALUE_TEXT_BYTES])
{
    size_t i = 0;
    while (byte_units[i].factor > 1 && (bytes == 0 || bytes % byte_units[i].factor != 0))
        i++;
    format_with_unit(bytes, &byte_units[i], text);
}

void duration_format(uint64_t ms, char text[OPTION_VALUE_TEXT_BYTES])
{
    if (ms == 0) {
        count_format(0, text);
        return;
    }
    size_t i = 0;
    while (ms % time_units[i].factor != 0)
        i++;
    format_with_unit(ms, &time_units[i], text);
}
