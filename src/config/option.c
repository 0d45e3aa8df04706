#include "config/option.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "config/option_value.h"
#include "config/options.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* clang-format off */
#define ROW(a_kind, a_section, field, a_name, a_help, ...)                                         \
    [OPTION_##field] = {.id = OPTION_##field, .kind = OPTION_KIND_##a_kind,                        \
                        .section = SECTION_##a_section, .name = a_name, .help = a_help,            \
                        .offset = offsetof(struct options, field), __VA_ARGS__},
#define NUMBER(kind, section, field, name, a_default, a_min, a_max, help)                          \
    ROW(kind, section, field, name, help, .number = a_default, .min = a_min, .max = a_max)

static const struct option_row rows[OPTIONS_TOTAL] = {
#define COUNT(...) NUMBER(COUNT, __VA_ARGS__)
#define BYTES(...) NUMBER(BYTES, __VA_ARGS__)
#define DURATION(...) NUMBER(DURATION, __VA_ARGS__)
#define CHOICE(section, field, name, type, a_default, names, help)                                 \
    ROW(CHOICE, section, field, name, help, .number = a_default, .choices = names)
#define TEXT(section, field, name, a_form, help)                                                   \
    ROW(TEXT, section, field, name, help, .form = FORM_##a_form)
#define PATH(section, field, name, help) ROW(PATH, section, field, name, help, .form = FORM_FILE)
#define LIST(section, field, name, a_form, a_default, help)                                        \
    ROW(LIST, section, field, name, help, .form = FORM_##a_form, .text = a_default)
#define SPECS(section, field, name, a_form, help)                                                  \
    ROW(SPECS, section, field, name, help, .form = FORM_##a_form)
#define FILE_NAME(section, field, name, help)                                                      \
    ROW(FILE_NAME, section, field, name, help, .form = FORM_FILE)
#include "config/options.def"
};
/* clang-format on */

static const char *const section_titles[SECTIONS_TOTAL] = {
    [SECTION_NETWORK] = "Network",
    [SECTION_LIMITS] = "Limits",
    [SECTION_FOLLOWERS] = "Followers and positions",
    [SECTION_STORE] = "What is kept",
    [SECTION_TIMES] = "Time limits",
    [SECTION_ACCESS] = "Access",
    [SECTION_TLS] = "TLS and proxies",
    [SECTION_LOGGING] = "Logging",
    [SECTION_FILES] = "Configuration",
};

const struct option_row *option_of(enum option_id id)
{
    CHECK(id < OPTIONS_TOTAL);
    return &rows[id];
}

const char *option_section_title(enum option_section section)
{
    CHECK(section < SECTIONS_TOTAL);
    return section_titles[section];
}

bool option_is_number(const struct option_row *option)
{
    return option->kind <= OPTION_KIND_CHOICE;
}

bool option_is_list(const struct option_row *option)
{
    return option->kind == OPTION_KIND_LIST || option->kind == OPTION_KIND_SPECS;
}

const char *option_placeholder(const struct option_row *option)
{
    static const char *const placeholders[] = {
        [OPTION_KIND_COUNT] = "N",
        [OPTION_KIND_BYTES] = "SIZE",
        [OPTION_KIND_DURATION] = "TIME",
    };
    if (option->choices != NULL)
        return option->choices;
    return option_is_number(option) ? placeholders[option->kind]
                                    : option_form_placeholder(option->form);
}

const struct option_row *option_find(const char *name)
{
    for (size_t i = 0; i < OPTIONS_TOTAL; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

void option_variable(const struct option_row *option, char name[OPTION_VARIABLE_BYTES])
{
    int len = snprintf(name, OPTION_VARIABLE_BYTES, OPTION_VARIABLE_PREFIX "%s", option->name);
    CHECK(len > 0 && len < OPTION_VARIABLE_BYTES);
    for (char *c = name; *c != '\0'; c++)
        *c = (char)(*c == '-' ? '_' : toupper((unsigned char)*c));
}

static void format_choice(const struct option_row *option, uint64_t number, char *text)
{
    const char *name = option->choices;
    for (; number > 0; number--)
        name = strchr(name, '|') + 1;
    snprintf(text, OPTION_TEXT_BYTES, "%.*s", (int)strcspn(name, "|"), name);
}

void option_format_number(const struct option_row *option, uint64_t number,
                          char text[OPTION_TEXT_BYTES])
{
    switch (option->kind) {
    case OPTION_KIND_COUNT:
        count_format(number, text);
        return;
    case OPTION_KIND_BYTES:
        bytes_format(number, text);
        return;
    case OPTION_KIND_DURATION:
        duration_format(number, text);
        return;
    case OPTION_KIND_CHOICE:
        format_choice(option, number, text);
        return;
    default:
        CHECK(false);
    }
}

void option_default(const struct option_row *option, char text[OPTION_TEXT_BYTES])
{
    if (option_is_number(option))
        option_format_number(option, option->number, text);
    else
        snprintf(text, OPTION_TEXT_BYTES, "%s", option->text == NULL ? "" : option->text);
}

static void expect_range(const struct option_row *option, const char *what, char *text)
{
    char min[OPTION_TEXT_BYTES];
    char max[OPTION_TEXT_BYTES];
    option_format_number(option, option->min, min);
    option_format_number(option, option->max, max);
    snprintf(text, OPTION_TEXT_BYTES, "%s from %.32s to %.32s", what, min, max);
}

void option_expected(const struct option_row *option, char text[OPTION_TEXT_BYTES])
{
    switch (option->kind) {
    case OPTION_KIND_COUNT:
        expect_range(option, "a whole number", text);
        return;
    case OPTION_KIND_BYTES:
        expect_range(option, "a size (like 65536, 64K or 1M)", text);
        return;
    case OPTION_KIND_DURATION:
        expect_range(option, "a time (like 500ms, 10s, 2m or 1h)", text);
        return;
    case OPTION_KIND_CHOICE:
        snprintf(text, OPTION_TEXT_BYTES, "one of %s", option->choices);
        return;
    default:
        snprintf(text, OPTION_TEXT_BYTES, "%s", option_form_expected(option->form));
    }
}
