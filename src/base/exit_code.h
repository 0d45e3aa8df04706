/*
 * exit_code: what the process's exit status says; docs/operations.md tells operators.
 */
#ifndef SPECTATE_BASE_EXIT_CODE_H
#define SPECTATE_BASE_EXIT_CODE_H

enum exit_code {
    EXIT_CODE_OK = 0,
    EXIT_CODE_FAILED =
        1, /* the job was done and its result is not good: positions are missing, a second signal */
    EXIT_CODE_USAGE =
        2, /* the command line, an environment variable or a file that they name is wrong */
    EXIT_CODE_NOT_STARTED =
        3, /* what is needed could not be had: address in use, no connection, no descriptors */
    EXIT_CODE_INTERNAL = 70, /* a fault of ours */
};

#endif
