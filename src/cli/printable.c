#include "cli/printable.h"

static bool is_control(struct span text, size_t at)
{
    uint8_t c = text.data[at];
    bool is_second_of_c1 = at > 0 && text.data[at - 1] == 0xc2 && c < 0xa0;
    return c < ' ' || c == 0x7f || is_second_of_c1;
}

void printable_write(FILE *out, struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        putc(is_control(text, i) ? '?' : text.data[i], out);
}
