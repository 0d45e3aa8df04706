/*
 * serve: `spectate serve`.
 */
#include <stdio.h>
#include <unistd.h>

#include "app/seed_session.h"
#include "app/server.h"
#include "app/sse_session.h"
#include "app/v1_session.h"
#include "auth/issuer.h"
#include "base/err.h"
#include "base/exit_code.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/serve_options.h"

static void start_log(const struct options *options)
{
    log_open(stderr, options->log_format);
    log_set_level(options->log_level);
    for (size_t i = 0; i < options->warnings.count; i++)
        LOG(LOG_WARN, "config.ignored", NO_SESSION, "%s", options->warnings.items[i]);
}

/* The configuration knows these as words only. 0; ERR_INVALID: what is wrong was said. */
static int check_issuers(const struct options *options, const char *program)
{
    char error[ISSUER_ERROR_BYTES];
    struct issuer issuer;
    for (size_t i = 0; i < options->issuer.count; i++) {
        if (issuer_parse(options->issuer.items[i], &issuer, error) < 0) {
            fprintf(stderr, "%s: issuer: %s\n", program, error);
            return ERR_INVALID;
        }
        issuer_fini(&issuer);
    }
    return 0;
}

/* What was asked for by name, or follows from what was asked for, and is easily regretted. */
static void warn_of_risks(const struct options *options)
{
    bool serves_proxies = options->trusted_proxies.count > 0;
    if (options->auth == AUTH_NONE && !options_listen_is_loopback(options))
        LOG(LOG_WARN, "auth.none", NO_SESSION,
            "everybody who can connect may publish and follow everything (auth is none)");
    else if (options->auth != AUTH_JWT && serves_proxies)
        LOG(LOG_WARN, "auth.none", NO_SESSION,
            "everybody for whom a proxy connects may publish and follow everything (auth is none)");
    if (options->admin != NULL && !address_text_is_loopback(options->admin))
        LOG(LOG_WARN, "admin.public", NO_SESSION,
            "others than this machine can connect to admin (%s)", options->admin);
}

static int print_config(const struct options *options)
{
    struct buf text = {0};
    int err = options_print(options, &text);
    int status = err < 0 ? EXIT_CODE_INTERNAL : output_text(buf_span(&text));
    buf_fini(&text);
    return status;
}

static const struct session_handlers handlers = {.of = {[DIALECT_SEED] = &seed_session_handler,
                                                        [DIALECT_V1] = &v1_session_handler,
                                                        [DIALECT_SSE] = &sse_session_handler}};

static int act(const struct options *options, enum serve_action action)
{
    start_log(options);
    switch (action) {
    case SERVE_PRINT_CONFIG:
        return print_config(options);
    case SERVE_CHECK_CONFIG:
        return output_text(span_of_text("the configuration is valid\n"));
    case SERVE_RUN:
        break;
    }
    warn_of_risks(options);
    return server_run(options, &handlers);
}

int serve_main(int argc, char **argv)
{
    struct options options;
    options_init(&options);
    int action = serve_options_read(&options, argc, argv, environ);
    int status = EXIT_CODE_USAGE;
    if (action < 0)
        fprintf(stderr, "%s: %s\n", argv[0], options.error);
    else if (check_issuers(&options, argv[0]) == 0)
        status = act(&options, (enum serve_action)action);
    options_fini(&options);
    return status;
}
