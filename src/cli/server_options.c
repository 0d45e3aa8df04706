#include "cli/server_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/exit_code.h"
#include "cli/option_table.h"
#include "cli/token_file.h"

_Noreturn static void give_up(const char *command, const char *why, int status)
{
    fprintf(stderr, "%s: %s\n", command, why);
    exit(status);
}

static void read_token(const struct server_options *server, const char *command, struct buf *token)
{
    char error[TOKEN_FILE_ERROR_BYTES];
    if (server->token_file != NULL && token_file_read(server->token_file, token, error) < 0)
        give_up(command, error, EXIT_CODE_USAGE);
}

struct ws_client_options server_options_resolve(const struct server_options *server,
                                                const char *command)
{
    struct ws_client_options options = {
        .handshake_ms = 10000,
        .close_ms = 2000,
        .max_message_bytes = 1024 * 1024,
        .max_queued_bytes = 4 * 1024 * 1024,
    };
    char error[WS_CLIENT_ERROR_BYTES];
    int err = ws_client_options_set_url(&options, server->url, server->ca, error);
    if (err < 0)
        give_up(command, error, err == ERR_INVALID ? EXIT_CODE_USAGE : EXIT_CODE_NOT_STARTED);
    read_token(server, command, &options.token);
    if (server->path == NULL)
        return options;
    if (server->path[0] != '/' || strlen(server->path) >= sizeof options.url.path ||
        strpbrk(server->path, " #\r\n\t") != NULL)
        give_up(command, "--path begins with / and has no spaces", EXIT_CODE_USAGE);
    snprintf(options.url.path, sizeof options.url.path, "%s", server->path);
    return options;
}
