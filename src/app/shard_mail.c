/* What is posted to a shard, and what it makes of it. */
#include "app/shard_events.h"

#include <utlist.h>

#include "app/access.h"
#include "app/admin_routes.h"
#include "app/errand.h"
#include "app/relay.h"
#include "app/session_access.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/tls_context.h"

static void on_stop(struct shard *shard, struct mail *mail)
{
    (void)mail;
    shard_drain(shard);
}

static void on_positions(struct shard *shard, struct mail *mail)
{
    struct parcel *parcel = (struct parcel *)(void *)mail;
    for (size_t i = 0; i < parcel->count; i++) {
        int err = shard_publish_here(shard, &parcel->positions[i]);
        if (err < 0)
            metrics_add_labelled(shard->metrics, METRIC_errors_total,
                                 err == ERR_TOO_MANY ? FAULT_too_many_runners : FAULT_out_of_memory,
                                 1);
    }
    relay_received(&shard->unread, parcel);
}

static void on_socket(struct shard *shard, struct mail *mail)
{
    struct handed_socket *handed = (struct handed_socket *)(void *)mail;
    shard_take_socket(shard, handed->fd, &handed->peer);
    mem_free(handed);
}

static void on_keys(struct shard *shard, struct mail *mail)
{
    access_on_keys(shard->access, (struct keys_mail *)(void *)mail, session_resume);
}

static void on_groups(struct shard *shard, struct mail *mail)
{
    struct session *session;
    access_on_groups(shard->access, (struct groups_mail *)(void *)mail);
    DL_FOREACH(shard->sessions, session)
    {
        session_regroup(session);
    }
    hub_reappear(shard->hub); /* who was there may be in another group now */
}

static void check_access(struct shard *shard)
{
    struct session *session;
    struct session *next;
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        session_check_access(session);
    }
}

static void on_revoke(struct shard *shard, struct mail *mail)
{
    struct revoke_mail *revoke = (struct revoke_mail *)(void *)mail;
    if (revoke->is_lifted)
        access_pardon(shard->access, &revoke->revocation);
    else if (access_revoke(shard->access, &revoke->revocation) < 0)
        LOG(LOG_ERROR, "auth.not_revoked", NO_SESSION, "there is no room for a revocation");
    mem_free(revoke);
    check_access(shard);
}

/* Who is asked answers and sends it on; home, where the question came from, is not asked. */
static void on_errand(struct shard *shard, struct mail *mail)
{
    struct errand *errand = (struct errand *)(void *)mail;
    if (errand->home == shard) {
        admin_on_errand(shard, errand);
        return;
    }
    errand_visit(errand, shard);
    if (errand_go(errand) < 0 && errand_give_up(errand) < 0)
        errand_free(&errand);
}

/* What has come is looked at in each turn: this only makes one. */
static void on_stored(struct shard *shard, struct mail *mail)
{
    (void)shard;
    (void)mail;
}

struct tls_mail {
    struct mail mail;
    struct tls_context *context; /* held */
};

static void on_tls(struct shard *shard, struct mail *mail)
{
    struct tls_mail *tls = (struct tls_mail *)(void *)mail;
    struct session *session;
    struct session *next;
    tls_context_drop(&shard->tls);
    shard->tls = tls->context;
    mem_free(tls);
    DL_FOREACH_SAFE(shard->sessions, session, next)
    {
        session_check_certificate(session);
    }
}

void shard_on_mail(void *context, void *mail)
{
    static void (*const handlers[])(struct shard * shard, struct mail * mail) = {
        [MAIL_STOP] = on_stop,     [MAIL_POSITIONS] = on_positions,
        [MAIL_SOCKET] = on_socket, [MAIL_KEYS] = on_keys,
        [MAIL_REVOKE] = on_revoke, [MAIL_GROUPS] = on_groups,
        [MAIL_ERRAND] = on_errand, [MAIL_TLS] = on_tls,
        [MAIL_STORED] = on_stored,
    };
    handlers[((struct mail *)mail)->kind](context, mail);
}

/* A worker that has stopped already needs no telling (ERR_CLOSED); one with a full mailbox is about to empty it. */
int shard_post(struct shard *shard, struct mail *mail)
{
    int err;
    while ((err = worker_post(shard->worker, mail)) == ERR_FULL)
        uv_sleep(1);
    return err;
}

void shard_stop(struct shard *shard)
{
    static struct mail stop = {.kind = MAIL_STOP};
    (void)shard_post(shard, &stop);
}

void shard_set_tls(struct shard *shard, struct tls_context *context)
{
    struct tls_mail *tls = mem_must(sizeof *tls);
    *tls = (struct tls_mail){.mail = {MAIL_TLS}, .context = tls_context_hold(context)};
    if (shard_post(shard, &tls->mail) == 0)
        return;
    tls_context_drop(&tls->context);
    mem_free(tls);
}
