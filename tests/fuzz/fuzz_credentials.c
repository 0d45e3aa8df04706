/*
 * fuzz_credentials: where a token may stand, what else is asked of a head, and that a token of the query never survives in
 * what is logged.
 *
 * Input: a request. A target that http would refuse is tried as it is, too.
 */
#include <ctype.h>
#include <string.h>

#include "base/check.h"
#include "codec/credentials.h"
#include "codec/forwarded.h"
#include "codec/origin.h"
#include "codec/query.h"
#include "codec/redact.h"
#include "tests/lib/guard.h"
#include "tests/lib/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Tokens are longer than what an innocent text holds by chance. */
#define TOKEN_MIN_BYTES 12

static size_t count(struct span text, struct span part)
{
    size_t count = 0;
    for (size_t at = 0; at + part.len <= text.len; at++)
        count += memcmp(text.data + at, part.data, part.len) == 0;
    return count;
}

/* By what it is made of it can't look like what takes its place, stands for a byte that can't be shown, or marks a cut. */
static bool is_like_a_token(struct span text)
{
    if (text.len < TOKEN_MIN_BYTES || text.data[text.len - 1] == '.')
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum(text.data[i]) && memchr("-_.", text.data[i], 3) == NULL)
            return false;
    return true;
}

/* It may be there when it stands elsewhere too, as a name or in the path. */
static void check_redacted(struct span target, struct span token)
{
    char text[REDACTED_BYTES];
    redact_target(target, text);
    struct span shown = span_of_text(text);
    if (is_like_a_token(token) && count(target, token) == 1)
        CHECK(count(shown, token) == 0);
}

static void check_target(struct span target)
{
    struct guard guard = guard_copy(target.data, target.len);
    struct span query = query_of_target(span_of(guard.data, guard.len));
    for (struct query_field field; query_next(&query, &field);) {
        if (percent_decoded_is(field.name, CREDENTIALS_PARAMETER))
            check_redacted(span_of(guard.data, guard.len), field.value);
    }
    check_redacted(span_of(guard.data, guard.len), span_of(NULL, 0));
    guard_fini(&guard);
}

static void check_credentials(const struct http_reader *request, const char *cookie)
{
    struct buf decoded = {0};
    struct credentials found;
    CHECK(credentials_find(request, cookie, &decoded, &found) == 0);
    CHECK(found.place != CREDENTIALS_NONE || (!found.contradict && found.token.len == 0));
    CHECK(found.place != CREDENTIALS_COOKIE || cookie != NULL);
    CHECK(!found.by_subprotocol || found.place == CREDENTIALS_AUTHORIZATION ||
          found.place == CREDENTIALS_IN_SUBPROTOCOL);
    if (found.place == CREDENTIALS_QUERY)
        CHECK(found.token.len <= http_target(request).len);
    buf_fini(&decoded);
}

static bool trusts_even(const struct ip *ip, void *ctx)
{
    (void)ctx;
    return ip->bytes[15] % 2 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_target(span_of(data, size));
    struct http_reader *request = request_read(span_of(data, size));
    if (request == NULL)
        return 0;
    check_target(http_target(request));
    check_credentials(request, "token");
    check_credentials(request, NULL);
    struct ip ip;
    if (forwarded_client(request, trusts_even, NULL, &ip))
        CHECK(http_header_count(request, "X-Forwarded-For") > 0);
    const struct origin_policy policy = {.same_host = true};
    CHECK(origin_is_allowed(request, &policy) || http_header_count(request, "Origin") > 0);
    http_reader_free(&request);
    return 0;
}
