#include "config/options.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "config/option_value.h"

/* A choice is written through its offset as an unsigned number. */
_Static_assert(sizeof(enum log_level) == sizeof(unsigned) &&
                   sizeof(enum log_format) == sizeof(unsigned) &&
                   sizeof(enum auth_mode) == sizeof(unsigned) &&
                   sizeof(enum store_kind) == sizeof(unsigned) &&
                   sizeof(enum option_switch) == sizeof(unsigned),
               "an enum is an int");

#define PLACE_BYTES 256

struct setting {
    struct options *options;
    const struct option_row *option;
    const char *value;
    struct option_origin origin;
};

static void *value_of(struct options *options, const struct option_row *option)
{
    return (char *)options + option->offset;
}

static char *copy_text(const char *text, size_t len)
{
    char *copy = mem_must(len + 1);
    memcpy(copy, text, len);
    return copy;
}

void option_list_add(struct option_list *list, char *item)
{
    char **items = mem_must((list->count + 1) * sizeof *items);
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
    items[list->count] = item;
    mem_free(list->items);
    list->items = items;
    list->count++;
}

void option_list_clear(struct option_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->items[i]);
    mem_free(list->items);
    *list = (struct option_list){0};
}

static void store_number(struct options *options, const struct option_row *option, uint64_t number)
{
    void *value = value_of(options, option);
    if (option->kind == OPTION_KIND_DURATION)
        *(uint64_t *)value = number;
    else if (option->kind == OPTION_KIND_CHOICE)
        memcpy(value, &(unsigned){(unsigned)number}, sizeof(unsigned));
    else
        *(size_t *)value = (size_t)number;
}

void options_init(struct options *options)
{
    *options = (struct options){0};
    for (enum option_id id = 0; id < OPTIONS_TOTAL; id++) {
        const struct option_row *option = option_of(id);
        if (option_is_number(option))
            store_number(options, option, option->number);
        else if (option_is_list(option) && option->text != NULL)
            option_list_add(value_of(options, option),
                            copy_text(option->text, strlen(option->text)));
    }
}

void options_fini(struct options *options)
{
    for (enum option_id id = 0; id < OPTIONS_TOTAL; id++) {
        const struct option_row *option = option_of(id);
        if (option_is_list(option))
            option_list_clear(value_of(options, option));
        else if (!option_is_number(option))
            mem_free(*(char **)value_of(options, option));
    }
    option_list_clear(&options->warnings);
    *options = (struct options){0};
}

/* How the operator finds it: "--workers", "SPECTATE_WORKERS", "spectate.conf:12: workers". */
static void name_place(const struct setting *setting, char place[PLACE_BYTES])
{
    const struct options *options = setting->options;
    switch (setting->origin.source) {
    case SOURCE_FILE:
        snprintf(place, PLACE_BYTES, "%.150s:%u: %s",
                 options->config == NULL ? "" : options->config, setting->origin.line,
                 setting->option->name);
        return;
    case SOURCE_ENVIRONMENT:
        option_variable(setting->option, place);
        return;
    case SOURCE_FLAG:
    case SOURCE_DEFAULT:
        snprintf(place, PLACE_BYTES, "--%s", setting->option->name);
        return;
    }
    CHECK(false);
}

const char *options_show(const char *value, char text[OPTIONS_SHOWN_BYTES])
{
    int len = snprintf(text, OPTIONS_SHOWN_BYTES, "%s", value);
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }
    if (len >= OPTIONS_SHOWN_BYTES)
        memcpy(text + OPTIONS_SHOWN_BYTES - 4, "...", 4);
    return text;
}

static int fail_value(const struct setting *setting, const char *value)
{
    char place[PLACE_BYTES];
    char text[OPTIONS_SHOWN_BYTES];
    char expected[OPTION_TEXT_BYTES];
    name_place(setting, place);
    option_expected(setting->option, expected);
    options_fail(setting->options, "%s: '%s' is not %s", place, options_show(value, text),
                 expected);
    return ERR_INVALID;
}

static int fail_text(const struct setting *setting, const char *reason)
{
    char place[PLACE_BYTES];
    name_place(setting, place);
    options_fail(setting->options, "%s: %s", place, reason);
    return ERR_INVALID;
}

/* Is there a stronger setting already? */
static bool is_overruled(const struct setting *setting)
{
    return setting->origin.source < setting->options->origins[setting->option->id].source;
}

static int parse_choice(const struct option_row *option, const char *text, uint64_t *out)
{
    char name[OPTION_TEXT_BYTES];
    uint64_t total = 1;
    for (const char *c = option->choices; *c != '\0'; c++)
        total += *c == '|';
    for (uint64_t number = 0; number < total; number++) {
        option_format_number(option, number, name);
        if (strcmp(name, text) == 0) {
            *out = number;
            return 0;
        }
    }
    return ERR_INVALID;
}

static int parse_number(const struct option_row *option, const char *text, uint64_t *out)
{
    if (option->kind == OPTION_KIND_CHOICE)
        return parse_choice(option, text, out);
    int err = option->kind == OPTION_KIND_COUNT   ? count_parse(text, out)
              : option->kind == OPTION_KIND_BYTES ? bytes_parse(text, out)
                                                  : duration_parse(text, out);
    return err < 0 || *out < option->min || *out > option->max ? ERR_INVALID : 0;
}

static int set_number(const struct setting *setting)
{
    uint64_t number;
    if (parse_number(setting->option, setting->value, &number) < 0)
        return fail_value(setting, setting->value);
    if (!is_overruled(setting))
        store_number(setting->options, setting->option, number);
    return 0;
}

/* An empty value means none, where none is the default. */
static bool is_none(const struct setting *setting)
{
    return *setting->value == '\0' && setting->option->text == NULL &&
           setting->option->kind != OPTION_KIND_FILE_NAME;
}

static int add_item(const struct setting *setting, struct option_list *out, struct span text)
{
    char *item = copy_text((const char *)text.data, text.len);
    option_list_add(out, item);
    if (!option_form_fits(setting->option->form, item))
        return fail_value(setting, item);
    return out->count > OPTIONS_LIST_MAX ? fail_text(setting, "more than 64 values") : 0;
}

_Static_assert(OPTIONS_LIST_MAX == 64, "as the message says");

/* Add what is between the commas of the value. */
static int add_items(const struct setting *setting, struct option_list *out)
{
    const char *next = setting->value;
    for (;;) {
        next += strspn(next, " \t");
        size_t len = strcspn(next, ",");
        size_t kept = len;
        while (kept > 0 && strchr(" \t", next[kept - 1]) != NULL)
            kept--;
        int err = add_item(setting, out, span_of(next, kept));
        if (err < 0 || next[len] == '\0')
            return err;
        next += len + 1;
    }
}

static int read_list(const struct setting *setting, struct option_list *out)
{
    if (is_none(setting))
        return 0;
    if (setting->option->kind == OPTION_KIND_SPECS)
        return add_item(setting, out, span_of_text(setting->value));
    return add_items(setting, out);
}

static int set_list(const struct setting *setting)
{
    struct option_list *list = value_of(setting->options, setting->option);
    struct option_list read = {0};
    bool add = setting->origin.source == setting->options->origins[setting->option->id].source;
    for (size_t i = 0; add && i < list->count; i++)
        option_list_add(&read, copy_text(list->items[i], strlen(list->items[i])));
    int err = read_list(setting, &read);
    if (err < 0 || is_overruled(setting)) {
        option_list_clear(&read);
        return err;
    }
    option_list_clear(list);
    *list = read;
    return 0;
}

static int set_text(const struct setting *setting)
{
    if (setting->option->kind == OPTION_KIND_FILE_NAME && setting->origin.source == SOURCE_FILE)
        return fail_text(setting, "a file can't name another one");
    bool none = is_none(setting);
    if (!none && !option_form_fits(setting->option->form, setting->value))
        return fail_value(setting, setting->value);
    if (!is_overruled(setting)) {
        char **text = value_of(setting->options, setting->option);
        mem_free(*text);
        *text = none ? NULL : copy_text(setting->value, strlen(setting->value));
    }
    return 0;
}

static int set_by_kind(const struct setting *setting)
{
    if (option_is_number(setting->option))
        return set_number(setting);
    return option_is_list(setting->option) ? set_list(setting) : set_text(setting);
}

int options_set(struct options *options, const struct option_row *option, const char *value,
                struct option_origin origin)
{
    const struct setting setting = {options, option, value, origin};
    CHECK(origin.source != SOURCE_DEFAULT);
    int err = set_by_kind(&setting);
    if (err == 0 && !is_overruled(&setting))
        options->origins[option->id] = origin;
    return err;
}

void options_fail(struct options *options, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(options->error, sizeof options->error, format, arguments);
    va_end(arguments);
}
