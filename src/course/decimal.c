#include "course/decimal.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

#include "base/check.h"

static locale_t c_locale; /* for the life of the process */
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    CHECK(c_locale != (locale_t)0);
}

static const char *skip_digits(const char *at)
{
    return at + strspn(at, "0123456789");
}

/* strtod() takes more than decimals: "inf", "nan", "0x1p3". */
static const char *skip_number(const char *text)
{
    const char *whole = text + (*text == '-' || *text == '+');
    const char *at = skip_digits(whole);
    ptrdiff_t digits = at - whole;
    if (*at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction);
        digits += at - fraction;
    }
    if (digits == 0)
        return NULL;
    if (*at != 'e' && *at != 'E')
        return at;
    at++;
    at += *at == '-' || *at == '+';
    return skip_digits(at) > at ? skip_digits(at) : NULL;
}

bool decimal_parse(const char *text, double *value)
{
    static const char spaces[] = " \t\r\n";
    const char *number = text + strspn(text, spaces);
    const char *end = skip_number(number);
    if (end == NULL || end[strspn(end, spaces)] != '\0')
        return false;
    pthread_once(&c_locale_once, make_c_locale);
    double parsed = strtod_l(number, NULL, c_locale);
    if (!isfinite(parsed))
        return false;
    *value = parsed;
    return true;
}
