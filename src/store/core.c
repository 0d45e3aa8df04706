#include "store/core.h"

#include "base/err.h"
#include "store/schema.h"

/* A file that was put in this one's place meanwhile has other numbers. */
static int check_identity(const struct core *core, struct db *db)
{
    struct store_identity found;
    int err = schema_read_identity(db, &found);
    if (err < 0)
        return err;
    bool is_ours = memcmp(found.id, core->identity.id, sizeof found.id) == 0 &&
                   found.boot == core->identity.boot;
    if (!is_ours)
        db->code = SQLITE_NOTADB;
    return is_ours ? 0 : ERR_FORMAT;
}

int core_connect(struct core *core, struct db *db, enum db_use use)
{
    int err = db_connect(db, &core->place, use);
    if (err == 0)
        err = db_prepare(db);
    if (err == 0)
        err = check_identity(core, db);
    if (err < 0) {
        tally_fail(&core->tally, db->code, "the file can't be opened", db_text(db));
        db_close(db);
    }
    return err;
}

static bool is_passing(int code)
{
    int kind = code & 0xff;
    return kind == SQLITE_FULL || kind == SQLITE_BUSY || kind == SQLITE_NOMEM;
}

void core_failed(struct core *core, struct db *db, const char *what)
{
    if (db->code != 0)
        tally_fail(&core->tally, db->code, what, db_text(db));
    db_rollback(db);
    bool is_clean = db->handle == NULL || sqlite3_get_autocommit(db->handle);
    if ((db->code != 0 && !is_passing(db->code)) || !is_clean)
        db_close(db);
    db->code = 0;
}
