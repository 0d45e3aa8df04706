#include "net/mailbox.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

struct letter {
    struct letter *next;
    void *mail; /* borrowed */
};

struct letters {
    struct letter *first;
    struct letter *last;
};

struct mailbox {
    pthread_mutex_t lock;
    struct letters posted; /* under the lock, as are the next three */
    size_t count;
    bool is_awake; /* the reader will come without being woken */
    bool is_closed;
    size_t max_mails;
    struct letters taken; /* the reader's own */
};

struct mailbox *mailbox_new(size_t max_mails)
{
    struct mailbox *mailbox = mem_must(sizeof *mailbox);
    CHECK(pthread_mutex_init(&mailbox->lock, NULL) == 0);
    mailbox->max_mails = max_mails;
    return mailbox;
}

static void *pop(struct letters *letters)
{
    struct letter *letter = letters->first;
    void *mail = letter->mail;
    letters->first = letter->next;
    mem_free(letter);
    return mail;
}

void mailbox_free(struct mailbox **mailbox)
{
    struct mailbox *it = *mailbox;
    if (it == NULL)
        return;
    CHECK(it->posted.first == NULL && it->taken.first == NULL);
    pthread_mutex_destroy(&it->lock);
    mem_free(it);
    *mailbox = NULL;
}

static int link_letter(struct mailbox *mailbox, struct letter *letter)
{
    if (mailbox->is_closed)
        return ERR_CLOSED;
    if (mailbox->count >= mailbox->max_mails)
        return ERR_FULL;
    if (mailbox->posted.first == NULL)
        mailbox->posted.first = letter;
    else
        mailbox->posted.last->next = letter;
    mailbox->posted.last = letter;
    mailbox->count++;
    bool must_wake = !mailbox->is_awake;
    mailbox->is_awake = true;
    return must_wake;
}

int mailbox_post(struct mailbox *mailbox, void *mail)
{
    struct letter *letter = mem_try(sizeof *letter);
    if (letter == NULL)
        return ERR_NO_MEMORY;
    letter->mail = mail;
    pthread_mutex_lock(&mailbox->lock);
    int result = link_letter(mailbox, letter);
    pthread_mutex_unlock(&mailbox->lock);
    if (result < 0)
        mem_free(letter);
    return result;
}

void *mailbox_take(struct mailbox *mailbox)
{
    if (mailbox->taken.first == NULL) {
        pthread_mutex_lock(&mailbox->lock);
        mailbox->taken = mailbox->posted;
        mailbox->posted = (struct letters){0};
        mailbox->count = 0;
        mailbox->is_awake = mailbox->taken.first != NULL;
        pthread_mutex_unlock(&mailbox->lock);
    }
    return mailbox->taken.first != NULL ? pop(&mailbox->taken) : NULL;
}

void mailbox_close(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->is_closed = true;
    pthread_mutex_unlock(&mailbox->lock);
}
