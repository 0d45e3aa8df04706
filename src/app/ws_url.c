#include "app/ws_url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "codec/redact.h"

#define PORT_ROOM sizeof ":443"

static int refuse(char error[WS_URL_ERROR_BYTES], const char *why)
{
    snprintf(error, WS_URL_ERROR_BYTES, "%s", why);
    return ERR_INVALID;
}

/* The length of "ws://" or "wss://"; 0: it does not begin so. */
static size_t scheme_len(const char *text, bool *is_tls)
{
    *is_tls = strncasecmp(text, "wss://", 6) == 0;
    if (*is_tls)
        return 6;
    return strncasecmp(text, "ws://", 5) == 0 ? 5 : 0;
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~' || strchr("\"<>\\^`{|}", *text) != NULL)
            return false;
    }
    return true;
}

static bool is_port(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
        return false;
    unsigned port = 0;
    for (size_t i = 0; i < len; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    return port >= 1 && port <= 65535;
}

/* Where the port's colon is: the one behind "]" when the host is an IPv6 address. NULL: there is none. */
static char *find_port(char *authority)
{
    char *bracket = strchr(authority, ']');
    return strchr(bracket == NULL ? authority : bracket, ':');
}

static int check_authority(char *authority, char error[WS_URL_ERROR_BYTES])
{
    if (strchr(authority, '@') != NULL)
        return refuse(error, "a user name in the URL is not supported");
    char *port = find_port(authority);
    size_t host_len = port == NULL ? strlen(authority) : (size_t)(port - authority);
    bool is_ipv6 = authority[0] == '[';
    if (host_len == 0 || (is_ipv6 && (host_len < 3 || authority[host_len - 1] != ']')) ||
        (!is_ipv6 && strpbrk(authority, "[]") != NULL))
        return refuse(error, "the URL has no host name or address");
    if (port != NULL && !is_port(port + 1))
        return refuse(error, "the URL's port is not a number from 1 to 65535");
    return 0;
}

/* The authority gets a port if it has none; the host is what stands before it, without brackets. */
static void split_authority(struct ws_url *url)
{
    char *port = find_port(url->authority);
    size_t host_len = port == NULL ? strlen(url->authority) : (size_t)(port - url->authority);
    size_t brackets = url->authority[0] == '[' ? 1 : 0;
    snprintf(url->host, sizeof url->host, "%.*s", (int)(host_len - 2 * brackets),
             url->authority + brackets);
    if (port == NULL)
        memcpy(url->authority + host_len, url->is_tls ? ":443" : ":80", url->is_tls ? 5 : 4);
}

int ws_url_parse(const char *text, struct ws_url *url, char error[WS_URL_ERROR_BYTES])
{
    size_t scheme = scheme_len(text, &url->is_tls);
    const char *authority = text + scheme;
    if (scheme == 0)
        return refuse(error, "a URL begins with ws:// or wss://");
    if (!is_printable(text))
        return refuse(error, "the URL has characters that must be percent-encoded");
    if (strchr(text, '#') != NULL)
        return refuse(error, "a fragment (#) in the URL means nothing to a server");
    size_t authority_len = strcspn(authority, "/?");
    const char *path = authority + authority_len;
    size_t room = WS_URL_AUTHORITY_BYTES - PORT_ROOM;
    if (authority_len > room || strlen(path) + 1 >= WS_URL_PATH_BYTES)
        return refuse(error, "the URL is too long");

    memcpy(url->authority, authority, authority_len);
    url->authority[authority_len] = '\0';
    int err = check_authority(url->authority, error);
    if (err < 0)
        return err;
    split_authority(url);
    snprintf(url->path, WS_URL_PATH_BYTES, "%s%s", *path == '/' ? "" : "/", path);
    return 0;
}

void ws_url_show(const char *text, char shown[WS_URL_SHOWN_BYTES])
{
    _Static_assert(WS_URL_SHOWN_BYTES == REDACTED_BYTES, "it is shown as a target is");
    redact_target(span_of_text(text), shown);
}
