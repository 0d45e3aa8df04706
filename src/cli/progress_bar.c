#include "cli/progress_bar.h"

#include <inttypes.h>
#include <unistd.h>

#define CELLS 40
#define EVERY_MS 100

struct progress_bar progress_bar_on(FILE *out, uint64_t total)
{
    return (struct progress_bar){
        .out = out, .total = total, .is_terminal = isatty(fileno(out)) == 1};
}

static void draw(const struct progress_bar *bar, uint64_t done)
{
    double share = done < bar->total ? (double)done / (double)bar->total : 1;
    unsigned full = (unsigned)(share * CELLS);
    fputc('[', bar->out);
    for (unsigned i = 0; i < CELLS; i++)
        fputc(i < full ? '#' : '.', bar->out);
    fprintf(bar->out, "] %3.0f %%  ", share * 100);
}

void progress_bar_tell(struct progress_bar *bar, uint64_t done, uint64_t count, uint64_t now_ms)
{
    if (!bar->is_terminal || now_ms < bar->next_ms)
        return;
    bar->next_ms = now_ms + EVERY_MS;
    bar->has_line = true;
    fputc('\r', bar->out);
    if (bar->total > 0)
        draw(bar, done);
    fprintf(bar->out, "%" PRIu64 " positions\x1b[K", count);
    fflush(bar->out);
}

void progress_bar_clear(struct progress_bar *bar)
{
    if (bar->has_line)
        fputs("\r\x1b[K", bar->out);
    bar->has_line = false;
}
