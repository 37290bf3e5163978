#include "config/test_kinds.h"

#include <string.h>

#include "access/token.h"
#include "config/config_check.h"
#include "config/config_export.h"
#include "config/config_store.h"
#include "config/lint.h"
#include "config/past.h"

int test_gadgets_written;

/* ---- shelves ---- */

static const struct field SHELF_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct test_shelf, name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 100,
     .doc = "Unique."},
    {.name = "label",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct test_shelf, label),
     .max = 100,
     .doc = "As shown."},
};

static void fill_shelf(void *self)
{
    struct test_shelf *shelf = self;
    if (shelf->label == NULL) {
        shelf->label = g_strdup("shelf");
    }
}

static const struct record SHELF_RECORD = {
    .name = "Shelf",
    .doc = "Where gadgets stand.",
    .size = sizeof(struct test_shelf),
    .fields = SHELF_FIELDS,
    .field_count = G_N_ELEMENTS(SHELF_FIELDS),
    .fill = fill_shelf,
};

static void tidy_shelf(const void *item, json_t *written, GPtrArray *notes)
{
    const struct test_shelf *shelf = item;
    config_leave_out(written, "label", "shelf");
    config_note(notes, "Shelf %s was tidied.", shelf->name);
}

static void lint_shelves(const struct lint *lint)
{
    const GPtrArray *shelves = config_items(lint->config, &SHELF_KIND);
    for (guint i = 0; i < shelves->len; i++) {
        if (!lint_is_relied_on(lint, shelves->pdata[i])) {
            const char *name = config_item_name(shelves->pdata[i]);
            g_autofree char *subject = lint_subject("shelf", name);
            lint_add(lint->findings, LINT_NOTE, "bare", subject, "Use it.", "Shelf %s is bare.",
                     name);
        }
    }
}

const struct config_kind SHELF_KIND = {
    .section = "shelves",
    .noun = "shelf",
    .number = 901,
    .place = 10,
    .record = &SHELF_RECORD,
    .tidy = tidy_shelf,
    .lint = lint_shelves,
};

/* ---- gadgets ---- */

static const struct field GADGET_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct gadget, name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 100,
     .doc = "Unique."},
    {.name = "shelf",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct gadget, shelf),
     .flags = FIELD_REQUIRED,
     .max = 100,
     .doc = "Where it stands."},
    {.name = "partner",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct gadget, partner),
     .max = 100,
     .doc = "Another gadget."},
    {.name = "key",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct gadget, key),
     .max = 100,
     .doc = "env:NAME."},
    {.name = "created_by",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct gadget, created_by),
     .flags = FIELD_READ_ONLY,
     .max = 100,
     .doc = "Who made it."},
    {.name = "to", .kind = FIELD_UTC, .offset = offsetof(struct gadget, to), .doc = "Until when."},
    {.name = "size",
     .kind = FIELD_INT,
     .offset = offsetof(struct gadget, size),
     .max = 100,
     .doc = "An even number."},
};

static const struct record GADGET_RECORD = {
    .name = "Gadget",
    .doc = "What no other part knows.",
    .size = sizeof(struct gadget),
    .fields = GADGET_FIELDS,
    .field_count = G_N_ELEMENTS(GADGET_FIELDS),
};

/* `shelf/name` in short. */
static json_t *in_full(json_t *value)
{
    if (!json_is_string(value)) {
        return json_incref(value);
    }
    g_auto(GStrv) parts = g_strsplit(json_string_value(value), "/", 2);
    return g_strv_length(parts) == 2 ? json_pack("{s:s, s:s}", "shelf", parts[0], "name", parts[1])
                                     : json_incref(value);
}

static void link_gadget(const struct config *config, void *item)
{
    struct gadget *gadget = item;
    gadget->linked = gadget_find(config, gadget->partner);
}

static bool check(const struct config *config, const void *item, struct fault *fault)
{
    const struct gadget *gadget = item;
    return config_check_reference(config, &SHELF_KIND, gadget->shelf, "shelf", fault) &&
           config_check_reference(config, &GADGET_KIND, gadget->partner, "partner", fault);
}

static bool check_meaning(const struct config *config, const void *item, struct fault *fault)
{
    (void)config;
    return ((const struct gadget *)item)->size % 2 == 0 || fault_set(fault, "size", "must be even");
}

static bool is_over(const void *item, struct utc now)
{
    const struct gadget *gadget = item;
    return utc_is_set(gadget->to) && !utc_before(now, gadget->to);
}

static void warn(const struct config *config, const void *item, struct utc now,
                 const struct config_teller *teller)
{
    const struct gadget *gadget = item;
    (void)config;
    (void)now;
    if (gadget->size > 10) {
        teller->tell(teller->self, gadget->name, "is large");
    }
}

static void warn_before(const void *item, const void *known, struct utc now,
                        const struct config_teller *teller)
{
    const struct gadget *gadget = item;
    if (known == NULL && is_over(item, now)) {
        config_tell_past(teller, gadget->name, gadget->to);
    }
}

static void rely(struct lint *lint, const void *item)
{
    lint_rely_on(lint, &SHELF_KIND, ((const struct gadget *)item)->shelf);
}

static void load(struct db *db, const struct config *config)
{
    (void)db;
    const GPtrArray *gadgets = config_items(config, &GADGET_KIND);
    for (guint i = 0; i < gadgets->len; i++) {
        ((struct gadget *)gadgets->pdata[i])->is_loaded = true;
    }
}

static void written(struct db *db, const struct config_object *object, const char *spec,
                    struct utc now)
{
    (void)db;
    (void)now;
    CHECK(strstr(spec, object->name) != NULL);
    test_gadgets_written++;
}

static void note_rest(struct db *db, GPtrArray *notes)
{
    (void)db;
    config_note(notes, "Gadgets have a rest.");
}

const struct config_kind GADGET_KIND = {
    .section = "gadgets",
    .noun = "gadget",
    .number = 900,
    .place = 20,
    .record = &GADGET_RECORD,
    .is_ordered = true,
    .has_maker = true,
    .remembered_days = 5,
    .key_owner = KEY_HEARTBEAT,
    .in_full = in_full,
    .link = link_gadget,
    .check = check,
    .check_meaning = check_meaning,
    .is_over = is_over,
    .warn = warn,
    .warn_before = warn_before,
    .rely = rely,
    .load = load,
    .written = written,
    .note_rest = note_rest,
};

const struct gadget *gadget_find(const struct config *config, const char *name)
{
    return config_find(config, &GADGET_KIND, name);
}

const struct config_kind *const TEST_KINDS[] = {&GADGET_KIND, &SHELF_KIND, NULL};
