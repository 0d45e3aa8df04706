/*
 * log: one line per event, on stderr.
 *
 * A line begins with the event's stable id and the session's; people grep these, so they don't change. A line that is off
 * costs one load. A call site that fires more often than LOG_BURST times a second is held back, and its next line says how
 * many were. Text format: `2026-05-01T09:00:00.123Z info net.listening session=0 listening on 127.0.0.1:8080`.
 */
#ifndef SPECTATE_BASE_LOG_H
#define SPECTATE_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/ids.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

#define LOG_BURST 10

/* What one call site said lately; per thread, made by LOG(). */
struct log_site {
    uint64_t second;
    uint32_t said;
    uint32_t held_back;
};

/* Set before threads start, the level also later. `stream` is borrowed for the life of the process. */
void log_open(FILE *stream, enum log_format format);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
bool log_enabled(enum log_level level);

/* 0 or ERR_INVALID, for names like "info" and "json". */
const char *log_level_name(enum log_level level);
int log_level_parse(const char *name, enum log_level *out);
int log_format_parse(const char *name, enum log_format *out);

/* LOG() calls this. The message is made printable: control characters and quotes are escaped. Any thread. */
__attribute__((format(printf, 5, 6))) void log_write(struct log_site *site, enum log_level level,
                                                     const char *event, struct session_id session,
                                                     const char *format, ...);

/* LOG(LOG_INFO, "net.listening", NO_SESSION, "listening on %s", address) */
#define LOG(level, event, session, ...)                                                            \
    do {                                                                                           \
        if (log_enabled(level)) {                                                                  \
            static _Thread_local struct log_site log_site_;                                        \
            log_write(&log_site_, level, event, session, __VA_ARGS__);                             \
        }                                                                                          \
    } while (0)

#define NO_SESSION ((struct session_id){0})

#endif
