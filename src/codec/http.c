/*
 * The bytes pass two readers. Ours goes first, byte by byte: it counts against the limits, insists on CRLF and on printable
 * bytes, and knows where the head ends, so that no byte behind it is taken. What it passes is kept, as it came, and given to
 * http_parser, which knows the grammar. When the head is whole, what http_parser is lenient about is checked: the names of
 * headers, the version, Host, and whether a body is announced. Questions are answered from the text that was kept. The body
 * passes neither: it is so many bytes, kept apart.
 *
 * http_parser has a limit of its own, one for the process and 80 KiB: ours is always below it.
 */
#include "codec/http.h"

#include <http_parser.h>
#include <string.h>

#include "base/check.h"
#include "base/mem.h"
#include "codec/http_head.h"

#define HEAD_MAX_BYTES 65536

enum place { EMPTY_LINES, REQUEST_LINE, HEADERS, BODY, WHOLE, SPENT };

struct http_reader {
    http_parser parser;
    struct http_limits limits;
    struct buf head; /* from the request line on */
    struct buf body;
    size_t body_left;  /* announced, and not yet here */
    size_t bytes;      /* taken of this request, with the empty lines before it */
    size_t line_bytes; /* of the line that is being read */
    size_t header_lines;
    unsigned spaces; /* in the request line */
    enum place place;
    bool after_cr;
    bool parsed; /* http_parser too says that the head is whole */
    bool is_head_good;
};

static int on_headers_complete(http_parser *parser)
{
    struct http_reader *reader = parser->data;
    reader->parsed = true;
    return 1; /* it sees no body, whatever the headers say */
}

static const http_parser_settings settings = {.on_headers_complete = on_headers_complete};

struct http_reader *http_reader_new(const struct http_limits *limits)
{
    struct http_reader *reader = mem_try(sizeof *reader);
    if (reader == NULL)
        return NULL;
    reader->limits = *limits;
    if (reader->limits.head_bytes > HEAD_MAX_BYTES)
        reader->limits.head_bytes = HEAD_MAX_BYTES;
    http_reader_next(reader);
    return reader;
}

void http_reader_free(struct http_reader **reader)
{
    if (*reader != NULL) {
        buf_fini(&(*reader)->head);
        buf_fini(&(*reader)->body);
    }
    mem_free(*reader);
    *reader = NULL;
}

void http_reader_next(struct http_reader *reader)
{
    buf_fini(&reader->head);
    buf_fini(&reader->body);
    *reader = (struct http_reader){.limits = reader->limits};
    http_parser_init(&reader->parser, HTTP_REQUEST);
    reader->parser.data = reader;
}

bool http_reader_has_begun(const struct http_reader *reader)
{
    return reader->place != EMPTY_LINES;
}

size_t http_body_bytes(const struct http_reader *reader)
{
    return reader->body.cap;
}

bool http_head_is_known(const struct http_reader *reader)
{
    return reader->is_head_good;
}

/* The functions below return the status to refuse with, 0 when all is fine. */

static int refuse(struct fault *fault, int status, const char *message)
{
    enum fault_code code = FAULT_bad_request;
    if (status == 413 || status == 417 || status == 501)
        code = FAULT_body_refused;
    else if (status == 414 || status == 431)
        code = FAULT_header_too_big;
    else if (status == 503)
        code = FAULT_out_of_memory;
    fault_set(fault, code, "%s", message);
    return status;
}

static int refuse_head_size(const struct http_reader *reader, struct fault *fault)
{
    if (reader->place == REQUEST_LINE)
        return refuse(fault, 414, "the request line is too long");
    return refuse(fault, 431, "the headers are too big");
}

static int begin_header_line(struct http_reader *reader, uint8_t byte, struct fault *fault)
{
    if (byte == ' ' || byte == '\t')
        return refuse(fault, 400, "a header line begins with white space");
    if (++reader->header_lines > reader->limits.headers)
        return refuse(fault, 431, "there are too many headers");
    return 0;
}

static int scan_header_byte(struct http_reader *reader, uint8_t byte, struct fault *fault)
{
    if ((byte < ' ' && byte != '\t') || byte == 0x7f)
        return refuse(fault, 400, "a control character in a header");
    return reader->line_bytes++ == 0 ? begin_header_line(reader, byte, fault) : 0;
}

static int scan_request_line_byte(struct http_reader *reader, uint8_t byte, struct fault *fault)
{
    if (byte < ' ' || byte > '~')
        return refuse(fault, 400, "the request line is not printable ASCII");
    if (byte == ' ' && ++reader->spaces > 2)
        return refuse(fault, 400, "more than two spaces in the request line");
    reader->line_bytes++;
    reader->place = REQUEST_LINE;
    return 0;
}

static int end_line(struct http_reader *reader, struct fault *fault)
{
    if (reader->place == REQUEST_LINE) {
        if (reader->spaces != 2)
            return refuse(fault, 400, "the request line is not a method, a target and a version");
        reader->place = HEADERS;
    } else if (reader->place == HEADERS && reader->line_bytes == 0) {
        reader->place = BODY;
    }
    reader->line_bytes = 0;
    return 0;
}

static int scan_byte(struct http_reader *reader, uint8_t byte, struct fault *fault)
{
    if (++reader->bytes > reader->limits.head_bytes)
        return refuse_head_size(reader, fault);
    if (reader->after_cr != (byte == '\n'))
        return refuse(fault, 400, "a line does not end with CR LF");
    reader->after_cr = byte == '\r';
    if (byte == '\r')
        return 0;
    if (byte == '\n')
        return end_line(reader, fault);
    return reader->place == HEADERS ? scan_header_byte(reader, byte, fault)
                                    : scan_request_line_byte(reader, byte, fault);
}

/* Up to the head's end or the first fault; `*passed` is how many bytes are good, `*kept` where the request begins in them. */
static int scan(struct http_reader *reader, struct span bytes, size_t *passed, size_t *kept,
                struct fault *fault)
{
    int status = 0;
    *passed = 0;
    *kept = 0;
    while (*passed < bytes.len && reader->place < BODY) {
        status = scan_byte(reader, bytes.data[*passed], fault);
        if (status != 0)
            break;
        ++*passed;
        if (reader->place == EMPTY_LINES)
            *kept = *passed;
    }
    return status;
}

static int parse(struct http_reader *reader, struct span bytes, struct fault *fault)
{
    if (bytes.len == 0) /* to http_parser it would be the end of the stream */
        return 0;
    size_t before = reader->head.len;
    if (buf_append(&reader->head, bytes) < 0)
        return refuse(fault, 503, "no memory for the request");
    http_parser_execute(&reader->parser, &settings, (const char *)reader->head.data + before,
                        bytes.len);
    enum http_errno error = HTTP_PARSER_ERRNO(&reader->parser);
    return error == HPE_OK ? 0 : refuse(fault, 400, http_errno_description(error));
}

static struct span head_of(const struct http_reader *reader)
{
    return buf_span(&reader->head);
}

static struct span first_line(const struct http_reader *reader)
{
    struct span line = {0};
    struct span head = head_of(reader);
    http_head_next_line(&head, &line);
    return line;
}

/* http_parser takes "ICE/1.0" from some. */
static int check_version(struct http_reader *reader, struct fault *fault)
{
    struct span line = first_line(reader);
    if (line.len < 9 || memcmp(line.data + line.len - 9, " HTTP/", 6) != 0 || !reader->parsed)
        return refuse(fault, 400, "the request line has no HTTP version");
    if (reader->parser.http_major != 1)
        return refuse(fault, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    return 0;
}

static bool is_letter_or_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

/* Letters, digits, and what is in `marks`. */
static bool consists_of(struct span text, const char *marks)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_letter_or_digit(text.data[i]) &&
            (text.data[i] == '\0' || strchr(marks, text.data[i]) == NULL))
            return false;
    return true;
}

static int check_names(struct http_reader *reader, struct fault *fault)
{
    struct span rest = head_of(reader);
    struct span line;
    http_head_next_line(&rest, &line);
    while (http_head_next_line(&rest, &line) && line.len > 0) {
        struct http_field field;
        /* RFC 9110 section 5.6.2 */
        if (!http_head_split_line(line, &field) || field.name.len == 0 ||
            !consists_of(field.name, "!#$%&'*+-.^_`|~"))
            return refuse(fault, 400, "a header line is not a name, a colon and a value");
    }
    return 0;
}

/* RFC 9112 section 3.2 */
static int check_host(struct http_reader *reader, struct fault *fault)
{
    size_t count = http_header_count(reader, "Host");
    if (count > 1)
        return refuse(fault, 400, "more than one Host header");
    if (count == 0)
        return http_is_1_1(reader) ? refuse(fault, 400, "no Host header") : 0;
    if (!consists_of(http_header(reader, "Host"), "-._~:[]!$&'()*+,;=%"))
        return refuse(fault, 400, "the Host header is malformed");
    return 0;
}

static bool is_chunked(struct span coding, void *ctx)
{
    (void)ctx;
    return http_head_equals_ignoring_case(coding, "chunked");
}

/* RFC 9112 section 6.1 */
static int check_transfer_encoding(const struct http_reader *reader, struct fault *fault)
{
    if (http_header_count(reader, "Content-Length") > 0)
        return refuse(fault, 400, "both Content-Length and Transfer-Encoding");
    if (!http_is_1_1(reader))
        return refuse(fault, 400, "Transfer-Encoding in HTTP/1.0");
    if (!http_head_each_element(head_of(reader), "Transfer-Encoding", is_chunked, NULL))
        return refuse(fault, 501, "a transfer coding other than chunked");
    return refuse(fault, 413, "a chunked body");
}

/* False: it is no number. What is larger than any bound counts as SIZE_MAX. */
static bool read_length(struct span text, size_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(*out, 10U, out) ||
            __builtin_add_overflow(*out, (size_t)(text.data[i] - '0'), out))
            *out = SIZE_MAX;
    }
    return text.len > 0;
}

static size_t body_limit(const struct http_reader *reader)
{
    const struct http_limits *limits = &reader->limits;
    bool takes_one =
        limits->takes_body == NULL || limits->takes_body(http_method(reader), http_path(reader));
    return takes_one ? limits->body_bytes : 0;
}

static int check_body(struct http_reader *reader, struct fault *fault)
{
    reader->is_head_good = true;
    if (http_header_count(reader, "Transfer-Encoding") > 0)
        return check_transfer_encoding(reader, fault);
    size_t count = http_header_count(reader, "Content-Length");
    if (count == 0)
        return 0;
    size_t bytes;
    if (count > 1 || !read_length(http_header(reader, "Content-Length"), &bytes))
        return refuse(fault, 400, "Content-Length is not one number");
    if (bytes > body_limit(reader))
        return refuse(fault, 413, "a body that is not taken, or too big");
    reader->body_left = bytes;
    return 0;
}

/* RFC 9110 10.1.1; from HTTP/1.0, or without a body, it means nothing. */
static bool has_expectation(const struct http_reader *reader)
{
    return reader->body_left > 0 && http_is_1_1(reader) && http_header_count(reader, "Expect") > 0;
}

static int check_expectation(struct http_reader *reader, struct fault *fault)
{
    if (!has_expectation(reader))
        return 0;
    bool is_known = http_header_count(reader, "Expect") == 1 &&
                    http_head_equals_ignoring_case(http_header(reader, "Expect"), "100-continue");
    return is_known ? 0 : refuse(fault, 417, "an expectation other than 100-continue");
}

static int check_head(struct http_reader *reader, struct fault *fault)
{
    static int (*const checks[])(struct http_reader * reader, struct fault * fault) = {
        check_version, check_names, check_host, check_body, check_expectation};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        int status = checks[i](reader, fault);
        if (status != 0)
            return status;
    }
    return 0;
}

/* Up to the head's end. The head is checked when it is whole. */
static int read_head(struct http_reader *reader, struct span bytes, size_t *taken,
                     struct fault *fault)
{
    size_t kept;
    struct fault later;
    int scanned = scan(reader, bytes, taken, &kept, &later);
    int status = 0;
    if (*taken > kept)
        status = parse(reader, span_of(bytes.data + kept, *taken - kept), fault);
    if (status == 0 && scanned != 0) {
        status = scanned;
        *fault = later;
    }
    return status == 0 && reader->place == BODY ? check_head(reader, fault) : status;
}

/* Memory is taken for what came, not for what was announced. */
static int read_body(struct http_reader *reader, struct span bytes, size_t *taken,
                     struct fault *fault)
{
    size_t len = bytes.len < reader->body_left ? bytes.len : reader->body_left;
    if (len > 0 && buf_append(&reader->body, span_of(bytes.data, len)) < 0)
        return refuse(fault, 503, "no memory for the request");
    reader->body_left -= len;
    *taken += len;
    if (reader->body_left == 0)
        reader->place = WHOLE;
    return 0;
}

enum http_read http_read(struct http_reader *reader, struct span bytes, size_t *taken, int *status,
                         struct fault *fault)
{
    CHECK(reader->place < WHOLE);
    bool in_head = reader->place < BODY;
    *taken = 0;
    *status = in_head ? read_head(reader, bytes, taken, fault) : 0;
    if (*status == 0 && in_head && reader->place == BODY && has_expectation(reader))
        return HTTP_READ_CONTINUE;
    if (*status == 0 && reader->place == BODY)
        *status = read_body(reader, span_of(bytes.data + *taken, bytes.len - *taken), taken, fault);
    if (*status == 0)
        return reader->place == WHOLE ? HTTP_READ_REQUEST : HTTP_READ_MORE;
    reader->place = SPENT;
    return HTTP_READ_FAULT;
}

const char *http_method(const struct http_reader *reader)
{
    CHECK(reader->is_head_good);
    return http_method_str((enum http_method)reader->parser.method);
}

struct span http_target(const struct http_reader *reader)
{
    CHECK(reader->is_head_good);
    struct span line = first_line(reader);
    const uint8_t *begin = (const uint8_t *)memchr(line.data, ' ', line.len) + 1;
    const uint8_t *end = memrchr(line.data, ' ', line.len);
    return span_of(begin, (size_t)(end - begin));
}

static size_t bytes_before(struct span text, const char *marks)
{
    size_t len = 0;
    while (len < text.len && strchr(marks, text.data[len]) == NULL)
        len++;
    return len;
}

struct span http_path(const struct http_reader *reader)
{
    struct span target = http_target(reader);
    const uint8_t *authority = memmem(target.data, target.len, "://", 3);
    if (target.data[0] != '/' && authority != NULL) {
        size_t scheme_len = (size_t)(authority + 3 - target.data);
        target = span_of(target.data + scheme_len, target.len - scheme_len);
        size_t authority_len = bytes_before(target, "/?#");
        target = span_of(target.data + authority_len, target.len - authority_len);
    }
    target.len = bytes_before(target, "?#");
    return target.len > 0 ? target : span_of_text("/");
}

struct span http_body(const struct http_reader *reader)
{
    CHECK(reader->place == WHOLE);
    return buf_span(&reader->body);
}

bool http_is_1_1(const struct http_reader *reader)
{
    return reader->parser.http_minor >= 1;
}

bool http_keep_alive(const struct http_reader *reader)
{
    if (http_header_has_token(reader, "Connection", "close"))
        return false;
    return http_is_1_1(reader) || http_header_has_token(reader, "Connection", "keep-alive");
}

size_t http_header_count(const struct http_reader *reader, const char *name)
{
    return http_head_count(head_of(reader), name);
}

struct span http_header(const struct http_reader *reader, const char *name)
{
    return http_head_value(head_of(reader), name);
}

bool http_header_each_value(const struct http_reader *reader, const char *name,
                            http_head_visit_fn *visit, void *ctx)
{
    return http_head_each_value(head_of(reader), name, visit, ctx);
}

bool http_header_each_element(const struct http_reader *reader, const char *name,
                              http_head_visit_fn *visit, void *ctx)
{
    return http_head_each_element(head_of(reader), name, visit, ctx);
}

bool http_header_has_token(const struct http_reader *reader, const char *name, const char *token)
{
    return http_head_has_token(head_of(reader), name, token);
}
