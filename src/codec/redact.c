#include "codec/redact.h"

#include <string.h>

#include "codec/credentials.h"
#include "codec/query.h"

static const char in_place[] = "[redacted]";
static const char cut[] = "...";

struct writer {
    char *text;
    size_t len;
};

static void put(struct writer *writer, struct span bytes)
{
    for (size_t i = 0; i < bytes.len && writer->len < REDACTED_BYTES - 1; i++) {
        char shown = '?';
        if (bytes.data[i] >= ' ' && bytes.data[i] <= '~')
            shown = (char)bytes.data[i];
        writer->text[writer->len++] = shown;
    }
}

static bool is_secret(struct span name)
{
    return percent_decoded_is(name, CREDENTIALS_PARAMETER) ||
           percent_decoded_is(name, "access_token");
}

static void put_field(struct writer *writer, const struct query_field *field)
{
    put(writer, field->name);
    if (field->value.data == NULL)
        return;
    put(writer, span_of_text("="));
    put(writer, is_secret(field->name) ? span_of_text(in_place) : field->value);
}

void redact_target(struct span target, char text[REDACTED_BYTES])
{
    struct writer writer = {.text = text};
    struct span query = query_of_target(target);
    size_t path_len = 0;
    while (path_len < target.len && strchr("?#", target.data[path_len]) == NULL)
        path_len++;
    put(&writer, span_of(target.data, path_len));
    const char *mark = "?";
    for (struct query_field field; query_next(&query, &field); mark = "&") {
        put(&writer, span_of_text(mark));
        put_field(&writer, &field);
    }
    if (writer.len == REDACTED_BYTES - 1)
        memcpy(text + REDACTED_BYTES - sizeof cut, cut, sizeof cut);
    text[writer.len] = '\0';
}
