/*
 * access: who may do what, in one shard. Looks at the tokens that its sessions show.
 *
 * Every refusal of a token looks the same from outside, but for one that has expired or was revoked; the reason is counted and
 * goes to the debug log. Bad tokens are charged to the address that shows them, and one that has used up its budget is not
 * listened to, before anything costly is done.
 *
 * A token may be signed with a key that is only now being fetched. Then the session waits: access_park() keeps what it has to
 * say until the keys are here (or can't be had), and gives it back in access_on_keys(). It waits for one fetch of an issuer's
 * keys, and no longer than token-timeout: what cannot be verified then is refused.
 */
#ifndef SPECTATE_APP_ACCESS_H
#define SPECTATE_APP_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/trust.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/ip.h"
#include "base/span.h"
#include "metrics/metrics.h"

struct access;
struct session;

/* `trust` and `metrics` are borrowed. Owned by the caller. */
struct access *access_new(struct trust *trust, struct metrics *metrics);

/* No session may be parked. */
void access_free(struct access **access);

/* Clients have to show a token. */
bool access_needs_tokens(const struct access *access);

/* What a session holds once its token was accepted. */
struct permit {
    struct pass *pass;             /* owned */
    struct token_account *account; /* NULL: none; to be left */
};

enum access_verdict {
    ACCESS_GRANTED, /* the permit is the caller's, for access_free_permit() */
    ACCESS_REFUSED, /* `fault` says what the peer may know */
    ACCESS_WAITS,   /* for keys of `issuer` */
};

struct access_question {
    const struct session *session; /* that shows it */
    struct span token;
    struct permit *held; /* what the session has now; NULL: nothing */
    struct ip address;   /* of who shows it */
    uint64_t now_ms;     /* monotonic */
};

struct access_answer {
    struct permit *permit;
    struct fault fault;
    size_t issuer;
    uint64_t waited; /* for whose keys this token has waited before, as authority_verify() has it */
    uint64_t since_ms; /* it has waited, or does so from now on */
};

enum access_verdict access_ask(struct access *access, const struct access_question *question,
                               struct access_answer *answer);

/* Is nothing new from there worth a look (app/failed_tokens.h)? True: `fault` says why. */
bool access_shuns(const struct access *access, struct ip address, uint64_t now_ms,
                  struct fault *fault);

/*
 * The bearer of a client certificate, good until `expires_s`, publishes and follows the name in it. Owned by the caller. NULL: no
 * memory, a name that is none, too many sessions, run out or revoked.
 */
struct permit *access_permit_certificate(struct access *access, struct span name,
                                         int64_t expires_s);

/* NULL inside is fine. Nulls the caller's pointer. */
void access_free_permit(struct access *access, struct permit **permit);

/* Does a permit still count? False: `fault` says why. */
bool access_still_holds(const struct access *access, const struct permit *permit,
                        struct fault *fault);

/* May its token send one more message now, with all of its sessions? */
bool access_takes_message(struct access *access, struct permit *permit, uint64_t now_ms);

/*
 * A session waits for an issuer's keys: keep a copy of the message to be taken up again (empty: a request, which its reader
 * keeps), and then of what comes behind it. 0; ERR_FULL: too many wait, or too many of its address; ERR_NO_MEMORY.
 */
struct access_wait {
    struct session *session;
    size_t issuer;     /* as the answer has it */
    uint64_t waited;   /* likewise */
    uint64_t since_ms; /* likewise */
};
int access_park(struct access *access, const struct access_wait *wait, struct span message);
int access_park_more(struct access *access, const struct session *session, struct span rest);

/* It has ended. Nothing happens when it is not parked. */
void access_unpark(struct access *access, const struct session *session);

/* How many wait. */
size_t access_parked(const struct access *access);

/* What was kept, borrowed until return, and may be changed. */
struct parked_bytes {
    struct buf message;
    struct buf rest;
};

/* Take keys, and let those who waited for them go on; who does may park again. Frees the mail. */
typedef void access_resume_fn(struct session *session, const struct parked_bytes *bytes);
void access_on_keys(struct access *access, struct keys_mail *mail, access_resume_fn *resume);

/* Take groups; a permit that was given before has them after access_regroup(). False: it names no group. */
void access_on_groups(struct access *access, struct groups_mail *mail);

/* The groups that tokens name. NULL: there are none. Borrowed until access_on_groups(). */
const struct auth_groups *access_groups(const struct access *access);
bool access_regroup(const struct access *access, struct permit *permit);

/* From now on. ERR_FULL, ERR_NO_MEMORY. */
int access_revoke(struct access *access, const struct revocation *revocation);

/* No longer. */
void access_pardon(struct access *access, const struct revocation *revocation);

/* Those who have waited for keys as long as may be go on without. */
void access_end_waits(struct access *access, uint64_t now_ms, access_resume_fn *resume);

/* Now and then: forget revocations that are too old to matter. */
void access_tidy(struct access *access, uint64_t now_ms);

#endif
