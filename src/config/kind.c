#include "config/kind.h"

#include <string.h>

/* Set once, before there are threads (config_register). */
static struct {
    const struct config_kind *const *given;
    GPtrArray *by_place; /* of const struct config_kind * */
    /* One more than its place in by_place; 0: no kind has that number. */
    guint16 by_number[CONFIG_NUMBER_MAX + 1];
} registered;

static gint compare_places(gconstpointer a, gconstpointer b)
{
    const struct config_kind *const *x = a;
    const struct config_kind *const *y = b;
    return (*x)->place - (*y)->place;
}

/* config_item_name reads any item as a pointer to its name. */
static bool name_comes_first(const struct record *record)
{
    const struct field *first = &record->fields[0];
    return record->field_count > 0 && strcmp(first->name, "name") == 0 &&
           first->kind == FIELD_TEXT && first->offset == 0 && (first->flags & FIELD_REQUIRED) != 0;
}

static const char *what_is_wrong_with(const struct config_kind *kind)
{
    if (kind->number < 1 || kind->number > CONFIG_NUMBER_MAX) {
        return "a number out of range";
    }
    if (!name_comes_first(kind->record)) {
        return "a record that does not begin with its name";
    }
    return kind->remembered_days != 0 && kind->is_over == NULL ? "remembered, and never over"
                                                               : NULL;
}

static const char *what_is_wrong_between(const struct config_kind *a, const struct config_kind *b)
{
    if (a->number == b->number) {
        return "two kinds of one number";
    }
    if (a->place == b->place) {
        return "two kinds at one place";
    }
    bool is_one_word = strcmp(a->noun, b->noun) == 0 || strcmp(a->section, b->section) == 0 ||
                       strcmp(a->noun, b->section) == 0 || strcmp(a->section, b->noun) == 0;
    return is_one_word ? "two kinds of one word" : NULL;
}

const char *config_kinds_wrong(const struct config_kind *const *kinds)
{
    const char *wrong = NULL;
    for (size_t i = 0; kinds[i] != NULL && wrong == NULL; i++) {
        wrong = what_is_wrong_with(kinds[i]);
        for (size_t k = 0; k < i && wrong == NULL; k++) {
            wrong = what_is_wrong_between(kinds[i], kinds[k]);
        }
    }
    return wrong;
}

void config_register(const struct config_kind *const *kinds)
{
    if (registered.given == kinds) {
        return;
    }
    CHECK(registered.given == NULL);
    CHECK(config_kinds_wrong(kinds) == NULL);
    registered.given = kinds;
    registered.by_place = g_ptr_array_new();
    for (size_t i = 0; kinds[i] != NULL; i++) {
        g_ptr_array_add(registered.by_place, (gpointer)(uintptr_t)kinds[i]);
    }
    g_ptr_array_sort(registered.by_place, compare_places);
    for (guint i = 0; i < registered.by_place->len; i++) {
        registered.by_number[config_kind_at(i)->number] = (guint16)(i + 1);
    }
}

size_t config_kind_count(void)
{
    CHECK(registered.by_place != NULL); /* config_register comes first */
    return registered.by_place->len;
}

const struct config_kind *config_kind_at(size_t i)
{
    CHECK(i < config_kind_count());
    return registered.by_place->pdata[i];
}

const struct config_kind *config_kind_of_text(const char *noun_or_section)
{
    for (size_t i = 0; i < config_kind_count(); i++) {
        const struct config_kind *kind = config_kind_at(i);
        if (strcmp(kind->noun, noun_or_section) == 0 ||
            strcmp(kind->section, noun_or_section) == 0) {
            return kind;
        }
    }
    return NULL;
}

const struct config_kind *config_kind_of_number(int number)
{
    bool is_known = number >= 1 && number <= CONFIG_NUMBER_MAX && registered.by_number[number] != 0;
    return is_known ? config_kind_at(registered.by_number[number] - 1U) : NULL;
}

size_t config_kind_index(const struct config_kind *kind)
{
    CHECK(config_kind_of_number(kind->number) == kind);
    return registered.by_number[kind->number] - 1U;
}

char *config_called(const char *noun, const char *name)
{
    const struct config_kind *kind = config_kind_of_text(noun);
    return kind != NULL && kind->is_single ? g_strdup(noun) : g_strdup_printf("%s %s", noun, name);
}

json_t *config_section_items(const struct config_kind *kind, const json_t *document)
{
    json_t *section = json_object_get(document, kind->section);
    if (!kind->is_single) {
        return json_incref(section);
    }
    if (!json_is_object(section)) {
        return NULL;
    }
    json_t *item = json_copy(section);
    json_object_set_new(item, "name", json_string(kind->noun));
    return json_pack("[o]", item);
}

void config_fault_within(const struct config_kind *kind, size_t index, struct fault *fault)
{
    if (!kind->is_single) {
        fault_within_index(fault, index);
    }
    fault_within(fault, kind->section);
}

json_t *config_in_full(const struct config_kind *kind, json_t *value)
{
    return kind->in_full != NULL ? kind->in_full(value) : json_incref(value);
}
