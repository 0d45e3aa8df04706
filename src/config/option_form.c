#include "config/option_form.h"

#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/ip.h"
#include "config/option_value.h"

#define ORIGIN_BYTES_MAX 256
#define COOKIE_BYTES_MAX 64
#define GROUP_BYTES_MAX 64
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool fits_on_a_line(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    }
    return *text != '\0' && (strchr(text, '"') == NULL || strchr(text, '\'') == NULL);
}

/* Scheme, host and perhaps a port, as a browser sends it; the host may be in brackets. */
static bool is_origin(const char *text)
{
    if (strcmp(text, "*") == 0)
        return true;
    size_t scheme = strspn(text, LETTERS DIGITS "+-.");
    if (scheme == 0 || strncmp(text + scheme, "://", 3) != 0 || strlen(text) > ORIGIN_BYTES_MAX)
        return false;
    const char *host = text + scheme + 3;
    const char *colon = strrchr(host, ':');
    if (*host == '\0' || *host == ':')
        return false;
    if (colon == NULL || strchr(colon, ']') != NULL)
        return *host == '[' ? host[strlen(host) - 1] == ']' : strpbrk(host, " /?#@,\"'") == NULL;
    return listen_address_is_well_formed(host) && strcmp(colon, ":0") != 0;
}

static bool is_network(const char *text)
{
    struct cidr cidr;
    return cidr_parse(span_of_text(text), &cidr) == 0;
}

static bool is_cookie_name(const char *text)
{
    size_t len = strspn(text, LETTERS DIGITS "!#$%&'*+-.^_`|~");
    return len > 0 && len <= COOKIE_BYTES_MAX && text[len] == '\0';
}

static bool is_name(const char *text)
{
    return fits_on_a_line(text) && strpbrk(text, " :/") == NULL;
}

/* A group may hold any sign, also "=". */
static bool is_group_time(const char *text)
{
    const char *sign = strrchr(text, '=');
    uint64_t ms;
    return fits_on_a_line(text) && sign != NULL && sign > text && sign - text <= GROUP_BYTES_MAX &&
           duration_parse(sign + 1, &ms) == 0;
}

static const struct {
    const char *placeholder;
    const char *expected;
    bool (*fits)(const char *text);
} forms[] = {
    [FORM_FILE] = {"FILE", "a file name", fits_on_a_line},
    [FORM_ADDRESS] = {"HOST:PORT", "HOST:PORT (like 127.0.0.1:8080 or [::1]:8080)",
                      listen_address_is_well_formed},
    [FORM_ORIGIN] = {"ORIGIN", "an origin (like https://race.example, without a path) or *",
                     is_origin},
    [FORM_NETWORK] = {"NETWORK", "an address or a network (like 10.0.0.0/8 or 2001:db8::/32)",
                      is_network},
    [FORM_COOKIE] = {"NAME", "the name of a cookie", is_cookie_name},
    [FORM_NAME] = {"NAME", "a name", is_name},
    [FORM_GROUP_TIME] = {"GROUP=TIME", "a group and a time (like elite=30d)", is_group_time},
    [FORM_SPEC] = {"SPEC", "NAME=VALUE pairs on one line", fits_on_a_line},
};

bool option_form_fits(enum option_form form, const char *text)
{
    CHECK(form < sizeof forms / sizeof forms[0]);
    return forms[form].fits(text);
}

const char *option_form_placeholder(enum option_form form)
{
    CHECK(form < sizeof forms / sizeof forms[0]);
    return forms[form].placeholder;
}

const char *option_form_expected(enum option_form form)
{
    CHECK(form < sizeof forms / sizeof forms[0]);
    return forms[form].expected;
}

bool address_text_is_loopback(const char *text)
{
    struct ip ip;
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return false;
    struct span host = span_of(text, (size_t)(colon - text));
    if (host.len > 2 && text[0] == '[')
        host = span_of(text + 1, host.len - 2);
    if (host.len == strlen("localhost") && strncasecmp(text, "localhost", host.len) == 0)
        return true;
    return ip_parse(host, &ip) == 0 && ip_is_loopback(&ip);
}
