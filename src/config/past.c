#include "config/past.h"

#include <string.h>

#include "alert/silence.h"
#include "config/config_short.h"
#include "oncall/schedule.h"

struct past_look {
    const struct config *current;
    struct utc now;
    void (*each)(void *self, const char *path, const char *why);
    void *self;
};

static void tell(const struct past_look *looking, const char *path, struct utc end)
{
    char text[UTC_TEXT_SIZE];
    utc_format(end, text);
    g_autofree char *why =
        g_strdup_printf("ends at %s, which is past: it will never hold; is its date right?", text);
    looking->each(looking->self, path, why);
}

static void judge_silence(const struct past_look *looking, const struct silence *silence)
{
    struct utc change_at;
    const struct silence *known = config_find(looking->current, CONFIG_SILENCE, silence->name);
    bool is_over = silence_state(silence, looking->now, &change_at) == SILENCE_OVER;
    if (is_over && (known == NULL || known->to.us != silence->to.us)) {
        g_autofree char *path = g_strconcat("silences.", silence->name, NULL);
        tell(looking, path, silence->to);
    }
}

static bool is_same(const struct override *a, const struct override *b)
{
    return civil_compare(a->from, b->from) == 0 && civil_compare(a->to, b->to) == 0 &&
           g_strcmp0(a->who, b->who) == 0 && g_strcmp0(a->layer, b->layer) == 0;
}

static bool has_override(const struct schedule *schedule, const struct override *override)
{
    bool has = false;
    for (guint i = 0; schedule != NULL && i < schedule->overrides->len; i++) {
        has = has || is_same(g_ptr_array_index(schedule->overrides, i), override);
    }
    return has;
}

static void judge_schedule(const struct past_look *looking, const struct schedule *schedule)
{
    const struct schedule *known = config_find(looking->current, CONFIG_SCHEDULE, schedule->name);
    for (guint i = 0; schedule->zone != NULL && i < schedule->overrides->len; i++) {
        const struct override *override = g_ptr_array_index(schedule->overrides, i);
        struct utc end = zone_instant(schedule->zone, override->to, CIVIL_END);
        if (!utc_before(looking->now, end) && !has_override(known, override)) {
            g_autofree char *path =
                g_strdup_printf("schedules.%s.overrides[%u]", schedule->name, i);
            tell(looking, path, end);
        }
    }
}

static void look_at(const struct past_look *looking, enum config_kind kind, const json_t *document)
{
    const json_t *list = json_object_get(document, config_section(kind));
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct fault unheard = {0};
        json_auto_t *full = config_in_full(kind, json_array_get(list, i));
        void *item = record_new(config_record(kind), full, &unheard);
        if (item != NULL && kind == CONFIG_SILENCE) {
            judge_silence(looking, item);
        } else if (item != NULL) {
            judge_schedule(looking, item);
        }
        record_free(config_record(kind), item);
    }
}

void config_past(const struct config *current, const json_t *document, struct utc now,
                 void (*each)(void *self, const char *path, const char *why), void *self_each)
{
    const struct past_look looking = {current, now, each, self_each};
    look_at(&looking, CONFIG_SCHEDULE, document);
    look_at(&looking, CONFIG_SILENCE, document);
}
