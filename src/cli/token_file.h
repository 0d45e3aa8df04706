/*
 * token_file: a token that a command shows, from a file, so that it stands neither in `ps` nor in a shell's history.
 */
#ifndef SPECTATE_CLI_TOKEN_FILE_H
#define SPECTATE_CLI_TOKEN_FILE_H

#include "base/buf.h"

#define TOKEN_FILE_BYTES_MAX 8192
#define TOKEN_FILE_ERROR_BYTES 256

/*
 * Append the token, which one newline may follow. 0; or, with `error` filled, a phrase for the user: ERR_SYSTEM it can't be
 * read, ERR_FORMAT it holds no token, ERR_NO_MEMORY.
 */
int token_file_read(const char *path, struct buf *token, char error[TOKEN_FILE_ERROR_BYTES]);

#endif
