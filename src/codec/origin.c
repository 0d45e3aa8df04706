#include "codec/origin.h"

#include <string.h>

#include "base/err.h"

struct authority {
    struct span host;
    struct span port; /* empty: none is given */
};

struct origin {
    struct span scheme;
    struct authority authority;
};

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

static bool equals_ignoring_case(struct span a, struct span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }
    return true;
}

static bool consists_of_digits(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return true;
}

/* "race.example", "race.example:8443", "[::1]:80" */
static int parse_authority(struct span text, struct authority *out)
{
    const uint8_t *colon = text.len == 0 ? NULL : memrchr(text.data, ':', text.len);
    if (colon != NULL && memchr(colon, ']', text.len - (size_t)(colon - text.data)) != NULL)
        colon = NULL;
    size_t len = colon == NULL ? text.len : (size_t)(colon - text.data);
    out->host = span_of(text.data, len);
    out->port = colon == NULL ? span_of_text("") : span_of(colon + 1, text.len - len - 1);
    if (len == 0 || !consists_of_digits(out->port) || memchr(text.data, '/', text.len) != NULL)
        return ERR_FORMAT;
    return 0;
}

static int parse(struct span text, struct origin *out)
{
    const uint8_t *mark = text.len == 0 ? NULL : memmem(text.data, text.len, "://", 3);
    if (mark == NULL || mark == text.data)
        return ERR_FORMAT;
    out->scheme = span_of(text.data, (size_t)(mark - text.data));
    size_t taken = out->scheme.len + 3;
    return parse_authority(span_of(text.data + taken, text.len - taken), &out->authority);
}

/* Empty for schemes that have none. */
static struct span port_of_scheme(struct span scheme)
{
    static const struct {
        const char *scheme;
        const char *port;
    } rows[] = {{"https", "443"}, {"http", "80"}, {"wss", "443"}, {"ws", "80"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (equals_ignoring_case(scheme, span_of_text(rows[i].scheme)))
            return span_of_text(rows[i].port);
    }
    return span_of_text("");
}

static bool is_same_authority(const struct authority *a, const struct authority *b,
                              struct span scheme)
{
    struct span preset = port_of_scheme(scheme);
    return equals_ignoring_case(a->host, b->host) &&
           span_equals(a->port.len > 0 ? a->port : preset, b->port.len > 0 ? b->port : preset);
}

bool origin_equals(struct span a, struct span b)
{
    struct origin one;
    struct origin other;
    return parse(a, &one) == 0 && parse(b, &other) == 0 &&
           equals_ignoring_case(one.scheme, other.scheme) &&
           is_same_authority(&one.authority, &other.authority, one.scheme);
}

bool origin_has_host(struct span origin, struct span host)
{
    struct origin page;
    struct authority server;
    return parse(origin, &page) == 0 && parse_authority(host, &server) == 0 &&
           is_same_authority(&page.authority, &server, page.scheme);
}

static bool is_listed(struct span origin, const struct origin_policy *policy)
{
    for (size_t i = 0; i < policy->count; i++) {
        struct span listed = span_of_text(policy->origins[i]);
        if (span_equals(listed, span_of_text("*")) || origin_equals(listed, origin))
            return true;
    }
    return false;
}

bool origin_is_allowed(const struct http_reader *request, const struct origin_policy *policy)
{
    size_t count = http_header_count(request, "Origin");
    if (count == 0)
        return true;
    struct span origin = http_header(request, "Origin");
    if (count > 1)
        return false;
    return is_listed(origin, policy) ||
           (policy->same_host && origin_has_host(origin, http_header(request, "Host")));
}
