#include "store/view.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "store/read_thread.h"
#include "store/schema.h"

struct store_view {
    struct core core; /* no threads, and nothing is handed over: what a reader looks at */
    struct store_reader reader;
};

static int connect_to(struct store_view *view, struct store_trouble *trouble)
{
    struct db *db = &view->reader.db;
    if (access(view->core.place.path, R_OK) != 0) {
        trouble_set(trouble, view->core.place.path, strerror(errno));
        return ERR_SYSTEM;
    }
    int err = db_connect(db, &view->core.place, DB_READS);
    if (err < 0) {
        trouble_set(trouble, err == ERR_FORMAT ? "not a store, or damaged" : "can't be opened",
                    db_text(db));
        return err;
    }
    err = schema_check(db, &store_schema, trouble);
    if (err < 0)
        return err;
    err = db_prepare(db);
    if (err == 0)
        err = schema_read_identity(db, &view->core.identity);
    if (err < 0)
        trouble_set(trouble, err == ERR_FORMAT ? "damaged" : "can't be read", db_text(db));
    return err;
}

int store_view_open(const char *path, struct store_view **out, struct store_trouble *trouble)
{
    struct store_view *view = mem_must(sizeof *view);
    view->reader.core = &view->core;
    view->core.place = (struct db_place){.path = path, .busy_ms = STORE_BUSY_MS};
    gaps_init(&view->core.gaps);
    int err = connect_to(view, trouble);
    if (err < 0)
        store_view_close(&view);
    *out = view;
    return err;
}

void store_view_close(struct store_view **handle)
{
    struct store_view *view = *handle;
    *handle = NULL;
    if (view == NULL)
        return;
    db_close(&view->reader.db);
    gaps_fini(&view->core.gaps);
    mem_free(view);
}

int store_view_read(struct store_view *view, store_view_fn *read, void *ctx,
                    struct store_trouble *trouble)
{
    struct db *db = &view->reader.db;
    db->code = 0;
    *trouble = (struct store_trouble){0};
    int result = db_run(db, SQL_BEGIN_READ);
    if (result >= 0)
        result = read(&view->reader, ctx);
    if (result < 0 && trouble->text[0] == '\0')
        trouble_set(trouble, "can't be read", db->code != 0 ? db_text(db) : err_text(result));
    db_rollback(db);
    return result;
}
