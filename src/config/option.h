/*
 * option: what is known about each option, apart from its value. The rows of options.def as data, for those who go
 * through all of them: the flag parser, the file reader, the documentation.
 */
#ifndef SPECTATE_CONFIG_OPTION_H
#define SPECTATE_CONFIG_OPTION_H

#include <stddef.h>
#include <stdint.h>

enum option_id {
#define COUNT(section, field, ...) OPTION_##field,
#define BYTES COUNT
#define DURATION COUNT
#define CHOICE COUNT
#define ADDRESSES COUNT
#define FILE_NAME COUNT
#include "config/options.def"
    OPTIONS_TOTAL
};

enum option_kind {
    OPTION_KIND_COUNT,
    OPTION_KIND_BYTES,
    OPTION_KIND_DURATION,
    OPTION_KIND_CHOICE,
    OPTION_KIND_ADDRESSES,
    OPTION_KIND_FILE_NAME,
};

/* In the order of --help and the documentation. */
enum option_section {
    SECTION_NETWORK,
    SECTION_LIMITS,
    SECTION_FOLLOWERS,
    SECTION_TIMES,
    SECTION_LOGGING,
    SECTION_FILES,
    SECTIONS_TOTAL
};

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
    const char *text;    /* default of addresses; NULL of others */
    const char *choices; /* "error|warn|info|debug", in the order of the enum; NULL of others */
    size_t offset;       /* of the value in struct options */
};

/* All static storage, any thread. */
const struct option_row *option_of(enum option_id id);
const char *option_section_title(enum option_section section);

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
