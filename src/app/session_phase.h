/*
 * session_phase: what the files of a session share. Nobody else includes this.
 */
#ifndef SPECTATE_APP_SESSION_PHASE_H
#define SPECTATE_APP_SESSION_PHASE_H

#include "app/access.h"
#include "app/session.h"

/* How a session lets go of its socket. */
enum session_parting {
    SESSION_PART_AT_ONCE,        /* there is nobody to tell */
    SESSION_PART_LINGERING,      /* what was said last gets out, and time to be read */
    SESSION_PART_AFTER_HANDSHAKE /* a close frame was sent, the peer's is awaited */
};

/* The worker's clock as sessions keep it; patience from now on. */
uint32_t session_now_ms(const struct session *session);
void session_set_deadline(struct session *session, uint64_t after_ms);

/* Of a message in the middle, what has come. Not while it is HTTP. */
void session_forget_message(struct session *session);

/* Begin the end; does nothing when it has begun. */
void session_part(struct session *session, enum close_reason reason, enum session_parting parting);

/* The HTTP phase. Returns how many bytes were taken: fewer than `len` when the WebSocket has opened before the end. */
size_t session_read_http(struct session *session, const uint8_t *bytes, size_t len);
void session_http_timeout(struct session *session);

/* What the reader holds of a request is dealt with: it reads the next, or is freed; there need not be one. */
void session_next_request(struct session *session);
void session_free_reader(struct session *session);

/* Answer with a status and the fault as a plain text line, then part. */
void session_refuse_http(struct session *session, int status, const struct fault *fault);

/* The request that the reader holds, for a WebSocket, a stream of events or neither; again when it was parked. */
void session_take_up_request(struct session *session);

/* What the status of an answer asks for as whole header lines; NULL: nothing. */
const char *session_headers_for(int status);

/* The request that the reader holds is being answered with this status: counted. Then: it is answered, go on with the next or part. */
void session_http_answers(struct session *session, int status);
void session_http_done(struct session *session, bool keep_alive);

/* The WebSocket phase, also while closing. Returns how many bytes were taken: fewer than `len` when it was parked or has ended. */
size_t session_read_websocket(struct session *session, uint8_t *bytes, size_t len);

/* What it says is taken: it is not parked, nor does it rest. */
bool session_listens(const struct session *session);

/* What it has said: taken as far as it listens, the rest is kept. */
void session_take_bytes(struct session *session, uint8_t *bytes, size_t len);

/* Go on with what a session said before it was parked. */
void session_take_up(struct session *session, const struct parked_bytes *bytes);

/* It sends one more message, or request under /v1: may it, by all limits? False: `fault` says why. */
bool session_takes_message(struct session *session, struct fault *fault);

/* Count a fault of the peer. */
void session_count_fault(struct session *session, enum fault_code code);

/* Write bytes that must not be dropped, and see that they don't pile up. */
void session_write(struct session *session, struct span bytes);

#endif
