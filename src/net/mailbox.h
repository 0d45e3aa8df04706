/*
 * mailbox: messages from other threads to a worker, in order, bounded, with one wake-up per loop turn.
 *
 * The lock is held to link or unlink a list, never across a call.
 */
#ifndef SPECTATE_NET_MAILBOX_H
#define SPECTATE_NET_MAILBOX_H

#include <stddef.h>

struct mailbox;

/* Owned by the caller. */
struct mailbox *mailbox_new(size_t max_mails);
void mailbox_free(struct mailbox **mailbox);

/*
 * Any thread. 1: posted, and the reader must be woken; 0: posted, it is awake already. ERR_CLOSED, ERR_FULL, ERR_NO_MEMORY:
 * the mail is still the caller's.
 */
int mailbox_post(struct mailbox *mailbox, void *mail);

/* The reader's thread: take all that is there, oldest first, one by one. NULL: empty, and the next post wakes again. */
void *mailbox_take(struct mailbox *mailbox);

/* No post succeeds any more; what is there can still be taken. */
void mailbox_close(struct mailbox *mailbox);

#endif
