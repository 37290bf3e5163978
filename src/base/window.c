#include "base/window.h"

#include <string.h>

enum { DAYS_PER_WEEK = 7, ALL_DAYS = 0x7f, MINUTES_PER_DAY = 1440 };

static const int64_t S_PER_DAY = 86400;
static const char *const DAY_NAMES[DAYS_PER_WEEK] = {"mon", "tue", "wed", "thu",
                                                     "fri", "sat", "sun"};

/* ---- text ---- */

static int day_parse(const char *name)
{
    for (int day = 0; day < DAYS_PER_WEEK; day++) {
        if (g_ascii_strcasecmp(name, DAY_NAMES[day]) == 0) {
            return day;
        }
    }
    return -1;
}

/* "mon" or "mon-fri"; zero when neither. */
static unsigned days_part_parse(const char *part)
{
    g_auto(GStrv) ends = g_strsplit(part, "-", 3);
    guint count = g_strv_length(ends);
    if (count == 0 || count > 2) {
        return 0;
    }
    int first = day_parse(g_strstrip(ends[0]));
    int last = count == 2 ? day_parse(g_strstrip(ends[1])) : first;
    if (first < 0 || last < 0) {
        return 0;
    }
    unsigned days = 1U << first;
    for (int day = first; day != last; day = (day + 1) % DAYS_PER_WEEK) {
        days |= 1U << ((day + 1) % DAYS_PER_WEEK);
    }
    return days;
}

unsigned window_days_parse(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", DAYS_PER_WEEK + 1);
    unsigned days = 0;
    for (size_t i = 0; parts[i] != NULL; i++) {
        unsigned part = days_part_parse(parts[i]);
        if (part == 0) {
            return 0;
        }
        days |= part;
    }
    return days;
}

int window_minute_parse(const char *text)
{
    if (strlen(text) != 5 || !g_ascii_isdigit(text[0]) || !g_ascii_isdigit(text[1]) ||
        text[2] != ':' || !g_ascii_isdigit(text[3]) || !g_ascii_isdigit(text[4])) {
        return -1;
    }
    int hour = (text[0] - '0') * 10 + (text[1] - '0');
    int minute = (text[3] - '0') * 10 + (text[4] - '0');
    int of_day = hour * 60 + minute;
    return minute > 59 || of_day > MINUTES_PER_DAY ? -1 : of_day;
}

static bool days_read(const json_t *value, void *field, struct fault *fault)
{
    unsigned *days = field;
    const char *text = json_string_value(value);
    *days = text != NULL ? window_days_parse(text) : 0;
    return *days != 0 || fault_set(fault, "",
                                   "must be days such as \"mon-fri\", \"sat,sun\" or "
                                   "\"mon-thu,sat\"");
}

/* Runs of three and more days become a range: "mon-thu,sat". */
static json_t *days_write(const void *field)
{
    unsigned days = *(const unsigned *)field;
    if (days == 0 || days == ALL_DAYS) {
        return NULL;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    for (int day = 0; day < DAYS_PER_WEEK; day++) {
        if ((days >> day & 1U) == 0) {
            continue;
        }
        int last = day;
        while (last + 1 < DAYS_PER_WEEK && (days >> (last + 1) & 1U) != 0) {
            last++;
        }
        g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", DAY_NAMES[day]);
        if (last > day + 1) {
            g_string_append_printf(text, "-%s", DAY_NAMES[last]);
            day = last;
        }
    }
    return json_string(text->str);
}

static json_t *days_schema(void)
{
    return json_pack("{s:s, s:s}", "type", "string", "example", "mon-fri");
}

static bool from_read(const json_t *value, void *field, struct fault *fault)
{
    const char *text = json_string_value(value);
    int minute = text != NULL ? window_minute_parse(text) : -1;
    if (minute < 0 || minute == MINUTES_PER_DAY) {
        return fault_set(fault, "", "must be a time from \"00:00\" to \"23:59\", in quotes");
    }
    *(int *)field = minute;
    return true;
}

static bool to_read(const json_t *value, void *field, struct fault *fault)
{
    const char *text = json_string_value(value);
    int minute = text != NULL ? window_minute_parse(text) : -1;
    if (minute < 0) {
        return fault_set(fault, "", "must be a time from \"00:00\" to \"24:00\", in quotes");
    }
    *(int *)field = minute;
    return true;
}

static json_t *minute_write(const void *field)
{
    int minute = *(const int *)field;
    g_autofree char *text = g_strdup_printf("%02d:%02d", minute / 60, minute % 60);
    return json_string(text);
}

static json_t *minute_schema(void)
{
    return json_pack("{s:s, s:s, s:s}", "type", "string", "pattern", "^\\d{2}:\\d{2}$", "example",
                     "09:00");
}

static const struct field_codec DAYS_CODEC = {
    .read = days_read, .write = days_write, .schema = days_schema};
static const struct field_codec FROM_CODEC = {
    .read = from_read, .write = minute_write, .schema = minute_schema};
static const struct field_codec TO_CODEC = {
    .read = to_read, .write = minute_write, .schema = minute_schema};

static const struct field WINDOW_FIELDS[] = {
    {.name = "days",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct window, days),
     .codec = &DAYS_CODEC,
     .doc = "The days on which it starts, such as mon-fri; every day when absent."},
    {.name = "from",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct window, from_minute),
     .codec = &FROM_CODEC,
     .doc = "Local time at which it starts; 00:00 when absent."},
    {.name = "to",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct window, to_minute),
     .codec = &TO_CODEC,
     .doc = "Local time at which it ends; not later than `from` means on the next day."},
};

const struct record WINDOW_RECORD = {
    .name = "Window",
    .doc =
        "A weekly stretch of local time. One that crosses midnight belongs to the day on which it "
        "starts.",
    .size = sizeof(struct window),
    .fields = WINDOW_FIELDS,
    .field_count = G_N_ELEMENTS(WINDOW_FIELDS),
};

/* ---- rule ---- */

static int64_t day_of_reading(int64_t reading)
{
    return reading / S_PER_DAY - (reading % S_PER_DAY < 0);
}

unsigned window_weekdays(const struct window *window)
{
    return window->days != 0 ? window->days : ALL_DAYS;
}

static bool is_on_day(const struct window *window, int64_t day)
{
    int64_t weekday = ((day + 3) % DAYS_PER_WEEK + DAYS_PER_WEEK) % DAYS_PER_WEEK;
    return (window_weekdays(window) >> weekday & 1U) != 0;
}

static int64_t start_reading(const struct window *window, int64_t day)
{
    return day * S_PER_DAY + (int64_t)window->from_minute * 60;
}

static int64_t end_reading(const struct window *window, int64_t day)
{
    bool is_next_day = window->to_minute <= window->from_minute;
    return (day + is_next_day) * S_PER_DAY + (int64_t)window->to_minute * 60;
}

/* Far from a change of the clock: plain arithmetic. */
static bool holds_steadily(const struct window *window, int64_t reading)
{
    int64_t today = day_of_reading(reading);
    for (int64_t day = today - 1; day <= today; day++) {
        if (is_on_day(window, day) && reading >= start_reading(window, day) &&
            reading < end_reading(window, day)) {
            return true;
        }
    }
    return false;
}

/* Near a change: by the instants of start and end. A day on either side more, because a clock that
 * is set back over midnight shows yesterday while today's window has begun. */
static bool holds_near_change(const struct window *window, const struct zone *zone, struct utc at,
                              int64_t today)
{
    for (int64_t day = today - 2; day <= today + 1; day++) {
        if (is_on_day(window, day) &&
            !utc_before(at, zone_instant_of(zone, start_reading(window, day), CIVIL_START)) &&
            utc_before(at, zone_instant_of(zone, end_reading(window, day), CIVIL_END))) {
            return true;
        }
    }
    return false;
}

bool windows_hold(const GPtrArray *windows, const struct zone *zone, struct utc at)
{
    if (windows == NULL || windows->len == 0) {
        return true;
    }
    int64_t reading = zone_reading(zone, at);
    bool is_steady = zone_is_steady(zone, at, SPAN_D(3));
    for (guint i = 0; i < windows->len; i++) {
        const struct window *window = g_ptr_array_index(windows, i);
        if (is_steady ? holds_steadily(window, reading)
                      : holds_near_change(window, zone, at, day_of_reading(reading))) {
            return true;
        }
    }
    return false;
}

static void add_edge(GArray *out, struct utc edge, struct utc from, struct utc to)
{
    if (utc_before(from, edge) && !utc_before(to, edge)) {
        g_array_append_val(out, edge);
    }
}

void windows_edges(const GPtrArray *windows, const struct zone *zone, struct utc from,
                   struct utc to, GArray *out)
{
    if (windows == NULL) {
        return;
    }
    int64_t first = day_of_reading(zone_reading(zone, from)) - 2;
    int64_t last = day_of_reading(zone_reading(zone, to)) + 1;
    for (guint i = 0; i < windows->len; i++) {
        const struct window *window = g_ptr_array_index(windows, i);
        for (int64_t day = first; day <= last; day++) {
            if (is_on_day(window, day)) {
                add_edge(out, zone_instant_of(zone, start_reading(window, day), CIVIL_START), from,
                         to);
                add_edge(out, zone_instant_of(zone, end_reading(window, day), CIVIL_END), from, to);
            }
        }
    }
}

static gint compare_utc(gconstpointer a, gconstpointer b)
{
    int64_t x = ((const struct utc *)a)->us;
    int64_t y = ((const struct utc *)b)->us;
    return (x > y) - (x < y);
}

struct utc windows_change_after(const GPtrArray *windows, const struct zone *zone, struct utc at)
{
    /* Windows repeat weekly; one that a change of the clock swallows is back the week after. */
    struct utc horizon = utc_add(at, SPAN_D(16));
    g_autoptr(GArray) edges = g_array_new(false, false, sizeof(struct utc));
    windows_edges(windows, zone, at, horizon, edges);
    g_array_sort(edges, compare_utc);
    bool holds_now = windows_hold(windows, zone, at);
    for (guint i = 0; i < edges->len; i++) {
        struct utc edge = g_array_index(edges, struct utc, i);
        if (windows_hold(windows, zone, edge) != holds_now) {
            return edge;
        }
    }
    return UTC_NEVER;
}
