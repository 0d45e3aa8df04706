/*
 * admin: what operators ask over HTTP, and what they are answered, as JSON (docs/operations.md, "The operators' port").
 */
#ifndef SPECTATE_PROTO_ADMIN_H
#define SPECTATE_PROTO_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

#define ADMIN_NAME_BYTES 255 /* of a sub, a jti or an address, as tokens have it */

/* Which sessions are meant. */
enum admin_by { ADMIN_BY_ID, ADMIN_BY_SUBJECT, ADMIN_BY_ADDRESS };
struct admin_who {
    enum admin_by by;
    uint64_t id; /* of a session */
    char name[ADMIN_NAME_BYTES + 1];
};

/* {"id": 17} or {"sub": "7"} or {"address": "192.0.2.7"}. 0; ERR_FORMAT, ERR_NO_MEMORY with `fault` filled. */
int admin_decode_kick(struct span body, struct admin_who *who, struct fault *fault);

/* What no longer counts. */
enum admin_revoke { ADMIN_REVOKE_TOKEN, ADMIN_REVOKE_SUBJECT, ADMIN_REVOKE_BEFORE };
struct admin_revocation {
    enum admin_revoke kind;
    int64_t before_s; /* ADMIN_REVOKE_BEFORE; UTC since 1970 */
    char name[ADMIN_NAME_BYTES + 1];
};

/* {"jti": ".."} or {"sub": ".."} or {"issued_before": 1777600000}. As above. */
int admin_decode_revocation(struct span body, struct admin_revocation *revocation,
                            struct fault *fault);

/* {"level": "debug"}. As above. */
int admin_decode_level(struct span body, char level[ADMIN_NAME_BYTES + 1], struct fault *fault);

/* {"name": "2026-05-01.db"}. As above. */
int admin_decode_backup(struct span body, char name[ADMIN_NAME_BYTES + 1], struct fault *fault);

/* One session, as operators see it. Plain data. */
struct admin_session {
    uint64_t id;
    uint64_t superseded;
    uint64_t queued_bytes;
    uint64_t follows;
    uint64_t quiet_ms; /* since its last byte */
    int64_t expires_s; /* of its token; INT64_MAX: none */
    uint32_t worker;
    uint32_t faults;
    bool is_behind;
    bool is_full;
    char address[64];
    char subject[ADMIN_NAME_BYTES + 1]; /* "": none */
};

/* {"total":N,"sessions":[..]}. 0 or ERR_NO_MEMORY with `out` as it was. */
int admin_encode_sessions(const struct admin_session *sessions, size_t count, uint64_t total,
                          struct buf *out);

/* Append one element of {"revocations":[..]}: {"jti":"..","at":..} and so on; `is_first`: no comma before it. As above. */
int admin_encode_revocation(const struct admin_revocation *revocation, int64_t at_s, bool is_first,
                            struct buf *out);

#endif
