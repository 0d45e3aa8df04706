#include "codec/ws_extension.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"

/* What is wanted of a parameter's value. */
enum value_rule { VALUE_NONE, VALUE_BITS, VALUE_BITS_OR_NONE };

enum parameter { SERVER_WINDOW, CLIENT_WINDOW, SERVER_CONTEXT, CLIENT_CONTEXT, PARAMETER_COUNT };

static const struct {
    const char *name;
    enum value_rule rule;
} parameters[PARAMETER_COUNT] = {
    [SERVER_WINDOW] = {"server_max_window_bits", VALUE_BITS},
    [CLIENT_WINDOW] = {"client_max_window_bits", VALUE_BITS_OR_NONE},
    [SERVER_CONTEXT] = {"server_no_context_takeover", VALUE_NONE},
    [CLIENT_CONTEXT] = {"client_no_context_takeover", VALUE_NONE},
};

/* A value without quotes and backslashes: how long, and as much of it as a good one has. 0: no value. */
struct value {
    size_t len;
    uint8_t digits[2];
};

struct offer {
    bool acceptable;
    unsigned seen;       /* a bit for each parameter */
    uint8_t window_bits; /* of SERVER_WINDOW */
};

static void skip_blanks(struct span *rest)
{
    while (rest->len > 0 && (rest->data[0] == ' ' || rest->data[0] == '\t'))
        *rest = span_of(rest->data + 1, rest->len - 1);
}

/* Any white space, then `byte`. */
static bool take_byte(struct span *rest, uint8_t byte)
{
    skip_blanks(rest);
    if (rest->len == 0 || rest->data[0] != byte)
        return false;
    *rest = span_of(rest->data + 1, rest->len - 1);
    return true;
}

/* RFC 9110 section 5.6.2 */
static bool is_token_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

/* Empty when there is none. */
static struct span take_token(struct span *rest)
{
    skip_blanks(rest);
    size_t len = 0;
    while (len < rest->len && is_token_byte(rest->data[len]))
        len++;
    struct span token = span_of(rest->data, len);
    *rest = span_of(rest->data + len, rest->len - len);
    return token;
}

static void value_add(struct value *value, uint8_t byte)
{
    if (value->len < sizeof value->digits)
        value->digits[value->len] = byte;
    value->len++;
}

/* Behind the opening quote. What is quoted must be a token, too (RFC 6455 section 9.1). False: malformed. */
static bool take_quoted(struct span *rest, struct value *value)
{
    while (rest->len > 0 && rest->data[0] != '"') {
        if (rest->data[0] == '\\')
            *rest = span_of(rest->data + 1, rest->len - 1);
        if (rest->len == 0 || !is_token_byte(rest->data[0]))
            return false;
        value_add(value, rest->data[0]);
        *rest = span_of(rest->data + 1, rest->len - 1);
    }
    return rest->len > 0 && take_byte(rest, '"') && value->len > 0;
}

static bool take_value(struct span *rest, struct value *value)
{
    if (take_byte(rest, '"'))
        return take_quoted(rest, value);
    struct span token = take_token(rest);
    for (size_t i = 0; i < token.len; i++)
        value_add(value, token.data[i]);
    return token.len > 0;
}

/* 8 to 15, without zeros in front; else 0. */
static uint8_t window_bits_of(const struct value *value)
{
    if (value->len == 1 && (value->digits[0] == '8' || value->digits[0] == '9'))
        return (uint8_t)(value->digits[0] - '0');
    if (value->len == 2 && value->digits[0] == '1' && value->digits[1] >= '0' &&
        value->digits[1] <= '5')
        return (uint8_t)(10 + value->digits[1] - '0');
    return 0;
}

static bool follows_rule(const struct value *value, enum value_rule rule)
{
    if (value->len == 0)
        return rule != VALUE_BITS;
    return rule != VALUE_NONE && window_bits_of(value) != 0;
}

static enum parameter parameter_of(struct span name)
{
    size_t i = 0;
    while (i < PARAMETER_COUNT && !span_equals(name, span_of_text(parameters[i].name)))
        i++;
    return (enum parameter)i;
}

static void judge_parameter(struct offer *offer, struct span name, const struct value *value)
{
    enum parameter parameter = parameter_of(name);
    if (parameter == PARAMETER_COUNT || (offer->seen & 1U << parameter) != 0 ||
        !follows_rule(value, parameters[parameter].rule)) {
        offer->acceptable = false;
        return;
    }
    offer->seen |= 1U << parameter;
    if (parameter == SERVER_WINDOW)
        offer->window_bits = window_bits_of(value);
}

/* One extension with its parameters. False: malformed. */
static bool take_offer(struct span *rest, struct offer *offer)
{
    struct span name = take_token(rest);
    *offer = (struct offer){.acceptable = span_equals(name, span_of_text("permessage-deflate")),
                            .window_bits = WS_WINDOW_BITS_MAX};
    if (name.len == 0)
        return false;
    while (take_byte(rest, ';')) {
        struct span parameter = take_token(rest);
        struct value value = {0};
        if (parameter.len == 0 || (take_byte(rest, '=') && !take_value(rest, &value)))
            return false;
        judge_parameter(offer, parameter, &value);
    }
    return true;
}

/* The first offer that was acceptable; the others are read for their grammar only. */
struct choice {
    bool made;
    struct offer offer;
};

static bool take_line(struct span rest, void *ctx)
{
    struct choice *choice = ctx;
    for (;;) {
        while (take_byte(&rest, ','))
            continue;
        if (rest.len == 0)
            return true;
        struct offer offer;
        if (!take_offer(&rest, &offer))
            return false;
        skip_blanks(&rest);
        if (rest.len > 0 && rest.data[0] != ',')
            return false;
        if (offer.acceptable && !choice->made)
            *choice = (struct choice){.made = true, .offer = offer};
    }
}

static void write_answer(const struct offer *offer, struct ws_extension *agreed)
{
    char window[32] = "";
    if ((offer->seen & 1U << SERVER_WINDOW) != 0)
        snprintf(window, sizeof window, "; server_max_window_bits=%u", offer->window_bits);
    int len = snprintf(agreed->answer, sizeof agreed->answer,
                       "permessage-deflate; server_no_context_takeover; "
                       "client_no_context_takeover%s",
                       window);
    CHECK(len > 0 && (size_t)len < sizeof agreed->answer);
    agreed->window_bits = offer->window_bits;
}

int ws_extension_negotiate(const struct http_reader *request, struct ws_extension *agreed)
{
    struct choice choice = {0};
    if (!http_header_each_value(request, "Sec-WebSocket-Extensions", take_line, &choice))
        return ERR_FORMAT;
    if (!choice.made)
        return 0;
    write_answer(&choice.offer, agreed);
    return 1;
}

bool ws_extension_fits(unsigned window_bits, size_t message_bytes)
{
    CHECK(window_bits >= WS_WINDOW_BITS_MIN && window_bits <= WS_WINDOW_BITS_MAX);
    return window_bits == WS_WINDOW_BITS_MAX || message_bytes <= (size_t)1 << window_bits;
}
