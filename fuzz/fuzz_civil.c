/* fuzz/fuzz_civil.c - local times, days, times of day, turns and zone names: what is taken must be
 * written back as something that is taken and means the same. */
#include <string.h>

#include "base/window.h"
#include "oncall/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void try_civil(const char *text)
{
    struct civil civil = {0};
    struct civil again = {0};
    char written[UTC_TEXT_SIZE];
    if (!civil_parse(text, &civil)) {
        return;
    }
    civil_format(civil, written);
    CHECK(civil_parse(written, &again) && civil_compare(civil, again) == 0);
    CHECK(civil_compare(civil_of_reading(civil_reading(civil)), civil) == 0);
}

static void try_turn(const char *text)
{
    struct turn turn = {0};
    struct turn again = {0};
    char written[UTC_TEXT_SIZE];
    if (!turn_parse(text, &turn)) {
        return;
    }
    turn_format(turn, written);
    CHECK(turn_parse(written, &again) && again.count == turn.count && again.unit == turn.unit);
}

static void try_zone(const char *text)
{
    struct fault fault = {0};
    const struct zone *zone = zone_load(text, &fault);
    CHECK((zone == NULL) == (fault.text[0] != '\0'));
    CHECK(zone == NULL || strcmp(zone_name(zone), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    g_autofree char *text = g_strndup((const char *)bytes, size);
    try_civil(text);
    try_turn(text);
    try_zone(text);
    int minute = window_minute_parse(text);
    CHECK(minute >= -1 && minute <= 1440);
    CHECK(window_days_parse(text) <= 0x7f);
    return 0;
}
