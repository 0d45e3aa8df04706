/*
 * load: a load generator for servers of positions, ours and others, on this machine. See --help, and docs/benchmarks.md for how
 * its figures are to be read.
 */
#include <argp.h>
#include <signal.h>

#include "base/exit_code.h"
#include "bench/load/report.h"
#include "cli/descriptors.h"

int main(int argc, char **argv)
{
    argp_err_exit_status = EXIT_CODE_USAGE;
    struct load_options options = load_options_parse(argc, argv);
    struct load *load = load_new(&options);
    if (load == NULL)
        return EXIT_CODE_USAGE;
    descriptors_raise_limit();
    signal(SIGPIPE, SIG_IGN); /* TLS writes without MSG_NOSIGNAL */
    int status = EXIT_CODE_OK;
    if (load_run(load)) {
        report_json(stdout, load);
    } else {
        fputs("no follower could be connected\n", stderr);
        status = 3;
    }
    load_free(&load);
    return status;
}
