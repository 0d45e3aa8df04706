/*
 * What is bounded is one buf_printf(), which appends all or nothing. Only an error may be long: it is appended in parts, and taken
 * back when one fails.
 */
#include "proto/v1_answer.h"

#include <inttypes.h>

#include "base/err.h"
#include "proto/id_json.h"
#include "proto/json_text.h"

/* ,"id":7 for printf, or nothing. */
#define ID_FORMAT "%s%.*s"
#define ID_ARGUMENTS(id)                                                                           \
    (id) != NULL && (id)->len > 0 ? ",\"id\":" : "", (id) != NULL ? (int)(id)->len : 0,            \
        (id) != NULL ? (id)->text : ""

struct expiry {
    char text[JSON_TEXT_NUMBER_BYTES];
};

static struct expiry expiry_of(bool expires, int64_t expires_s)
{
    struct expiry expiry;
    char *end =
        expires ? json_text_integer(expiry.text, expires_s) : json_text_raw(expiry.text, "null");
    *end = '\0';
    return expiry;
}

int v1_encode_welcome(const struct v1_welcome *welcome, const struct v1_request_id *id,
                      struct buf *out)
{
    struct expiry expiry = expiry_of(welcome->expires, welcome->expires_s);
    return buf_printf(
        out,
        "{\"type\":\"welcome\"" ID_FORMAT ",\"version\":\"%s\",\"time\":%" PRId64
        ",\"pingInterval\":%" PRIu64 ",\"store\":%s,\"limits\":{\"messageBytes\":%" PRIu64
        ",\"messagesPerSecond\":%" PRIu64 ",\"follows\":%" PRIu64
        ",\"positionsPerMessage\":%" PRIu64 "},\"stale\":%" PRIu64 ",\"lost\":%" PRIu64
        ",\"reconnect\":{\"minimum\":%" PRIu64 ",\"maximum\":%" PRIu64 "},\"expires\":%s}",
        ID_ARGUMENTS(id), welcome->version, welcome->time_ms, welcome->ping_interval_ms,
        welcome->has_store ? "true" : "false", welcome->message_bytes, welcome->messages_per_second,
        welcome->follows, welcome->positions_per_message, welcome->stale_ms, welcome->lost_ms,
        welcome->reconnect_min_ms, welcome->reconnect_max_ms, expiry.text);
}

int v1_encode_ack(enum v1_stored stored, const struct v1_request_id *id, struct buf *out)
{
    static const char *const texts[] = {
        [V1_STORED_NO] = ",\"stored\":false",
        [V1_STORED_YES] = ",\"stored\":true",
        [V1_STORED_NOT_SAID] = "",
    };
    return buf_printf(out, "{\"type\":\"ack\"" ID_FORMAT "%s}", ID_ARGUMENTS(id), texts[stored]);
}

int v1_encode_reset(enum v1_reset reason, const struct v1_request_id *id, struct buf *out)
{
    static const char *const names[] = {
        [V1_RESET_UNKNOWN_CURSOR] = "unknown_cursor",
        [V1_RESET_TOO_MUCH] = "too_much",
        [V1_RESET_NOT_KEPT] = "not_kept",
    };
    return buf_printf(out, "{\"type\":\"reset\"" ID_FORMAT ",\"reason\":\"%s\"}", ID_ARGUMENTS(id),
                      names[reason]);
}

int v1_encode_rate(const struct v1_user *user, uint64_t every_ms, struct buf *out)
{
    char text[ID_JSON_BYTES];
    int len = (int)(id_json_write(text, &user->id, user->is_number) - text);
    return buf_printf(out, "{\"type\":\"rate\",\"userId\":%.*s,\"every\":%" PRIu64 "}", len, text,
                      every_ms);
}

int v1_encode_pong(int64_t time_ms, const struct v1_request_id *id, struct buf *out)
{
    return buf_printf(out, "{\"type\":\"pong\"" ID_FORMAT ",\"time\":%" PRId64 "}",
                      ID_ARGUMENTS(id), time_ms);
}

int v1_encode_token(bool expires, int64_t expires_s, const struct v1_request_id *id,
                    struct buf *out)
{
    struct expiry expiry = expiry_of(expires, expires_s);
    return buf_printf(out, "{\"type\":\"token\"" ID_FORMAT ",\"expires\":%s}", ID_ARGUMENTS(id),
                      expiry.text);
}

int v1_encode_reconnect(uint64_t after_ms, struct buf *out)
{
    return buf_printf(out, "{\"type\":\"reconnect\",\"after\":%" PRIu64 "}", after_ms);
}

static int append_error_head(const struct v1_error *error, struct buf *out)
{
    char message[JSON_TEXT_STRING_BYTES(FAULT_MESSAGE_BYTES)];
    int len = (int)(json_text_string(message, span_of_text(error->fault->message)) - message);
    return buf_printf(out, "{\"type\":\"error\"" ID_FORMAT ",\"code\":\"%s\",\"message\":%.*s",
                      ID_ARGUMENTS(error->id), fault_name(error->fault->code), len, message);
}

static int append_error_ids(const struct v1_error *error, struct buf *out)
{
    if (error->id_count == 0)
        return 0;
    int err = buf_append_text(out, ",\"ids\":[");
    if (err == 0)
        err = id_json_append_list(error->ids, error->id_count, out);
    return err == 0 ? buf_append_text(out, "]") : err;
}

int v1_encode_error(const struct v1_error *error, struct buf *out)
{
    size_t len_before = out->len;
    int err = append_error_head(error, out);
    if (err == 0)
        err = append_error_ids(error, out);
    if (err == 0 && error->index != V1_NO_INDEX)
        err = buf_printf(out, ",\"index\":%zu", error->index);
    if (err == 0)
        err = buf_append_text(out, "}");
    if (err < 0)
        out->len = len_before;
    return err;
}
