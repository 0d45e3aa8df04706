#include "app/v1_http_query.h"

#include <string.h>

#include "base/date_time.h"
#include "base/err.h"
#include "codec/credentials.h"
#include "codec/query.h"

#define VALUE_BYTES 256

static int refuse(const char *name, const char *expected, struct fault *fault)
{
    fault_set(fault, FAULT_bad_parameter, "%s: expected %s", name, expected);
    return ERR_INVALID;
}

/* Digits alone, and not over `max`. */
static bool read_number(struct span text, uint64_t max, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' ||
            __builtin_mul_overflow(*number, 10U, number) ||
            __builtin_add_overflow(*number, (uint64_t)(text.data[i] - '0'), number))
            return false;
    }
    return text.len > 0 && *number <= max;
}

int v1_query_number(struct span query, const char *name, uint64_t max, uint64_t *number,
                    struct fault *fault)
{
    struct span value = query_find(query, name);
    uint64_t read;
    if (value.data == NULL)
        return 0;
    if (!read_number(value, max, &read)) {
        fault_set(fault, FAULT_bad_parameter, "%s: expected a number up to %llu", name,
                  (unsigned long long)max);
        return ERR_INVALID;
    }
    *number = read;
    return 0;
}

int v1_query_limit(struct span query, uint64_t max, uint64_t *limit, struct fault *fault)
{
    int err = v1_query_number(query, "limit", max, limit, fault);
    return err == 0 && *limit == 0 ? refuse("limit", "a number from 1 on", fault) : err;
}

int v1_query_time(struct span query, const char *name, int64_t *time_ms, struct fault *fault)
{
    struct span value = query_find(query, name);
    uint8_t decoded[VALUE_BYTES];
    uint64_t number;
    if (value.data == NULL)
        return 0;
    if (read_number(value, DATE_TIME_LAST_MS, &number)) {
        *time_ms = (int64_t)number;
        return 0;
    }
    size_t len = value.len <= sizeof decoded ? percent_decode(value, decoded) : 0;
    if (date_time_parse(span_of(decoded, len), DATE_TIME_RFC3339, time_ms))
        return 0;
    return refuse(name, "milliseconds since 1970, or a time of RFC 3339 with a zone", fault);
}

static int read_id(struct span text, const char *name, struct runner_id *id, struct fault *fault)
{
    uint8_t decoded[3 * RUNNER_ID_BYTES];
    size_t len = text.len <= sizeof decoded ? percent_decode(text, decoded) : 0;
    if (runner_id_set(id, span_of(decoded, len)) == 0)
        return 0;
    return refuse(name, "1 to 64 bytes of UTF-8", fault);
}

int v1_query_id(struct span query, const char *name, struct runner_id *id, struct fault *fault)
{
    struct span value = query_find(query, name);
    return value.data != NULL ? read_id(value, name, id, fault) : 0;
}

int v1_query_ids(struct span query, const char *name, size_t max, struct buf *ids, bool *is_there,
                 struct fault *fault)
{
    struct span rest = query_find(query, name);
    *is_there = rest.data != NULL;
    for (size_t count = 0; rest.data != NULL; count++) {
        const uint8_t *comma = rest.len > 0 ? memchr(rest.data, ',', rest.len) : NULL;
        size_t len = comma != NULL ? (size_t)(comma - rest.data) : rest.len;
        struct runner_id id;
        if (count == max)
            return refuse(name, "fewer ids", fault);
        if (read_id(span_of(rest.data, len), name, &id, fault) < 0)
            return ERR_INVALID;
        if (buf_append(ids, span_of(&id, sizeof id)) < 0)
            return ERR_NO_MEMORY;
        rest = comma != NULL ? span_of(comma + 1, rest.len - len - 1) : span_of(NULL, 0);
    }
    return 0;
}

/* RFC 3986 2.3: what is not unreserved. */
static int append_escaped(struct span text, struct buf *out)
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    int err = 0;
    for (size_t i = 0; err == 0 && i < text.len; i++) {
        if (text.data[i] != '\0' && strchr(unreserved, text.data[i]) != NULL)
            err = buf_append(out, span_of(text.data + i, 1));
        else
            err = buf_printf(out, "%%%02X", text.data[i]);
    }
    return err;
}

/* The target is printable ASCII; what could end the link early is left out with its field. */
static bool stays(const struct query_field *field, const char *name)
{
    return !span_equals(field->name, span_of_text(name)) &&
           !percent_decoded_is(field->name, CREDENTIALS_PARAMETER) &&
           (field->value.len == 0 || memchr(field->value.data, '>', field->value.len) == NULL) &&
           (field->name.len == 0 || memchr(field->name.data, '>', field->name.len) == NULL);
}

static int append_field(const struct query_field *field, struct buf *out)
{
    int err = buf_append(out, field->name);
    if (err == 0 && field->value.data != NULL)
        err = buf_append_text(out, "=");
    if (err == 0)
        err = buf_append(out, field->value);
    return err == 0 ? buf_append_text(out, "&") : err;
}

int v1_query_replace(struct span query, const char *name, struct span value, struct buf *out)
{
    struct query_field field;
    int err = 0;
    while (err == 0 && query_next(&query, &field))
        if (stays(&field, name))
            err = append_field(&field, out);
    if (err == 0)
        err = buf_printf(out, "%s=", name);
    return err == 0 ? append_escaped(value, out) : err;
}
