#include "cli/token_link.h"

#include <string.h>
#include <strings.h>

#define PARAMETER "token="

static bool begins_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

/* NULL: another scheme. */
static const char *authority_of(const char *url)
{
    if (begins_with(url, "https://"))
        return url + strlen("https://");
    return begins_with(url, "http://") ? url + strlen("http://") : NULL;
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~' || strchr("\"<>\\^`{|}", *text) != NULL)
            return false;
    }
    return true;
}

/* `query` begins at the question mark, or there is none. */
static bool has_token(const char *query)
{
    size_t end = strcspn(query, "#");
    for (size_t at = 0; at < end; at += 1 + strcspn(query + at + 1, "&#")) {
        if (strncmp(query + at + 1, PARAMETER, strlen(PARAMETER)) == 0)
            return true;
    }
    return false;
}

bool token_link_fits(const char *url)
{
    const char *authority = authority_of(url);
    if (authority == NULL || !is_printable(url))
        return false;
    size_t host_len = strcspn(authority, "/?#");
    return host_len > 0 && authority[0] != ':' && memchr(authority, '@', host_len) == NULL &&
           !has_token(authority + strcspn(authority, "?#"));
}

int token_link_write(const char *url, struct span token, struct buf *link)
{
    size_t before = strcspn(url, "#");
    bool has_query = memchr(url, '?', before) != NULL;
    bool has_path = strpbrk(authority_of(url), "/?#") != NULL;
    return buf_printf(link, "%.*s%s" PARAMETER "%.*s%s", (int)before, url,
                      has_query  ? "&"
                      : has_path ? "?"
                                 : "/?",
                      (int)token.len, (const char *)token.data, url + before);
}

static bool is_host(const char *authority, const char *host)
{
    size_t len = strlen(host);
    return strncasecmp(authority, host, len) == 0 && strchr(":/?#", authority[len]) != NULL;
}

bool token_link_is_in_the_clear(const char *url)
{
    const char *authority = authority_of(url);
    return !begins_with(url, "https://") && !is_host(authority, "localhost") &&
           !is_host(authority, "127.0.0.1") && !is_host(authority, "[::1]");
}
