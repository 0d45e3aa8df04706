/*
 * The environment and the file. Keys that nobody knows are mistakes in a file; in the environment they may be meant for
 * another program, so that they are only told.
 */
#include "config/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"

#define BLANKS " \t"

static const char *find_variable(char *const *environment, const char *name)
{
    size_t len = strlen(name);
    for (; *environment != NULL; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
            return *environment + len + 1;
    }
    return NULL;
}

static int load_variables(struct options *options, char *const *environment)
{
    for (enum option_id id = 0; id < OPTIONS_TOTAL; id++) {
        char name[OPTION_VARIABLE_BYTES];
        option_variable(option_of(id), name);
        const char *value = find_variable(environment, name);
        if (value == NULL)
            continue;
        struct option_origin origin = {.source = SOURCE_ENVIRONMENT};
        int err = options_set(options, option_of(id), value, origin);
        if (err < 0)
            return err;
    }
    return 0;
}

static bool is_known_variable(const char *variable)
{
    for (enum option_id id = 0; id < OPTIONS_TOTAL; id++) {
        char name[OPTION_VARIABLE_BYTES];
        option_variable(option_of(id), name);
        if (strlen(name) == strcspn(variable, "=") && strncmp(variable, name, strlen(name)) == 0)
            return true;
    }
    return false;
}

static void warn_of_unknown_variables(struct options *options, char *const *environment)
{
    for (; *environment != NULL && options->warnings.count < OPTIONS_WARNINGS_MAX; environment++) {
        const char *variable = *environment;
        if (strncmp(variable, OPTION_VARIABLE_PREFIX, strlen(OPTION_VARIABLE_PREFIX)) != 0 ||
            is_known_variable(variable))
            continue;
        const size_t bytes = 128;
        char *warning = mem_must(bytes);
        snprintf(warning, bytes, "%.*s is no option and was ignored", (int)strcspn(variable, "="),
                 variable);
        option_list_add(&options->warnings, warning);
    }
}

struct line {
    char *text; /* in the file's contents, which are cut up on the way */
    unsigned number;
};

static int fail_at(struct options *options, struct line line, const char *reason)
{
    options_fail(options, "%.150s:%u: %s", options->config, line.number, reason);
    return ERR_INVALID;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void cut_trailing_blanks(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && is_blank(text[len - 1]))
        len--;
    text[len] = '\0';
}

static void cut_comment(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if (*c == '#' && (c == text || is_blank(c[-1]))) {
            *c = '\0';
            return;
        }
    }
}

/* The value without quotes and comment, in place. NULL: the quotes are not right. */
static char *read_value(char *text)
{
    text += strspn(text, BLANKS);
    if (*text != '"' && *text != '\'') {
        cut_comment(text);
        cut_trailing_blanks(text);
        return text;
    }
    char *end = strchr(text + 1, *text);
    if (end == NULL)
        return NULL;
    char *rest = end + 1 + strspn(end + 1, BLANKS);
    *end = '\0';
    return *rest == '\0' || *rest == '#' ? text + 1 : NULL;
}

static int set_from_file(struct options *options, const char *key, const char *value,
                         struct line line)
{
    const struct option_row *option = option_find(key);
    if (option == NULL) {
        char text[OPTIONS_SHOWN_BYTES];
        options_fail(options, "%.150s:%u: there is no option '%s'", options->config, line.number,
                     options_show(key, text));
        return ERR_INVALID;
    }
    unsigned before = options->lines[option->id];
    if (!option_is_list(option) && before != 0) {
        options_fail(options, "%.150s:%u: %s: was given on line %u already", options->config,
                     line.number, option->name, before);
        return ERR_INVALID;
    }
    options->lines[option->id] = line.number;
    return options_set(options, option, value,
                       (struct option_origin){.source = SOURCE_FILE, .line = line.number});
}

static int read_line(struct options *options, struct line line)
{
    char *key = line.text + strspn(line.text, BLANKS);
    if (*key == '\0' || *key == '#')
        return 0;
    char *equals = strchr(key, '=');
    if (equals == NULL)
        return fail_at(options, line, "a line is `name = value`, and this one has no '='");
    *equals = '\0';
    cut_trailing_blanks(key);
    char *value = read_value(equals + 1);
    if (value == NULL)
        return fail_at(options, line,
                       "a quoted value ends with the same quote, and nothing follows");
    return set_from_file(options, key, value, line);
}

static int read_lines(struct options *options, char *text)
{
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    for (unsigned number = 1; *text != '\0'; number++) {
        char *end = text + strcspn(text, "\n");
        char *next = *end == '\n' ? end + 1 : end;
        *end = '\0';
        if (end > text && end[-1] == '\r')
            end[-1] = '\0';
        int err = read_line(options, (struct line){.text = text, .number = number});
        if (err < 0)
            return err;
        text = next;
    }
    return 0;
}

/* The whole file as text with a NUL behind it. */
static int read_stream(struct options *options, FILE *file, char *text)
{
    size_t len = fread(text, 1, OPTIONS_FILE_MAX_BYTES + 1, file);
    if (ferror(file) != 0) {
        options_fail(options, "%.150s: can't be read: %s", options->config, strerror(errno));
        return ERR_SYSTEM;
    }
    if (len > OPTIONS_FILE_MAX_BYTES) {
        options_fail(options, "%.150s: is larger than %d bytes", options->config,
                     OPTIONS_FILE_MAX_BYTES);
        return ERR_INVALID;
    }
    if (memchr(text, '\0', len) != NULL) {
        options_fail(options, "%.150s: is not text: it holds a byte 0", options->config);
        return ERR_INVALID;
    }
    text[len] = '\0';
    return 0;
}

static int load_file(struct options *options)
{
    FILE *file = fopen(options->config, "re");
    if (file == NULL) {
        options_fail(options, "%.150s: can't be opened: %s", options->config, strerror(errno));
        return ERR_SYSTEM;
    }
    char *text = mem_must(OPTIONS_FILE_MAX_BYTES + 2);
    int err = read_stream(options, file, text);
    if (err == 0)
        err = read_lines(options, text);
    mem_free(text);
    fclose(file);
    return err;
}

int options_load(struct options *options, char *const *environment)
{
    int err = load_variables(options, environment);
    if (err < 0)
        return err;
    warn_of_unknown_variables(options, environment);
    if (options->config != NULL)
        err = load_file(options);
    return err < 0 ? err : options_check(options);
}
