/*
 * shard: a worker's share of the server: its sessions, its hub, its metrics. Touched by its worker's thread alone.
 */
#ifndef SPECTATE_APP_SHARD_H
#define SPECTATE_APP_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/arrival.h"
#include "app/rate.h"
#include "app/rests.h"
#include "app/session.h"
#include "app/v1_dialect.h"
#include "codec/origin.h"
#include "config/options.h"
#include "hub/hub.h"
#include "metrics/metrics.h"
#include "net/worker.h"
#include "proto/seed.h"
#include "proto/v1.h"

struct access;
struct awaited;
struct mail;
struct admission;
struct doorstep;
struct relay;
struct trusted_proxies;
struct archive;
struct resumes;
struct inquiries;
struct interest;
struct store;
struct ws_deflate;
struct server;
struct tls_context;

/* A session's id holds its shard's index above these bits. */
#define SHARD_SESSION_ID_BITS 48
#define SHARD_SESSION_ID_MASK (((uint64_t)1 << SHARD_SESSION_ID_BITS) - 1)

struct routes;

struct shard {
    struct worker *worker;         /* owned */
    struct server *server;         /* borrowed; what all shards share, read-only or thread-safe */
    const struct options *options; /* borrowed */
    const struct session_handlers *handlers;
    const struct routes *routes;           /* what is answered here */
    struct admission *admission;           /* borrowed; thread-safe */
    struct access *access;                 /* owned */
    struct awaited *awaited;               /* owned */
    struct interest *interest;             /* borrowed; of all shards */
    struct origin_policy origins;          /* of web pages that may connect */
    const struct trusted_proxies *proxies; /* borrowed */
    struct relay *relay;                   /* owned; to the other shards */
    struct shard *const *all;              /* borrowed; every shard of the server, this one too */
    size_t all_count;
    _Atomic size_t unread; /* positions in the mailbox */
    _Atomic size_t
        load; /* connections, and those handed over on their way here; read by the others */
    size_t max_sockets;      /* of all shards together; 0: no limit; set before they run */
    struct metrics *metrics; /* owned */
    struct hub *hub;         /* owned */
    struct session *sessions;
    size_t session_count;
    struct buf appeared;        /* owned; runners who are being met by those who follow groups */
    struct session *meets_next; /* in the list; NULL: all have met them */
    struct rests rests;         /* of these, those that are not listened to for a while */
    struct doorstep *doorstep;  /* connections that are no sessions yet */
    size_t doorstep_count;
    size_t session_peak;                /* since memory was last given back */
    size_t open_count;                  /* of these, those whose WebSocket or stream is open */
    size_t stream_count;                /* of these, streams of events */
    size_t refused_count;               /* of these, those only told that they are over a limit */
    struct store *store;                /* borrowed; NULL: positions are not kept */
    struct archive *archive;            /* owned; while there is a store */
    struct resumes *resumes;            /* likewise */
    struct inquiries *inquiries;        /* owned; what was asked of the store and came back */
    struct ws_deflate *deflate;         /* owned; NULL: compression is off */
    struct v1_compressed v1_compressed; /* while it is on */
    struct tls_context *tls;            /* held; of new connections; NULL: they speak no TLS */
    struct seed_message message;        /* scratch for decoding */
    struct v1_message v1_message;
    const struct session *v1_asking; /* whose message v1_message is, while that is dealt with */
    struct rate scrapes;             /* of the metrics */
    uint64_t meets_cost;     /* runners moved, the last time that all met who had appeared */
    struct ws_deflate *gzip; /* owned; for answers to requests; NULL: not needed yet */
    size_t answer_bytes;     /* of long answers that wait to be written */
    size_t upload_bytes;     /* of bodies that are coming, or are being dealt with */
    bool is_backing_up;      /* operators asked for a copy of the store, which is being made */
    uint64_t last_id;
    struct arrival_clock arrivals;
    uint64_t sequence;          /* of the last position that a session here published */
    uint64_t drain_deadline_ms; /* 0: not draining */
    unsigned index;
};

/* Owned by the caller. NULL: the system refused, logged. */
struct shard_options {
    struct server *server;
    const struct options *options;
    const struct session_handlers *handlers;
    const struct routes *routes;
    struct admission *admission;
    struct interest *interest;
    const struct trusted_proxies *proxies;
    struct trust *trust;     /* borrowed */
    struct tls_context *tls; /* NULL: none */
    unsigned index;
};
struct shard *shard_new(const struct shard_options *options);

/* When its worker does not run. */
void shard_free(struct shard **shard);

/* All shards of the server, once all are made and before one runs. Borrowed. */
void shard_introduce(struct shard *shard, struct shard *const *all, size_t count);

/* Listen on an address. 0 or ERR_SYSTEM with errno; `*bound` gets the address with the port that was chosen. */
int shard_listen(struct shard *shard, const struct address *address, bool share_port,
                 struct address *bound);

/* Keep what is published here, and show what was kept. Before it runs; the store is closed after that, and before shard_free(). */
void shard_use_store(struct shard *shard, struct store *store);

/* This is the newest of its runner, and came at that time of the worker's clock, none later than in the call before. Before it runs. */
void shard_show_kept(struct shard *shard, const struct position *position, uint64_t came_ms);

/* In its own thread, until shard_stop(). */
void shard_run(struct shard *shard);

/* Any thread but a shard's: waits while the mailbox is full. 0, or ERR_CLOSED: the mail is still the caller's. */
int shard_post(struct shard *shard, struct mail *mail);

/* Any thread: stop accepting, close every session with 1001, then end the loop. */
void shard_stop(struct shard *shard);

/* Any thread: new connections speak TLS with this from soon on, those that there are go on as they began. */
void shard_set_tls(struct shard *shard, struct tls_context *context);

/*
 * Positions of one message of a session here: to the hub, the store and the other shards. 0; or what hub_publish() failed with, at
 * number `*done`: those before it are published.
 */
int shard_publish(struct shard *shard, struct position *positions, size_t count, size_t *done);

/* A runner is erased: what sessions here published of it goes to the store and the other shards now, and its newest is forgotten. */
void shard_forget(struct shard *shard, const struct runner_id *id);

/* Bring the gauges and the hub's totals in `metrics` up to date. */
void shard_refresh_metrics(struct shard *shard);

#endif
