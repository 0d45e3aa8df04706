#include "codec/credentials.h"

#include <string.h>

#include "base/err.h"
#include "codec/http_head.h"
#include "codec/query.h"

struct search {
    struct credentials *found;
    const char *cookie;
    bool is_next; /* the next entry of the list is the token */
};

static void add(struct credentials *found, enum credentials_place place, struct span token)
{
    if (found->place == CREDENTIALS_NONE) {
        found->place = place;
        found->token = token;
    } else if (!span_equals(found->token, token)) {
        found->contradict = true;
    }
}

static struct span skip_blanks(struct span text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = span_of(text.data + 1, text.len - 1);
    return text;
}

static struct span cut_blanks(struct span text)
{
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static bool visit_authorization(struct span value, void *ctx)
{
    struct search *search = ctx;
    size_t len = 0;
    while (len < value.len && value.data[len] != ' ')
        len++;
    if (http_head_equals_ignoring_case(span_of(value.data, len), "Bearer"))
        add(search->found, CREDENTIALS_AUTHORIZATION,
            skip_blanks(span_of(value.data + len, value.len - len)));
    return true;
}

static bool visit_subprotocol(struct span name, void *ctx)
{
    struct search *search = ctx;
    if (search->is_next) {
        add(search->found, CREDENTIALS_IN_SUBPROTOCOL, name);
        search->is_next = false;
        return true;
    }
    search->is_next = span_equals(name, span_of_text(CREDENTIALS_SUBPROTOCOL));
    search->found->by_subprotocol |= search->is_next;
    return true;
}

static void find_in_subprotocols(const struct http_reader *request, struct search *search)
{
    http_header_each_element(request, "Sec-WebSocket-Protocol", visit_subprotocol, search);
    if (search->is_next) /* announced, and not there */
        add(search->found, CREDENTIALS_IN_SUBPROTOCOL, span_of_text(""));
}

/* NAME=VALUE, or NAME="VALUE" */
static void visit_cookie(struct search *search, struct span pair)
{
    size_t len = strlen(search->cookie);
    if (pair.len <= len || memcmp(pair.data, search->cookie, len) != 0 || pair.data[len] != '=')
        return;
    struct span value = span_of(pair.data + len + 1, pair.len - len - 1);
    if (value.len >= 2 && value.data[0] == '"' && value.data[value.len - 1] == '"')
        value = span_of(value.data + 1, value.len - 2);
    add(search->found, CREDENTIALS_COOKIE, value);
}

static bool visit_cookies(struct span value, void *ctx)
{
    while (value.len > 0) {
        const uint8_t *end = memchr(value.data, ';', value.len);
        size_t len = end == NULL ? value.len : (size_t)(end - value.data);
        visit_cookie(ctx, cut_blanks(skip_blanks(span_of(value.data, len))));
        size_t taken = end == NULL ? len : len + 1;
        value = span_of(value.data + taken, value.len - taken);
    }
    return true;
}

/* `out` borrows from the target, or from `decoded`, which only grows and has room for all of the query. */
static struct span decode(struct span value, struct buf *decoded)
{
    if (value.len == 0 || memchr(value.data, '%', value.len) == NULL)
        return value.len == 0 ? span_of_text("") : value;
    uint8_t *out = decoded->data + decoded->len;
    size_t len = percent_decode(value, out);
    decoded->len += len;
    return span_of(out, len);
}

static int find_in_query(const struct http_reader *request, struct buf *decoded,
                         struct credentials *found)
{
    struct span query = query_of_target(http_target(request));
    struct query_field field;
    if (query.len > 0 && memchr(query.data, '%', query.len) != NULL &&
        buf_reserve(decoded, query.len) < 0)
        return ERR_NO_MEMORY;
    while (query_next(&query, &field)) {
        if (percent_decoded_is(field.name, CREDENTIALS_PARAMETER))
            add(found, CREDENTIALS_QUERY, decode(field.value, decoded));
    }
    return 0;
}

int credentials_find(const struct http_reader *request, const char *cookie, struct buf *decoded,
                     struct credentials *out)
{
    *out = (struct credentials){0};
    struct search search = {.found = out, .cookie = cookie};
    http_header_each_value(request, "Authorization", visit_authorization, &search);
    find_in_subprotocols(request, &search);
    if (cookie != NULL)
        http_header_each_value(request, "Cookie", visit_cookies, &search);
    return find_in_query(request, decoded, out);
}
