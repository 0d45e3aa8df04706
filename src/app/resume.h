/*
 * resume: somebody comes back with a cursor and gets all that it missed, then the live stream, without a gap and without anything
 * twice; or an explicit reset and the newest of each.
 *
 *   waits --a place is free, the hub has all that the cursor holds--> asked --read--> sending --all is out--> over
 *
 * When it begins, the session follows what it asked for, so that all that is published from here on comes live; but the hub holds
 * that back (hub_hold()). What lies between the cursor and here is read in a thread of the store, which has it all, as whatever
 * the hub knows was handed to the store before (app/archive.h). It goes out as the socket takes it, the last message with the cursor of
 * here; then the live stream goes on.
 *
 * A client may come back to another worker before that has heard of all that the cursor holds; so it waits until then. The session's
 * next message waits until all is over; pings, pongs and a close are answered meanwhile. Bounded: how many wait, how many are asked at
 * a time, and the bytes of all of a worker. Used by one shard's thread, but for what the store calls.
 */
#ifndef SPECTATE_APP_RESUME_H
#define SPECTATE_APP_RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/session.h"
#include "proto/cursor.h"
#include "proto/v1_answer.h"

struct resumes;
struct shard;

/* Of a shard that has a store and an archive. Owned by the caller. */
struct resumes *resumes_new(struct shard *shard);

/* When the store has been closed, and no session is left. */
void resumes_free(struct resumes **resumes);

struct resume_request {
    const struct runner_id *ids; /* to be followed; repeats are fine, none is followed already */
    size_t count;
    const struct cursor *since;
    struct span note; /* for tell_reset() */
    bool sets_pace;
    uint32_t pace_ms;
};

/*
 * True: it is under way, and the session will follow these. False: for this reason there is none; that has to be told, and the
 * newest. For sessions whose dialect has a seal, and whose handler has tell_reset().
 */
bool resume_begin(struct session *session, const struct resume_request *request,
                  enum v1_reset *reason);

/* It said something: true if that is kept until the session has resumed. */
bool resume_keeps(struct session *session, struct span message);

/* Some it was to follow has appeared: true if it will be asked for at the end (v1_meet_all()). */
bool resume_delays_meeting(struct session *session);

/* What it may follow has changed: a reset is all it gets. Nothing happens to one that does not resume. */
void resume_give_up(struct session *session);

/* The session ends. */
void resume_end(struct session *session);

/* Each turn, before what the turn brought is handed to the archive. True: there is more to do. */
bool resumes_turn(struct resumes *resumes);

/* About once a second: who waits too long gets a reset, who does not read is closed. */
void resumes_tick(struct resumes *resumes);

/* How many sessions resume, and the bytes kept for them. */
size_t resumes_count(const struct resumes *resumes);
size_t resumes_bytes(const struct resumes *resumes);

#endif
