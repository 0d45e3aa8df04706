#include "app/cors.h"

#include <stdio.h>
#include <string.h>

#define ORIGIN_BYTES 255

bool cors_is_preflight(const struct http_reader *request)
{
    return strcmp(http_method(request), "OPTIONS") == 0 &&
           http_header_count(request, "Access-Control-Request-Method") == 1;
}

static bool may_read(const struct http_reader *request, const struct origin_policy *policy)
{
    struct span origin = http_header(request, "Origin");
    return origin.data != NULL && origin.len <= ORIGIN_BYTES && origin_is_allowed(request, policy);
}

void cors_write_headers(const struct http_reader *request, const struct origin_policy *policy,
                        char out[CORS_BYTES])
{
    struct span origin = http_header(request, "Origin");
    const char *asked = cors_is_preflight(request)
                            ? "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, DELETE\r\n"
                              "Access-Control-Allow-Headers: Authorization, Content-Type, "
                              "Content-Encoding, If-None-Match, Last-Event-ID\r\n"
                              "Access-Control-Max-Age: 600\r\n"
                            : "Access-Control-Expose-Headers: ETag, Link, Retry-After\r\n";
    if (may_read(request, policy))
        snprintf(out, CORS_BYTES, "Vary: Origin\r\nAccess-Control-Allow-Origin: %.*s\r\n%s",
                 (int)origin.len, (const char *)origin.data, asked);
    else
        snprintf(out, CORS_BYTES, "Vary: Origin\r\n");
}
