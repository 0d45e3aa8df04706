#include "tests/lib/request.h"

#include "base/buf.h"
#include "base/check.h"

struct http_reader *request_read(struct span text)
{
    const struct http_limits limits = {.head_bytes = 65536, .headers = 1000};
    struct http_reader *reader = http_reader_new(&limits);
    size_t taken;
    int status;
    struct fault fault;
    CHECK(reader != NULL);
    if (http_read(reader, text, &taken, &status, &fault) != HTTP_READ_REQUEST)
        http_reader_free(&reader);
    return reader;
}

struct http_reader *request_of(const char *target, const char *header_lines)
{
    struct buf text = {0};
    CHECK(buf_printf(&text, "GET %s HTTP/1.1\r\nHost: race.example\r\n%s\r\n", target,
                     header_lines) == 0);
    struct http_reader *reader = request_read(buf_span(&text));
    CHECK(reader != NULL);
    buf_fini(&text);
    return reader;
}
