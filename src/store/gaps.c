#include "store/gaps.h"

#include "base/check.h"

void gaps_init(struct gaps *gaps)
{
    *gaps = (struct gaps){0};
    CHECK(pthread_mutex_init(&gaps->lock, NULL) == 0);
}

void gaps_fini(struct gaps *gaps)
{
    pthread_mutex_destroy(&gaps->lock);
}

void gaps_note(struct gaps *gaps, uint16_t origin, uint64_t sequence)
{
    CHECK(origin < CURSOR_ORIGINS_MAX);
    pthread_mutex_lock(&gaps->lock);
    if (!gaps->is_lost[origin] || gaps->highest[origin] < sequence) {
        gaps->is_lost[origin] = true;
        gaps->highest[origin] = sequence;
        gaps->changes++;
    }
    pthread_mutex_unlock(&gaps->lock);
}

bool gaps_are_new(struct gaps *gaps)
{
    pthread_mutex_lock(&gaps->lock);
    bool it = gaps->changes != gaps->saved;
    pthread_mutex_unlock(&gaps->lock);
    return it;
}

int gaps_write_one(struct db *db, uint32_t boot, uint16_t origin, uint64_t sequence)
{
    sqlite3_stmt *statement = db->statements[SQL_NOTE_GAP];
    sqlite3_bind_int64(statement, 1, boot);
    sqlite3_bind_int(statement, 2, origin);
    sqlite3_bind_int64(statement, 3, (int64_t)sequence);
    int err = db_run(db, SQL_NOTE_GAP);
    if (err >= 0)
        err = db_run(db, SQL_FORGET_GAPS);
    return err < 0 ? err : 0;
}

/* Written from a copy: who notes one must not wait for the disk. */
int gaps_write(struct gaps *gaps, struct db *db, uint32_t boot, uint64_t *changes)
{
    bool is_lost[CURSOR_ORIGINS_MAX];
    uint64_t highest[CURSOR_ORIGINS_MAX];
    pthread_mutex_lock(&gaps->lock);
    memcpy(is_lost, gaps->is_lost, sizeof is_lost);
    memcpy(highest, gaps->highest, sizeof highest);
    *changes = gaps->changes;
    bool are_new = gaps->changes != gaps->saved;
    pthread_mutex_unlock(&gaps->lock);
    int err = 0;
    for (uint16_t i = 0; are_new && i < CURSOR_ORIGINS_MAX && err == 0; i++)
        if (is_lost[i])
            err = gaps_write_one(db, boot, i, highest[i]);
    return err;
}

void gaps_saved(struct gaps *gaps, uint64_t changes)
{
    pthread_mutex_lock(&gaps->lock);
    gaps->saved = changes;
    pthread_mutex_unlock(&gaps->lock);
}

static bool noted_lie_behind(struct gaps *gaps, uint32_t boot, const struct cursor *cursor)
{
    bool it = false;
    pthread_mutex_lock(&gaps->lock);
    for (uint32_t i = 0; i < CURSOR_ORIGINS_MAX && !it; i++)
        it = gaps->is_lost[i] && cursor_is_before(cursor, boot, i, gaps->highest[i]);
    pthread_mutex_unlock(&gaps->lock);
    return it;
}

int gaps_lie_behind(struct gaps *gaps, struct db *db, uint32_t boot, const struct cursor *cursor)
{
    if (noted_lie_behind(gaps, boot, cursor))
        return 1;
    sqlite3_stmt *statement = db->statements[SQL_GAPS];
    sqlite3_bind_int64(statement, 1, cursor->boot);
    int got;
    bool it = false;
    while (!it && (got = db_step(db, statement)) > 0)
        it = cursor_is_before(cursor, (uint32_t)sqlite3_column_int64(statement, 0),
                              (uint32_t)sqlite3_column_int(statement, 1),
                              (uint64_t)sqlite3_column_int64(statement, 2));
    sqlite3_reset(statement);
    return it ? 1 : got;
}
