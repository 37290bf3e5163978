/* fuzz/fuzz_schedule.c - a schedule or policy from outside: refused with a reason, or usable; then
 * pager, shifts and gaps agree on it. */
#include <string.h>

#include "base/json.h"
#include "oncall/ical.h"
#include "oncall/policy.h"
#include "oncall/shift.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static bool is_on(const GArray *shifts, const char *user, struct utc at)
{
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        if (strcmp(shift->user, user) == 0 && !utc_before(at, shift->since) &&
            utc_before(at, shift->until)) {
            return true;
        }
    }
    return false;
}

static void ask_at(const struct schedule *schedule, const GArray *shifts, const GArray *gaps,
                   struct utc at)
{
    const char *names[4];
    size_t count = oncall_names_at(schedule, at, names, G_N_ELEMENTS(names));
    CHECK(count <= G_N_ELEMENTS(names));
    for (size_t i = 0; i < count; i++) {
        CHECK(is_on(shifts, names[i], at));
    }
    bool is_gap = false;
    for (guint i = 0; i < gaps->len; i++) {
        const struct shift *gap = &g_array_index(gaps, struct shift, i);
        is_gap = is_gap || (!utc_before(at, gap->since) && utc_before(at, gap->until));
    }
    CHECK(is_gap == (count == 0));
}

static void use(const struct schedule *schedule)
{
    const struct layer *layer = g_ptr_array_index(schedule->layers, 0);
    struct utc from = {zone_instant(schedule->zone, layer->start, CIVIL_START).us - 3600000000};
    struct utc to = {from.us + SPAN_D(9).us};
    g_autoptr(GArray) shifts = oncall_shifts(schedule, from, to);
    g_autoptr(GArray) gaps = oncall_gaps(schedule, from, to);
    for (struct utc at = from; utc_before(at, to); at.us += 5400000000) {
        ask_at(schedule, shifts, gaps, at);
    }
    g_autoptr(GPtrArray) schedules = g_ptr_array_new();
    g_ptr_array_add(schedules, (void *)(uintptr_t)schedule);
    struct ical_feed feed = {.name = "fuzz", .schedules = schedules, .from = from, .to = to};
    g_autofree char *text = ical_write(&feed);
    CHECK(g_utf8_validate(text, -1, NULL));
}

static void read_twice(const struct record *record, const json_t *value)
{
    struct fault fault = {0};
    void *read = record_new(record, value, &fault);
    CHECK((read == NULL) == (fault.text[0] != '\0'));
    if (read == NULL) {
        return;
    }
    json_auto_t *written = record_write(record, read);
    void *again = record_new(record, written, &fault);
    CHECK(again != NULL);
    if (record == &SCHEDULE_RECORD) {
        use(again);
    }
    record_free(record, again);
    record_free(record, read);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fault fault = {0};
    json_auto_t *value = json_read((const char *)bytes, size, &fault);
    if (value != NULL) {
        read_twice(&SCHEDULE_RECORD, value);
        read_twice(&POLICY_RECORD, value);
        read_twice(&OVERRIDE_RECORD, value);
    }
    return 0;
}
