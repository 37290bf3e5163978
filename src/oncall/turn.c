#include "oncall/turn.h"

#include <string.h>

static const int64_t S_PER_DAY = 86400;

enum { DAYS_PER_WEEK = 7, MONTHS_PER_YEAR = 12 };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* ---- as text ---- */

/* A turn of at most a year. */
static const struct unit {
    const char *suffix;
    int unit;
    int64_t max;
} UNITS[] = {
    {"h", TURN_HOURS, 8784}, {"d", TURN_DAYS, 366}, {"w", TURN_WEEKS, 53}, {"mo", TURN_MONTHS, 12}};

bool turn_parse(const char *text, struct turn *out)
{
    int64_t count = 0;
    const char *at = text;
    for (; g_ascii_isdigit(*at) && at - text < 4; at++) {
        count = count * 10 + (*at - '0');
    }
    for (size_t i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        if (strcmp(at, UNITS[i].suffix) == 0 && count >= 1 && count <= UNITS[i].max) {
            *out = (struct turn){.count = count, .unit = UNITS[i].unit};
            return true;
        }
    }
    return false;
}

void turn_format(struct turn turn, char out[UTC_TEXT_SIZE])
{
    const char *suffix = "";
    for (size_t i = 0; i < G_N_ELEMENTS(UNITS); i++) {
        suffix = UNITS[i].unit == turn.unit ? UNITS[i].suffix : suffix;
    }
    g_snprintf(out, UTC_TEXT_SIZE, "%" G_GINT64_FORMAT "%s", turn.count, suffix);
}

static bool turn_read(const json_t *value, void *field, struct fault *fault)
{
    const char *text = json_string_value(value);
    if (text == NULL || !turn_parse(text, field)) {
        return fault_set(fault, "",
                         "must be a number of hours, days, weeks or months up to a year: 12h, 1d, "
                         "3d, 1w, 1mo");
    }
    return true;
}

static json_t *turn_write(const void *field)
{
    const struct turn *turn = field;
    char text[UTC_TEXT_SIZE];
    if (turn->unit == 0) {
        return NULL;
    }
    turn_format(*turn, text);
    return json_string(text);
}

static json_t *turn_schema(void)
{
    return json_pack("{s:s, s:s, s:s}", "type", "string", "pattern", "^[0-9]{1,4}(h|d|w|mo)$",
                     "example", "1w");
}

const struct field_codec TURN_CODEC = {
    .read = turn_read, .write = turn_write, .schema = turn_schema};

/* ---- days and weeks ---- */

static int64_t length_of(struct turn turn)
{
    return turn.count * (turn.unit == TURN_WEEKS ? DAYS_PER_WEEK * S_PER_DAY : S_PER_DAY);
}

/* ---- months ---- */

static int64_t month_number(struct civil civil)
{
    return (int64_t)civil.year * MONTHS_PER_YEAR + civil.month - 1;
}

static int64_t months_later(int64_t start, int64_t months)
{
    struct civil civil = civil_of_reading(start);
    int64_t month = month_number(civil) + months;
    civil.year = (int32_t)floor_div(month, MONTHS_PER_YEAR);
    civil.month = (int8_t)(month - (int64_t)civil.year * MONTHS_PER_YEAR + 1);
    int last = g_date_get_days_in_month((GDateMonth)civil.month, (GDateYear)civil.year);
    civil.day = (int8_t)MIN(civil.day, last);
    return civil_reading(civil);
}

static int64_t month_turn_at(const struct turns *turns, int64_t reading)
{
    int64_t months =
        month_number(civil_of_reading(reading)) - month_number(civil_of_reading(turns->start));
    int64_t turn = floor_div(months, turns->every.count);
    /* This month's hand-off may be still to come. */
    return turn - (months_later(turns->start, turn * turns->every.count) > reading);
}

/* ---- days that count ---- */

static bool is_counted(const struct turns *turns, int64_t day)
{
    int64_t since_thursday = day + 3; /* 1970-01-01 was a Thursday */
    int64_t weekday = since_thursday - floor_div(since_thursday, DAYS_PER_WEEK) * DAYS_PER_WEEK;
    return (turns->counted >> weekday & 1U) != 0;
}

/* Of the days from `from` on, up to and without `to`. */
static int64_t count_days(const struct turns *turns, int64_t from, int64_t to)
{
    int64_t weeks = (to - from) / DAYS_PER_WEEK;
    int64_t count = weeks * __builtin_popcount(turns->counted);
    for (int64_t day = from + weeks * DAYS_PER_WEEK; day < to; day++) {
        count += is_counted(turns, day);
    }
    return count;
}

static int64_t counted_turn_at(const struct turns *turns, int64_t reading)
{
    int64_t first_day = floor_div(turns->start, S_PER_DAY);
    int64_t time_of_day = turns->start - first_day * S_PER_DAY;
    int64_t today = floor_div(reading - time_of_day, S_PER_DAY);
    int64_t begun = count_days(turns, first_day, today + 1);
    return MAX(begun - 1, 0) / turns->every.count;
}

static int64_t counted_start(const struct turns *turns, int64_t turn)
{
    int64_t per_week = __builtin_popcount(turns->counted);
    int64_t to_skip = turn * turns->every.count;
    int64_t day = floor_div(turns->start, S_PER_DAY);
    int64_t weeks = to_skip / per_week;
    int64_t time_of_day = turns->start - day * S_PER_DAY;
    day += weeks * DAYS_PER_WEEK;
    to_skip -= weeks * per_week;
    while (to_skip > 0 || !is_counted(turns, day)) {
        to_skip -= is_counted(turns, day);
        day++;
    }
    return day * S_PER_DAY + time_of_day;
}

/* ---- any ---- */

int64_t turns_at(const struct turns *turns, int64_t reading)
{
    if (reading < turns->start) {
        return -1;
    }
    if (turns->every.unit == TURN_MONTHS) {
        return month_turn_at(turns, reading);
    }
    return turns->counted != 0 ? counted_turn_at(turns, reading)
                               : (reading - turns->start) / length_of(turns->every);
}

int64_t turns_start(const struct turns *turns, int64_t turn)
{
    if (turn <= 0) {
        return turns->start;
    }
    if (turns->every.unit == TURN_MONTHS) {
        return months_later(turns->start, turn * turns->every.count);
    }
    return turns->counted != 0 ? counted_start(turns, turn)
                               : turns->start + turn * length_of(turns->every);
}
