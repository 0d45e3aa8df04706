/*
 * server_options: where the client commands find the server, from --url, --path and --ca, and what they show it, from
 * --token-file.
 */
#ifndef SPECTATE_CLI_SERVER_OPTIONS_H
#define SPECTATE_CLI_SERVER_OPTIONS_H

#include "app/ws_client.h"

#define SERVER_DEFAULT_URL "ws://127.0.0.1:8080"

struct server_options {
    const char *url;
    const char *path;       /* NULL: the URL's */
    const char *ca;         /* NULL: the system's */
    const char *token_file; /* NULL: no token is shown */
};

/*
 * What the command's WebSocket clients share, with deadlines that suit people. The process ends with a message and a
 * status when the URL, the CA file or the token file is wrong (EXIT_CODE_USAGE) or its host is unknown (EXIT_CODE_NOT_STARTED). To be
 * released by ws_client_options_fini().
 */
struct ws_client_options server_options_resolve(const struct server_options *server,
                                                const char *command);

#endif
