/*
 * commands: the entry of each sub-command. `argv[0]` is how --help and errors call it, as "spectate watch". The result is
 * the process's exit status.
 */
#ifndef SPECTATE_CLI_COMMANDS_H
#define SPECTATE_CLI_COMMANDS_H

#define COMMAND(name, summary) int name##_main(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

/* Not listed in --help: prints the pages that are made from tables. */
int docs_main(int argc, char **argv);

#endif
