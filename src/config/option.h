/*
 * option: what is known about each option, apart from its value. The rows of options.def as data, for those who go
 * through all of them: the flag parser, the file reader, the documentation.
 */
#ifndef SPECTATE_CONFIG_OPTION_H
#define SPECTATE_CONFIG_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/option_form.h"

enum option_id {
#define COUNT(section, field, ...) OPTION_##field,
#define BYTES COUNT
#define DURATION COUNT
#define CHOICE COUNT
#define TEXT COUNT
#define PATH COUNT
#define LIST COUNT
#define SPECS COUNT
#define FILE_NAME COUNT
#include "config/options.def"
    OPTIONS_TOTAL
};

enum option_kind {
    OPTION_KIND_COUNT,
    OPTION_KIND_BYTES,
    OPTION_KIND_DURATION,
    OPTION_KIND_CHOICE,
    OPTION_KIND_TEXT,
    OPTION_KIND_PATH,
    OPTION_KIND_LIST,
    OPTION_KIND_SPECS,
    OPTION_KIND_FILE_NAME,
};

/* In the order of --help and the documentation. */
enum option_section {
    SECTION_NETWORK,
    SECTION_LIMITS,
    SECTION_FOLLOWERS,
    SECTION_STORE,
    SECTION_TIMES,
    SECTION_ACCESS,
    SECTION_TLS,
    SECTION_LOGGING,
    SECTION_FILES,
    SECTIONS_TOTAL
};

enum auth_mode { AUTH_AUTO, AUTH_NONE, AUTH_JWT };
enum store_kind { STORE_KIND_AUTO, STORE_KIND_NONE, STORE_KIND_SQLITE };
enum option_switch { SWITCH_OFF, SWITCH_ON };

/* Not `struct option`: that is getopt's. */
struct option_row {
    enum option_id id;
    enum option_kind kind;
    enum option_section section;
    const char *name; /* "lag-bytes": the flag without dashes, and the key of the file */
    const char *help; /* sentences, without the last full stop */
    uint64_t number;  /* default of counts, bytes, durations (ms) and choices (the enum's value) */
    uint64_t min;
    uint64_t max;
    const char *text;      /* default of lists; NULL: none, and of others */
    const char *choices;   /* "error|warn|info|debug", in the order of the enum; NULL of others */
    enum option_form form; /* of texts, paths, file names, specs and the items of lists */
    size_t offset;         /* of the value in struct options */
};

/* All static storage, any thread. */
const struct option_row *option_of(enum option_id id);
const char *option_section_title(enum option_section section);

/* A number (counts, bytes, durations, choices), one string, or several? */
bool option_is_number(const struct option_row *option);
bool option_is_list(const struct option_row *option);

/* What stands for the value in --help: "SIZE". */
const char *option_placeholder(const struct option_row *option);

/* The option called so in a file or (without dashes) as a flag. NULL: there is none. */
const struct option_row *option_find(const char *name);

#define OPTION_VARIABLE_PREFIX "SPECTATE_"
#define OPTION_VARIABLE_BYTES 64

/* Its environment variable: "SPECTATE_LAG_BYTES". */
void option_variable(const struct option_row *option, char name[OPTION_VARIABLE_BYTES]);

#define OPTION_TEXT_BYTES 256

/* A number as this option's kind writes it: "64K", "10s", "info". Kinds with a number only. */
void option_format_number(const struct option_row *option, uint64_t number,
                          char text[OPTION_TEXT_BYTES]);

/* The default as one writes it; "" when there is none. */
void option_default(const struct option_row *option, char text[OPTION_TEXT_BYTES]);

/* What a value has to be, to go on after "is not": "a whole number from 1 to 64". */
void option_expected(const struct option_row *option, char text[OPTION_TEXT_BYTES]);

#endif
