#include "codec/route_path.h"

bool route_path_matches(struct span path, const char *pattern, struct span *segment)
{
    const char *brace = strchr(pattern, '{');
    *segment = span_of(NULL, 0);
    if (brace == NULL)
        return span_equals(path, span_of_text(pattern));
    struct span before = span_of(pattern, (size_t)(brace - pattern));
    struct span behind = span_of_text(strchr(brace, '}') + 1);
    if (path.len <= before.len + behind.len || memcmp(path.data, before.data, before.len) != 0 ||
        !span_equals(span_of(path.data + path.len - behind.len, behind.len), behind))
        return false;
    *segment = span_of(path.data + before.len, path.len - before.len - behind.len);
    return memchr(segment->data, '/', segment->len) == NULL;
}
