/* Whatever can happen has a text for a timeline, which says no more than what always goes with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <gio/gio.h>
#include <jansson.h>

#include "app/feature_list.h"
#include "base/record.h"
#include "channel/catalogue.h"
#include "ledger/event.h"

static const char PREFIX[] = "event.";

/* Of every kind; answers how many there are. */
static size_t for_each_kind(void (*each)(const struct event_kind *kind))
{
    size_t count = 0;
    for (size_t f = 0; f < FEATURES.count; f++) {
        const struct event_kind *const *const *lists = FEATURES.features[f]->events;
        for (size_t i = 0; lists != NULL && lists[i] != NULL; i++) {
            for (size_t k = 0; lists[i][k] != NULL; k++) {
                each(lists[i][k]);
                count++;
            }
        }
    }
    for (size_t k = 0; LEDGER_EVENTS[k] != NULL; k++) {
        each(LEDGER_EVENTS[k]);
        count++;
    }
    return count;
}

static bool always_goes_with(const struct event_kind *kind, const char *name)
{
    for (const struct record *record = kind->data; record != NULL; record = record->base) {
        for (size_t i = 0; i < record->field_count; i++) {
            if (strcmp(record->fields[i].name, name) == 0) {
                return (record->fields[i].flags & (FIELD_ALWAYS | FIELD_REQUIRED)) != 0;
            }
        }
    }
    return strcmp(name, "actor") == 0;
}

static void judge(const struct event_kind *kind)
{
    g_autofree char *key = g_strconcat(PREFIX, kind->name, NULL);
    const char *text = catalogue_text(LANGUAGE_EN, key);
    if (strcmp(text, key) == 0) {
        fail_msg("lang/en.json has no %s", key);
    }
    for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{')) {
        g_autofree char *name = g_strndup(at + 1, strcspn(at + 1, "}"));
        if (!always_goes_with(kind, name)) {
            fail_msg("%s says {%s}, which does not always go with it", key, name);
        }
    }
}

static size_t count_texts_in(const char *path)
{
    g_autoptr(GBytes) bytes = g_resources_lookup_data(path, 0, NULL);
    assert_non_null(bytes);
    gsize size = 0;
    const char *text = g_bytes_get_data(bytes, &size);
    json_auto_t *catalogue = json_loadb(text, size, 0, NULL);
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach (catalogue, key, value) {
        count += g_str_has_prefix(key, PREFIX) ? 1 : 0;
    }
    return count;
}

/* Those of the house, and those that features bring along. */
static size_t count_texts(void)
{
    size_t count = count_texts_in("/tocsin/lang/en.json");
    g_auto(GStrv) names = g_resources_enumerate_children("/tocsin/lang", 0, NULL);
    for (size_t i = 0; names[i] != NULL; i++) {
        if (g_str_has_suffix(names[i], "/")) {
            g_autofree char *path = g_strdup_printf("/tocsin/lang/%sen.json", names[i]);
            count += count_texts_in(path);
        }
    }
    return count;
}

static void every_kind_has_a_text(void **state)
{
    (void)state;
    size_t kinds = for_each_kind(judge);
    assert_int_equal(count_texts(), kinds); /* and none is of a kind that is gone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind_has_a_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
