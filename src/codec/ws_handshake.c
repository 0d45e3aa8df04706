#include "codec/ws_handshake.h"

#include <http_parser.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/http_head.h"

#define NONCE_BYTES 16
#define ANSWER_MAX_BYTES 8192

static const char key_suffix[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* section 1.3 */

bool ws_handshake_is_wanted(const struct http_reader *request)
{
    return http_header_has_token(request, "Upgrade", "websocket");
}

static int refuse(struct fault *fault, int status, const char *message)
{
    fault_set(fault, FAULT_bad_handshake, "%s", message);
    return status;
}

static bool is_base64(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
}

/* 16 bytes are 22 digits and two signs of padding. */
static bool is_key(struct span value)
{
    if (value.len != WS_KEY_BYTES || memcmp(value.data + WS_KEY_BYTES - 2, "==", 2) != 0)
        return false;
    for (size_t i = 0; i < WS_KEY_BYTES - 2; i++)
        if (!is_base64(value.data[i]))
            return false;
    return true;
}

static int check_upgrade(const struct http_reader *request, struct fault *fault)
{
    if (!http_is_1_1(request))
        return refuse(fault, 400, "WebSocket needs HTTP/1.1");
    if (http_header_count(request, "Host") != 1)
        return refuse(fault, 400, "not one Host header");
    if (!ws_handshake_is_wanted(request))
        return refuse(fault, 400, "Upgrade does not name websocket");
    if (!http_header_has_token(request, "Connection", "upgrade"))
        return refuse(fault, 400, "Connection does not name upgrade");
    return 0;
}

static int check_version(const struct http_reader *request, struct fault *fault)
{
    size_t count = http_header_count(request, "Sec-WebSocket-Version");
    if (count != 1)
        return refuse(fault, 400, "not one Sec-WebSocket-Version header");
    if (!span_equals(http_header(request, "Sec-WebSocket-Version"), span_of_text("13")))
        return refuse(fault, 426, "only Sec-WebSocket-Version 13 is spoken here");
    return 0;
}

static int check_key(const struct http_reader *request, struct fault *fault)
{
    if (http_header_count(request, "Sec-WebSocket-Key") != 1)
        return refuse(fault, 400, "not one Sec-WebSocket-Key header");
    if (!is_key(http_header(request, "Sec-WebSocket-Key")))
        return refuse(fault, 400, "Sec-WebSocket-Key is not 16 bytes in base64");
    return 0;
}

int ws_handshake_check(const struct http_reader *request, struct fault *fault)
{
    if (strcmp(http_method(request), "GET") != 0)
        return refuse(fault, 405, "a WebSocket is opened with GET");
    int status = check_upgrade(request, fault);
    if (status == 0)
        status = check_version(request, fault);
    if (status == 0)
        status = check_key(request, fault);
    return status == 0 ? 101 : status;
}

void ws_handshake_accept_key(struct span key, char accept[WS_ACCEPT_BYTES + 1])
{
    CHECK(key.len == WS_KEY_BYTES);
    uint8_t text[WS_KEY_BYTES + sizeof key_suffix - 1];
    memcpy(text, key.data, WS_KEY_BYTES);
    memcpy(text + WS_KEY_BYTES, key_suffix, sizeof key_suffix - 1);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    CHECK(EVP_Digest(text, sizeof text, digest, &digest_len, EVP_sha1(), NULL) == 1);
    CHECK(EVP_EncodeBlock((uint8_t *)accept, digest, (int)digest_len) == WS_ACCEPT_BYTES);
}

/* `value` NULL: no such line. */
static int append_header(struct buf *out, const char *name, const char *value)
{
    return value == NULL ? 0 : buf_printf(out, "%s: %s\r\n", name, value);
}

int ws_handshake_accept(const struct http_reader *request, const char *subprotocol,
                        const char *extensions, struct buf *out)
{
    size_t before = out->len;
    char accept[WS_ACCEPT_BYTES + 1];
    ws_handshake_accept_key(http_header(request, "Sec-WebSocket-Key"), accept);
    int err = buf_printf(out,
                         "HTTP/1.1 101 Switching Protocols\r\n"
                         "Upgrade: websocket\r\n"
                         "Connection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: %s\r\n",
                         accept);
    if (err == 0)
        err = append_header(out, "Sec-WebSocket-Protocol", subprotocol);
    if (err == 0)
        err = append_header(out, "Sec-WebSocket-Extensions", extensions);
    if (err == 0)
        err = buf_append_text(out, "\r\n");
    if (err < 0)
        out->len = before;
    return err;
}

int ws_handshake_request(const struct ws_client_request *request, char key[WS_KEY_BYTES + 1],
                         struct buf *out)
{
    uint8_t nonce[NONCE_BYTES];
    CHECK(RAND_bytes(nonce, sizeof nonce) == 1);
    CHECK(EVP_EncodeBlock((uint8_t *)key, nonce, sizeof nonce) == WS_KEY_BYTES);
    const char *subprotocol = request->subprotocol;
    bool has_token = request->token.len > 0;
    return buf_printf(out,
                      "GET %s HTTP/1.1\r\n"
                      "Host: %s\r\n"
                      "Upgrade: websocket\r\n"
                      "Connection: Upgrade\r\n"
                      "Sec-WebSocket-Key: %s\r\n"
                      "Sec-WebSocket-Version: 13\r\n"
                      "%s%s%s%s%.*s%s\r\n",
                      request->path, request->host, key,
                      subprotocol == NULL ? "" : "Sec-WebSocket-Protocol: ",
                      subprotocol == NULL ? "" : subprotocol, subprotocol == NULL ? "" : "\r\n",
                      has_token ? "Authorization: Bearer " : "", (int)request->token.len,
                      has_token ? (const char *)request->token.data : "", has_token ? "\r\n" : "");
}

static int reject(struct fault *fault, const char *message)
{
    fault_set(fault, FAULT_bad_handshake, "%s", message);
    return ERR_FORMAT;
}

static int on_headers_complete(http_parser *parser)
{
    *(bool *)parser->data = true;
    return 1; /* what follows is not HTTP, or of no interest */
}

/* http_parser takes either for an end of line, and so sees the head end where nobody else does. */
static bool has_bare_cr_or_lf(struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] == '\n' && (i == 0 || bytes.data[i - 1] != '\r'))
            return true;
        if (bytes.data[i] == '\r' && i + 1 < bytes.len && bytes.data[i + 1] != '\n')
            return true;
    }
    return false;
}

/* The status of a whole head; 0: `bytes` are the beginning of one; ERR_FORMAT. */
static int parse_answer(struct span bytes, struct fault *fault)
{
    static const http_parser_settings settings = {.on_headers_complete = on_headers_complete};
    http_parser parser;
    bool whole = false;
    http_parser_init(&parser, HTTP_RESPONSE);
    parser.data = &whole;
    http_parser_execute(&parser, &settings, (const char *)bytes.data, bytes.len);
    if (HTTP_PARSER_ERRNO(&parser) != HPE_OK || has_bare_cr_or_lf(bytes))
        return reject(fault, "the answer is not HTTP");
    return whole ? (int)parser.status_code : 0;
}

static int check_answer_headers(struct span head, const char *key, struct fault *fault)
{
    char accept[WS_ACCEPT_BYTES + 1];
    ws_handshake_accept_key(span_of_text(key), accept);
    if (!http_head_has_token(head, "Upgrade", "websocket"))
        return reject(fault, "the answer's Upgrade does not name websocket");
    if (!http_head_has_token(head, "Connection", "upgrade"))
        return reject(fault, "the answer's Connection does not name upgrade");
    if (http_head_count(head, "Sec-WebSocket-Accept") != 1 ||
        !span_equals(http_head_value(head, "Sec-WebSocket-Accept"), span_of_text(accept)))
        return reject(fault, "Sec-WebSocket-Accept does not fit the key");
    if (http_head_count(head, "Sec-WebSocket-Extensions") > 0)
        return reject(fault, "the answer names an extension, and none was offered");
    return 0;
}

static int check_answer_subprotocol(struct span head, const char *subprotocol, struct fault *fault)
{
    size_t count = http_head_count(head, "Sec-WebSocket-Protocol");
    if (subprotocol == NULL)
        return count == 0 ? 0 : reject(fault, "the answer names a subprotocol, and none was asked");
    if (count != 1 ||
        !span_equals(http_head_value(head, "Sec-WebSocket-Protocol"), span_of_text(subprotocol)))
        return reject(fault, "the server does not speak the subprotocol");
    return 0;
}

int ws_handshake_read_answer(struct span bytes, const char *key, const char *subprotocol,
                             struct fault *fault)
{
    if (bytes.len == 0)
        return 0;
    const uint8_t *end = memmem(bytes.data, bytes.len, "\r\n\r\n", 4);
    size_t head_len = end == NULL ? bytes.len : (size_t)(end + 4 - bytes.data);
    if (head_len > ANSWER_MAX_BYTES) {
        reject(fault, "the answer's head is too big");
        return ERR_TOO_BIG;
    }
    struct span head = span_of(bytes.data, head_len);
    int status = parse_answer(head, fault);
    if (status < 0)
        return status;
    if ((status == 0) != (end == NULL))
        return reject(fault, "the answer is not HTTP");
    if (status == 0)
        return 0;
    if (status != 101) {
        fault_set(fault, FAULT_bad_handshake, "the server answered with status %d", status);
        return ERR_FORMAT;
    }
    int err = check_answer_headers(head, key, fault);
    if (err == 0)
        err = check_answer_subprotocol(head, subprotocol, fault);
    return err < 0 ? err : (int)head_len;
}
