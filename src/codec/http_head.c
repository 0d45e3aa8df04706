#include "codec/http_head.h"

#include <string.h>

static struct span skip(struct span text, size_t bytes)
{
    return span_of(text.data + bytes, text.len - bytes);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static struct span trim(struct span text)
{
    while (text.len > 0 && is_blank(text.data[0]))
        text = skip(text, 1);
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

bool http_head_next_line(struct span *rest, struct span *line)
{
    if (rest->len == 0)
        return false;
    const uint8_t *end = memmem(rest->data, rest->len, "\r\n", 2);
    if (end == NULL)
        return false;
    *line = span_of(rest->data, (size_t)(end - rest->data));
    *rest = skip(*rest, line->len + 2);
    return true;
}

bool http_head_split_line(struct span line, struct http_field *field)
{
    const uint8_t *colon = line.len == 0 ? NULL : memchr(line.data, ':', line.len);
    if (colon == NULL)
        return false;
    field->name = span_of(line.data, (size_t)(colon - line.data));
    field->value = trim(skip(line, field->name.len + 1));
    return true;
}

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

bool http_head_equals_ignoring_case(struct span text, const char *other)
{
    if (text.len != strlen(other))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (lower(text.data[i]) != lower((uint8_t)other[i]))
            return false;
    return true;
}

/* The value of the next header called `name`; false when there is no more. */
static bool next_value(struct span *rest, const char *name, struct span *value)
{
    struct span line;
    struct http_field field;
    while (http_head_next_line(rest, &line)) {
        if (!http_head_split_line(line, &field) ||
            !http_head_equals_ignoring_case(field.name, name))
            continue;
        *value = field.value;
        return true;
    }
    return false;
}

static struct span behind_start_line(struct span head)
{
    struct span start_line;
    return http_head_next_line(&head, &start_line) ? head : span_of(NULL, 0);
}

size_t http_head_count(struct span head, const char *name)
{
    size_t count = 0;
    struct span rest = behind_start_line(head);
    for (struct span value; next_value(&rest, name, &value);)
        count++;
    return count;
}

struct span http_head_value(struct span head, const char *name)
{
    struct span value;
    struct span rest = behind_start_line(head);
    return next_value(&rest, name, &value) ? value : span_of(NULL, 0);
}

bool http_head_each_value(struct span head, const char *name, http_head_visit_fn *visit, void *ctx)
{
    struct span rest = behind_start_line(head);
    for (struct span value; next_value(&rest, name, &value);)
        if (!visit(value, ctx))
            return false;
    return true;
}

static bool each_element_of(struct span list, http_head_visit_fn *visit, void *ctx)
{
    while (list.len > 0) {
        const uint8_t *comma = memchr(list.data, ',', list.len);
        size_t len = comma == NULL ? list.len : (size_t)(comma - list.data);
        struct span element = trim(span_of(list.data, len));
        if (element.len > 0 && !visit(element, ctx))
            return false;
        list = skip(list, comma == NULL ? len : len + 1);
    }
    return true;
}

bool http_head_each_element(struct span head, const char *name, http_head_visit_fn *visit,
                            void *ctx)
{
    struct span rest = behind_start_line(head);
    for (struct span value; next_value(&rest, name, &value);)
        if (!each_element_of(value, visit, ctx))
            return false;
    return true;
}

static bool is_other_than(struct span element, void *token)
{
    return !http_head_equals_ignoring_case(element, token);
}

bool http_head_has_token(struct span head, const char *name, const char *token)
{
    return !http_head_each_element(head, name, is_other_than, (void *)(uintptr_t)token);
}
