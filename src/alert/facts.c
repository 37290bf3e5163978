#include "alert/facts.h"

#include <string.h>

#include "alert/href.h"
#include "base/json.h"

/* What tells replicas, scrapers and routing apart, and nothing about the trouble. */
static const char *const NOISE[] = {
    "severity",        "priority",      "prometheus",     "prometheus_replica",
    "monitor",         "replica",       "endpoint",       "uid",
    "receive_replica", "alertgroup",    "grafana_folder", "tenant_id",
    "rule_uid",        "ref_id",        "datasource_uid", "description",
    "summary",         "message",       "title",          "runbook_url",
    "runbook",         "dashboard_url", "dashboard",
};

static void label_free(gpointer label)
{
    struct alert_label *self = label;
    g_free(self->name);
    g_free(self->value);
    g_free(self);
}

static void link_free(gpointer link)
{
    struct alert_link *self = link;
    g_free(self->text);
    g_free(self->href);
    g_free(self);
}

/* Cut at a whole character. Newly allocated. */
static char *cut(const char *text, glong max)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    if (g_utf8_strlen(valid, -1) <= max) {
        return g_steal_pointer(&valid);
    }
    g_autofree char *head = g_utf8_substring(valid, 0, max - 1);
    return g_strconcat(head, "…", NULL);
}

/* --- description --- */

static const char *described_in(const json_t *object, const char *summary)
{
    static const char *const KEYS[] = {"description", "message", "body", "summary"};
    for (size_t i = 0; i < G_N_ELEMENTS(KEYS); i++) {
        const char *text = json_text(object, KEYS[i], NULL);
        if (text != NULL && text[strspn(text, " \t\r\n")] != '\0' &&
            g_strcmp0(text, summary) != 0) {
            return text;
        }
    }
    return NULL;
}

static char *description_of(const struct alert *alert)
{
    const char *text = described_in(json_object_get(alert->details, "annotations"), alert->summary);
    if (text == NULL) {
        text = described_in(alert->details, alert->summary);
    }
    return text != NULL ? g_strstrip(cut(text, FACTS_DESCRIPTION_MAX)) : NULL;
}

/* --- labels --- */

static bool is_noise(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(NOISE); i++) {
        if (g_ascii_strcasecmp(NOISE[i], name) == 0) {
            return true;
        }
    }
    return g_str_has_prefix(name, "__");
}

/* Does the message say that anyway? */
static bool is_said(const struct alert *alert, const json_t *value)
{
    const char *const said[] = {alert->summary, alert->source, alert->service, alert->component};
    for (size_t i = 0; json_is_string(value) && i < G_N_ELEMENTS(said); i++) {
        if (g_strcmp0(json_string_value(value), said[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A single value as text; NULL for what has parts or says nothing. Newly allocated. */
static char *value_text(const json_t *value)
{
    if (json_is_string(value)) {
        const char *text = json_string_value(value);
        return text[strspn(text, " \t\r\n")] != '\0' ? cut(text, FACTS_VALUE_MAX) : NULL;
    }
    bool is_single = json_is_number(value) || json_is_boolean(value);
    return is_single ? json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10)) : NULL;
}

static void add_label(struct alert_facts *out, const char *name, const json_t *value)
{
    char *text = value_text(value);
    if (text == NULL || out->labels->len == FACTS_LABELS_MAX) {
        g_free(text);
        return;
    }
    struct alert_label *label = g_new0(struct alert_label, 1);
    label->name = cut(name, FACTS_VALUE_MAX);
    label->value = text;
    g_ptr_array_add(out->labels, label);
}

static void add_default_labels(const struct alert *alert, const json_t *labels,
                               struct alert_facts *out)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)labels, name, value) {
        if (!is_noise(name) && !is_said(alert, value)) {
            add_label(out, name, value);
        }
    }
}

static void add_chosen_labels(const json_t *labels, const GPtrArray *show, struct alert_facts *out)
{
    for (guint i = 0; i < show->len; i++) {
        const char *name = g_ptr_array_index(show, i);
        add_label(out, name, json_object_get(labels, name));
    }
}

/* --- links --- */

static bool is_runbook(const struct alert_link *link)
{
    g_autofree char *text = link->text != NULL ? g_ascii_strdown(link->text, -1) : NULL;
    return text != NULL && strstr(text, "runbook") != NULL;
}

static void read_links(const json_t *links, struct alert_facts *out)
{
    size_t i;
    json_t *entry;
    json_array_foreach ((json_t *)(uintptr_t)links, i, entry) {
        g_autofree char *href = href_mended(json_text(entry, "href", ""));
        const char *text = json_text(entry, "text", NULL);
        if (href == NULL || out->links->len == FACTS_LINKS_MAX) {
            continue;
        }
        struct alert_link *link = g_new0(struct alert_link, 1);
        link->href = g_steal_pointer(&href);
        link->text = text != NULL && text[0] != '\0' ? cut(text, FACTS_VALUE_MAX) : NULL;
        g_ptr_array_insert(out->links, is_runbook(link) ? 0 : -1, link);
    }
}

void alert_facts_read(const struct alert *alert, const GPtrArray *show, struct alert_facts *out)
{
    const json_t *labels = json_object_get(alert->details, "labels");
    if (!json_is_object(labels)) {
        labels = alert->details;
    }
    *out = (struct alert_facts){
        .description = description_of(alert),
        .labels = g_ptr_array_new_with_free_func(label_free),
        .links = g_ptr_array_new_with_free_func(link_free),
    };
    if (show != NULL && show->len > 0) {
        add_chosen_labels(labels, show, out);
    } else {
        add_default_labels(alert, labels, out);
    }
    read_links(alert->links, out);
}

void alert_facts_clear(struct alert_facts *facts)
{
    g_free(facts->description);
    g_clear_pointer(&facts->labels, g_ptr_array_unref);
    g_clear_pointer(&facts->links, g_ptr_array_unref);
    *facts = (struct alert_facts){0};
}
