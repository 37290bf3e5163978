#include "base/utc.h"

#include <glib.h>
#include <string.h>

static const int64_t US_PER_S = 1000000;
static const int64_t S_PER_DAY = 86400;

struct utc utc_add(struct utc at, struct span by)
{
    int64_t sum = 0;
    if (__builtin_add_overflow(at.us, by.us, &sum)) {
        sum = by.us > 0 ? UTC_NEVER.us : 0;
    }
    return (struct utc){CLAMP(sum, 0, UTC_NEVER.us)};
}

/* Days since 1970-01-01 of a proleptic Gregorian date (H. Hinnant, "chrono-compatible
 * low-level date algorithms"). */
static int64_t days_from_civil(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month + (shifted_month < 10 ? 3 : -9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

/* Exactly `count` digits at *text; moves past them. */
static bool take_digits(const char **text, int count, int64_t *out)
{
    int64_t value = 0;
    for (int i = 0; i < count; i++) {
        if (!g_ascii_isdigit((*text)[i])) {
            return false;
        }
        value = value * 10 + ((*text)[i] - '0');
    }
    *text += count;
    *out = value;
    return true;
}

static bool take_char(const char **text, const char *allowed)
{
    if (**text == '\0' || strchr(allowed, **text) == NULL) {
        return false;
    }
    (*text)++;
    return true;
}

static bool take_date(const char **text, int64_t *out_days)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    bool is_shaped = take_digits(text, 4, &year) && take_char(text, "-") &&
                     take_digits(text, 2, &month) && take_char(text, "-") &&
                     take_digits(text, 2, &day);
    if (!is_shaped || year < 1970 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    if (!g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year)) {
        return false;
    }
    *out_days = days_from_civil(year, month, day);
    return true;
}

/* hh:mm, then optionally :ss and a fraction; a 60th second counts as the 59th (leap second). */
static bool take_time(const char **text, int64_t *out_us)
{
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t fraction = 0;
    if (!take_digits(text, 2, &hour) || !take_char(text, ":") || !take_digits(text, 2, &minute)) {
        return false;
    }
    if (take_char(text, ":") && !take_digits(text, 2, &second)) {
        return false;
    }
    if (take_char(text, ".")) {
        int64_t unit = US_PER_S / 10;
        if (!g_ascii_isdigit(**text)) {
            return false;
        }
        for (; g_ascii_isdigit(**text); (*text)++) {
            fraction += (**text - '0') * unit;
            unit /= 10;
        }
    }
    if (hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    *out_us = ((hour * 60 + minute) * 60 + MIN(second, 59)) * US_PER_S + fraction;
    return true;
}

static bool take_offset(const char **text, int64_t *out_us)
{
    if (take_char(text, "Zz")) {
        *out_us = 0;
        return true;
    }
    bool is_west = **text == '-';
    int64_t hour = 0;
    int64_t minute = 0;
    if (!take_char(text, "+-") || !take_digits(text, 2, &hour)) {
        return false;
    }
    (void)take_char(text, ":");
    if (!take_digits(text, 2, &minute) || hour > 23 || minute > 59) {
        return false;
    }
    *out_us = (hour * 60 + minute) * 60 * US_PER_S * (is_west ? -1 : 1);
    return true;
}

bool utc_parse(const char *text, struct utc *out)
{
    int64_t days = 0;
    int64_t time_us = 0;
    int64_t offset_us = 0;
    bool is_shaped = take_date(&text, &days) && take_char(&text, "Tt ") &&
                     take_time(&text, &time_us) && take_offset(&text, &offset_us) && *text == '\0';
    if (!is_shaped) {
        return false;
    }
    int64_t us = days * S_PER_DAY * US_PER_S + time_us - offset_us;
    if (us < 0 || us > UTC_NEVER.us) {
        return false;
    }
    out->us = us;
    return true;
}

/* The one writer of RFC 3339. Up to the seconds; answers its length. */
static int format_seconds(int64_t seconds, char out[UTC_TEXT_SIZE])
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    civil_from_days(seconds / S_PER_DAY, &year, &month, &day);
    int64_t of_day = seconds % S_PER_DAY;
    return g_snprintf(out, UTC_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, (int)month,
                      (int)day, (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60));
}

void utc_format(struct utc at, char out[UTC_TEXT_SIZE])
{
    int64_t fraction = at.us % US_PER_S;
    int length = format_seconds(at.us / US_PER_S, out);
    if (fraction != 0) {
        length +=
            g_snprintf(out + length, (gulong)(UTC_TEXT_SIZE - length), ".%06d", (int)fraction);
    }
    g_snprintf(out + length, (gulong)(UTC_TEXT_SIZE - length), "Z");
}

void utc_format_ms(struct utc at, char out[UTC_TEXT_SIZE])
{
    int length = format_seconds(at.us / US_PER_S, out);
    g_snprintf(out + length, (gulong)(UTC_TEXT_SIZE - length), ".%03dZ",
               (int)(at.us % US_PER_S / 1000));
}

static const struct {
    const char *name;
    int64_t us;
} UNITS[] = {
    {"ms", 1000},      {"w", 604800000000}, {"d", 86400000000},
    {"h", 3600000000}, {"m", 60000000},     {"s", 1000000},
};

static bool take_unit(const char **text, int64_t *out_us)
{
    for (size_t i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        if (g_str_has_prefix(*text, UNITS[i].name)) {
            *text += strlen(UNITS[i].name);
            *out_us = UNITS[i].us;
            return true;
        }
    }
    return false;
}

bool span_parse(const char *text, struct span *out)
{
    int64_t total = 0;
    const int64_t most = SPAN_D(3653).us;
    do {
        int64_t count = 0;
        int64_t unit = 0;
        const char *digits = text;
        for (; g_ascii_isdigit(*text) && text - digits < 12; text++) {
            count = count * 10 + (*text - '0');
        }
        if (text == digits || !take_unit(&text, &unit) || count > most / unit) {
            return false;
        }
        total += count * unit;
        if (total > most) {
            return false;
        }
    } while (*text != '\0');
    out->us = total;
    return true;
}

void span_format(struct span span, char out[UTC_TEXT_SIZE])
{
    static const size_t LARGEST_FIRST[] = {1, 2, 3, 4, 5, 0};
    int64_t rest = MAX(span.us, 0) / 1000 * 1000;
    int length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(LARGEST_FIRST) && rest > 0; i++) {
        int64_t unit = UNITS[LARGEST_FIRST[i]].us;
        /* Weeks and days stand alone only: "1w" but "36h", as people write them. */
        bool is_whole_only = LARGEST_FIRST[i] == 1 || LARGEST_FIRST[i] == 2;
        if (rest < unit || (is_whole_only && rest % unit != 0)) {
            continue;
        }
        length += g_snprintf(out + length, (gulong)(UTC_TEXT_SIZE - length),
                             "%" G_GINT64_FORMAT "%s", rest / unit, UNITS[LARGEST_FIRST[i]].name);
        rest %= unit;
    }
    if (length == 0) {
        g_strlcpy(out, "0s", UTC_TEXT_SIZE);
    }
}
