#include "cli/qr.h"

#include <errno.h>
#include <limits.h>
#include <qrencode.h>

#include "base/err.h"

#define MARGIN 4
#define SMALLEST_VERSION 0 /* the library chooses */

/* White on black by number, whatever the terminal's own colours are. */
#define COLOURS "\033[38;5;231;48;5;16m"
#define NO_COLOURS "\033[0m"

static bool is_dark(const QRcode *code, int column, int row)
{
    if (column < 0 || row < 0 || column >= code->width || row >= code->width)
        return false;
    return (code->data[row * code->width + column] & 1) != 0;
}

/* Two modules, one above the other. */
static const char *block(bool is_upper_dark, bool is_lower_dark)
{
    if (is_upper_dark)
        return is_lower_dark ? " " : "\u2584";
    return is_lower_dark ? "\u2580" : "\u2588";
}

static int draw_line(const QRcode *code, int row, bool is_coloured, struct buf *lines)
{
    int err = is_coloured ? buf_append_text(lines, COLOURS) : 0;
    for (int column = -MARGIN; column < code->width + MARGIN && err == 0; column++)
        err = buf_append_text(lines,
                              block(is_dark(code, column, row), is_dark(code, column, row + 1)));
    if (err == 0 && is_coloured)
        err = buf_append_text(lines, NO_COLOURS);
    return err == 0 ? buf_append_text(lines, "\n") : err;
}

/* The width is odd, so one row of margin is added below by drawing in pairs. */
static int draw_all(const QRcode *code, bool is_coloured, struct buf *lines)
{
    int err = 0;
    for (int row = -MARGIN; row < code->width + MARGIN && err == 0; row += 2)
        err = draw_line(code, row, is_coloured, lines);
    return err;
}

int qr_draw(struct span text, bool is_coloured, struct buf *lines)
{
    if (text.len > INT_MAX)
        return ERR_TOO_BIG;
    QRcode *code = QRcode_encodeData((int)text.len, text.data, SMALLEST_VERSION, QR_ECLEVEL_L);
    if (code == NULL)
        return errno == ENOMEM ? ERR_NO_MEMORY : ERR_TOO_BIG;
    int columns = code->width + 2 * MARGIN;
    int err = draw_all(code, is_coloured, lines);
    QRcode_free(code);
    return err < 0 ? err : columns;
}
