#include "oncall/ical.h"

#include <string.h>

#include "oncall/shift.h"

enum { LINE_OCTETS = 75, UID_DIGITS = 32 };

/* ---- lines ---- */

/* Octets that belong to the character at `text`, which is valid UTF-8. */
static size_t character_size(const char *text)
{
    return (size_t)g_utf8_skip[(guchar)*text];
}

/* Folds at 75 octets, never inside a character; the space that marks a continuation counts. */
static void add_line(GString *out, const char *line)
{
    size_t column = 0;
    while (*line != '\0') {
        size_t size = character_size(line);
        if (column + size > LINE_OCTETS) {
            g_string_append(out, "\r\n ");
            column = 1;
        }
        g_string_append_len(out, line, (gssize)size);
        column += size;
        line += size;
    }
    g_string_append(out, "\r\n");
}

/* A value of type TEXT: escaped, and without the control characters that could start a line. */
static void add_text(GString *out, const char *property, const char *value)
{
    g_autofree char *valid = g_utf8_make_valid(value, -1);
    g_autoptr(GString) line = g_string_new(property);
    g_string_append_c(line, ':');
    for (const char *c = valid; *c != '\0'; c++) {
        if (*c == '\n') {
            g_string_append(line, "\\n");
        } else if (*c == '\\' || *c == ';' || *c == ',') {
            g_string_append_c(line, '\\');
            g_string_append_c(line, *c);
        } else if (!g_ascii_iscntrl(*c)) {
            g_string_append_c(line, *c);
        }
    }
    add_line(out, line->str);
}

/* A URI is not escaped; one with a control character would break the line and is left out. */
static void add_url(GString *out, const char *url)
{
    for (const char *c = url; *c != '\0'; c++) {
        if (g_ascii_iscntrl(*c) || *c == ' ') {
            return;
        }
    }
    g_autofree char *valid = g_utf8_make_valid(url, -1);
    g_autofree char *line = g_strdup_printf("URL:%s", valid);
    add_line(out, line);
}

static void add_instant(GString *out, const char *property, struct utc at)
{
    struct civil civil = civil_of_reading(at.us / SPAN_S(1).us);
    g_autofree char *line =
        g_strdup_printf("%s:%04d%02d%02dT%02d%02d%02dZ", property, civil.year, civil.month,
                        civil.day, civil.hour, civil.minute, civil.second);
    add_line(out, line);
}

/* ---- events ---- */

static char *uid_of(const struct schedule *schedule, const struct shift *shift)
{
    g_autofree char *identity = g_strdup_printf("%s\n%s\n%s\n%" G_GINT64_FORMAT, schedule->name,
                                                shift->layer, shift->user, shift->since.us);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, identity, -1);
    return g_strdup_printf("%.*s@tocsin", UID_DIGITS, digest);
}

static void add_alarm(GString *out, struct span before, const char *summary)
{
    add_line(out, "BEGIN:VALARM");
    add_line(out, "ACTION:DISPLAY");
    g_autofree char *trigger =
        g_strdup_printf("TRIGGER:-PT%" G_GINT64_FORMAT "M", before.us / SPAN_MIN(1).us);
    add_line(out, trigger);
    add_text(out, "DESCRIPTION", summary);
    add_line(out, "END:VALARM");
}

static const char *person_of(const struct ical_feed *feed, const char *user)
{
    const char *name = feed->full_name != NULL ? feed->full_name(feed->names, user) : NULL;
    return name != NULL ? name : user;
}

static char *description_of(const struct schedule *schedule, const struct shift *shift,
                            const char *person)
{
    char since[UTC_TEXT_SIZE];
    char until[UTC_TEXT_SIZE];
    civil_format(zone_civil(schedule->zone, shift->since), since);
    civil_format(zone_civil(schedule->zone, shift->until), until);
    return g_strdup_printf("%s / %s / %s\n%s – %s\n%s", person, schedule->name, shift->layer, since,
                           until, schedule->time_zone);
}

static void add_event(GString *out, const struct ical_feed *feed, const struct schedule *schedule,
                      const struct shift *shift)
{
    g_autofree char *uid = uid_of(schedule, shift);
    const char *person = person_of(feed, shift->user);
    g_autofree char *description = description_of(schedule, shift, person);
    g_autofree char *summary = feed->user != NULL
                                   ? g_strdup_printf("%s (%s)", schedule->name, shift->layer)
                                   : g_strdup_printf("%s · %s", person, schedule->name);
    g_autofree char *sequence = g_strdup_printf("SEQUENCE:%" G_GINT64_FORMAT, feed->revision);
    add_line(out, "BEGIN:VEVENT");
    add_text(out, "UID", uid);
    add_instant(out, "DTSTAMP", feed->changed_at);
    add_instant(out, "LAST-MODIFIED", feed->changed_at);
    add_line(out, sequence);
    add_instant(out, "DTSTART", shift->since);
    add_instant(out, "DTEND", shift->until);
    add_text(out, "SUMMARY", summary);
    add_text(out, "DESCRIPTION", description);
    add_line(out, "CATEGORIES:on-call");
    add_line(out, "TRANSP:TRANSPARENT");
    if (feed->url != NULL) {
        add_url(out, feed->url);
    }
    if (feed->alarm_before.us > 0) {
        add_alarm(out, feed->alarm_before, summary);
    }
    add_line(out, "END:VEVENT");
}

/* Puts the true start and end in place of where the range cut a shift. */
static void uncut(struct shift *shift, const GArray *at_edge)
{
    for (guint i = 0; i < at_edge->len; i++) {
        const struct shift *whole = &g_array_index(at_edge, struct shift, i);
        if (strcmp(whole->user, shift->user) == 0 && strcmp(whole->layer, shift->layer) == 0) {
            shift->since = utc_earlier(shift->since, whole->since);
            shift->until = whole->until.us == UTC_NEVER.us ? shift->until
                                                           : utc_later(shift->until, whole->until);
        }
    }
}

static void add_schedule(GString *out, const struct ical_feed *feed,
                         const struct schedule *schedule)
{
    g_autoptr(GArray) shifts = oncall_shifts(schedule, feed->from, feed->to);
    struct utc last = {feed->to.us - 1};
    g_autoptr(GArray) at_start = oncall_at(schedule, feed->from);
    g_autoptr(GArray) at_end = oncall_at(schedule, last);
    for (guint i = 0; i < shifts->len; i++) {
        struct shift shift = g_array_index(shifts, struct shift, i);
        if (feed->user != NULL && strcmp(shift.user, feed->user) != 0) {
            continue;
        }
        if (shift.since.us == feed->from.us) {
            uncut(&shift, at_start);
        }
        if (shift.until.us == feed->to.us) {
            uncut(&shift, at_end);
        }
        add_event(out, feed, schedule, &shift);
    }
}

char *ical_write(const struct ical_feed *feed)
{
    GString *out = g_string_new(NULL);
    add_line(out, "BEGIN:VCALENDAR");
    add_line(out, "VERSION:2.0");
    add_line(out, "PRODID:-//Tocsin//Tocsin " TOCSIN_VERSION "//EN");
    add_line(out, "CALSCALE:GREGORIAN");
    add_text(out, "X-WR-CALNAME", feed->name);
    add_line(out, "REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    add_line(out, "X-PUBLISHED-TTL:PT1H");
    for (guint i = 0; i < feed->schedules->len; i++) {
        add_schedule(out, feed, g_ptr_array_index(feed->schedules, i));
    }
    add_line(out, "END:VCALENDAR");
    return g_string_free(out, false);
}
