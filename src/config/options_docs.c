#include "config/options.h"

static const char intro[] =
    "# Configuration of `spectate serve`\n"
    "\n"
    "<!-- Made from src/config/options.def by `make docs`; change it there. -->\n"
    "\n"
    "Each option can be given in three places. A flag goes before an environment variable, that "
    "before the\n"
    "configuration file, that before the default.\n"
    "\n"
    "| place | form | example |\n"
    "|---|---|---|\n"
    "| flag | `--name value` or `--name=value` | `spectate serve --max-follows 500` |\n"
    "| environment | `SPECTATE_NAME`, with `_` for `-` | `SPECTATE_MAX_FOLLOWS=500` |\n"
    "| file | a line `name = value` | `max-follows = 500` |\n"
    "\n"
    "`spectate serve --print-config` prints the settings in effect and where each came from, in "
    "the form of a\n"
    "configuration file. `spectate serve --check-config` says whether they are valid, by its exit "
    "status: 0 or 2.\n"
    "\n"
    "**Values.** A size is a number of bytes, or has K, M or G behind it (1024, 1024² and 1024³ "
    "bytes; KiB, MiB\n"
    "and GiB are the same). A time is a number with ms, s, m, h or d behind it, such as `500ms`, "
    "`0.5s` or `2m`;\n"
    "without, it is in seconds. Several addresses, origins or networks are separated by commas, or "
    "the option is\n"
    "repeated; several issuers by repeating it. An empty value is none, where none is the "
    "default.\n"
    "\n"
    "**The file** is UTF-8 text. Empty lines and what follows a `#` (at the start of a line, or "
    "after a blank) are\n"
    "ignored. A value may stand in quotes, `\"` or `'`. An option that does not exist, or is given "
    "twice, is an error\n"
    "that names the line; an unknown `SPECTATE_` variable is a warning.\n";

static int write_heading(enum option_section section, struct buf *out)
{
    return buf_printf(out,
                      "\n## %s\n\n| option | value | default | environment | meaning |\n"
                      "|---|---|---|---|---|\n",
                      option_section_title(section));
}

/* A bar would end the table's cell. */
static int write_choices(const char *choices, struct buf *out)
{
    int err = 0;
    for (; err == 0 && *choices != '\0'; choices++)
        err = *choices == '|' ? buf_append_text(out, "`, `") : buf_append(out, span_of(choices, 1));
    return err;
}

static int write_accepted(const struct option_row *option, struct buf *out)
{
    if (option->choices != NULL)
        return write_choices(option->choices, out);
    if (!option_is_number(option))
        return buf_append_text(out, option_placeholder(option));
    char min[OPTION_TEXT_BYTES];
    char max[OPTION_TEXT_BYTES];
    option_format_number(option, option->min, min);
    option_format_number(option, option->max, max);
    return buf_printf(out, "%s` to `%s", min, max);
}

static int write_row(const struct option_row *option, struct buf *out)
{
    char variable[OPTION_VARIABLE_BYTES];
    char text[OPTION_TEXT_BYTES];
    option_variable(option, variable);
    option_default(option, text);
    int err = buf_printf(out, "| `--%s` | `", option->name);
    if (err == 0)
        err = write_accepted(option, out);
    if (err == 0)
        err = buf_printf(out, "` | %s%s%s | `%s` | %s%s. |\n", *text == '\0' ? "none" : "`", text,
                         *text == '\0' ? "" : "`", variable, option->help,
                         option->kind == OPTION_KIND_FILE_NAME ? " (not a key of the file)" : "");
    return err;
}

int options_write_docs(struct buf *out)
{
    int err = buf_append_text(out, intro);
    for (enum option_section section = 0; err == 0 && section < SECTIONS_TOTAL; section++) {
        err = write_heading(section, out);
        for (enum option_id id = 0; err == 0 && id < OPTIONS_TOTAL; id++) {
            if (option_of(id)->section == section)
                err = write_row(option_of(id), out);
        }
    }
    return err;
}
