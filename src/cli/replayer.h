/*
 * replayer: tracks published by one client each, all on one clock, and perhaps a follower who checks them.
 *
 * Happy path: all connect -> the follower follows, known by the pong to the ping sent behind it -> every point is
 * published when it is due -> wait until the follower has them all -> all close. A client who can't connect ends it;
 * one who is cut off later publishes no more. SIGINT or SIGTERM end the publishing, a second one ends everything.
 */
#ifndef SPECTATE_CLI_REPLAYER_H
#define SPECTATE_CLI_REPLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/ws_client.h"
#include "cli/sequence.h"
#include "cli/track_file.h"
#include "proto/position.h"

struct replayer;

struct replayer_track {
    struct track_file *file; /* borrowed */
    struct runner_id id;
    uint64_t start_ms; /* on the tracks' clock */
};

struct replayer_options {
    const struct ws_client_options *client; /* borrowed */
    const struct replayer_track *tracks;    /* borrowed */
    size_t count;
    double speed; /* 0: as fast as the server takes it, up to 5000 positions a second and runner */
    uint64_t settle_ms;
    bool is_following;
    /* What the follower gets, with the time of arrival; may be NULL. The position is borrowed. */
    void (*on_position)(const struct position *position);
};

/* What came of one track. */
struct replayer_result {
    struct sequence published;
    struct sequence received; /* by the follower */
    bool is_lost; /* its client was cut off, or the server never confirmed that it has all */
};

/* Owned by the caller. NULL: no memory, no descriptors. */
struct replayer *replayer_new(const struct replayer_options *options);
void replayer_free(struct replayer **replayer);

/* Play it to its end, in this thread. False: it could not connect; replayer_failure() says why. */
bool replayer_run(struct replayer *replayer);
const char *replayer_failure(const struct replayer *replayer);

struct replayer_result replayer_result(const struct replayer *replayer, size_t track);

/* Messages to the follower or a runner that are no position of a replayed runner. */
uint64_t replayer_errors(const struct replayer *replayer);

#endif
