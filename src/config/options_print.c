#include "config/options.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"

static const void *value_in(const struct options *options, const struct option_row *option)
{
    return (const char *)options + option->offset;
}

static uint64_t number_in(const struct options *options, const struct option_row *option)
{
    const void *value = value_in(options, option);
    if (option->kind == OPTION_KIND_DURATION)
        return *(const uint64_t *)value;
    if (option->kind == OPTION_KIND_CHOICE)
        return *(const unsigned *)value;
    return *(const size_t *)value;
}

/* In quotes when the file's reader would take it for something else; never with both kinds of quotes in it. */
static int print_text(const char *text, struct buf *out)
{
    bool plain = strchr("\"'# \t", text[0]) == NULL && strpbrk(text, "# \t") == NULL;
    const char *quote = plain ? "" : strchr(text, '"') != NULL ? "'" : "\"";
    return buf_printf(out, "%s%s%s", quote, text, quote);
}

static int print_list(const struct option_list *list, struct buf *out)
{
    int err = 0;
    for (size_t i = 0; err == 0 && i < list->count; i++)
        err = buf_printf(out, "%s%s", i == 0 ? "" : ", ", list->items[i]);
    return err;
}

static int print_value(const struct options *options, const struct option_row *option,
                       struct buf *out)
{
    if (option_is_list(option))
        return print_list(value_in(options, option), out);
    if (!option_is_number(option)) {
        const char *value = *(char *const *)value_in(options, option);
        return value == NULL ? 0 : print_text(value, out);
    }
    char text[OPTION_TEXT_BYTES];
    option_format_number(option, number_in(options, option), text);
    return buf_append_text(out, text);
}

static int print_origin(const struct options *options, const struct option_row *option,
                        struct buf *out)
{
    struct option_origin origin = options->origins[option->id];
    char variable[OPTION_VARIABLE_BYTES];
    switch (origin.source) {
    case SOURCE_DEFAULT:
        return buf_append_text(out, "default");
    case SOURCE_FILE:
        return buf_printf(out, "%s:%u", options->config, origin.line);
    case SOURCE_ENVIRONMENT:
        option_variable(option, variable);
        return buf_append_text(out, variable);
    case SOURCE_FLAG:
        return buf_printf(out, "--%s", option->name);
    }
    CHECK(false);
    return 0;
}

static int print_end_of_row(const struct options *options, const struct option_row *option,
                            struct buf *out)
{
    int err = buf_append_text(out, "  # ");
    if (err == 0)
        err = print_origin(options, option, out);
    return err < 0 ? err : buf_append_text(out, "\n");
}

static int print_row(const struct options *options, const struct option_row *option,
                     struct buf *out)
{
    int err = buf_printf(out, "%s = ", option->name);
    if (err == 0)
        err = print_value(options, option, out);
    return err < 0 ? err : print_end_of_row(options, option, out);
}

/* A row for each, since they may hold commas. */
static int print_specs(const struct options *options, const struct option_row *option,
                       struct buf *out)
{
    const struct option_list *list = value_in(options, option);
    int err = list->count == 0 ? print_row(options, option, out) : 0;
    for (size_t i = 0; err == 0 && i < list->count; i++) {
        err = buf_printf(out, "%s = ", option->name);
        if (err == 0)
            err = print_text(list->items[i], out);
        if (err == 0)
            err = print_end_of_row(options, option, out);
    }
    return err;
}

int options_print(const struct options *options, struct buf *out)
{
    int err = 0;
    for (enum option_id id = 0; err == 0 && id < OPTIONS_TOTAL; id++) {
        const struct option_row *option = option_of(id);
        if (option->kind == OPTION_KIND_SPECS)
            err = print_specs(options, option, out);
        else if (option->kind != OPTION_KIND_FILE_NAME)
            err = print_row(options, option, out);
    }
    return err;
}
