#include "cli/serve_options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"

/* Keys that are no letters: the options by their ids, then the actions. */
enum { KEY_FIRST = 0x100, KEY_PRINT_CONFIG = KEY_FIRST + OPTIONS_TOTAL, KEY_CHECK_CONFIG };

#define ACTIONS 2
#define ROWS_MAX (SECTIONS_TOTAL + OPTIONS_TOTAL + ACTIONS + 1)
#define HELP_BYTES 512

static const char about[] =
    "Run the live server until SIGTERM or SIGINT.\v"
    "Each option can also be given as an environment variable (SPECTATE_MAX_FOLLOWS=500) or as a "
    "line "
    "of the configuration file (max-follows = 500). A flag goes before a variable, that before the "
    "file. A SIZE may end in K, M or G; a TIME in ms, s (which is meant without), m, h or d.\n\n"
    "Exit status: 0 ended in order, 1 ended at once by a second signal, 2 usage or configuration, "
    "3 could not start (address in use, out of descriptors), 70 internal fault.";

struct reading {
    struct options *options;
    int result; /* an enum serve_action or a negative enum err */
};

/* What argp wants to see; lives while it parses. */
struct argp_rows {
    struct argp_option rows[ROWS_MAX]; /* a row of zeros ends it */
    char help[OPTIONS_TOTAL][HELP_BYTES];
    size_t count;
};

static void add_row(struct argp_rows *rows, const struct argp_option *row)
{
    CHECK(rows->count + 1 < ROWS_MAX);
    rows->rows[rows->count++] = *row;
}

static int group_of(enum option_section section)
{
    return (int)section + 1;
}

static void add_option(struct argp_rows *rows, const struct option_row *option)
{
    char preset[OPTION_TEXT_BYTES];
    char *help = rows->help[option->id];
    option_default(option, preset);
    snprintf(help, HELP_BYTES, "%s%s%s%s", option->help, preset[0] == '\0' ? "" : " (default ",
             preset, preset[0] == '\0' ? "" : ")");
    add_row(rows, &(struct argp_option){.name = option->name,
                                        .key = KEY_FIRST + (int)option->id,
                                        .arg = option_placeholder(option),
                                        .doc = help,
                                        .group = group_of(option->section)});
}

static void add_actions(struct argp_rows *rows)
{
    const int group = group_of(SECTION_FILES);
    add_row(rows,
            &(struct argp_option){
                .name = "print-config",
                .key = KEY_PRINT_CONFIG,
                .doc = "Print the settings in effect and where each came from, as a file, and exit",
                .group = group});
    add_row(rows,
            &(struct argp_option){.name = "check-config",
                                  .key = KEY_CHECK_CONFIG,
                                  .doc = "Exit with 0 when the settings are valid, else with 2",
                                  .group = group});
}

static void fill_rows(struct argp_rows *rows)
{
    for (enum option_section section = 0; section < SECTIONS_TOTAL; section++)
        add_row(rows, &(struct argp_option){.doc = option_section_title(section),
                                            .group = group_of(section)});
    for (enum option_id id = 0; id < OPTIONS_TOTAL; id++)
        add_option(rows, option_of(id));
    add_actions(rows);
}

static error_t on_flag(int key, char *value, struct argp_state *state)
{
    struct reading *reading = state->input;
    if (key == KEY_PRINT_CONFIG || key == KEY_CHECK_CONFIG) {
        reading->result = key == KEY_PRINT_CONFIG ? SERVE_PRINT_CONFIG : SERVE_CHECK_CONFIG;
        return 0;
    }
    if (key < KEY_FIRST || key >= KEY_PRINT_CONFIG)
        return ARGP_ERR_UNKNOWN;
    const struct option_row *option = option_of((enum option_id)(key - KEY_FIRST));
    int err =
        options_set(reading->options, option, value, (struct option_origin){.source = SOURCE_FLAG});
    if (err == 0)
        return 0;
    reading->result = err;
    return EINVAL;
}

int serve_options_read(struct options *options, int argc, char **argv, char *const *environment)
{
    struct argp_rows rows = {.count = 0};
    struct reading reading = {.options = options, .result = SERVE_RUN};
    fill_rows(&rows);
    const struct argp argp = {.options = rows.rows, .parser = on_flag, .doc = about};
    error_t error = argp_parse(&argp, argc, argv, 0, NULL, &reading);
    if (reading.result < 0)
        return reading.result;
    if (error != 0)
        return ERR_NO_MEMORY;
    int err = options_load(options, environment);
    return err < 0 ? err : reading.result;
}
