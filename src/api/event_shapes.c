/* What goes with each kind of event, as the OpenAPI document tells it. A kind and its data are one component, an
 * Occurrence, which an event and a decision of explain are the rest of. */
#include "api/sight.h"

#include <string.h>

#include "ledger/parent.h"

#define OCCURRENCE "Occurrence"
#define REFERENCE "#/components/schemas/"

static const struct field RESET_FIELDS[] = {
    SHAPE_TEXT("asked", FIELD_ALWAYS, "After which seq its reader asked to go on."),
    SHAPE_TEXT("newest", FIELD_ALWAYS, "The newest one that there is."),
};
static const struct record RESET = SHAPE(
    "EventStreamReset", "A reader stood further on than this database has got.", RESET_FIELDS);
const struct event_kind EVENT_STREAM_RESET = {.name = "stream.reset", .data = &RESET};

static json_t *reference_to(const char *name)
{
    g_autofree char *path = g_strconcat(REFERENCE, name, NULL);
    return json_pack("{s:s}", "$ref", path);
}

/* A name of a component is given once. */
static void add_schema(json_t *schemas, const char *name, json_t *schema)
{
    CHECK(schema != NULL && json_object_get(schemas, name) == NULL);
    json_object_set_new(schemas, name, schema);
}

/* "alert.resolve_ignored" becomes "AlertResolveIgnoredEvent". */
static char *component_name(const struct event_kind *kind)
{
    GString *name = g_string_new(NULL);
    bool is_first = true;
    for (const char *at = kind->name; *at != '\0'; at++) {
        bool is_letter = g_ascii_isalnum(*at);
        if (is_letter) {
            g_string_append_c(name, is_first ? g_ascii_toupper(*at) : *at);
        }
        is_first = !is_letter;
    }
    g_string_append(name, "Event");
    return g_string_free(name, FALSE);
}

/* What the log itself puts beside what a kind says. */
static void add_common(json_t *properties)
{
    json_object_set_new(properties, EVENT_CLIENT,
                        json_pack("{s:s, s:s}", "type", "string", "description",
                                  "From where a person or token did it: for who may administer."));
    json_object_set_new(properties, EVENT_PARENTS,
                        json_pack("{s:s, s:{s:s}, s:s}", "type", "array", "items", "type", "string",
                                  "description",
                                  "What it is an event of, too, such as \"alert:5\"."));
}

static bool has_always(const struct record *record)
{
    bool has = false;
    for (const struct record *at = record; at != NULL; at = at->base) {
        for (size_t i = 0; i < at->field_count; i++) {
            has = has || (at->fields[i].flags & (FIELD_ALWAYS | FIELD_REQUIRED)) != 0;
        }
    }
    return has;
}

/* Of the data alone; of several kinds that say the same it is there already. */
static json_t *data_schema(const struct record *data, json_t *schemas)
{
    if (data == NULL) {
        json_t *bare = json_pack("{s:[s, s], s:{}, s:b}", "type", "object", "null", "properties",
                                 "additionalProperties", 0);
        add_common(json_object_get(bare, "properties"));
        return bare;
    }
    record_schemas(data, schemas);
    add_common(json_object_get(json_object_get(schemas, data->name), "properties"));
    json_t *schema = reference_to(data->name);
    return has_always(data) ? schema : json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
}

static json_t *kind_schema(const struct event_kind *kind, json_t *schemas)
{
    bool is_needed = kind->data != NULL && has_always(kind->data);
    json_t *required = is_needed ? json_pack("[s, s]", "kind", "data") : json_pack("[s]", "kind");
    return json_pack("{s:s, s:o, s:{s:{s:s}, s:o}}", "type", "object", "required", required,
                     "properties", "kind", "const", kind->name, "data",
                     data_schema(kind->data, schemas));
}

struct kinds {
    json_t *schemas;
    json_t *one_of, *mapping, *names;
};

static void add_kind(struct kinds *kinds, const struct event_kind *kind)
{
    g_autofree char *name = component_name(kind);
    g_autofree char *path = g_strconcat(REFERENCE, name, NULL);
    add_schema(kinds->schemas, name, kind_schema(kind, kinds->schemas));
    json_array_append_new(kinds->one_of, reference_to(name));
    json_object_set_new(kinds->mapping, kind->name, json_string(path));
    json_array_append_new(kinds->names, json_string(kind->name));
}

/* A log outlives the version that wrote it, and a cluster has two for a while. */
static json_t *other_schema(json_t *names)
{
    return json_pack("{s:s, s:s, s:[s], s:{s:{s:s, s:{s:o}}, s:{s:[s, s], s:b}}}", "type", "object",
                     "description", "Of another version of Tocsin.", "required", "kind",
                     "properties", "kind", "type", "string", "not", "enum", names, "data", "type",
                     "object", "null", "additionalProperties", 1);
}

/* The component keeps all but kind and data, which it has of an occurrence. */
static void refine(json_t *schemas, const char *name)
{
    json_t *rest = json_incref(json_object_get(schemas, name));
    if (rest == NULL) {
        return; /* no route answers it */
    }
    json_t *required = json_object_get(rest, "required");
    for (size_t i = json_array_size(required); i > 0; i--) {
        const char *member = json_string_value(json_array_get(required, i - 1));
        if (strcmp(member, "kind") == 0 || strcmp(member, "data") == 0) {
            (void)json_array_remove(required, i - 1);
        }
    }
    json_t *properties = json_object_get(rest, "properties");
    (void)json_object_del(properties, "kind");
    (void)json_object_del(properties, "data");
    (void)json_object_del(rest, "additionalProperties");
    json_object_set_new(schemas, name,
                        json_pack("{s:[o, o], s:b}", "allOf", rest, reference_to(OCCURRENCE),
                                  "unevaluatedProperties", 0));
}

void event_schemas(const struct ledger *ledger, json_t *schemas)
{
    struct kinds kinds = {schemas, json_array(), json_object(), json_array()};
    g_autoptr(GPtrArray) all = event_kinds(ledger);
    for (guint i = 0; i < all->len; i++) {
        add_kind(&kinds, all->pdata[i]);
    }
    add_kind(&kinds, &EVENT_STREAM_RESET);
    add_schema(schemas, "KnownOccurrence",
               json_pack("{s:o, s:{s:s, s:o}}", "oneOf", kinds.one_of, "discriminator",
                         "propertyName", "kind", "mapping", kinds.mapping));
    add_schema(schemas, "OtherOccurrence", other_schema(kinds.names));
    add_schema(schemas, OCCURRENCE,
               json_pack("{s:s, s:[o, o]}", "description", "What happened: its kind, and its data.",
                         "anyOf", reference_to("KnownOccurrence"),
                         reference_to("OtherOccurrence")));
    refine(schemas, EVENT_RECORD.name);
    refine(schemas, DECISION_SHAPE.name);
}
