/*
 * row: a position as a row of the table, and back.
 */
#ifndef SPECTATE_STORE_ROW_H
#define SPECTATE_STORE_ROW_H

#include <sqlite3.h>

#include "store/store.h"

#define POSITION_COLUMNS                                                                           \
    "time_ms, lat_e7, lng_e7, altitude_cm, accuracy_cm, speed_cmps, heading_cdeg, "                \
    "battery_percent, received_ms, boot, origin, sequence, flags"

/* Bind runner and columns. False, and nothing is bound: outside WGS 84. */
bool row_bind(sqlite3_stmt *statement, int64_t runner, const struct store_record *record,
              uint32_t boot);

/* All but the runner's id, from the columns of the row that the statement is at. */
void row_read(sqlite3_stmt *statement, struct store_record *record);

/* An id as a parameter: borrowed until the statement has run. */
void row_bind_id(sqlite3_stmt *statement, int parameter, const struct runner_id *id);

/* 0, or ERR_FORMAT: no id. */
int row_read_id(sqlite3_stmt *statement, int column, struct runner_id *id);

/* Text that is borrowed until the statement has run; and one that is valid until the statement moves on. */
void row_bind_text(sqlite3_stmt *statement, int parameter, struct span text);
struct span row_read_text(sqlite3_stmt *statement, int column);

#endif
