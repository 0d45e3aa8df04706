/*
 * option_value: how sizes and times are written in flags, variables and files. Pure.
 */
#ifndef SPECTATE_CONFIG_OPTION_VALUE_H
#define SPECTATE_CONFIG_OPTION_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#define OPTION_VALUE_TEXT_BYTES 32

/* Decimal digits and nothing else. 0, or ERR_INVALID (also over 64 bits). */
int count_parse(const char *text, uint64_t *out);

/* "65536", "64K", "64k", "64KiB", "1M", "1G": 1024s. 0, or ERR_INVALID (also over 64 bits). */
int bytes_parse(const char *text, uint64_t *out);

/*
 * "500ms", "10s", "2m", "1h", "7d", "0.5s"; a plain number is seconds. 0, or ERR_INVALID: also when it is no whole number of
 * milliseconds, or over 64 bits.
 */
int duration_parse(const char *text, uint64_t *out_ms);

/* "127.0.0.1:8080", "[::1]:0", "localhost:80", ":8080": the form alone, nothing is looked up. */
bool listen_address_is_well_formed(const char *text);

/* The shortest form that the parser above reads as the same value. */
void count_format(uint64_t count, char text[OPTION_VALUE_TEXT_BYTES]);
void bytes_format(uint64_t bytes, char text[OPTION_VALUE_TEXT_BYTES]);
void duration_format(uint64_t ms, char text[OPTION_VALUE_TEXT_BYTES]);

#endif
