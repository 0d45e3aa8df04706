/*
 * ws-echo: the product's connection, handshake and frames with a session that sends back what it gets.
 *
 * For the standard WebSocket conformance suite, which wants an echo server: run it against this from outside. No limit on
 * fragments or messages a second; the size of a message is an option.
 *
 *   ws-echo [--listen HOST:PORT] [--max-message-bytes N]
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/seed_session.h"
#include "app/server.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "config/options.h"

static void on_open(struct session *session)
{
    (void)session;
}

static void on_message(struct session *session, enum ws_opcode opcode, struct span message)
{
    session_send(session, opcode, message);
}

static void on_writable(struct session *session)
{
    (void)session;
}

static void on_end(struct session *session)
{
    (void)session;
}

static const struct session_handler echo = {
    .on_open = on_open,
    .on_message = on_message,
    .on_writable = on_writable,
    .on_end = on_end,
    .tell = seed_session_tell,
    .tell_expiry = seed_session_tell_expiry,
};
static const struct session_handlers handlers = {
    .of = {[DIALECT_SEED] = &echo, [DIALECT_V1] = &echo}};

static int set(struct options *options, const char *name, const char *value)
{
    struct option_origin origin = {.source = SOURCE_FLAG};
    const struct option_row *option = option_find(name);
    int err = options_set(options, option, value, origin);
    if (err < 0)
        fprintf(stderr, "ws-echo: %s\n", options->error);
    return err;
}

static bool is_flag(const char *text)
{
    static const char *const names[] = {"listen",      "max-message-bytes",  "log-level",
                                        "compression", "compress-min-bytes", "tls-cert",
                                        "tls-key"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(text, "--", 2) == 0 && strcmp(text + 2, names[i]) == 0)
            return true;
    return false;
}

static int read_flags(struct options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !is_flag(argv[i]) || set(options, argv[i] + 2, argv[i + 1]) < 0)
            return ERR_INVALID;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options;
    options_init(&options);
    log_open(stderr, LOG_TEXT);
    options.max_message_bytes = (size_t)16 << 20;
    options.max_queued_bytes = (size_t)256 << 20;
    options.max_messages_per_second = 0;
    options.compression = 6;
    options.compress_min_bytes = 64;
    if (read_flags(&options, argc, argv) < 0) {
        fprintf(stderr, "usage: ws-echo [--listen HOST:PORT] [--max-message-bytes N]\n");
        options_fini(&options);
        return EXIT_CODE_USAGE;
    }
    log_set_level(options.log_level);
    int status = server_run(&options, &handlers);
    options_fini(&options);
    return status;
}
