/* The operators' port: tokens that count no more. */
#include <errno.h>
#include <string.h>

#include "app/admin_request.h"
#include "app/server.h"
#include "app/shard.h"
#include "app/trust.h"
#include "auth/revocation_file.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "proto/admin.h"

/* On disk first: what was acknowledged holds after a crash. */
static int keep_revocation(struct trust *trust, const char *path,
                           const struct revocation *revocation)
{
    struct revocations *revocations = trust_revocations(trust);
    revocations_forget(revocations, clock_wall_ms() / 1000);
    if (revocations_count(revocations) >= REVOCATIONS_MAX)
        return ERR_FULL;
    int err = path != NULL ? revocation_file_append(path, revocation) : 0;
    if (err == ERR_FORMAT) { /* the last entry was cut short */
        err = revocation_file_rewrite(path, revocations);
        if (err == 0)
            err = revocation_file_append(path, revocation);
    }
    return err == 0 ? revocations_add(revocations, revocation) : err;
}

static enum revocation_kind kind_of(enum admin_revoke asked)
{
    static const enum revocation_kind kinds[] = {
        [ADMIN_REVOKE_TOKEN] = REVOKED_TOKEN,
        [ADMIN_REVOKE_SUBJECT] = REVOKED_SUBJECT,
        [ADMIN_REVOKE_BEFORE] = REVOKED_BEFORE,
    };
    return kinds[asked];
}

/*
 * What was issued until now. An issuer's clock may be ahead of ours, and its tokens count all the same (token-leeway): so those
 * of a subject that it dated that far ahead are meant too.
 */
static struct revocation revocation_of(const struct trust *trust,
                                       const struct admin_revocation *asked)
{
    int64_t now_s = clock_wall_ms() / 1000;
    struct revocation revocation = {
        .kind = kind_of(asked->kind), .name = span_of_text(asked->name), .at_s = now_s};
    if (asked->kind == ADMIN_REVOKE_BEFORE)
        revocation.at_s = asked->before_s;
    if (asked->kind == ADMIN_REVOKE_SUBJECT)
        revocation.at_s = now_s + trust_leeway_s(trust);
    return revocation;
}

/* By a time that is yet to come nobody would get in any more until then. */
static int read_revocation(const struct admin_request *request, struct admin_revocation *asked,
                           struct fault *fault)
{
    const struct trust *trust = server_trust(request->session->shard->server);
    int err = admin_decode_revocation(http_body(admin_head(request)), asked, fault);
    if (err < 0)
        return err;
    if (asked->kind != ADMIN_REVOKE_BEFORE ||
        asked->before_s <= clock_wall_ms() / 1000 + trust_leeway_s(trust))
        return 0;
    fault_set(fault, FAULT_bad_number,
              "issued_before: expected seconds since 1970, and not after now");
    return ERR_INVALID;
}

enum route_result admin_post_revoke(const struct admin_request *request)
{
    const struct shard *shard = request->session->shard;
    struct trust *trust = server_trust(shard->server);
    struct admin_revocation asked;
    struct fault fault;
    if (read_revocation(request, &asked, &fault) < 0)
        return admin_say_fault(request, 400, &fault);
    struct revocation revocation = revocation_of(trust, &asked);
    int err = keep_revocation(trust, shard->options->revocations, &revocation);
    if (err < 0) {
        LOG(LOG_ERROR, "admin.not_revoked", NO_SESSION, "a revocation could not be kept: %s",
            err == ERR_SYSTEM ? strerror(errno) : err_text(err));
        return admin_say(request, 503, "it could not be kept, and so was not carried out\n");
    }
    if (trust_post_revocation(trust, &revocation) < 0)
        return admin_say(request, 503,
                         "it is kept, but not carried out by all workers; repeat it\n");
    LOG(LOG_INFO, "admin.revoke", NO_SESSION, "an operator revokes tokens");
    return admin_say_json(request, buf_append_text(request->body, "{\"revoked\":true}\n"));
}

struct search {
    struct revocation *wanted;
    bool is_found;
};

static int compare_revocation(void *ctx, const struct revocation *revocation)
{
    struct search *search = ctx;
    if (revocation->kind == search->wanted->kind &&
        span_equals(revocation->name, search->wanted->name)) {
        search->wanted->at_s = revocation->at_s;
        search->is_found = true;
    }
    return 0;
}

/* On disk first, as above: what could not be taken from the file is not taken back. */
static int drop_revocation(struct trust *trust, const char *path, struct revocation *revocation)
{
    struct revocations *revocations = trust_revocations(trust);
    struct search search = {.wanted = revocation};
    int64_t at_s = revocation->at_s;
    (void)revocations_visit(revocations, compare_revocation, &search);
    if (!search.is_found || (revocation->kind == REVOKED_BEFORE && revocation->at_s != at_s))
        return ERR_NOT_FOUND;
    int err = revocations_remove(revocations, revocation);
    if (err == 0 && path != NULL)
        err = revocation_file_rewrite(path, revocations);
    if (err == 0)
        return 0;
    int reason = errno;
    (void)revocations_add(revocations, revocation);
    errno = reason;
    return err;
}

enum route_result admin_delete_revocation(const struct admin_request *request)
{
    const struct shard *shard = request->session->shard;
    struct trust *trust = server_trust(shard->server);
    struct admin_revocation asked;
    struct fault fault;
    if (admin_decode_revocation(http_body(admin_head(request)), &asked, &fault) < 0)
        return admin_say_fault(request, 400, &fault);
    struct revocation revocation = revocation_of(trust, &asked);
    int err = drop_revocation(trust, shard->options->revocations, &revocation);
    if (err == ERR_NOT_FOUND)
        return admin_say(request, 404, "nothing of the kind is revoked\n");
    if (err < 0) {
        LOG(LOG_ERROR, "admin.not_revoked", NO_SESSION, "a revocation could not be taken back: %s",
            err == ERR_SYSTEM ? strerror(errno) : err_text(err));
        return admin_say(request, 503, "it could not be taken from the file, and so still holds\n");
    }
    if (trust_post_pardon(trust, &revocation) < 0)
        return admin_say(request, 503, "it is taken back, but not by all workers\n");
    LOG(LOG_INFO, "admin.pardon", NO_SESSION, "an operator takes a revocation back");
    return admin_say_json(request, buf_append_text(request->body, "{\"revoked\":false}\n"));
}

struct listing {
    struct buf *out;
    bool has_one;
};

static int append_revocation(void *ctx, const struct revocation *revocation)
{
    static const enum admin_revoke kinds[] = {
        [REVOKED_TOKEN] = ADMIN_REVOKE_TOKEN,
        [REVOKED_SUBJECT] = ADMIN_REVOKE_SUBJECT,
        [REVOKED_BEFORE] = ADMIN_REVOKE_BEFORE,
    };
    struct listing *listing = ctx;
    struct admin_revocation shown = {.kind = kinds[revocation->kind], .before_s = revocation->at_s};
    if (revocation->name.len > 0)
        memcpy(shown.name, revocation->name.data, revocation->name.len);
    int err = admin_encode_revocation(&shown, revocation->at_s, !listing->has_one, listing->out);
    listing->has_one = true;
    return err;
}

enum route_result admin_get_revocations(const struct admin_request *request)
{
    const struct shard *shard = request->session->shard;
    struct listing listing = {.out = request->body};
    struct revocations *revocations = trust_revocations(server_trust(shard->server));
    revocations_forget(revocations, clock_wall_ms() / 1000);
    int err = buf_append_text(request->body, "{\"revocations\":[");
    if (err == 0)
        err = revocations_visit(revocations, append_revocation, &listing);
    if (err == 0)
        err = buf_append_text(request->body, "]}\n");
    return admin_say_json(request, err);
}
