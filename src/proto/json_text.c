#include "proto/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/fixed.h"

#define INT64_DIGITS 19
#define PRINTED_BYTES 64

/* Between these, 15 digits have a decimal, and 17 no more than FIXED_MAX_DECIMALS. */
#define FIXED_FROM 1e-3
#define FIXED_BELOW 1e14

static char *write_escaped(char *to, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";
    *to++ = '\\';
    if (byte == '"' || byte == '\\') {
        *to++ = (char)byte;
        return to;
    }
    to = json_text_raw(to, "u00");
    *to++ = hex[byte >> 4];
    *to++ = hex[byte & 0xf];
    return to;
}

char *json_text_string(char *to, struct span text)
{
    *to++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte < 0x20 || byte == '"' || byte == '\\')
            to = write_escaped(to, byte);
        else
            *to++ = (char)byte;
    }
    *to++ = '"';
    return to;
}

static char *write_digits(char *to, uint64_t value)
{
    char reversed[20];
    size_t len = 0;
    do {
        reversed[len++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (len > 0)
        *to++ = reversed[--len];
    return to;
}

char *json_text_integer(char *to, int64_t value)
{
    if (value < 0)
        *to++ = '-';
    return write_digits(to, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* units / 10^decimals, with at least one digit behind the point and no zeros at the end. */
static char *write_fixed(char *to, uint64_t units, unsigned decimals)
{
    char digits[FIXED_MAX_DECIMALS];
    for (unsigned i = decimals; i > 0; i--) {
        digits[i - 1] = (char)('0' + units % 10);
        units /= 10;
    }
    while (decimals > 1 && digits[decimals - 1] == '0')
        decimals--;
    to = write_digits(to, units);
    *to++ = '.';
    memcpy(to, digits, decimals);
    return to + decimals;
}

char *json_text_fixed(char *to, int64_t units, unsigned decimals)
{
    uint64_t magnitude = units < 0 ? 0 - (uint64_t)units : (uint64_t)units;
    while (decimals > 0 && magnitude % 10 == 0) {
        magnitude /= 10;
        decimals--;
    }
    if (units < 0)
        *to++ = '-';
    return decimals > 0 ? write_fixed(to, magnitude, decimals) : write_digits(to, magnitude);
}

/*
 * printf's %g into JSON: whatever the locale has for a point becomes one, and a whole number gets ".0". Returns the end.
 */
static char *copy_as_real(char *to, const char *printed)
{
    bool is_real = false;
    for (const char *at = printed; *at != '\0'; at++) {
        if (strchr("0123456789+-e", *at) != NULL) {
            is_real = is_real || *at == 'e';
            *to++ = *at;
        } else if (!is_real) {
            is_real = true;
            *to++ = '.';
        }
    }
    return is_real ? to : json_text_raw(to, ".0");
}

static bool print_reads_back(char printed[PRINTED_BYTES], int digits, double value)
{
    snprintf(printed, PRINTED_BYTES, "%.*g", digits, value);
    return strtod(printed, NULL) == value;
}

/*
 * A normal double tells all decimals of 15 digits apart, and %g drops zeros at the end: so 15 find the shortest form if it has at
 * most that many. If not, 16 may do, and 17 always do. A subnormal has fewer to offer: each count of them is tried.
 */
static char *write_by_printf(char *to, double magnitude)
{
    char printed[PRINTED_BYTES];
    int digits = isnormal(magnitude) ? 15 : 1;
    while (!print_reads_back(printed, digits, magnitude))
        digits++;
    return copy_as_real(to, printed);
}

static bool fixed_reads_back(double value, unsigned decimals, uint64_t *units)
{
    double read;
    return fixed_from_double(value, decimals, units) && fixed_to_double(*units, decimals, &read) &&
           read == value;
}

/* How many decimals make 15 digits of a number from FIXED_FROM to FIXED_BELOW: 1 to 17. */
static unsigned decimals_of_15_digits(double magnitude)
{
    unsigned decimals = 17;
    double limit = 10 * FIXED_FROM;
    while (magnitude >= limit) {
        limit *= 10;
        decimals--;
    }
    return decimals;
}

/* The same 15, 16 or 17 digits without printf(), for what coordinates are like. */
static char *write_in_fewest_digits(char *to, double magnitude)
{
    if (magnitude < FIXED_FROM || magnitude >= FIXED_BELOW)
        return write_by_printf(to, magnitude);
    unsigned decimals = decimals_of_15_digits(magnitude);
    uint64_t units;
    for (unsigned more = 0; more <= 2; more++)
        if (fixed_reads_back(magnitude, decimals + more, &units))
            return write_fixed(to, units, decimals + more);
    return write_by_printf(to, magnitude);
}

/*
 * Coordinates mostly have at most 7 decimals: these are written as an integer of 1e-7 degrees. Proof that this reads back:
 * n below 1e15 and 1e7 are exact doubles, so n / 1e7 is the double nearest to the quotient, and that is also what a reader makes
 * of the quotient's decimals. And that it is the shortest: decimals of up to 15 digits are told apart by doubles, so no other
 * one that short reads back, and zeros at the end are dropped.
 */
char *json_text_real(char *to, double value)
{
    double magnitude = fabs(value);
    if (signbit(value))
        *to++ = '-';
    if (magnitude < 1e8) {
        uint64_t e7 = (uint64_t)(magnitude * 1e7 + 0.5);
        if (e7 < UINT64_C(1000000000000000) && (double)e7 / 1e7 == magnitude)
            return write_fixed(to, e7, 7);
    }
    return write_in_fewest_digits(to, magnitude);
}

static struct span digits_of(struct span integer)
{
    bool is_negative = integer.len > 0 && integer.data[0] == '-';
    return is_negative ? span_of(integer.data + 1, integer.len - 1) : integer;
}

bool json_text_is_integer(struct span text)
{
    struct span digits = digits_of(text);
    if (digits.len == 0 || (digits.data[0] == '0' && text.len > 1))
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
    }
    return true;
}

bool json_text_fits_int64(struct span integer)
{
    struct span digits = digits_of(integer);
    if (digits.len != INT64_DIGITS)
        return digits.len < INT64_DIGITS;
    bool is_negative = digits.len != integer.len;
    return memcmp(digits.data, is_negative ? "9223372036854775808" : "9223372036854775807",
                  INT64_DIGITS) <= 0;
}
