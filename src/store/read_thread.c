#include "store/read_thread.h"

#include "base/err.h"

static int begin(struct store_reader *reader)
{
    int err = 0;
    if (reader->db.handle == NULL)
        err = core_connect(reader->core, &reader->db, DB_READS);
    if (err == 0)
        err = db_run(&reader->db, SQL_BEGIN_READ);
    return err < 0 ? err : 0;
}

/* What a reader left in the middle holds nothing back: the statements are reset with what they were used for. */
static void end(struct store_reader *reader)
{
    if (db_run(&reader->db, SQL_COMMIT) < 0)
        core_failed(reader->core, &reader->db, "a read can't be ended");
}

static void run_job(struct store_reader *reader, struct store_job *job)
{
    int err = begin(reader);
    if (err == 0)
        err = job->read(job, reader);
    if (reader->db.code != 0 || reader->db.handle == NULL)
        core_failed(reader->core, &reader->db, "a read failed");
    else
        end(reader);
    queue_release(&reader->core->queue, 0, 1);
    job->on_done(job, err);
}

void *read_thread_run(void *core)
{
    struct store_reader reader = {.core = core};
    struct store_job *job;
    while ((job = queue_take_job(&reader.core->asked)) != NULL)
        run_job(&reader, job);
    db_close(&reader.db);
    return NULL;
}
