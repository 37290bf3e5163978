#include "config/lint.h"

#include <stdarg.h>

#include "config/config_check.h"

const struct enum_name LINT_LEVEL_NAMES[] = {
    {"problem", LINT_PROBLEM}, {"warning", LINT_WARNING}, {"note", LINT_NOTE}, {0}};

#define KEY_SOON SPAN_D(14)
#define KEY_UNUSED SPAN_D(1)

static void finding_free(gpointer data)
{
    struct finding *finding = data;
    g_free(finding->check);
    g_free(finding->subject);
    g_free(finding->what);
    g_free(finding->remedy);
    g_free(finding);
}

GPtrArray *lint_new(void)
{
    return g_ptr_array_new_with_free_func(finding_free);
}

void lint_add(GPtrArray *findings, enum lint_level level, const char *check, const char *subject,
              const char *remedy, const char *format, ...)
{
    struct finding *finding = g_new0(struct finding, 1);
    va_list args;
    va_start(args, format);
    finding->what = g_strdup_vprintf(format, args);
    va_end(args);
    finding->level = (int)level;
    finding->check = g_strdup(check);
    finding->subject = g_strdup(subject);
    finding->remedy = g_strdup(remedy);
    g_ptr_array_add(findings, finding);
}

char *lint_subject(const char *noun, const char *name)
{
    return g_strconcat(noun, ":", name, NULL);
}

void lint_rely_on(struct lint *lint, const struct config_kind *kind, const char *name)
{
    const void *item = config_find(lint->config, kind, name);
    if (item != NULL) {
        g_hash_table_add(lint->relied_on, (gpointer)(uintptr_t)item);
    }
}

bool lint_is_relied_on(const struct lint *lint, const void *item)
{
    return g_hash_table_contains(lint->relied_on, item);
}

static void collect_relied_on(struct lint *lint)
{
    for (size_t k = 0; k < config_kind_count(); k++) {
        const struct config_kind *kind = config_kind_at(k);
        const GPtrArray *items = config_items(lint->config, kind);
        for (guint i = 0; kind->rely != NULL && i < items->len; i++) {
            kind->rely(lint, items->pdata[i]);
        }
    }
}

/* --- what can never come to anything --- */

static void lint_meaning(const struct lint *lint, const struct config_kind *kind)
{
    const GPtrArray *items = config_items(lint->config, kind);
    for (guint i = 0; i < items->len; i++) {
        const void *item = items->pdata[i];
        struct fault fault = {0};
        if ((kind->is_over != NULL && kind->is_over(item, lint->now)) ||
            config_check_meaning(lint->config, kind, item, &fault)) {
            continue;
        }
        const char *name = config_item_name(item);
        g_autofree char *subject = lint_subject(kind->noun, name);
        lint_add(lint->findings, LINT_WARNING, "meaning", subject,
                 "Correct it where it was made, or remove it.", "In %s %s, %s: %s", kind->noun,
                 name, fault.field, fault.text);
    }
}

void lint_config(const struct config *config, struct utc now, GPtrArray *findings)
{
    struct lint lint = {.config = config,
                        .now = now,
                        .findings = findings,
                        .relied_on = g_hash_table_new(NULL, NULL)};
    collect_relied_on(&lint);
    for (size_t k = 0; k < config_kind_count(); k++) {
        if (config_kind_at(k)->lint != NULL) {
            config_kind_at(k)->lint(&lint);
        }
    }
    for (size_t k = 0; k < config_kind_count(); k++) {
        if (!config_kind_at(k)->lapses_quietly) {
            lint_meaning(&lint, config_kind_at(k));
        }
    }
    g_hash_table_unref(lint.relied_on);
}

void lint_keys(const struct key_fact *facts, size_t count, struct utc now, GPtrArray *findings)
{
    for (size_t i = 0; i < count; i++) {
        const struct key_fact *fact = &facts[i];
        g_autofree char *subject = lint_subject(fact->owner_kind, fact->owner);
        bool has_end = utc_is_set(fact->expires_at);
        char end[UTC_TEXT_SIZE];
        utc_format(fact->expires_at, end);
        if (has_end && !utc_before(now, fact->expires_at)) {
            lint_add(findings, LINT_WARNING, "key", subject, "Make a new one, or revoke it.",
                     "The key of %s %s ran out at %s.", fact->owner_kind, fact->owner, end);
        } else if (has_end && utc_before(fact->expires_at, utc_add(now, KEY_SOON))) {
            lint_add(findings, LINT_NOTE, "key", subject, "Make a new one in time.",
                     "A key of %s %s runs out at %s.", fact->owner_kind, fact->owner, end);
        } else if (!utc_is_set(fact->last_used_at) &&
                   utc_before(utc_add(fact->created_at, KEY_UNUSED), now)) {
            lint_add(findings, LINT_NOTE, "key", subject, "Point its sender here, or remove it.",
                     "The key of %s %s was never used.", fact->owner_kind, fact->owner);
        }
    }
}

static gint by_level(gconstpointer a, gconstpointer b)
{
    const struct finding *const *x = a;
    const struct finding *const *y = b;
    return (*x)->level - (*y)->level;
}

void lint_sort(GPtrArray *findings)
{
    g_ptr_array_sort(findings, by_level); /* stable: GLib's is a merge sort */
}

json_t *lint_json(const GPtrArray *findings)
{
    static const char *const COUNTS[] = {"problems", "warnings", "notes"};
    json_t *list = json_array();
    json_int_t counts[G_N_ELEMENTS(COUNTS)] = {0};
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        counts[finding->level - 1]++;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "level",
                                              enum_to_name(LINT_LEVEL_NAMES, finding->level),
                                              "check", finding->check, "subject", finding->subject,
                                              "what", finding->what, "remedy", finding->remedy));
    }
    json_t *answer = json_pack("{s:o}", "findings", list);
    for (size_t i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
        json_object_set_new(answer, COUNTS[i], json_integer(counts[i]));
    }
    return answer;
}
