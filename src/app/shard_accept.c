/* Connections on their way to the shard that has fewest, and into it. */
#include "app/shard_events.h"

#include <stdatomic.h>
#include <unistd.h>

#include "app/doorstep.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/listener.h"

static int start(struct shard *shard, int fd, const struct address *peer)
{
    if (shard->drain_deadline_ms != 0)
        return ERR_CLOSED;
    return doorstep_is_for(shard, peer) ? doorstep_wait(shard, fd, peer)
                                        : session_start(shard, fd, peer);
}

void shard_take_socket(struct shard *shard, int fd, const struct address *peer)
{
    if (start(shard, fd, peer) < 0) {
        atomic_fetch_sub(&shard->load, 1);
        close(fd);
    }
}

/* The kernel spreads connections by chance; few but heavy ones must not meet on one worker while another idles. */
static struct shard *least_loaded(struct shard *shard)
{
    struct shard *least = shard;
    size_t load = atomic_load(&shard->load);
    for (size_t i = 0; i < shard->all_count; i++) {
        size_t other = atomic_load(&shard->all[i]->load);
        if (other + 1 < load) {
            least = shard->all[i];
            load = other + 1;
        }
    }
    return least;
}

static int hand_over(struct shard *to, int fd, const struct address *peer)
{
    struct handed_socket *handed = mem_try(sizeof *handed);
    if (handed == NULL)
        return ERR_NO_MEMORY;
    *handed = (struct handed_socket){.mail = {MAIL_SOCKET}, .fd = fd, .peer = *peer};
    int err = worker_post(to->worker, &handed->mail);
    if (err < 0)
        mem_free(handed);
    return err;
}

/* Over its share of the descriptors nothing can be kept for long enough to say anything (app/socket_budget.h). */
static bool has_descriptors(const struct shard *shard)
{
    size_t sockets = 0;
    for (size_t i = 0; i < shard->all_count; i++)
        sockets += atomic_load(&shard->all[i]->load);
    return shard->max_sockets == 0 || sockets < shard->max_sockets;
}

static void on_out_of_descriptors(void *context)
{
    struct shard *shard = context;
    metrics_add_labelled(shard->metrics, METRIC_errors_total, FAULT_out_of_descriptors, 1);
}

static void turn_away(struct shard *shard, int fd)
{
    LOG(LOG_WARN, "net.out_of_descriptors", NO_SESSION,
        "no file descriptor left but for operators and files: a connection was turned away");
    close(fd);
    on_out_of_descriptors(shard);
}

static void on_accept(void *context, int fd, const struct address *peer)
{
    struct shard *shard = context;
    struct shard *least = least_loaded(shard);
    if (!has_descriptors(shard)) {
        turn_away(shard, fd);
        return;
    }
    atomic_fetch_add(&least->load, 1);
    if (least != shard && hand_over(least, fd, peer) == 0)
        return;
    if (least != shard) {
        atomic_fetch_sub(&least->load, 1);
        atomic_fetch_add(&shard->load, 1);
    }
    shard_take_socket(shard, fd, peer);
}

int shard_listen(struct shard *shard, const struct address *address, bool share_port,
                 struct address *bound)
{
    struct listener_options options = {
        .address = *address,
        .backlog = (int)shard->options->backlog,
        .share_port = share_port,
        .notsent_bytes = shard->options->notsent_bytes,
        .context = shard,
        .on_accept = on_accept,
        .on_out_of_descriptors = on_out_of_descriptors,
    };
    struct listener *listener = listener_open(shard->worker, &options);
    if (listener == NULL)
        return ERR_SYSTEM;
    *bound = *listener_address(listener);
    return 0;
}
