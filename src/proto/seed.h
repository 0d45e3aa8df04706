/*
 * seed: the prototype's messages, as JSON text (docs/protocol.md, "Dialect seed").
 *
 *   {"initialRequest": true, "following": [7, "8"], "userId": 7}    follow; with "snapshot": true also the newest positions
 *   {"userId": 7, "lat": 48.8568, "lng": 2.2927}                    publish
 *   {"token": "eyJ..."}                                             who I am, from now on
 */
#ifndef SPECTATE_PROTO_SEED_H
#define SPECTATE_PROTO_SEED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "proto/position.h"

enum seed_kind { SEED_FOLLOW, SEED_POSITION, SEED_TOKEN };

/* A decoded message. Reused from message to message, so that decoding many costs no allocation for ids. */
struct seed_message {
    enum seed_kind kind;
    struct position position; /* SEED_POSITION; time_ms is left 0: the caller knows the arrival */
    struct runner_id *ids;    /* SEED_FOLLOW; owned by the message, freed by seed_message_fini() */
    size_t id_count;
    size_t id_capacity;
    struct runner_id user; /* SEED_FOLLOW: the client's own id; `len` 0: it names none */
    struct buf token;      /* SEED_TOKEN; owned by the message */
    bool snapshot;
    bool sets_pace; /* "every" was there */
    uint32_t
        pace_ms; /* rounded up to a multiple of PACE_STEP_MS (proto/member.h); 0: every position */
};

struct seed_limits {
    size_t max_ids; /* in one follow message */
};

/*
 * Decode one message, which is valid UTF-8. 0, or ERR_FORMAT (ERR_NO_MEMORY) with `fault` filled: what is wrong and where.
 * Unknown members are ignored; of a repeated member the last counts. Any thread, one message struct each.
 */
int seed_decode(struct span text, const struct seed_limits *limits, struct seed_message *message,
                struct fault *fault);

/*
 * The same by the JSON library alone, and slower: what seed_decode() does with all but usual positions, and what a usual one is
 * compared with.
 */
int seed_decode_json(struct span text, const struct seed_limits *limits,
                     struct seed_message *message, struct fault *fault);

void seed_message_fini(struct seed_message *message);

/* Append {"userId":..,"lat":..,"lng":..}. Numbers come out with the value they came in with, as short as that allows. */
int seed_encode(const struct position *position, struct buf *out);

/* Append the same as one unmasked text frame: a hub dialect's `encode`. */
int seed_encode_frame(const struct position *position, struct buf *out);

/* Append {"error":{"code":"..","message":".."}} */
int seed_encode_fault(const struct fault *fault, struct buf *out);

/* Append the same with the ids that it is about: {"error":{"code":"..","message":"..","ids":[..]}} */
int seed_encode_refusal(const struct fault *fault, const struct runner_id *ids, size_t count,
                        struct buf *out);

/* Append {"token":{"expires":..}}, in seconds since 1970; without: {"token":{"expires":null}} */
int seed_encode_welcome(bool expires, int64_t expires_s, struct buf *out);

/* Append {"initialRequest":true,"following":[..]}: what a client sends. `snapshot` adds "snapshot":true. */
int seed_encode_follow(const struct runner_id *ids, size_t count, bool snapshot, struct buf *out);

#endif
