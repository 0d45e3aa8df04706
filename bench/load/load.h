/*
 * load: a load on one server from the first connection to the last copy, in one thread.
 *
 * Phases: connect all (bench/load/connect.h), publish on a schedule that waits for nobody (bench/load/publish.h), wait for what
 * is on its way. A turn reads what has come before it publishes what is due.
 */
#ifndef SPECTATE_BENCH_LOAD_LOAD_H
#define SPECTATE_BENCH_LOAD_LOAD_H

#include <stdint.h>

#include "base/buf.h"
#include "bench/load/account.h"
#include "bench/load/crowd.h"
#include "bench/load/options.h"
#include "bench/load/peer.h"
#include "bench/load/process.h"
#include "bench/load/protocol.h"
#include "cli/latency.h"

/* The sums of a moment; two of them span a window. */
struct load_sample {
    uint64_t now_us;
    uint64_t received;
    uint64_t server_cpu_us;
    uint64_t own_cpu_us;
    uint64_t own_wait_us;
    uint64_t server_memory_bytes;
    uint64_t socket_memory_bytes; /* of all TCP sockets of the machine, in the kernel */
};

struct load {
    const struct load_options *options; /* borrowed */
    const struct protocol *protocol;
    struct process_list server;
    struct crowd *crowd;
    struct account *account;
    struct peer *peers; /* the runners in front when rate is not 0; the followers at the end */
    uint32_t peer_count;
    int epoll;
    SSL_CTX *tls; /* owned; NULL: plain */
    struct buf scratch;

    uint32_t opened;         /* connected and shaken hands */
    uint32_t ready;          /* these follow */
    uint32_t failed;         /* never became ready */
    uint32_t closed;         /* by the server, later */
    uint32_t closed_stalled; /* of these, who did not read */
    uint64_t received;       /* positions, of any time */
    uint64_t strange;        /* messages to followers without a position that can be understood */
    uint64_t
        skipped; /* positions that were due while a megabyte waited to be taken by the server */
    uint64_t connect_us;       /* from the first connection to the last ready one */
    struct latency handshake;  /* from when a connection was due to its 101 */
    struct latency greeted;    /* to when it follows */
    struct latency lag;        /* of the generator: from when a position was due to its stamp */
    struct load_sample before; /* the first connection */
    struct load_sample connected;
    struct load_sample begin; /* of the window */
    struct load_sample end;
};

/* Owned by the caller; borrows the options. NULL when an option has a value that is not known; it is said. */
struct load *load_new(const struct load_options *options);
void load_free(struct load **load);

/* All phases. False when no follower could be connected. */
bool load_run(struct load *load);

/* Wait for events until `until_us` at most, and see to a bounded number of them. */
void load_turn(struct load *load, uint64_t until_us);

struct load_sample load_sample(const struct load *load);

#endif
