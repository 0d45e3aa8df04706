/*
 * docs: `spectate docs PAGE` prints a page of docs/ that is made from a table. For tools/check_docs; not in --help.
 */
#include <stdio.h>
#include <string.h>

#include "base/exit_code.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "config/options.h"
#include "metrics/metrics.h"

static const struct page {
    const char *name;
    int (*write)(struct buf *out);
} pages[] = {
    {"configuration", options_write_docs},
    {"metrics", metrics_write_docs},
};

static const struct page *find_page(const char *name)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strcmp(pages[i].name, name) == 0)
            return &pages[i];
    }
    return NULL;
}

int docs_main(int argc, char **argv)
{
    const struct page *page = argc == 2 ? find_page(argv[1]) : NULL;
    if (page == NULL) {
        fprintf(stderr, "usage: %s configuration|metrics\n", argv[0]);
        return EXIT_CODE_USAGE;
    }
    struct buf text = {0};
    int status = page->write(&text) < 0 ? EXIT_CODE_INTERNAL : output_text(buf_span(&text));
    buf_fini(&text);
    return status;
}
