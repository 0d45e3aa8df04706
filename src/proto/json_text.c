#include "proto/json_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INT64_DIGITS 19
#define PRINTED_BYTES 64

char *json_text_raw(char *to, const char *text)
{
    size_t len = strlen(text);
    memcpy(to, text, len);
    return to + len;
}

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

/* magnitude / 10^7, with at least one digit behind the point and no zeros at the end. */
static char *write_e7(char *to, uint64_t magnitude_e7)
{
    to = write_digits(to, magnitude_e7 / 10000000);
    *to++ = '.';
    uint64_t fraction = magnitude_e7 % 10000000;
    for (uint64_t unit = 1000000; unit > 0; unit /= 10)
        *to++ = (char)('0' + fraction / unit % 10);
    while (to[-1] == '0' && to[-2] != '.')
        to--;
    return to;
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

/* A subnormal has fewer digits to offer than others: each number of them is tried. */
static char *write_subnormal(char *to, double value)
{
    char printed[PRINTED_BYTES];
    int digits = 1;
    while (!print_reads_back(printed, digits, value))
        digits++;
    return copy_as_real(to, printed);
}

/*
 * 17 digits always read back. A normal double tells all decimals of 15 digits apart, and %g drops zeros at the end, so 15 find
 * the shortest form if it has at most that many. Most doubles that come here need 16 or 17: so 16 decides first.
 */
static char *write_normal(char *to, double value)
{
    char of_16[PRINTED_BYTES];
    char other[PRINTED_BYTES];
    if (!print_reads_back(of_16, 16, value)) {
        snprintf(other, sizeof other, "%.17g", value);
        return copy_as_real(to, other);
    }
    return copy_as_real(to, print_reads_back(other, 15, value) ? other : of_16);
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
        uint64_t e7 = (uint64_t)llround(magnitude * 1e7);
        if (e7 < UINT64_C(1000000000000000) && (double)e7 / 1e7 == magnitude)
            return write_e7(to, e7);
    }
    return isnormal(magnitude) ? write_normal(to, magnitude) : write_subnormal(to, magnitude);
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
