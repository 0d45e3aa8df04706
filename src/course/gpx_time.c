#include "course/gpx_time.h"

#include "base/date_time.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct span trim(struct span text)
{
    while (text.len > 0 && is_space(text.data[0]))
        text = span_of(text.data + 1, text.len - 1);
    while (text.len > 0 && is_space(text.data[text.len - 1]))
        text.len--;
    return text;
}

bool gpx_time_parse(struct span text, int64_t *time_ms)
{
    return date_time_parse(trim(text), DATE_TIME_XSD, time_ms);
}
