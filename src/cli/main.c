/*
 * main: `spectate COMMAND ...` finds the command and hands over the rest of the line.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "cli/commands.h"
#include "cli/suggest.h"

static const struct command {
    const char *name;
    const char *title;   /* what it is called in its --help and errors */
    const char *summary; /* NULL: not listed */
    int (*run)(int argc, char **argv);
} commands[] = {
#define COMMAND(name, summary) {#name, "spectate " #name, summary, name##_main},
#include "cli/commands.def"
#undef COMMAND
    {"docs", "spectate docs", NULL, docs_main},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

static int print_usage(FILE *out)
{
    fputs("Usage: spectate COMMAND [OPTION...]\n"
          "Live locations of a race: runners publish, spectators follow.\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++) {
        if (commands[i].summary != NULL)
            fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    }
    fputs("\n`spectate COMMAND --help` tells more of a command. `spectate --version` says which "
          "this is.\n\n"
          "Exit status: 0 all went well; 1 the job was done and its result is not good, such as "
          "positions\n"
          "missing; 2 usage or configuration; 3 could not start (address in use, no connection, "
          "out of\n"
          "descriptors); 70 internal fault.\n",
          out);
    return EXIT_CODE_OK;
}

static int print_version(void)
{
    puts("spectate " SPECTATE_VERSION);
    return EXIT_CODE_OK;
}

static int refuse(const char *word)
{
    const char *names[COMMANDS];
    size_t count = 0;
    for (size_t i = 0; i < COMMANDS; i++) {
        if (commands[i].summary != NULL)
            names[count++] = commands[i].name;
    }
    const char *meant = suggest(word, names, count);
    fprintf(stderr, "spectate: there is no command '%s'", word);
    if (meant != NULL)
        fprintf(stderr, "; is '%s' meant?", meant);
    fputs("\nspectate --help lists the commands\n", stderr);
    return EXIT_CODE_USAGE;
}

static bool is_one_of(const char *word, const char *const *words)
{
    while (*words != NULL && strcmp(word, *words) != 0)
        words++;
    return *words != NULL;
}

int main(int argc, char **argv)
{
    static const char *const help[] = {"--help", "-h", "-?", "help", NULL};
    static const char *const version[] = {"--version", "-V", NULL};
    argp_err_exit_status = EXIT_CODE_USAGE;
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_CODE_USAGE;
    }
    if (is_one_of(argv[1], help))
        return print_usage(stdout);
    if (is_one_of(argv[1], version))
        return print_version();
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        argv[1] = (char *)commands[i].title;
        return commands[i].run(argc - 1, argv + 1);
    }
    return refuse(argv[1]);
}
