#include "codec/accept.h"

#include <string.h>
#include <strings.h>

#include "codec/http_head.h"

#define QUALITY_MAX 1000

static struct span trim(struct span text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = span_of(text.data + 1, text.len - 1);
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* What stands before the next mark; `*rest` goes on behind it. */
static struct span cut(struct span *rest, char mark)
{
    const uint8_t *at = rest->len > 0 ? memchr(rest->data, mark, rest->len) : NULL;
    size_t len = at != NULL ? (size_t)(at - rest->data) : rest->len;
    size_t taken = at != NULL ? len + 1 : len;
    struct span first = span_of(rest->data, len);
    *rest = span_of(rest->data + taken, rest->len - taken);
    return trim(first);
}

/* "0.5" in thousandths; what is no number of the kind is 0. */
static int read_quality(struct span text)
{
    int quality = 0;
    int unit = QUALITY_MAX;
    for (size_t i = 0; i < text.len && unit > 0; i++) {
        if (i == 1 && text.data[i] == '.')
            continue;
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        quality += (text.data[i] - '0') * unit;
        unit /= 10;
    }
    return quality < QUALITY_MAX ? quality : QUALITY_MAX;
}

/* "a/b;q=0.5": its first part, and how much it is liked. */
static struct span split_quality(struct span element, int *quality)
{
    struct span first = cut(&element, ';');
    *quality = QUALITY_MAX;
    while (element.len > 0) {
        struct span parameter = cut(&element, ';');
        struct span name = cut(&parameter, '=');
        if (http_head_equals_ignoring_case(name, "q"))
            *quality = read_quality(trim(parameter));
    }
    return first;
}

struct wish {
    const char *type;
    int specificity; /* of the range that told: 0 none, 1 all, 2 type, 3 exact */
    int quality;
};

static int specificity_of(struct span range, const char *type)
{
    size_t main_len = (size_t)(strchr(type, '/') - type) + 1;
    if (http_head_equals_ignoring_case(range, "*/*"))
        return 1;
    if (range.len == main_len + 1 && range.data[main_len] == '*' &&
        strncasecmp((const char *)range.data, type, main_len) == 0)
        return 2;
    return http_head_equals_ignoring_case(range, type) ? 3 : 0;
}

static bool look_at_range(struct span element, void *ctx)
{
    struct wish *wish = ctx;
    int quality;
    struct span range = split_quality(element, &quality);
    int specificity = specificity_of(range, wish->type);
    if (specificity > wish->specificity) {
        wish->specificity = specificity;
        wish->quality = quality;
    }
    return true;
}

size_t accept_best(const struct http_reader *request, const char *const *types, size_t count)
{
    size_t best = count;
    int best_quality = 0;
    if (http_header_count(request, "Accept") == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct wish wish = {.type = types[i]};
        http_header_each_element(request, "Accept", look_at_range, &wish);
        if (wish.quality > best_quality) {
            best = i;
            best_quality = wish.quality;
        }
    }
    return best;
}

struct coding {
    int gzip; /* quality; -1: not named */
    int any;
};

static bool look_at_coding(struct span element, void *ctx)
{
    struct coding *coding = ctx;
    int quality;
    struct span name = split_quality(element, &quality);
    if (http_head_equals_ignoring_case(name, "gzip"))
        coding->gzip = quality;
    else if (http_head_equals_ignoring_case(name, "*"))
        coding->any = quality;
    return true;
}

bool accept_takes_gzip(const struct http_reader *request)
{
    struct coding coding = {-1, -1};
    http_header_each_element(request, "Accept-Encoding", look_at_coding, &coding);
    return coding.gzip >= 0 ? coding.gzip > 0 : coding.any > 0;
}

static bool is_other_tag(struct span element, void *ctx)
{
    const struct span *tag = ctx;
    if (element.len > 2 && memcmp(element.data, "W/", 2) == 0)
        element = span_of(element.data + 2, element.len - 2);
    return !span_equals(element, *tag) && !span_equals(element, span_of_text("*"));
}

bool accept_has_tag(const struct http_reader *request, struct span tag)
{
    return !http_header_each_element(request, "If-None-Match", is_other_tag, &tag);
}

struct span media_type_of(struct span content_type)
{
    return cut(&content_type, ';');
}

bool media_type_is_utf8(struct span content_type)
{
    (void)cut(&content_type, ';');
    while (content_type.len > 0) {
        struct span parameter = cut(&content_type, ';');
        struct span name = cut(&parameter, '=');
        struct span value = trim(parameter);
        if (http_head_equals_ignoring_case(name, "charset") &&
            !http_head_equals_ignoring_case(value, "utf-8") &&
            !http_head_equals_ignoring_case(value, "\"utf-8\""))
            return false;
    }
    return true;
}
