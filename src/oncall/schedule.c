#include "oncall/schedule.h"

#include <string.h>

#include "base/limits.h"

enum {
    PEOPLE_MAX = 200,
    LAYERS_MAX = 50,
    OVERRIDES_MAX = 5000,
    WINDOWS_MAX = 100,
    COMMENT_MAX = 500
};

struct turns layer_turns(const struct layer *layer)
{
    struct turns turns = {.start = civil_reading(layer->start), .every = layer->every};
    for (guint i = 0; layer->skip_closed_days && i < layer->only->len; i++) {
        turns.counted |= window_weekdays(g_ptr_array_index(layer->only, i));
    }
    return turns;
}

/* ---- layer ---- */

static bool names_are_set(const GPtrArray *names, const char *field, struct fault *fault)
{
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if (name[0] == '\0') {
            fault_set(fault, "", "must be the name of a user");
            fault_within_index(fault, i);
            fault_within(fault, field);
            return false;
        }
    }
    return true;
}

static bool takes_closed_days(const struct layer *layer, struct fault *fault)
{
    if (layer->every.unit != TURN_DAYS) {
        return fault_set(fault, "skip_closed_days",
                         "is for turns of days: write every: 1d, or leave it out");
    }
    return layer->only->len > 0 ||
           fault_set(fault, "skip_closed_days",
                     "has no day to skip: say with only: on which days there is somebody");
}

static bool layer_check(const void *self, struct fault *fault)
{
    const struct layer *layer = self;
    if (!names_are_set(layer->people, "people", fault)) {
        return false;
    }
    if (layer->end.year != 0 && civil_compare(layer->end, layer->start) <= 0) {
        return fault_set(fault, "end", "must be later than start");
    }
    return !layer->skip_closed_days || takes_closed_days(layer, fault);
}

static const struct field LAYER_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct layer, name),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Unique in the schedule; \"layer 1\" and so on when absent."},
    {.name = "people",
     .kind = FIELD_TEXTS,
     .offset = offsetof(struct layer, people),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = PEOPLE_MAX,
     .doc = "Names of users in the order of their turns."},
    {.name = "every",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct layer, every),
     .flags = FIELD_REQUIRED,
     .codec = &TURN_CODEC,
     .doc = "Length of one turn: hours count elapsed time; days, weeks and months keep the local "
            "time."},
    {.name = "start",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct layer, start),
     .flags = FIELD_REQUIRED,
     .codec = &CIVIL_CODEC,
     .doc = "First hand-off, local time of the schedule; before it the layer has nobody."},
    {.name = "end",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct layer, end),
     .codec = &CIVIL_CODEC,
     .doc = "Local time from which on the layer has nobody; never when absent."},
    {.name = "only",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct layer, only),
     .max = WINDOWS_MAX,
     .record = &WINDOW_RECORD,
     .doc = "The layer has somebody only within these windows; always when absent."},
    {.name = "skip_closed_days",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct layer, skip_closed_days),
     .doc = "A turn of days counts only those on which a window of `only` opens."},
};

static const struct record LAYER_RECORD = {
    .name = "Layer",
    .doc = "People who take turns.",
    .size = sizeof(struct layer),
    .fields = LAYER_FIELDS,
    .field_count = G_N_ELEMENTS(LAYER_FIELDS),
    .check = layer_check,
};

/* ---- override ---- */

static bool override_check(const void *self, struct fault *fault)
{
    const struct override *override = self;
    if (civil_compare(override->to, override->from) <= 0) {
        return fault_set(fault, "to", "must be later than from");
    }
    return true;
}

static const struct field OVERRIDE_FIELDS[] = {
    {.name = "from",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct override, from),
     .flags = FIELD_REQUIRED,
     .codec = &CIVIL_CODEC,
     .doc = "Start, local time of the schedule."},
    {.name = "to",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct override, to),
     .flags = FIELD_REQUIRED,
     .codec = &CIVIL_CODEC,
     .doc = "End, local time of the schedule."},
    {.name = "who",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct override, who),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "The user who is on call instead; nobody when absent."},
    {.name = "layer",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct override, layer),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Name of the one layer in which it replaces; the whole schedule when absent."},
    {.name = "comment",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct override, comment),
     .min = 1,
     .max = COMMENT_MAX,
     .doc = "Why, for whoever wonders."},
};

const struct record OVERRIDE_RECORD = {
    .name = "Override",
    .doc = "For a stretch of time somebody else is on call, or nobody.",
    .size = sizeof(struct override),
    .fields = OVERRIDE_FIELDS,
    .field_count = G_N_ELEMENTS(OVERRIDE_FIELDS),
    .check = override_check,
};

/* ---- schedule ---- */

/* The zone is resolved where its name is read, so that a schedule that was read can be used. */
static bool time_zone_read(const json_t *value, void *field, struct fault *fault)
{
    struct schedule *schedule =
        (struct schedule *)(void *)((char *)field - offsetof(struct schedule, time_zone));
    const char *text = json_string_value(value);
    if (text == NULL) {
        return fault_set(fault, "", "must be a time zone's name such as Europe/Paris");
    }
    schedule->zone = zone_load(text, fault);
    if (schedule->zone == NULL) {
        return false;
    }
    schedule->time_zone = g_strdup(text);
    return true;
}

static json_t *time_zone_write(const void *field)
{
    const char *text = *(char *const *)field;
    return text != NULL ? json_string(text) : NULL;
}

static void time_zone_clear(void *field)
{
    g_clear_pointer((char **)field, g_free);
}

static json_t *time_zone_schema(void)
{
    return json_pack("{s:s, s:s}", "type", "string", "example", "Europe/Paris");
}

static const struct field_codec TIME_ZONE_CODEC = {
    .read = time_zone_read,
    .write = time_zone_write,
    .clear = time_zone_clear,
    .schema = time_zone_schema,
};

/* What a layer without a name of its own is called, before its number. */
static const char LAYER_WORD[] = "layer ";

const char *layer_bare_name(const char *name)
{
    bool has_word = g_str_has_prefix(name, LAYER_WORD) && name[strlen(LAYER_WORD)] != '\0';
    return has_word ? name + strlen(LAYER_WORD) : name;
}

bool schedule_has(const struct schedule *schedule, const char *user)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        if (g_ptr_array_find_with_equal_func(layer->people, user, g_str_equal, NULL)) {
            return true;
        }
    }
    return false;
}

const struct layer *schedule_layer(const struct schedule *schedule, const char *name)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        if (g_strcmp0(layer->name, name) == 0) {
            return layer;
        }
    }
    return NULL;
}

static void name_layers(const struct schedule *schedule)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        struct layer *layer = g_ptr_array_index(schedule->layers, i);
        if (layer->name == NULL) {
            layer->name = g_strdup_printf("%s%u", LAYER_WORD, i + 1);
        }
    }
}

static bool layer_names_differ(const struct schedule *schedule, struct fault *fault)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = g_ptr_array_index(schedule->layers, i);
        bool is_taken = schedule_layer(schedule, layer->name) != layer;
        if (is_taken || strcmp(layer->name, "override") == 0) {
            fault_set(fault, "name", "\"%s\" %s: give the layer a name of its own", layer->name,
                      is_taken ? "names two layers" : "is what shifts by an override are called");
            fault_within_index(fault, i);
            fault_within(fault, "layers");
            return false;
        }
    }
    return true;
}

static struct layer *copy_layer(const struct layer *layer)
{
    struct layer *copy = g_new(struct layer, 1);
    *copy = *layer;
    copy->name = g_strdup(layer->name);
    copy->people = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < layer->people->len; i++) {
        g_ptr_array_add(copy->people, g_strdup(g_ptr_array_index(layer->people, i)));
    }
    copy->only = g_ptr_array_new();
    for (guint i = 0; i < layer->only->len; i++) {
        struct window *window = g_new(struct window, 1);
        *window = *(const struct window *)g_ptr_array_index(layer->only, i);
        g_ptr_array_add(copy->only, window);
    }
    return copy;
}

void schedule_follow(struct schedule *schedule, const struct schedule *primary)
{
    CHECK(schedule->layers->len == 0 && primary->primary == NULL);
    for (guint i = 0; i < primary->layers->len; i++) {
        g_ptr_array_add(schedule->layers, copy_layer(g_ptr_array_index(primary->layers, i)));
    }
    schedule->primary = primary;
}

bool schedule_takes_override(const struct schedule *schedule, const struct override *override,
                             struct fault *fault)
{
    if (override->layer != NULL && schedule->layers->len == 0) {
        return fault_set(fault, "layer", "a schedule with next_of has no layers; leave it out");
    }
    if (override->layer != NULL && schedule_layer(schedule, override->layer) == NULL) {
        const struct layer *first = g_ptr_array_index(schedule->layers, 0);
        return fault_set(fault, "layer",
                         "the schedule has no layer \"%s\": name one of its layers, such as "
                         "\"%s\", or leave it out to replace in the whole schedule",
                         override->layer, first->name);
    }
    return true;
}

/* Local times that the clocks pass over all mean the instant of the change. */
static bool lasts(const struct schedule *schedule, struct civil from, struct civil to,
                  const char *field, struct fault *fault)
{
    struct utc start = zone_instant(schedule->zone, from, CIVIL_START);
    struct utc end = zone_instant(schedule->zone, to, CIVIL_END);
    if (utc_before(start, end)) {
        return true;
    }
    char text[UTC_TEXT_SIZE];
    civil_format(zone_civil(schedule->zone, start), text);
    return fault_set(fault, field,
                     "it would hold for no time at all: in %s the clocks go forward to %s and pass "
                     "over the whole of it",
                     schedule->time_zone, text);
}

bool schedule_override_lasts(const struct schedule *schedule, const struct override *override,
                             struct fault *fault)
{
    return lasts(schedule, override->from, override->to, "to", fault);
}

bool schedule_layer_lasts(const struct schedule *schedule, const struct layer *layer,
                          struct fault *fault)
{
    return layer->end.year == 0 || lasts(schedule, layer->start, layer->end, "end", fault);
}

static bool schedule_check(const void *self, struct fault *fault)
{
    const struct schedule *schedule = self;
    if ((schedule->layers->len == 0) == (schedule->next_of == NULL)) {
        return fault_set(fault, "layers",
                         schedule->next_of == NULL
                             ? "is required: who takes turns? (Or next_of: another schedule.)"
                             : "go by next_of already; leave one of the two out");
    }
    name_layers(schedule);
    if (!layer_names_differ(schedule, fault)) {
        return false;
    }
    for (guint i = 0; i < schedule->overrides->len; i++) {
        if (!schedule_takes_override(schedule, g_ptr_array_index(schedule->overrides, i), fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "overrides");
            return false;
        }
    }
    return true;
}

static const struct field SCHEDULE_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct schedule, name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Unique among schedules."},
    {.name = "time_zone",
     .kind = FIELD_CUSTOM,
     .offset = offsetof(struct schedule, time_zone),
     .flags = FIELD_REQUIRED,
     .codec = &TIME_ZONE_CODEC,
     .doc = "The zone of all its local times, a name of the tz database."},
    {.name = "owner",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct schedule, owner),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "The user or team that hears of gaps."},
    {.name = "next_of",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct schedule, next_of),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Instead of layers: whoever comes next in that schedule's rotations is on call here."},
    {.name = "layers",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct schedule, layers),
     .max = LAYERS_MAX,
     .record = &LAYER_RECORD,
     .doc = "Later layers win where they have somebody."},
    {.name = "overrides",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct schedule, overrides),
     .max = OVERRIDES_MAX,
     .record = &OVERRIDE_RECORD,
     .doc = "Exceptions; where several hold, the last one wins."},
};

const struct record SCHEDULE_RECORD = {
    .name = "Schedule",
    .doc = "Who is on call when.",
    .size = sizeof(struct schedule),
    .fields = SCHEDULE_FIELDS,
    .field_count = G_N_ELEMENTS(SCHEDULE_FIELDS),
    .check = schedule_check,
};
