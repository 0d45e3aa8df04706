#include "auth/issuer.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define BLANKS " \t"
#define NAME_BYTES 16

/* The pairs as they are written; each text is owned by then. */
struct pairs {
    char *iss;
    char *aud;
    char *keys;
    char *secret;
    char *alg;
    char *ca;
};

static const struct {
    const char *name;
    size_t offset;
} names[] = {
    {"iss", offsetof(struct pairs, iss)},   {"aud", offsetof(struct pairs, aud)},
    {"keys", offsetof(struct pairs, keys)}, {"secret", offsetof(struct pairs, secret)},
    {"alg", offsetof(struct pairs, alg)},   {"ca", offsetof(struct pairs, ca)},
};

static void pairs_fini(struct pairs *pairs)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        mem_free(*(char **)(void *)((char *)pairs + names[i].offset));
    *pairs = (struct pairs){0};
}

__attribute__((format(printf, 2, 3))) static int refuse(char error[ISSUER_ERROR_BYTES],
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, ISSUER_ERROR_BYTES, format, arguments);
    va_end(arguments);
    return ERR_INVALID;
}

static char *copy(const char *text, size_t len)
{
    char *it = mem_must(len + 1);
    memcpy(it, text, len);
    return it;
}

/* Where the value of this name goes; NULL: there is no such name. */
static char **find_value(struct pairs *pairs, const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i].name) == len && memcmp(names[i].name, name, len) == 0)
            return (char **)(void *)((char *)pairs + names[i].offset);
    }
    return NULL;
}

static int add_pair(struct pairs *pairs, const char *word, size_t len,
                    char error[ISSUER_ERROR_BYTES])
{
    const char *equals = memchr(word, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - word);
    int shown = (int)(name_len < NAME_BYTES ? name_len : NAME_BYTES);
    if (equals == NULL)
        return refuse(error, "'%.*s' is no name=value", shown, word);
    char **value = find_value(pairs, word, name_len);
    if (value == NULL)
        return refuse(error, "there is no '%.*s=': iss, aud, keys, secret, alg or ca", shown, word);
    if (*value != NULL)
        return refuse(error, "%.*s= is given twice", shown, word);
    if (name_len + 1 == len)
        return refuse(error, "%.*s= has no value", shown, word);
    *value = copy(equals + 1, len - name_len - 1);
    return 0;
}

static int read_pairs(const char *spec, struct pairs *pairs, char error[ISSUER_ERROR_BYTES])
{
    if (strlen(spec) > ISSUER_SPEC_BYTES)
        return refuse(error, "it is longer than %d bytes", ISSUER_SPEC_BYTES);
    for (const char *c = spec; *c != '\0'; c++) {
        if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
            return refuse(error, "it has control characters");
    }
    for (spec += strspn(spec, BLANKS); *spec != '\0'; spec += strspn(spec, BLANKS)) {
        size_t len = strcspn(spec, BLANKS);
        int err = add_pair(pairs, spec, len, error);
        if (err < 0)
            return err;
        spec += len;
    }
    return 0;
}

/* As curl will see it; the caller frees it with curl_free(). NULL: there is none. */
static char *part_of(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK ? text : NULL;
}

static bool is_loopback(const char *host)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> 24 == 127;
    return strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0;
}

static int check_parts(const char *scheme, const char *host, const struct pairs *pairs,
                       char error[ISSUER_ERROR_BYTES])
{
    if (strcmp(scheme, "https") == 0)
        return 0;
    if (strcmp(scheme, "http") != 0)
        return refuse(error, "keys= is a file or an https:// URL");
    if (!is_loopback(host))
        return refuse(error,
                      "keys= by http:// only from this machine (127.0.0.1, [::1], localhost): "
                      "https:// it must be");
    if (pairs->ca != NULL)
        return refuse(error, "ca= is for an https:// URL");
    return 0;
}

static int check_parsed_url(CURLU *url, const struct pairs *pairs, char error[ISSUER_ERROR_BYTES])
{
    char *scheme = part_of(url, CURLUPART_SCHEME);
    char *host = part_of(url, CURLUPART_HOST);
    char *user = part_of(url, CURLUPART_USER);
    char *password = part_of(url, CURLUPART_PASSWORD);
    int err = ERR_INVALID;
    if (user != NULL || password != NULL)
        refuse(error, "keys= has a user name or a password in its URL");
    else if (scheme == NULL || host == NULL)
        refuse(error, "keys= is no URL that can be fetched");
    else
        err = check_parts(scheme, host, pairs, error);
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(password);
    return err;
}

/* By the parser of the library that will fetch it, so that the two can't differ. */
static int check_url(const struct pairs *pairs, char error[ISSUER_ERROR_BYTES])
{
    CURLU *url = curl_url();
    if (url == NULL)
        return refuse(error, "%s", err_text(ERR_NO_MEMORY));
    int err;
    if (curl_url_set(url, CURLUPART_URL, pairs->keys, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        err = refuse(error, "keys= is no URL that can be fetched");
    else
        err = check_parsed_url(url, pairs, error);
    curl_url_cleanup(url);
    return err;
}

static int read_alg(const struct pairs *pairs, enum issuer_source source, enum key_alg *alg,
                    char error[ISSUER_ERROR_BYTES])
{
    *alg = KEY_ALG_COUNT;
    if (pairs->alg == NULL)
        return 0;
    if (key_alg_parse(span_of_text(pairs->alg), alg) < 0)
        return refuse(error, "alg= is HS256, HS384, HS512, RS256, PS256, ES256 or ES384");
    bool is_of_secrets = key_alg_type(*alg) == KEY_TYPE_oct;
    if (is_of_secrets && source == ISSUER_KEYS_URL)
        return refuse(error, "alg=%s is of secrets, and a secret has no URL", pairs->alg);
    if (!is_of_secrets && source == ISSUER_SECRET_FILE)
        return refuse(error, "alg=%s is not of a secret", pairs->alg);
    return 0;
}

static enum issuer_source source_of(const struct pairs *pairs)
{
    if (pairs->secret != NULL)
        return ISSUER_SECRET_FILE;
    return strstr(pairs->keys, "://") != NULL ? ISSUER_KEYS_URL : ISSUER_KEYS_FILE;
}

static int check_pairs(const struct pairs *pairs, struct issuer *issuer,
                       char error[ISSUER_ERROR_BYTES])
{
    if (pairs->keys == NULL && pairs->secret == NULL)
        return refuse(error, "it needs keys= or secret=");
    if (pairs->keys != NULL && pairs->secret != NULL)
        return refuse(error, "it has both keys= and secret=");
    issuer->source = source_of(pairs);
    bool is_url = issuer->source == ISSUER_KEYS_URL;
    if (pairs->ca != NULL && !is_url)
        return refuse(error, "ca= is for an https:// URL");
    int err = is_url ? check_url(pairs, error) : 0;
    return err < 0 ? err : read_alg(pairs, issuer->source, &issuer->alg, error);
}

int issuer_parse(const char *spec, struct issuer *issuer, char error[ISSUER_ERROR_BYTES])
{
    struct pairs pairs = {0};
    *issuer = (struct issuer){0};
    int err = read_pairs(spec, &pairs, error);
    if (err == 0)
        err = check_pairs(&pairs, issuer, error);
    if (err < 0) {
        pairs_fini(&pairs);
        return err;
    }
    mem_free(pairs.alg);
    issuer->place = pairs.keys != NULL ? pairs.keys : pairs.secret;
    issuer->iss = pairs.iss;
    issuer->aud = pairs.aud;
    issuer->ca = pairs.ca;
    return 0;
}

void issuer_fini(struct issuer *issuer)
{
    mem_free(issuer->place);
    mem_free(issuer->iss);
    mem_free(issuer->aud);
    mem_free(issuer->ca);
    *issuer = (struct issuer){0};
}
