#include "base/date_time.h"

#include <stddef.h>

#define DAY_MS INT64_C(86400000)

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

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool take(struct scanner *scanner, uint8_t wanted)
{
    if (scanner->at == scanner->end || *scanner->at != wanted)
        return false;
    scanner->at++;
    return true;
}

/* RFC 3339 takes its letters in both cases, section 5.6. */
static bool take_letter(struct scanner *scanner, enum date_time_form form, uint8_t upper)
{
    return take(scanner, upper) ||
           (form == DATE_TIME_RFC3339 && take(scanner, (uint8_t)(upper - 'A' + 'a')));
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

static bool is_offset(enum date_time_form form, int hours, int minutes)
{
    return minutes < 60 &&
           (form == DATE_TIME_RFC3339 ? hours < 24 : hours * 60 + minutes <= 14 * 60);
}

static bool take_zone(struct scanner *scanner, enum date_time_form form, struct civil *civil)
{
    if (scanner->at == scanner->end)
        return form == DATE_TIME_XSD;
    if (take_letter(scanner, form, 'Z'))
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
    return is_offset(form, hours, minutes);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

static bool is_on_calendar(const struct civil *civil, enum date_time_form form)
{
    if (civil->year < 1 || civil->month < 1 || civil->month > 12 || civil->day < 1 ||
        civil->day > days_in_month(civil->year, civil->month))
        return false;
    if (civil->hour == 24)
        return form == DATE_TIME_XSD && civil->minute == 0 && civil->second == 0 &&
               civil->millisecond == 0;
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

bool date_time_parse(struct span text, enum date_time_form form, int64_t *time_ms)
{
    struct scanner scanner = {.at = text.data, .end = text.data + text.len};
    struct civil civil = {0};
    if (!take_date(&scanner, &civil) || !take_letter(&scanner, form, 'T') ||
        !take_clock(&scanner, &civil) || !take_fraction(&scanner, &civil) ||
        !take_zone(&scanner, form, &civil) || scanner.at != scanner.end ||
        !is_on_calendar(&civil, form))
        return false;
    int64_t minutes = (days_since_1970(&civil) * 24 + civil.hour) * 60 + civil.minute;
    *time_ms = ((minutes - civil.offset_minutes) * 60 + civil.second) * 1000 + civil.millisecond;
    return true;
}

/* The other way, as days_since_1970() counts: eras of 400 years, from March. */
static struct civil civil_of_days(int64_t days)
{
    int64_t since_era = days + 719468;
    int64_t era = since_era / 146097;
    int64_t day_of_era = since_era % 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    return (struct civil){
        .year = (int)(era * 400 + year_of_era + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
    };
}

static char *write_digits(char *to, int count, int64_t value)
{
    for (int i = count; i > 0; i--) {
        to[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return to + count;
}

static char *write_part(char *to, char before, int count, int64_t value)
{
    *to++ = before;
    return write_digits(to, count, value);
}

char *date_time_write(char *to, int64_t time_ms)
{
    if (time_ms < DATE_TIME_FIRST_MS)
        time_ms = DATE_TIME_FIRST_MS;
    if (time_ms > DATE_TIME_LAST_MS)
        time_ms = DATE_TIME_LAST_MS;
    int64_t from_first_ms = time_ms - DATE_TIME_FIRST_MS;
    struct civil civil = civil_of_days(from_first_ms / DAY_MS + DATE_TIME_FIRST_MS / DAY_MS);
    int64_t of_day_ms = from_first_ms % DAY_MS;
    to = write_digits(to, 4, civil.year);
    to = write_part(to, '-', 2, civil.month);
    to = write_part(to, '-', 2, civil.day);
    to = write_part(to, 'T', 2, of_day_ms / 3600000);
    to = write_part(to, ':', 2, of_day_ms / 60000 % 60);
    to = write_part(to, ':', 2, of_day_ms / 1000 % 60);
    if (of_day_ms % 1000 != 0)
        to = write_part(to, '.', 3, of_day_ms % 1000);
    *to++ = 'Z';
    return to;
}
