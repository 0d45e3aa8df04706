#include "app/doorstep.h"

#include <stdatomic.h>
#include <unistd.h>
#include <utlist.h>

#include "app/session.h"
#include "app/shard.h"
#include "app/trusted_proxies.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/proxy_protocol.h"
#include "net/preface.h"

#define WAITING_MAX 4096

struct doorstep {
    struct preface preface; /* first: it leads back here */
    struct shard *shard;
    struct doorstep *prev; /* in the shard's list */
    struct doorstep *next;
    struct address peer; /* the proxy; the client once it is known */
    struct proxy_reader reader;
    uint64_t deadline_ms;
    bool is_over;  /* only its last callback is to come */
    bool has_come; /* it is a session */
};

static struct doorstep *doorstep_of(struct preface *preface)
{
    return (struct doorstep *)(void *)preface;
}

static void leave(struct doorstep *doorstep, enum close_reason reason)
{
    if (doorstep->is_over)
        return;
    doorstep->is_over = true;
    metrics_add_labelled(doorstep->shard->metrics, METRIC_sessions_closed_total, reason, 1);
    preface_close(&doorstep->preface);
}

static enum preface_verdict on_bytes(struct preface *preface, struct span bytes, size_t *taken)
{
    struct doorstep *doorstep = doorstep_of(preface);
    struct proxy_source source;
    enum proxy_read result = proxy_read(&doorstep->reader, bytes, taken, &source);
    metrics_add(doorstep->shard->metrics, METRIC_bytes_received_total, *taken);
    if (result == PROXY_READ_FAULT)
        return PREFACE_REFUSED;
    if (result == PROXY_READ_MORE)
        return PREFACE_MORE;
    if (source.is_known)
        doorstep->peer = address_of_ip(&source.ip, source.port);
    return PREFACE_DONE;
}

static void on_done(struct preface *preface, int fd)
{
    struct doorstep *doorstep = doorstep_of(preface);
    doorstep->is_over = true;
    doorstep->has_come = session_start(doorstep->shard, fd, &doorstep->peer) == 0;
    if (!doorstep->has_come)
        close(fd);
}

static void refuse(struct doorstep *doorstep)
{
    char proxy[ADDRESS_TEXT_BYTES];
    address_format(&doorstep->peer, proxy);
    metrics_add_labelled(doorstep->shard->metrics, METRIC_errors_total, FAULT_bad_proxy_header, 1);
    LOG(LOG_WARN, "proxy.bad_header", NO_SESSION,
        "%s is a trusted proxy, and did not begin with a PROXY header", proxy);
    leave(doorstep, CLOSE_bad_proxy_header);
}

static void on_end(struct preface *preface, enum preface_end end)
{
    struct doorstep *doorstep = doorstep_of(preface);
    if (end == PREFACE_END_REFUSED)
        refuse(doorstep);
    else
        leave(doorstep, end == PREFACE_END_FIN ? CLOSE_client_gone : CLOSE_reset);
}

static void on_closed(struct preface *preface)
{
    struct doorstep *doorstep = doorstep_of(preface);
    struct shard *shard = doorstep->shard;
    DL_DELETE(shard->doorstep, doorstep);
    shard->doorstep_count--;
    if (!doorstep->has_come)
        atomic_fetch_sub(&shard->load, 1);
    mem_free(doorstep);
}

static const struct preface_events events = {
    .on_bytes = on_bytes,
    .on_done = on_done,
    .on_end = on_end,
    .on_closed = on_closed,
};

bool doorstep_is_for(const struct shard *shard, const struct address *peer)
{
    struct ip ip = address_ip(peer);
    return shard->options->proxy_protocol == SWITCH_ON && trusted_proxies_hold(shard->proxies, &ip);
}

int doorstep_wait(struct shard *shard, int fd, const struct address *peer)
{
    struct doorstep *doorstep =
        shard->doorstep_count < WAITING_MAX ? mem_try(sizeof *doorstep) : NULL;
    if (doorstep == NULL) {
        metrics_add_labelled(shard->metrics, METRIC_errors_total, FAULT_too_many_connections, 1);
        return ERR_TOO_MANY;
    }
    doorstep->shard = shard;
    doorstep->peer = *peer;
    doorstep->deadline_ms = worker_now_ms(shard->worker) + shard->options->handshake_timeout_ms;
    int err = preface_open(&doorstep->preface, shard->worker, fd, &events);
    if (err < 0) {
        mem_free(doorstep);
        return err;
    }
    DL_APPEND(shard->doorstep, doorstep);
    shard->doorstep_count++;
    return 0;
}

void doorstep_sweep(struct shard *shard)
{
    uint64_t now_ms = worker_now_ms(shard->worker);
    struct doorstep *doorstep;
    /* nobody leaves the list but in a later callback */
    DL_FOREACH(shard->doorstep, doorstep)
    {
        if (now_ms >= doorstep->deadline_ms)
            leave(doorstep, CLOSE_handshake_timeout);
    }
}

void doorstep_clear(struct shard *shard)
{
    struct doorstep *doorstep;
    DL_FOREACH(shard->doorstep, doorstep)
    {
        leave(doorstep, CLOSE_shutdown);
    }
}
