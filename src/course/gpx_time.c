#include "course/gpx_time.h"

#include <stddef.h>

/* What is left of the text; each taker moves on past what it took. */
struct scanner {
    const uint8_t *at;
    const uint8_t *end;
};

struct civil {
    int year;
    int month;
    int day;
    int hour;
    int minute;
    int second;
    int millisecond;
    int offset_minutes; /* east of UTC */
};

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static struct scanner scanner_of(struct span text)
{
    struct scanner scanner = {.at = text.data, .end = text.data + text.len};
    while (scanner.at < scanner.end && is_space(*scanner.at))
        scanner.at++;
    while (scanner.at < scanner.end && is_space(scanner.end[-1]))
        scanner.end--;
    return scanner;
}

static bool take(struct scanner *scanner, uint8_t wanted)
{
    if (scanner->at == scanner->end || *scanner->at != wanted)
        return false;
    scanner->at++;
    return true;
}

static bool take_digits(struct scanner *scanner, int count, int *value)
{
    int sum = 0;
    for (int i = 0; i < count; i++) {
        if (scanner->at == scanner->end || !is_digit(*scanner->at))
            return false;
        sum = sum * 10 + (*scanner->at++ - '0');
    }
    *value = sum;
    return true;
}

static bool take_date(struct scanner *scanner, struct civil *civil)
{
    return take_digits(scanner, 4, &civil->year) && take(scanner, '-') &&
           take_digits(scanner, 2, &civil->month) && take(scanner, '-') &&
           take_digits(scanner, 2, &civil->day);
}

static bool take_clock(struct scanner *scanner, struct civil *civil)
{
    return take_digits(scanner, 2, &civil->hour) && take(scanner, ':') &&
           take_digits(scanner, 2, &civil->minute) && take(scanner, ':') &&
           take_digits(scanner, 2, &civil->second);
}

static bool take_fraction(struct scanner *scanner, struct civil *civil)
{
    if (!take(scanner, '.'))
        return true;
    int digits = 0;
    for (int unit_ms = 100; scanner->at < scanner->end && is_digit(*scanner->at); unit_ms /= 10) {
        civil->millisecond += unit_ms * (*scanner->at++ - '0');
        digits++;
    }
    return digits > 0;
}

static bool take_zone(struct scanner *scanner, struct civil *civil)
{
    if (scanner->at == scanner->end || take(scanner, 'Z'))
        return true;
    int sign = take(scanner, '-') ? -1 : 1;
    if (sign == 1 && !take(scanner, '+'))
        return false;
    int hours;
    int minutes;
    if (!take_digits(scanner, 2, &hours) || !take(scanner, ':') ||
        !take_digits(scanner, 2, &minutes))
        return false;
    civil->offset_minutes = sign * (hours * 60 + minutes);
    return minutes < 60 && hours * 60 + minutes <= 14 * 60;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

static bool is_on_calendar(const struct civil *civil)
{
    if (civil->year < 1 || civil->month < 1 || civil->month > 12 || civil->day < 1 ||
        civil->day > days_in_month(civil->year, civil->month))
        return false;
    if (civil->hour == 24)
        return civil->minute == 0 && civil->second == 0 && civil->millisecond == 0;
    return civil->hour < 24 && civil->minute < 60 && civil->second <= 60;
}

/* Days since 1970-01-01 in the Gregorian calendar: years counted from March, so that the leap day is a year's last. */
static int64_t days_since_1970(const struct civil *civil)
{
    int64_t year = civil->month > 2 ? civil->year : civil->year - 1;
    int64_t month_from_march = (civil->month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + civil->day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

bool gpx_time_parse(struct span text, int64_t *time_ms)
{
    struct scanner scanner = scanner_of(text);
    struct civil civil = {0};
    if (!take_date(&scanner, &civil) || !take(&scanner, 'T') || !take_clock(&scanner, &civil) ||
        !take_fraction(&scanner, &civil) || !take_zone(&scanner, &civil) ||
        scanner.at != scanner.end || !is_on_calendar(&civil))
        return false;
    int64_t minutes = (days_since_1970(&civil) * 24 + civil.hour) * 60 + civil.minute;
    *time_ms = ((minutes - civil.offset_minutes) * 60 + civil.second) * 1000 + civil.millisecond;
    return true;
}
