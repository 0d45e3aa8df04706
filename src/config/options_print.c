#include "config/options.h"

#include <stdbool.h>
#include <stdio.h>

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

static int print_value(const struct options *options, const struct option_row *option,
                       struct buf *out)
{
    if (option->kind == OPTION_KIND_ADDRESSES) {
        const struct option_list *list = value_in(options, option);
        int err = 0;
        for (size_t i = 0; err == 0 && i < list->count; i++)
            err = buf_printf(out, "%s%s", i == 0 ? "" : ", ", list->items[i]);
        return err;
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

static int print_row(const struct options *options, const struct option_row *option,
                     struct buf *out)
{
    int err = buf_printf(out, "%s = ", option->name);
    if (err == 0)
        err = print_value(options, option, out);
    if (err == 0)
        err = buf_append_text(out, "  # ");
    if (err == 0)
        err = print_origin(options, option, out);
    return err < 0 ? err : buf_append_text(out, "\n");
}

int options_print(const struct options *options, struct buf *out)
{
    int err = 0;
    for (enum option_id id = 0; err == 0 && id < OPTIONS_TOTAL; id++) {
        const struct option_row *option = option_of(id);
        if (option->kind != OPTION_KIND_FILE_NAME)
            err = print_row(options, option, out);
    }
    return err;
}
