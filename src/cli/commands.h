/*
 * commands: the entry of each sub-command. `argv[0]` is how --help and errors call it, as "spectate watch". The result is
 * the process's exit status.
 */
#ifndef SPECTATE_CLI_COMMANDS_H
#define SPECTATE_CLI_COMMANDS_H

int serve_main(int argc, char **argv);
int simulate_main(int argc, char **argv);
int replay_main(int argc, char **argv);
int watch_main(int argc, char **argv);

#endif
