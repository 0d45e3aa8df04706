#include "codec/redact.h"

#include <string.h>

#include "codec/credentials.h"
#include "codec/query.h"

static const char in_place[] = "[redacted]";
static const char jwt_begin[] = "eyJ";
static const char cut[] = "...";

struct writer {
    char *text;
    size_t len;
};

static void put_plain(struct writer *writer, struct span bytes)
{
    for (size_t i = 0; i < bytes.len && writer->len < REDACTED_BYTES - 1; i++) {
        char shown = '?';
        if (bytes.data[i] >= ' ' && bytes.data[i] <= '~')
            shown = (char)bytes.data[i];
        writer->text[writer->len++] = shown;
    }
}

static bool is_of_token(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z') || (byte != 0 && strchr("-_.%", byte) != NULL);
}

/* A JWT begins with the base64url of {" wherever it stands: in the path, or under a name of somebody else's. 0: none here. */
static size_t token_at(struct span bytes)
{
    size_t len = sizeof jwt_begin - 1;
    if (bytes.len < len || memcmp(bytes.data, jwt_begin, len) != 0)
        return 0;
    while (len < bytes.len && is_of_token(bytes.data[len]))
        len++;
    return len;
}

static void put(struct writer *writer, struct span bytes)
{
    size_t at = 0;
    while (at < bytes.len) {
        struct span rest = span_of(bytes.data + at, bytes.len - at);
        size_t token_len = token_at(rest);
        put_plain(writer, token_len > 0 ? span_of_text(in_place) : span_of(rest.data, 1));
        at += token_len > 0 ? token_len : 1;
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
