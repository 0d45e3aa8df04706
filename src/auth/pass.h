/*
 * pass: what a verified token, or a client certificate, lets its bearer do. One owner: a session.
 */
#ifndef SPECTATE_AUTH_PASS_H
#define SPECTATE_AUTH_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/grants.h"
#include "base/span.h"

#define PASS_NAME_BYTES 255          /* of a subject, and of a token id */
#define PASS_OF_CERTIFICATE SIZE_MAX /* in place of an issuer */
#define PASS_WITHOUT_EXPIRY INT64_MAX

struct auth_groups;

/* Plain data; NULL and 0 are what a token did not say. */
struct pass {
    char *subject;  /* owned; `sub`: may publish as it, and follow itself */
    char *token_id; /* owned; `jti` */
    size_t issuer;  /* index in the configuration */
    int64_t
        issued_s; /* `iat`, UTC since 1970; a token that does not tell is as old as can be: INT64_MIN */
    int64_t expires_s;      /* `exp`, without leeway */
    struct grants *publish; /* owned */
    struct grants *follow;  /* owned */
    uint32_t rate;          /* messages a second; 0: the server's limit. Not cut to that */
    uint32_t follows;       /* 0: the server's limit. Not cut to that */
};

/*
 * What ends at `expires_s` is over, by clocks that may differ by the leeway. But never more than this late, however large the
 * leeway: sessions are looked at every second, and none may be there 5 s after its token's end.
 */
#define PASS_LATE_MAX_S 3
bool pass_end_is_over(int64_t expires_s, int64_t now_s, int64_t leeway_s);

/* An empty pass, that lets nobody do anything; NULL without memory. */
struct pass *pass_new(void);

/*
 * The bearer of a client certificate publishes and follows the name in it; it does not expire by itself. NULL without memory, or
 * when the name is empty, longer than PASS_NAME_BYTES, or has a NUL in it.
 */
struct pass *pass_for_certificate(struct span name);

void pass_free(struct pass **pass);

/* The groups that it names hold what these say from now on. False: it names none. */
bool pass_set_groups(struct pass *pass, struct auth_groups *groups);

bool pass_may_publish(const struct pass *pass, struct span id);
bool pass_may_follow(const struct pass *pass, struct span id);

#endif
