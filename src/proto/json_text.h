/*
 * json_text: JSON values as text (RFC 8259), written to memory that the caller made large enough.
 *
 * Each writer returns the end of what it wrote, so that calls chain; none writes a NUL or depends on the locale.
 */
#ifndef SPECTATE_PROTO_JSON_TEXT_H
#define SPECTATE_PROTO_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

/* The longest that a number or a string of `len` bytes gets. */
#define JSON_TEXT_NUMBER_BYTES 32
#define JSON_TEXT_STRING_BYTES(len) (2 + 6 * (len))

/* The characters of `text`, as they are. Inline, since of a literal the compiler knows the length. */
static inline char *json_text_raw(char *to, const char *text)
{
    size_t len = strlen(text);
    memcpy(to, text, len);
    return to + len;
}

/* A string with its quotes. `text` is UTF-8; only the quote, the backslash and control characters are escaped. */
char *json_text_string(char *to, struct span text);

char *json_text_integer(char *to, int64_t value);

/* units / 10^decimals, of at most 9 decimals, without zeros at the end: "-0.05", "7". */
char *json_text_fixed(char *to, int64_t units, unsigned decimals);

/*
 * A finite double, in the fewest digits that read back as the same double (at the lower end of a binade one more than that in
 * rare cases). It always has a point or an exponent, so that who tells integers from reals reads a real.
 */
char *json_text_real(char *to, double value);

/* The text is an integer as JSON has them: digits without a leading zero, perhaps a minus; and not "-0". */
bool json_text_is_integer(struct span text);

/* Of such an integer: the value is one of int64_t. */
bool json_text_fits_int64(struct span integer);

#endif
