#include "codec/forwarded.h"

#include <string.h>

/* From left to right, though the answer is the rightmost: each address that is not trusted takes the place of the last. */
struct search {
    forwarded_trust_fn *is_trusted;
    void *ctx;
    struct ip ip;
    bool found;
};

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80" */
static int parse(struct span text, struct ip *out)
{
    const uint8_t *colon = memchr(text.data, ':', text.len);
    if (text.data[0] == '[') {
        const uint8_t *bracket = memchr(text.data, ']', text.len);
        size_t len = bracket == NULL ? 0 : (size_t)(bracket - text.data) - 1;
        return ip_parse(span_of(text.data + 1, len), out);
    }
    bool has_port = colon != NULL && memchr(text.data, '.', (size_t)(colon - text.data)) != NULL;
    return ip_parse(has_port ? span_of(text.data, (size_t)(colon - text.data)) : text, out);
}

static bool visit(struct span element, void *ctx)
{
    struct search *search = ctx;
    struct ip ip;
    if (parse(element, &ip) < 0) {
        search->found = false;
    } else if (!search->found || !search->is_trusted(&ip, search->ctx)) {
        search->found = true;
        search->ip = ip;
    }
    return true;
}

bool forwarded_client(const struct http_reader *request, forwarded_trust_fn *is_trusted, void *ctx,
                      struct ip *out)
{
    struct search search = {.is_trusted = is_trusted, .ctx = ctx};
    http_header_each_element(request, "X-Forwarded-For", visit, &search);
    if (search.found)
        *out = search.ip;
    return search.found;
}
