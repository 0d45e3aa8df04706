/*
 * session: one client, from its first byte to its last.
 *
 *   HTTP --upgrade--> OPEN --close frame sent--> CLOSING --answered--> LINGERING --end of stream--> gone
 *     \---answered and done----------------------------------------------^
 *
 * It begins as HTTP, whose state goes when the WebSocket opens. What its messages mean is the business of a handler (a
 * dialect, or the echo of the conformance tests). Everything that ends a session comes through session_close(), from any
 * state: first cause, one reason, counted once; the handler lets go at once, the socket when the peer has had its chance to
 * read why. Deadlines and heartbeats are looked after by one sweep over all sessions.
 */
#ifndef SPECTATE_APP_SESSION_H
#define SPECTATE_APP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/close_reason.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/ip.h"
#include "codec/http.h"
#include "codec/ws_frame.h"
#include "codec/ws_message.h"
#include "hub/hub.h"
#include "net/conn.h"
#include "proto/v1_answer.h"

struct session;
struct shard;
struct admission_ticket;
struct permit;
struct v1_state;
struct resume;
struct v1_visit;

/* What a session's messages mean. All run in the worker's thread. */
struct session_handler {
    void (*on_open)(struct session *session);
    /* A whole message; text is valid UTF-8. Borrowed, and may be changed. */
    void (*on_message)(struct session *session, enum ws_opcode opcode, struct span message);
    /* True: it was asked for, and so does not count as a message of the peer's own. NULL: of no interest. */
    bool (*on_pong)(struct session *session, struct span payload);
    void (*on_writable)(struct session *session);
    /* It is ending: nothing of it may stay with the handler. Once, for each on_open. */
    void (*on_end)(struct session *session);
    /* Say what the peer did wrong, and which ids that is about; until when its token counts. */
    void (*tell)(struct session *session, const struct fault *fault, const struct runner_id *ids,
                 size_t count);
    void (*tell_expiry)(struct session *session);
    /* Nothing was heard of it for heartbeat-interval. NULL: it is pinged, and closed when it does not answer. */
    void (*on_quiet)(struct session *session);
    /* About once a second, while it is open. NULL: nothing to do. */
    void (*on_sweep)(struct session *session);
    /* Positions of a message that asked for it are on disk; or not, for this ERR_*. `note`: app/archive.h. NULL: it does not ask. */
    void (*on_stored)(struct session *session, struct span note, int err);
    /* It came back with a cursor, and gets the newest only, for this reason; `note` is that of app/resume.h. */
    void (*tell_reset)(struct session *session, enum v1_reset reason, struct span note);
    /* The server ends; before the close frame. NULL: that says it all. */
    void (*tell_shutdown)(struct session *session);
};

/* How a session may speak, and who understands it. Nothing is heard of one of DIALECT_SSE; NULL there: the port has none. */
enum session_dialect { DIALECT_SEED, DIALECT_V1, DIALECT_SSE, DIALECT_COUNT };
struct session_handlers {
    const struct session_handler *of[DIALECT_COUNT];
};

enum session_state { SESSION_HTTP, SESSION_OPEN, SESSION_CLOSING, SESSION_LINGERING, SESSION_GONE };

/*
 * Times are milliseconds of the worker's clock cut to 32 bits: compared by their difference, they serve for spans up to
 * 24 days. There may be many thousand idle sessions, so this struct is kept small.
 */
struct session {
    struct conn conn;
    struct shard *shard;
    struct session *prev; /* in the shard's list */
    struct session *next;
    union {
        struct http_reader *http; /* owned; while it is HTTP */
        struct ws_reader *cut; /* owned; then: of a message in the middle; NULL between messages */
    };
    struct permit *permit; /* owned; NULL: it has shown no token */
    struct ws_gather gather;
    struct follower follower;
    struct admission_ticket *ticket; /* owned; NULL while connections per address are not limited */
    uint64_t id;
    struct ip client; /* who it is: the peer, or the one that trusted proxies named */
    uint32_t
        deadline_ms; /* HTTP, CLOSING, LINGERING, and OPEN while a token is awaited: when patience ends; OPEN: when it last kept up */
    uint32_t heard_ms;        /* when the last byte came */
    uint32_t refilled_ms;     /* when message_tokens was last brought up to date */
    uint32_t message_tokens;  /* messages it may send now */
    uint32_t token_credit_ms; /* until when the tokens that it showed in messages are paid for */
    struct resume *resume;    /* owned by app/resume; NULL: it does not resume */
    union {
        struct v1_visit *
            visit; /* owned by app/v1_http_visit; while it is HTTP: a request under /v1 is being answered */
        struct v1_state *v1; /* owned by app/v1_session; then; NULL: it speaks otherwise */
    };
    uint16_t faults;
    uint8_t state;
    uint8_t dialect; /* enum session_dialect, once it is open */
    uint8_t reason;  /* enum close_reason, once it is closing */
    uint8_t pings_missed;
    uint8_t window_bits;   /* permessage-deflate was agreed on, with this window; 0: it was not */
    bool has_answered : 1; /* HTTP: at least one request */
    bool is_parked : 1;    /* waits for keys, or what it awaits; nothing is read from it */
    bool is_stopped : 1;   /* of these: by session_stop_reading() */
    bool is_awaiting : 1;  /* something is on its way to it (app/awaited.h) */
    bool is_uncounted : 1; /* came by a trusted proxy, and does not count under its address yet */
    bool was_refused : 1;  /* over a limit on connections: not counted by the admission */
    bool is_doomed : 1;    /* no memory for what it is owed: says no more, the sweep ends it */
    bool is_resting : 1;   /* its follows cost more than they may; nothing is read (app/rests.h) */
    uint32_t follow_due;   /* app/rests.h: until when its follows are paid for */
};

/* Take over an accepted descriptor. 0, or ERR_*: the descriptor is still the caller's. */
int session_start(struct shard *shard, int fd, const struct address *peer);

/* Send one message, compressed where that was agreed on and pays. What does not fit the socket is kept; a session that keeps more than it may is closed. */
void session_send(struct session *session, enum ws_opcode opcode, struct span payload);

/* After bytes were kept for it by the hub: close it when it keeps more than it may. */
void session_check_queue(struct session *session);

/*
 * Tell the peer what it did wrong, and count it; the one that uses up the budget closes the session. `ids`: which ones it is
 * about.
 */
void session_fault(struct session *session, const struct fault *fault);
void session_fault_of_ids(struct session *session, const struct fault *fault,
                          const struct runner_id *ids, size_t count);

/* Tell the peer why, and close it for that. */
void session_end_by_fault(struct session *session, const struct fault *fault,
                          enum close_reason reason);

/* End it for `reason`, from any state; only the first reason counts. */
void session_close(struct session *session, enum close_reason reason);

/*
 * Something will come for it from another thread, for which session_awaited() is called then: with its id, since it may have ended
 * (NULL). 0 or ERR_NO_MEMORY. Read nothing from it meanwhile; read on, first what was read already (freed by this). What has come is
 * not what it was stopped for: `rest` is NULL.
 */
int session_await(struct session *session);

struct session *session_awaited(struct shard *shard, uint64_t id, struct buf *rest);
void session_stop_reading(struct session *session);
void session_read_on(struct session *session, struct buf *rest);

/* Word from the store (app/archive.h) for one that awaits it. */
void session_on_stored(struct session *session, struct span note, int err);

/* It waits in ROUTE_LATER: the answer is here, and `rest` what session_awaited() gave. */
void session_answer_later(struct session *session, struct http_answer *later, struct buf *rest);

/* Who is at the other end: for what is counted per address, for people, and is it this one (an IP address)? */
struct ip session_address(const struct session *session);
void session_address_text(const struct session *session, char text[ADDRESS_TEXT_BYTES]);
bool session_has_address(const struct session *session, const char *ip);

/* The sweep, about once a second: deadlines, heartbeat. */
void session_sweep(struct session *session);

/* Of its dialect. */
const struct session_handler *session_handler_of(const struct session *session);

/* For log lines. */
struct session_id session_log_id(const struct session *session);

#endif
