/*
 * resume_state: what the files of a resume share. Nobody else includes this.
 */
#ifndef SPECTATE_APP_RESUME_STATE_H
#define SPECTATE_APP_RESUME_STATE_H

#include <pthread.h>

#include "app/missed.h"
#include "app/resume.h"
#include "base/buf.h"
#include "base/resume_outcome.h"
#include "store/store.h"

enum resume_state { WAITS, BEGINS, ASKED, SENDING };

struct resume {
    struct store_job job;
    struct missed missed;
    struct resumes *home;
    struct session *session; /* NULL: it has ended, or given up */
    struct resume *prev;     /* in the list of its state, or of those that came back */
    struct resume *next;
    struct buf note;
    struct buf message; /* that the session said meanwhile */
    size_t bytes;       /* counted for it */
    size_t sent;        /* pieces */
    uint64_t since_ms;  /* when it began to wait, or last sent something */
    uint32_t pace_ms;
    int err; /* of the reading */
    uint8_t state;
    bool sets_pace;
    bool delays_meeting;
};

struct resumes {
    struct shard *shard;    /* borrowed */
    struct resume *waiting; /* owned; as they came */
    struct resume *sending; /* owned */
    size_t waiting_count;
    size_t sending_count;
    size_t asked; /* owned by the store meanwhile */
    size_t bytes; /* of all but those that the store has */
    pthread_mutex_t lock;
    struct resume *back; /* owned; under the lock: came back */
};

/* What is left to do for a session when its resume is over. */
struct remains {
    struct session *session;
    struct buf note;
    struct buf message;
    bool delays_meeting;
    bool follows; /* it has begun */
};

/* Count so many bytes for it. */
void resume_set_bytes(struct resume *resume, size_t bytes);
void resume_free(struct resume *resume);

uint64_t resumes_now_ms(const struct resumes *resumes);
void resumes_count_outcome(const struct resumes *resumes, enum resume_outcome outcome);

/* From the list of its state to that of another. */
void resume_enter(struct resume *resume, enum resume_state state);

/* From here on the session resumes no more. What the store has is freed when it comes back. */
struct remains resume_part(struct resume *resume);

/* The live stream goes on, and the session is listened to again; what it says may begin another resume, or end it. */
void resume_go_on(struct remains *remains);

/* The session follows what it asked for, within what it may now. As act_follow(). */
int resume_follow_now(struct resume *resume, bool snapshot);

/* Tell what that failed with, if it did. */
void resume_refuse(struct session *session, int err);

/* Tell why, and the newest of each instead. What is said may end the session, which then resumes no more. */
void resume_reset(struct session *session, enum v1_reset reason);

#endif
