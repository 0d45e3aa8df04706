/*
 * awaited: sessions that something is on its way to, from another thread: what the operators asked of other shards, word that
 * positions are stored, what was read from the disk.
 *
 * What is on its way names its session by its id; by the time it comes the session may be gone. Of a session that is stopped until
 * then (session.is_parked) the bytes are kept that were read behind what it waits for. Used by one shard's thread.
 */
#ifndef SPECTATE_APP_AWAITED_H
#define SPECTATE_APP_AWAITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

struct awaited;
struct session;

/* Owned by the caller; nobody may be in it at the end. */
struct awaited *awaited_new(void);
void awaited_free(struct awaited **awaited);

/* One more thing is on its way to this session. 0 or ERR_NO_MEMORY. */
int awaited_expect(struct awaited *awaited, struct session *session);

/* The session that something is on its way to; NULL: it has ended. */
struct session *awaited_find(const struct awaited *awaited, uint64_t session_id);

/* It has come. NULL: the session has ended meanwhile. */
struct session *awaited_take(struct awaited *awaited, uint64_t session_id);

/* Keep bytes of one that is stopped, which awaits something. 0 or ERR_NO_MEMORY. */
int awaited_keep(struct awaited *awaited, const struct session *session, struct span bytes);

/* What was kept: the caller's. It may have been the last thing awaited, so this comes before awaited_take(). */
struct buf awaited_rest(struct awaited *awaited, uint64_t session_id);

/* There is more on its way to it. */
bool awaited_has(const struct awaited *awaited, uint64_t session_id);

/* It ends: nothing finds it any more. Nothing happens when it awaits nothing. */
void awaited_forget(struct awaited *awaited, const struct session *session);

#endif
