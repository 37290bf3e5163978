#include "base/zone.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

static const int64_t S_PER_DAY = 86400;
static const int64_t S_PER_HOUR = 3600;
static const int64_t S_PER_MINUTE = 60;
static const int64_t US_PER_S = 1000000;

/* The clock shows UTC + offset from `since` on, until the next entry's `since`. */
struct offset {
    int64_t since;  /* seconds since 1970-01-01T00:00:00Z; the first entry's is INT64_MIN */
    int64_t offset; /* seconds east of UTC */
};

/* Immutable once loaded, so that every thread reads it without a lock. */
struct zone {
    char *name;
    size_t count;
    struct offset offsets[];
};

static const int64_t TABLE_FROM = -31536000; /* 1969-01-01 */
static const int64_t TABLE_TO = 7289654400;  /* 2201-01-01 */

/* No clock on earth is further from UTC, nor jumps further. */
static const int64_t OFFSET_MAX = INT64_C(26) * 3600;

/* ---- calendar ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* H. Hinnant, "chrono-compatible low-level date algorithms": years that begin in March make the
 * leap day the last one. */
int64_t civil_day_number(struct civil civil)
{
    int64_t year = (int64_t)civil.year - (civil.month <= 2);
    int64_t era = floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t month = civil.month + (civil.month > 2 ? -3 : 9);
    int64_t day_of_year = (153 * month + 2) / 5 + civil.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void set_date(struct civil *civil, int64_t day_number)
{
    int64_t days = day_number + 719468;
    int64_t era = floor_div(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    civil->day = (int8_t)(day_of_year - (153 * month + 2) / 5 + 1);
    civil->month = (int8_t)(month + (month < 10 ? 3 : -9));
    civil->year = (int32_t)(year_of_era + era * 400 + (civil->month <= 2));
}

struct civil civil_add_days(struct civil civil, int64_t days)
{
    set_date(&civil, civil_day_number(civil) + days);
    return civil;
}

int civil_weekday(struct civil civil)
{
    int64_t since_thursday = civil_day_number(civil) + 3; /* 1970-01-01 was a Thursday */
    return (int)(since_thursday - floor_div(since_thursday, 7) * 7);
}

int64_t civil_reading(struct civil civil)
{
    return civil_day_number(civil) * S_PER_DAY + civil.hour * S_PER_HOUR +
           civil.minute * S_PER_MINUTE + civil.second;
}

struct civil civil_of_reading(int64_t reading)
{
    struct civil civil = {0};
    int64_t day = floor_div(reading, S_PER_DAY);
    int64_t rest = reading - day * S_PER_DAY;
    set_date(&civil, day);
    civil.hour = (int8_t)(rest / S_PER_HOUR);
    civil.minute = (int8_t)(rest % S_PER_HOUR / S_PER_MINUTE);
    civil.second = (int8_t)(rest % S_PER_MINUTE);
    return civil;
}

int civil_compare(struct civil a, struct civil b)
{
    int64_t x = civil_reading(a);
    int64_t y = civil_reading(b);
    return (x > y) - (x < y);
}

/* ---- text ---- */

static bool take_number(const char **text, int digits, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        char c = (*text)[i];
        if (!g_ascii_isdigit(c)) {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    *text += digits;
    *out = value;
    return true;
}

static bool take_char(const char **text, char wanted)
{
    if (**text != wanted) {
        return false;
    }
    (*text)++;
    return true;
}

static int days_in_month(int year, int month)
{
    static const int DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return DAYS[month - 1] + (month == 2 && is_leap);
}

bool civil_parse(const char *text, struct civil *out)
{
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    bool is_read =
        take_number(&text, 4, &year) && take_char(&text, '-') && take_number(&text, 2, &month) &&
        take_char(&text, '-') && take_number(&text, 2, &day) && take_char(&text, 'T') &&
        take_number(&text, 2, &hour) && take_char(&text, ':') && take_number(&text, 2, &minute);
    if (is_read && take_char(&text, ':')) {
        is_read = take_number(&text, 2, &second);
    }
    if (!is_read || *text != '\0' || year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *out = (struct civil){year,         (int8_t)month,  (int8_t)day,
                          (int8_t)hour, (int8_t)minute, (int8_t)second};
    return true;
}

void civil_format(struct civil civil, char out[UTC_TEXT_SIZE])
{
    int length = g_snprintf(out, UTC_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d", civil.year, civil.month,
                            civil.day, civil.hour, civil.minute);
    if (civil.second != 0) {
        g_snprintf(out + length, (gulong)(UTC_TEXT_SIZE - length), ":%02d", civil.second);
    }
}

static bool civil_read(const json_t *value, void *field, struct fault *fault)
{
    const char *text = json_string_value(value);
    if (text == NULL || !civil_parse(text, field)) {
        return fault_set(fault, "",
                         "must be a local date and time such as 2026-01-05T09:00, without a zone");
    }
    return true;
}

static json_t *civil_write(const void *field)
{
    const struct civil *civil = field;
    char text[UTC_TEXT_SIZE];
    if (civil->year == 0) {
        return NULL;
    }
    civil_format(*civil, text);
    return json_string(text);
}

static json_t *civil_schema(void)
{
    return json_pack("{s:s, s:s, s:s}", "type", "string", "pattern",
                     "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2})?$", "example",
                     "2026-01-05T09:00");
}

const struct field_codec CIVIL_CODEC = {
    .read = civil_read, .write = civil_write, .schema = civil_schema};

/* ---- zones ---- */

/* The first second at which interval `wanted` or a later one holds; between `from` and `to`. */
static int64_t interval_start(GTimeZone *time_zone, int wanted, int64_t from, int64_t to)
{
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (g_time_zone_find_interval(time_zone, G_TIME_TYPE_UNIVERSAL, middle) >= wanted) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    return from;
}

/* GTimeZone does not tell when its intervals begin, so they are found by bisection, once. Intervals
 * that differ only in name are one to us. */
static GArray *collect_offsets(GTimeZone *time_zone)
{
    GArray *offsets = g_array_new(false, false, sizeof(struct offset));
    int first = g_time_zone_find_interval(time_zone, G_TIME_TYPE_UNIVERSAL, TABLE_FROM);
    int last = g_time_zone_find_interval(time_zone, G_TIME_TYPE_UNIVERSAL, TABLE_TO);
    struct offset entry = {INT64_MIN, g_time_zone_get_offset(time_zone, first)};
    g_array_append_val(offsets, entry);
    int64_t since = TABLE_FROM;
    for (int i = first + 1; i <= last; i++) {
        since = interval_start(time_zone, i, since, TABLE_TO);
        int64_t offset = g_time_zone_get_offset(time_zone, i);
        if (offset != entry.offset) {
            entry = (struct offset){since, offset};
            g_array_append_val(offsets, entry);
        }
    }
    return offsets;
}

static struct zone *zone_new(const char *identifier, GTimeZone *time_zone)
{
    GArray *offsets = collect_offsets(time_zone);
    size_t size = offsets->len * sizeof(struct offset);
    struct zone *zone = g_malloc0(sizeof *zone + size);
    zone->name = g_strdup(identifier);
    zone->count = offsets->len;
    memcpy(zone->offsets, offsets->data, size);
    g_array_unref(offsets);
    return zone;
}

/* GLib also takes paths, "+05:00", POSIX rules such as "CET-1CEST", and whatever lies in the zone
 * folder. Only names of the tz database are zones to us: `right/` counts leap seconds, `localtime`
 * is the machine's affair, and `Factory` means that nobody has set the clock. */
static bool is_name(const char *identifier)
{
    static const char *const NOT_ZONES[] = {"localtime", "posixrules", "leapseconds", "Factory"};
    size_t length = strlen(identifier);
    if (length < 2 || length > 64 || !g_ascii_isalpha(identifier[0]) ||
        g_str_has_suffix(identifier, "/") || strstr(identifier, "//") != NULL ||
        g_str_has_prefix(identifier, "right/") || g_str_has_prefix(identifier, "posix/")) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(NOT_ZONES); i++) {
        if (strcmp(identifier, NOT_ZONES[i]) == 0) {
            return false;
        }
    }
    for (const char *c = identifier; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && strchr("/_+-", *c) == NULL) {
            return false;
        }
    }
    return true;
}

/* "CET-1CEST" looks like a name. Names without a folder and with a digit are these few. */
static bool is_posix_rule(const char *identifier)
{
    static const char *const WITH_DIGIT[] = {"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT",
                                             "GMT0",    "GMT+0",   "GMT-0"};
    if (strchr(identifier, '/') != NULL || strpbrk(identifier, "0123456789") == NULL) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(WITH_DIGIT); i++) {
        if (strcmp(identifier, WITH_DIGIT[i]) == 0) {
            return false;
        }
    }
    return true;
}

static struct zone *load_from_database(const char *identifier, struct fault *fault)
{
    GTimeZone *time_zone = is_name(identifier) && !is_posix_rule(identifier)
                               ? g_time_zone_new_identifier(identifier)
                               : NULL;
    if (time_zone == NULL) {
        fault_set(fault, "",
                  "unknown time zone \"%.64s\": use a name of the tz database such as Europe/Paris "
                  "or Asia/Jakarta (capital letters matter; older names may need the system's "
                  "package of legacy zones)",
                  identifier);
        return NULL;
    }
    struct zone *zone = zone_new(identifier, time_zone);
    g_time_zone_unref(time_zone);
    return zone;
}

struct zone *zone_load(const char *identifier, struct fault *fault)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static GHashTable *loaded; /* name → zone; only known names get in, so it cannot grow at will */
    pthread_mutex_lock(&lock);
    if (loaded == NULL) {
        loaded = g_hash_table_new(g_str_hash, g_str_equal);
    }
    struct zone *zone = g_hash_table_lookup(loaded, identifier);
    if (zone == NULL) {
        zone = load_from_database(identifier, fault);
        if (zone != NULL) {
            g_hash_table_insert(loaded, zone->name, zone);
        }
    }
    pthread_mutex_unlock(&lock);
    return zone;
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

/* ---- conversion ---- */

/* The entry that holds at `second`. */
static size_t offset_at(const struct zone *zone, int64_t second)
{
    size_t low = 0;
    size_t high = zone->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->offsets[middle].since <= second) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static int64_t until_of(const struct zone *zone, size_t entry)
{
    return entry + 1 < zone->count ? zone->offsets[entry + 1].since : INT64_MAX;
}

int64_t zone_reading(const struct zone *zone, struct utc at)
{
    int64_t second = floor_div(at.us, US_PER_S);
    return second + zone->offsets[offset_at(zone, second)].offset;
}

struct civil zone_civil(const struct zone *zone, struct utc at)
{
    return civil_of_reading(zone_reading(zone, at));
}

bool zone_is_steady(const struct zone *zone, struct utc at, struct span within)
{
    int64_t second = floor_div(at.us, US_PER_S);
    int64_t reach = within.us / US_PER_S + 1;
    size_t entry = offset_at(zone, second);
    bool is_steady_before = entry == 0 || zone->offsets[entry].since <= second - reach;
    return is_steady_before && second + reach < until_of(zone, entry);
}

struct utc zone_instant_of(const struct zone *zone, int64_t reading, enum civil_side side)
{
    bool is_found = false;
    int64_t found = 0;
    for (size_t i = offset_at(zone, reading - OFFSET_MAX); i < zone->count; i++) {
        int64_t since = zone->offsets[i].since;
        int64_t second = reading - zone->offsets[i].offset;
        if (second < since) {
            /* The clock shows more than `reading` from here on: the answer was seen, or it is
             * skipped and this is the change. */
            return (struct utc){(is_found ? found : since) * US_PER_S};
        }
        if (second < until_of(zone, i)) {
            found = second;
            is_found = true;
            if (side == CIVIL_START || second + OFFSET_MAX < until_of(zone, i)) {
                break;
            }
        }
    }
    return (struct utc){found * US_PER_S};
}

struct utc zone_instant(const struct zone *zone, struct civil civil, enum civil_side side)
{
    return zone_instant_of(zone, civil_reading(civil), side);
}
