#include "store/row.h"

#include "base/err.h"

/* In the column `flags`, beside enum store_flag. */
#define RUNNER_IS_NUMBER 16
#define TIME_IS_ARRIVAL 32
#define STORE_FLAGS (STORE_LATE | STORE_JUMP)

enum column {
    COLUMN_TIME,
    COLUMN_LAT,
    COLUMN_LNG,
    COLUMN_ALTITUDE,
    COLUMN_ACCURACY,
    COLUMN_SPEED,
    COLUMN_HEADING,
    COLUMN_BATTERY,
    COLUMN_RECEIVED,
    COLUMN_BOOT,
    COLUMN_ORIGIN,
    COLUMN_SEQUENCE,
    COLUMN_FLAGS,
};

/* The runner is parameter 1, and parameters count from 1. */
#define PARAMETER(column) ((column) + 2)

static void bind_detail(sqlite3_stmt *statement, int column, bool is_there, int64_t value)
{
    if (is_there)
        sqlite3_bind_int64(statement, PARAMETER(column), value);
    else
        sqlite3_bind_null(statement, PARAMETER(column));
}

static void bind_details(sqlite3_stmt *statement, const struct position_detail *detail)
{
    uint8_t has = detail->has;
    bind_detail(statement, COLUMN_ALTITUDE, has & POSITION_ALTITUDE, detail->altitude_cm);
    bind_detail(statement, COLUMN_ACCURACY, has & POSITION_ACCURACY, detail->accuracy_cm);
    bind_detail(statement, COLUMN_SPEED, has & POSITION_SPEED, detail->speed_cmps);
    bind_detail(statement, COLUMN_HEADING, has & POSITION_HEADING, detail->heading_cdeg);
    bind_detail(statement, COLUMN_BATTERY, has & POSITION_BATTERY, detail->battery_percent);
}

static int flags_of(const struct store_record *record)
{
    int flags = record->flags & STORE_FLAGS;
    if (record->position.runner_is_number)
        flags |= RUNNER_IS_NUMBER;
    if (record->position.time_is_arrival)
        flags |= TIME_IS_ARRIVAL;
    return flags;
}

bool row_bind(sqlite3_stmt *statement, int64_t runner, const struct store_record *record,
              uint32_t boot)
{
    const struct position *position = &record->position;
    int32_t lat_e7;
    int32_t lng_e7;
    if (!position_to_e7(position, &lat_e7, &lng_e7))
        return false;
    sqlite3_bind_int64(statement, 1, runner);
    sqlite3_bind_int64(statement, PARAMETER(COLUMN_TIME), position->time_ms);
    sqlite3_bind_int(statement, PARAMETER(COLUMN_LAT), lat_e7);
    sqlite3_bind_int(statement, PARAMETER(COLUMN_LNG), lng_e7);
    bind_details(statement, &position->detail);
    sqlite3_bind_int64(statement, PARAMETER(COLUMN_RECEIVED), record->received_ms);
    sqlite3_bind_int64(statement, PARAMETER(COLUMN_BOOT), boot);
    sqlite3_bind_int(statement, PARAMETER(COLUMN_ORIGIN), position->origin);
    sqlite3_bind_int64(statement, PARAMETER(COLUMN_SEQUENCE), (int64_t)position->sequence);
    sqlite3_bind_int(statement, PARAMETER(COLUMN_FLAGS), flags_of(record));
    return true;
}

static int64_t read_detail(sqlite3_stmt *statement, int column, uint8_t flag,
                           struct position_detail *detail)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return 0;
    detail->has |= flag;
    return sqlite3_column_int64(statement, column);
}

static struct position_detail read_details(sqlite3_stmt *s)
{
    struct position_detail d = {0};
    d.altitude_cm = (int32_t)read_detail(s, COLUMN_ALTITUDE, POSITION_ALTITUDE, &d);
    d.accuracy_cm = (uint32_t)read_detail(s, COLUMN_ACCURACY, POSITION_ACCURACY, &d);
    d.speed_cmps = (uint32_t)read_detail(s, COLUMN_SPEED, POSITION_SPEED, &d);
    d.heading_cdeg = (uint16_t)read_detail(s, COLUMN_HEADING, POSITION_HEADING, &d);
    d.battery_percent = (uint8_t)read_detail(s, COLUMN_BATTERY, POSITION_BATTERY, &d);
    return d;
}

void row_read(sqlite3_stmt *statement, struct store_record *record)
{
    struct position *position = &record->position;
    int flags = sqlite3_column_int(statement, COLUMN_FLAGS);
    position->time_ms = sqlite3_column_int64(statement, COLUMN_TIME);
    position_set_e7(position, sqlite3_column_int(statement, COLUMN_LAT),
                    sqlite3_column_int(statement, COLUMN_LNG));
    position->detail = read_details(statement);
    position->origin = (uint16_t)sqlite3_column_int(statement, COLUMN_ORIGIN);
    position->sequence = (uint64_t)sqlite3_column_int64(statement, COLUMN_SEQUENCE);
    position->runner_is_number = flags & RUNNER_IS_NUMBER;
    position->time_is_arrival = flags & TIME_IS_ARRIVAL;
    record->received_ms = sqlite3_column_int64(statement, COLUMN_RECEIVED);
    record->boot = (uint32_t)sqlite3_column_int64(statement, COLUMN_BOOT);
    record->flags = (uint8_t)(flags & STORE_FLAGS);
}

void row_bind_text(sqlite3_stmt *statement, int parameter, struct span text)
{
    const char *at = text.len > 0 ? (const char *)text.data : "";
    sqlite3_bind_text(statement, parameter, at, (int)text.len, SQLITE_STATIC);
}

struct span row_read_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *at = sqlite3_column_text(statement, column);
    return at == NULL ? span_of(NULL, 0)
                      : span_of(at, (size_t)sqlite3_column_bytes(statement, column));
}

void row_bind_id(sqlite3_stmt *statement, int parameter, const struct runner_id *id)
{
    row_bind_text(statement, parameter, span_of(id->text, id->len));
}

int row_read_id(sqlite3_stmt *statement, int column, struct runner_id *id)
{
    struct span text = row_read_text(statement, column);
    if (text.len == 0 || text.len > RUNNER_ID_BYTES)
        return ERR_FORMAT;
    memcpy(id->text, text.data, text.len);
    id->len = (uint8_t)text.len;
    return 0;
}
