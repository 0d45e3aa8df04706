#include "app/archive.h"

#include <pthread.h>
#include <string.h>

#include "app/mail.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#define BATCH_POSITIONS 8192 /* and those of the message that goes over */

/* Positions with the notes of who wants to know. */
struct parcel_of_records {
    struct store_batch batch;
    struct parcel_of_records *next; /* of those that came back */
    struct archive *archive;
    struct buf records; /* struct store_record */
    struct buf notes;   /* struct note, each followed by its text */
    int err;            /* how it went */
};

struct note {
    uint64_t session_id;
    bool is_failed; /* some positions of its message did not come into the batch */
    uint16_t len;
};

struct archive {
    struct store *store;            /* borrowed */
    struct worker *worker;          /* borrowed */
    struct parcel_of_records *open; /* owned; being filled; NULL: nothing is */
    uint64_t not_put;
    bool is_message_failed;
    pthread_mutex_t lock;
    struct parcel_of_records *back; /* owned; under the lock: came back, in order */
    struct parcel_of_records **back_end;
};

struct archive *archive_new(struct store *store, struct worker *worker)
{
    struct archive *archive = mem_must(sizeof *archive);
    archive->store = store;
    archive->worker = worker;
    archive->back_end = &archive->back;
    CHECK(pthread_mutex_init(&archive->lock, NULL) == 0);
    return archive;
}

static void free_parcel(struct parcel_of_records *parcel)
{
    buf_fini(&parcel->records);
    buf_fini(&parcel->notes);
    mem_free(parcel);
}

void archive_free(struct archive **archive)
{
    struct archive *it = *archive;
    if (it == NULL)
        return;
    if (it->open != NULL)
        free_parcel(it->open);
    for (struct parcel_of_records *at = it->back, *next; at != NULL; at = next) {
        next = at->next;
        free_parcel(at);
    }
    pthread_mutex_destroy(&it->lock);
    mem_free(it);
    *archive = NULL;
}

/* --- back ----------------------------------------------------------------------------------------------------------- */

/* A full mailbox does not matter: its worker is about to turn, and looks here in each turn. */
static void wake(struct archive *archive)
{
    static struct mail mail = {.kind = MAIL_STORED};
    (void)worker_post(archive->worker, &mail);
}

/* Any thread. */
static void come_back(struct parcel_of_records *parcel, int err)
{
    struct archive *archive = parcel->archive;
    parcel->err = err;
    parcel->next = NULL;
    pthread_mutex_lock(&archive->lock);
    bool was_empty = archive->back == NULL;
    *archive->back_end = parcel;
    archive->back_end = &parcel->next;
    pthread_mutex_unlock(&archive->lock);
    if (was_empty)
        wake(archive);
}

static void on_done(struct store_batch *batch, int err)
{
    if (batch->may_linger)
        free_parcel(batch->owner);
    else
        come_back(batch->owner, err);
}

static struct parcel_of_records *take_back(struct archive *archive)
{
    pthread_mutex_lock(&archive->lock);
    struct parcel_of_records *first = archive->back;
    archive->back = NULL;
    archive->back_end = &archive->back;
    pthread_mutex_unlock(&archive->lock);
    return first;
}

static void tell(const struct parcel_of_records *parcel, archive_word_fn *visit, void *ctx)
{
    const uint8_t *at = parcel->notes.data;
    const uint8_t *end = at + parcel->notes.len;
    while (at != end) {
        struct note note;
        memcpy(&note, at, sizeof note);
        at += sizeof note;
        int err = parcel->err == 0 && note.is_failed ? ERR_NO_MEMORY : parcel->err;
        visit(ctx, note.session_id, span_of(at, note.len), err);
        at += note.len;
    }
}

void archive_collect(struct archive *archive, archive_word_fn *visit, void *ctx)
{
    struct parcel_of_records *parcel = take_back(archive);
    while (parcel != NULL) {
        struct parcel_of_records *next = parcel->next;
        if (parcel->notes.len > 0)
            tell(parcel, visit, ctx);
        free_parcel(parcel);
        parcel = next;
    }
}

/* --- forth ---------------------------------------------------------------------------------------------------------- */

static const struct store_record *last_record(const struct parcel_of_records *parcel)
{
    const struct store_record *records = (const void *)parcel->records.data;
    return &records[parcel->batch.count - 1];
}

void archive_post(struct archive *archive)
{
    struct parcel_of_records *parcel = archive->open;
    if (parcel == NULL)
        return;
    archive->open = NULL;
    parcel->batch.count = parcel->records.len / sizeof(struct store_record);
    parcel->batch.records = (struct store_record *)(void *)parcel->records.data;
    if (parcel->batch.count == 0) {
        come_back(parcel, 0);
        return;
    }
    parcel->batch.may_linger = parcel->notes.len == 0;
    /* Once it is put it may be gone. All are of this shard, the last with the highest number. */
    struct position last = last_record(parcel)->position;
    size_t count = parcel->batch.count;
    int err = store_put(archive->store, &parcel->batch);
    if (err == 0)
        return;
    store_note_lost(archive->store, last.origin, last.sequence);
    archive->not_put += count;
    come_back(parcel, err);
}

static struct parcel_of_records *open_parcel(struct archive *archive)
{
    struct parcel_of_records *parcel = mem_try(sizeof *parcel);
    if (parcel == NULL)
        return NULL;
    parcel->batch.on_done = on_done;
    parcel->batch.owner = parcel;
    parcel->archive = archive;
    return parcel;
}

void archive_begin(struct archive *archive, size_t count)
{
    CHECK(count <= ARCHIVE_MESSAGE_POSITIONS);
    archive->is_message_failed = false;
    if (archive->open != NULL && archive->open->records.len + count * sizeof(struct store_record) >
                                     BATCH_POSITIONS * sizeof(struct store_record))
        archive_post(archive);
    if (archive->open == NULL)
        archive->open = open_parcel(archive);
}

void archive_add(struct archive *archive, const struct position *position, int64_t received_ms,
                 uint8_t flags)
{
    struct store_record record = {
        .position = *position, .received_ms = received_ms, .flags = flags};
    if (archive->open != NULL &&
        buf_append(&archive->open->records, span_of(&record, sizeof record)) == 0)
        return;
    archive->is_message_failed = true;
    archive->not_put++;
    store_note_lost(archive->store, position->origin, position->sequence);
}

int archive_want_word(struct archive *archive, uint64_t session_id, struct span text)
{
    CHECK(text.len <= ARCHIVE_NOTE_BYTES);
    struct note note = {.session_id = session_id,
                        .is_failed = archive->is_message_failed,
                        .len = (uint16_t)text.len};
    struct parcel_of_records *parcel = archive->open;
    if (parcel == NULL || buf_reserve(&parcel->notes, sizeof note + text.len) < 0)
        return ERR_NO_MEMORY;
    CHECK(buf_append(&parcel->notes, span_of(&note, sizeof note)) == 0);
    return buf_append(&parcel->notes, text);
}

uint64_t archive_not_put(const struct archive *archive)
{
    return archive->not_put;
}
