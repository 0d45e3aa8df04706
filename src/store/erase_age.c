#include "store/erase_age.h"

#include "base/err.h"
#include "store/row.h"
#include "store/writer.h"

int erase_age_bound(struct db *db, const struct store_erase_age *age, const struct runner_id *id,
                    int64_t *before_ms)
{
    sqlite3_stmt *statement = db->statements[SQL_GROUPS];
    bool has_rule = false;
    int got;
    *before_ms = age->before_ms;
    row_bind_id(statement, 1, id);
    while ((got = db_step(db, statement)) > 0) {
        struct span group = row_read_text(statement, 0);
        for (size_t i = 0; i < age->rule_count; i++) {
            const struct store_erase_rule *rule = &age->rules[i];
            if (!span_equals(group, rule->group) || (has_rule && rule->before_ms >= *before_ms))
                continue;
            *before_ms = rule->before_ms;
            has_rule = true;
        }
    }
    return got;
}

/* Where the oldest `most` of what is before the bound end; the bound itself when there are not more. */
static int limit_bound(struct db *db, int64_t number, uint64_t most, int64_t *before_ms)
{
    sqlite3_stmt *statement = db->statements[SQL_NTH_OLD];
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, *before_ms);
    sqlite3_bind_int64(statement, 3, (int64_t)most);
    int got = db_read_int(db, statement, before_ms);
    return got < 0 ? got : 0;
}

static void bind_older(sqlite3_stmt *statement, int64_t number, int64_t before_ms)
{
    sqlite3_bind_int64(statement, 1, number);
    sqlite3_bind_int64(statement, 2, before_ms);
}

/* Who comes back with a cursor from before these can't have them any more. */
static int note_gaps(struct db *db, int64_t number, int64_t before_ms)
{
    sqlite3_stmt *statement = db->statements[SQL_NUMBERS_BEFORE];
    int got;
    int err = 0;
    bind_older(statement, number, before_ms);
    sqlite3_bind_int(statement, 3, STORE_LATE);
    while (err == 0 && (got = db_step(db, statement)) > 0)
        err = gaps_write_one(db, (uint32_t)sqlite3_column_int64(statement, 0),
                             (uint16_t)sqlite3_column_int(statement, 1),
                             (uint64_t)sqlite3_column_int64(statement, 2));
    sqlite3_reset(statement);
    return err < 0 ? err : got;
}

static int erase_older(struct db *db, int64_t number, int64_t before_ms, uint64_t most)
{
    int err = limit_bound(db, number, most, &before_ms);
    if (err == 0)
        err = note_gaps(db, number, before_ms);
    if (err < 0)
        return err;
    bind_older(db->statements[SQL_ERASE_BEFORE], number, before_ms);
    int count = db_run(db, SQL_ERASE_BEFORE);
    if (count <= 0)
        return count;
    sqlite3_bind_int64(db->statements[SQL_ERASE_UNKNOWN], 1, number);
    err = db_run(db, SQL_ERASE_UNKNOWN);
    return err < 0 ? err : count;
}

/* The runner behind this one, with its bound: 1, 0 (that was the last) or a failure. */
static int next_runner(struct db *db, const struct store_erase_age *age, int64_t *number,
                       int64_t *before_ms)
{
    sqlite3_stmt *statement = db->statements[SQL_NEXT_RUNNER];
    struct runner_id id;
    sqlite3_bind_int64(statement, 1, *number);
    int got = db_step(db, statement);
    if (got <= 0)
        return got;
    *number = sqlite3_column_int64(statement, 0);
    int err = row_read_id(statement, 1, &id);
    sqlite3_reset(statement);
    if (err == 0)
        err = erase_age_bound(db, age, &id, before_ms);
    return err < 0 ? err : 1;
}

int store_erase_before(struct store_writer *writer, const struct store_erase_age *age,
                       uint64_t *erased)
{
    int64_t number = INT64_MIN;
    int64_t before_ms = INT64_MIN;
    int got = 1;
    *erased = 0;
    writer->has_number = false;
    while (*erased < age->limit && (got = next_runner(&writer->db, age, &number, &before_ms)) > 0) {
        int count = erase_older(&writer->db, number, before_ms, age->limit - *erased);
        if (count < 0)
            return count;
        *erased += (uint64_t)count;
        writer->erased += (uint64_t)count;
    }
    return got < 0 ? got : 0;
}
