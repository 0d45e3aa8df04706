#include "auth/cache_control.h"

#include <string.h>
#include <strings.h>

#define NAME "cache-control:"
#define DIRECTIVE "max-age="
#define MOST_SECONDS (UINT64_C(1) << 31)

static bool begins_with(struct span text, const char *word)
{
    size_t len = strlen(word);
    return text.len >= len && strncasecmp((const char *)text.data, word, len) == 0;
}

static struct span skip(struct span text, size_t bytes)
{
    return span_of(text.data + bytes, text.len - bytes);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span trim(struct span text)
{
    while (text.len > 0 && is_blank(text.data[0]))
        text = skip(text, 1);
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static bool read_seconds(struct span digits, uint64_t *seconds)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits.data[i] - '0');
        if (value > MOST_SECONDS)
            value = MOST_SECONDS;
    }
    *seconds = value;
    return digits.len > 0;
}

bool cache_control_max_age(struct span line, uint64_t *max_age_s)
{
    if (!begins_with(line, NAME))
        return false;
    struct span rest = skip(line, strlen(NAME));
    while (rest.len > 0) {
        const uint8_t *comma = memchr(rest.data, ',', rest.len);
        size_t len = comma == NULL ? rest.len : (size_t)(comma - rest.data);
        struct span directive = trim(span_of(rest.data, len));
        if (begins_with(directive, DIRECTIVE))
            return read_seconds(skip(directive, strlen(DIRECTIVE)), max_age_s);
        rest = skip(rest, comma == NULL ? len : len + 1);
    }
    return false;
}
