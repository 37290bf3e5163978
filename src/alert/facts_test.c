/* Which of an alert's details a message shows. */
#include "alert/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static json_t *json_of(const char *text)
{
    struct fault fault = {0};
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    json_t *value = json_read(json, strlen(json), &fault);
    if (value == NULL) {
        fail_msg("%s: %s", text, fault.text);
    }
    return value;
}

/* "description | name=value, … | text>href, …" */
static char *facts_of(const char *details, const char *links, const GPtrArray *show)
{
    char summary[] = "Disk full";
    char source[] = "db-1";
    char service[] = "shop";
    struct alert alert = {
        .summary = summary,
        .source = source,
        .service = service,
        .details = json_of(details),
        .links = json_of(links),
    };
    struct alert_facts facts;
    alert_facts_read(&alert, show, &facts);
    GString *out = g_string_new(facts.description != NULL ? facts.description : "-");
    g_string_append(out, " |");
    for (guint i = 0; i < facts.labels->len; i++) {
        const struct alert_label *label = g_ptr_array_index(facts.labels, i);
        g_string_append_printf(out, " %s=%s", label->name, label->value);
    }
    g_string_append(out, " |");
    for (guint i = 0; i < facts.links->len; i++) {
        const struct alert_link *link = g_ptr_array_index(facts.links, i);
        g_string_append_printf(out, " %s>%s", link->text != NULL ? link->text : "", link->href);
    }
    alert_facts_clear(&facts);
    json_decref(alert.details);
    json_decref(alert.links);
    return g_string_free(out, FALSE);
}

static void what_matters_is_shown(void **state)
{
    (void)state;

    static const struct {
        const char *name, *details, *links, *expected;
    } ROWS[] = {
        {"nothing", "{}", "[]", "- | |"},
        {"labels of Prometheus",
         "{'labels': {'alertname': 'DiskFull', 'severity': 'critical', 'instance': 'db-1',"
         " 'prometheus': 'a/b', '__x__': 'y', 'mountpoint': '/var', 'team': ' '},"
         " 'annotations': {'summary': 'Disk full', 'description': ' /var is at 97 %. '}}",
         "[]", "/var is at 97 %. | alertname=DiskFull mountpoint=/var |"},
        {"a description that only repeats the summary",
         "{'annotations': {'description': 'Disk full'}, 'labels': {}}", "[]", "- | |"},
        {"the summary was made of something else",
         "{'annotations': {'summary': 'Longer words'}, 'labels': {}}", "[]", "Longer words | |"},
        {"details without labels", "{'used': 97.5, 'host': 'db-1', 'deep': {'x': 1}, 'ro': false}",
         "[]", "- | used=97.5 ro=false |"},
        {"details that are a list", "[1, 2]", "[]", "- | |"},
        {"a runbook comes first", "{}",
         "[{'href': 'https://g.example', 'text': 'Graph'}, {'text': 'no address'},"
         " {'href': 'https://r.example', 'text': 'The RunBook'}, {'href': 'https://x.example'}]",
         "- | | The RunBook>https://r.example Graph>https://g.example >https://x.example"},
        {"a link as a person writes it; one that is none", "{}",
         "[{'href': 'javascript:alert(1)', 'text': 'no'}, {'href': 'https://wiki/My Page'}]",
         "- | | >https://wiki/My%20Page"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ROWS); i++) {
        g_autofree char *found = facts_of(ROWS[i].details, ROWS[i].links, NULL);
        if (strcmp(found, ROWS[i].expected) != 0) {
            fail_msg("%s: \"%s\", not \"%s\"", ROWS[i].name, found, ROWS[i].expected);
        }
    }
}

static void chosen_labels_stand_in_their_order(void **state)
{
    (void)state;
    char region[] = "region", missing[] = "missing", severity[] = "severity";
    g_autoptr(GPtrArray) show = g_ptr_array_new();
    g_ptr_array_add(show, region);
    g_ptr_array_add(show, missing);
    g_ptr_array_add(show, severity);
    g_autofree char *found =
        facts_of("{'labels': {'severity': 'page', 'pod': 'p-1', 'region': 'eu'}}", "[]", show);
    assert_string_equal(found, "- | region=eu severity=page |");
}

static void what_is_endless_is_cut_at_a_character(void **state)
{
    (void)state;
    GString *long_text = g_string_new(NULL);
    for (int i = 0; i < FACTS_DESCRIPTION_MAX + 5; i++) {
        g_string_append(long_text, "é");
    }
    json_auto_t *labels = json_object();
    for (int i = 0; i < 40; i++) {
        g_autofree char *name = g_strdup_printf("l%d", i);
        json_object_set_new(labels, name, json_string(long_text->str));
    }
    struct alert alert = {
        .details = json_pack("{s:s, s:O}", "description", long_text->str, "labels", labels)};
    struct alert_facts facts;
    alert_facts_read(&alert, NULL, &facts);
    assert_int_equal(g_utf8_strlen(facts.description, -1), FACTS_DESCRIPTION_MAX);
    assert_true(g_str_has_suffix(facts.description, "é…"));
    assert_int_equal(facts.labels->len, FACTS_LABELS_MAX);
    const struct alert_label *label = g_ptr_array_index(facts.labels, 0);
    assert_int_equal(g_utf8_strlen(label->value, -1), FACTS_VALUE_MAX);
    assert_true(g_utf8_validate(label->value, -1, NULL));
    alert_facts_clear(&facts);
    json_decref(alert.details);
    g_string_free(long_text, TRUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_matters_is_shown),
        cmocka_unit_test(chosen_labels_stand_in_their_order),
        cmocka_unit_test(what_is_endless_is_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
