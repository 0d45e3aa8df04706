#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"

#define MESSAGE_BYTES 1024

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char *const format_names[] = {"text", "json"};

static _Atomic int current_level = LOG_INFO;
static FILE *output;
static enum log_format output_format = LOG_TEXT;

void log_open(FILE *stream, enum log_format format)
{
    output = stream;
    output_format = format;
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
    return (enum log_level)atomic_load_explicit(&current_level, memory_order_relaxed);
}

bool log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

static int find_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    return ERR_INVALID;
}

const char *log_level_name(enum log_level level)
{
    return level_names[level];
}

int log_level_parse(const char *name, enum log_level *out)
{
    int found = find_name(level_names, sizeof level_names / sizeof *level_names, name);
    if (found < 0)
        return found;
    *out = (enum log_level)found;
    return 0;
}

int log_format_parse(const char *name, enum log_format *out)
{
    int found = find_name(format_names, sizeof format_names / sizeof *format_names, name);
    if (found < 0)
        return found;
    *out = (enum log_format)found;
    return 0;
}

/* False when the site is to be silent now; `held_back` gets what it left unsaid before. */
static bool may_speak(struct log_site *site, uint32_t *held_back)
{
    uint64_t second = clock_monotonic_ms() / 1000;
    if (second != site->second) {
        site->second = second;
        site->said = 0;
    }
    if (site->said >= LOG_BURST) {
        site->held_back++;
        return false;
    }
    site->said++;
    *held_back = site->held_back;
    site->held_back = 0;
    return true;
}

/* Make any bytes printable, and safe inside a JSON string. `to` holds at least 6 * strlen(from) + 1 bytes. */
static void escape(char *to, const char *from)
{
    for (; *from != '\0'; from++) {
        unsigned char c = (unsigned char)*from;
        if (c == '"' || c == '\\') {
            *to++ = '\\';
            *to++ = (char)c;
        } else if (c < 0x20 || c >= 0x7f) {
            to += snprintf(to, 7, "\\u%04x", c);
        } else {
            *to++ = (char)c;
        }
    }
    *to = '\0';
}

static void format_time(char *to, size_t bytes)
{
    int64_t now_ms = clock_wall_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;
    CHECK(gmtime_r(&seconds, &utc) != NULL);
    size_t len = strftime(to, bytes, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(to + len, bytes - len, ".%03dZ", (int)(now_ms % 1000));
}

static void write_line(const char *level, const char *event, struct session_id session,
                       const char *message)
{
    char time_text[40];
    format_time(time_text, sizeof time_text);
    FILE *to = output != NULL ? output : stderr;
    unsigned long long id = session.value;
    if (output_format == LOG_JSON)
        fprintf(to,
                "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\",\"session\":%llu,"
                "\"message\":\"%s\"}\n",
                time_text, level, event, id, message);
    else
        fprintf(to, "%s %s %s session=%llu %s\n", time_text, level, event, id, message);
    fflush(to);
}

void log_write(struct log_site *site, enum log_level level, const char *event,
               struct session_id session, const char *format, ...)
{
    uint32_t held_back = 0;
    if (!may_speak(site, &held_back))
        return;
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (held_back > 0) {
        size_t len = strlen(message);
        snprintf(message + len, sizeof message - len, " (and %u like it)", held_back);
    }
    char printable[6 * MESSAGE_BYTES];
    escape(printable, message);
    write_line(level_names[level], event, session, printable);
}
