/*
 * options: the settings of `spectate serve`, and where each came from.
 *
 * A flag goes before an environment variable, that before the file, that before the default. The order of the calls does not
 * matter: a setting from a weaker source is checked and dropped.
 *
 * Happy path: options_init(), options_set() for each flag, options_load(), then the fields are read; options_fini().
 * A call that fails leaves a sentence for the operator in `error` that names the place: "spectate.conf:12: max-follows: 'x' is
 * not a whole number from 1 to 1000000". Then only options_fini() is left to do. One thread.
 */
#ifndef SPECTATE_CONFIG_OPTIONS_H
#define SPECTATE_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/log.h"
#include "config/option.h"

#define OPTIONS_LIST_MAX 64
#define OPTIONS_ERROR_BYTES 512
#define OPTIONS_SHOWN_BYTES 64
#define OPTIONS_WARNINGS_MAX 16
#define OPTIONS_FILE_MAX_BYTES (256 * 1024)

struct option_list {
    char **items; /* owned, each too */
    size_t count;
};

/* Weakest first. */
enum option_source { SOURCE_DEFAULT, SOURCE_FILE, SOURCE_ENVIRONMENT, SOURCE_FLAG };

struct option_origin {
    enum option_source source;
    unsigned line; /* of the file, from 1; 0 for other sources */
};

struct options {
#define COUNT(section, field, ...) size_t field;
#define BYTES(section, field, ...) size_t field;
#define DURATION(section, field, ...) uint64_t field;
#define CHOICE(section, field, name, type, ...) type field;
#define TEXT(section, field, ...) char *field; /* NULL: none */
#define PATH(section, field, ...) char *field; /* NULL: none */
#define LIST(section, field, ...) struct option_list field;
#define SPECS(section, field, ...) struct option_list field;
#define FILE_NAME(section, field, ...) char *field; /* NULL: none */
#include "config/options.def"
    struct option_origin origins[OPTIONS_TOTAL];
    unsigned lines[OPTIONS_TOTAL]; /* of the file, where each was last given; 0: nowhere */
    struct option_list warnings;   /* sentences about variables that were ignored */
    char error[OPTIONS_ERROR_BYTES];
};

/* All defaults. */
void options_init(struct options *options);

/* From any state. All zero then. */
void options_fini(struct options *options);

/*
 * One setting from a flag, a variable or a line of the file. What a list holds may be several, separated by commas, and
 * those of further calls with the same source are added. An empty value is none where none is the default. ERR_INVALID.
 */
int options_set(struct options *options, const struct option_row *option, const char *value,
                struct option_origin origin);

/*
 * What the environment ("NAME=value" strings, NULL at the end) and the file named by flag or variable say, then
 * options_check(). ERR_INVALID, ERR_SYSTEM (the file can't be read).
 */
int options_load(struct options *options, char *const *environment);

/* Do the settings fit each other? ERR_INVALID. Nothing is opened or looked up. */
int options_check(struct options *options);

/*
 * Can only this machine connect to all of --listen? Names other than localhost count as public, since what they stand for
 * may change.
 */
bool options_listen_is_loopback(const struct options *options);

/*
 * For the readers in this folder. Say what is wrong; what an operator wrote, fit for a terminal and cut when it is long; a list
 * of strings, of which `item` becomes a part.
 */
__attribute__((format(printf, 2, 3))) void options_fail(struct options *options, const char *format,
                                                        ...);
const char *options_show(const char *value, char text[OPTIONS_SHOWN_BYTES]);
void option_list_add(struct option_list *list, char *item);
void option_list_clear(struct option_list *list);

/* The settings as a file that gives the same ones, each with a comment on where it came from. 0 or ERR_NO_MEMORY. */
int options_print(const struct options *options, struct buf *out);

/* docs/configuration.md. 0 or ERR_NO_MEMORY. */
int options_write_docs(struct buf *out);

#endif
