/*
 * option_table: the options of a client command as one table: name, kind, bounds and help in a .def file, from which
 * the argp options and the parsing come. A row of zeros ends it.
 */
#ifndef SPECTATE_CLI_OPTION_TABLE_H
#define SPECTATE_CLI_OPTION_TABLE_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,     /* bool, set to true */
    OPTION_TEXT,     /* const char *, borrowed from argv */
    OPTION_COUNT,    /* uint64_t */
    OPTION_NUMBER,   /* double */
    OPTION_DURATION, /* uint64_t, milliseconds: "30", "30s", "500ms", "5m", "2h", "7d" */
    OPTION_TIME, /* int64_t, milliseconds since 1970: "2026-05-01T09:00:00Z", "2026-05-01" (its beginning, UTC) */
};

struct option_field {
    const char *name;
    enum option_kind kind;
    const char *argument; /* what --help calls its value; NULL: it has none */
    const char *help;
    size_t offset; /* in the command's struct */
    double low;    /* bounds of a count, a number or a duration in seconds */
    double high;
};

/* The key of the table's first row; those of the others follow. */
#define OPTION_FIRST_KEY 0x100

/*
 * Set the field of this key in `target`. ARGP_ERR_UNKNOWN when the key is none of the table's; a value that is wrong, or an
 * argument that is no option, ends the process with the usage status, saying what is wrong.
 */
error_t option_table_set(const struct option_field *fields, int key, const char *value,
                         struct argp_state *state);

/*
 * Parse with argp, whose options are those of the table. `target` is passed to the parser as state->input. Does not return when
 * the usage is wrong or --help is asked for.
 */
void option_table_run(const struct option_field *fields, const struct argp *argp, int argc,
                      char **argv, void *target);

#endif
