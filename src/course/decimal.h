/*
 * decimal: a decimal number in text to the nearest double, whatever the process's locale.
 */
#ifndef SPECTATE_COURSE_DECIMAL_H
#define SPECTATE_COURSE_DECIMAL_H

#include <stdbool.h>

/*
 * xsd:decimal and xsd:double without INF and NaN: sign, digits, a point, an exponent; white space around it allowed.
 * The result is the double nearest to the text, however many digits it has. False when it is anything else or not
 * finite.
 */
bool decimal_parse(const char *text, double *value);

#endif
