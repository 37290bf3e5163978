#include "channel/catalogue.h"

#include <gio/gio.h>
#include <jansson.h>
#include <pthread.h>
#include <string.h>

#include "alert/signal.h"
#include "base/zone.h"
#include "lang.h"

enum { LANGUAGE_COUNT = LANGUAGE_FR + 1 };

#define LANG_PATH "/tocsin/lang/"

static const char *const TAGS[LANGUAGE_COUNT] = {
    [LANGUAGE_EN] = "en", [LANGUAGE_KO] = "ko",       [LANGUAGE_ID] = "id",
    [LANGUAGE_FR] = "fr", [LANGUAGE_ZH_TW] = "zh-TW",
};

/* Read once and never freed: part of the program, like its code. */
static json_t *catalogues[LANGUAGE_COUNT];
static pthread_once_t load_once = PTHREAD_ONCE_INIT;

static json_t *read_texts(const char *folder, int language)
{
    g_autofree char *path = g_strdup_printf("%s%s.json", folder, TAGS[language]);
    g_autoptr(GBytes) bytes = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    CHECK(bytes != NULL);
    gsize size = 0;
    const char *text = g_bytes_get_data(bytes, &size);
    json_t *texts = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
    CHECK(texts != NULL);
    return texts;
}

/* Under keys that nobody else has. */
static void add_texts(json_t *catalogue, json_t *texts)
{
    const char *key;
    json_t *text;
    json_object_foreach (texts, key, text) {
        CHECK(json_object_get(catalogue, key) == NULL);
        (void)json_object_set(catalogue, key, text);
    }
}

/* A feature brings its own in every language. */
static void add_feature(const char *name)
{
    g_autofree char *folder = g_strconcat(LANG_PATH, name, NULL);
    for (int language = LANGUAGE_EN; language < LANGUAGE_COUNT; language++) {
        json_auto_t *texts = read_texts(folder, language);
        add_texts(catalogues[language], texts);
    }
}

static void load_all(void)
{
    (void)lang_get_resource(); /* so that it is linked */
    for (int language = LANGUAGE_EN; language < LANGUAGE_COUNT; language++) {
        catalogues[language] = read_texts(LANG_PATH, language);
    }
    g_auto(GStrv) names =
        g_resources_enumerate_children(LANG_PATH, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        if (g_str_has_suffix(*name, "/")) {
            add_feature(*name);
        }
    }
}

static int known_language(int language)
{
    return language >= LANGUAGE_EN && language < LANGUAGE_COUNT ? language : LANGUAGE_EN;
}

static const json_t *entry_of(int language, const char *key, int *out_language)
{
    CHECK(pthread_once(&load_once, load_all) == 0);
    *out_language = known_language(language);
    const json_t *entry = json_object_get(catalogues[*out_language], key);
    if (entry == NULL) {
        *out_language = LANGUAGE_EN;
        entry = json_object_get(catalogues[LANGUAGE_EN], key);
    }
    return entry;
}

/* French counts nothing as one ("0 alerte"); Korean, Indonesian and Chinese make no difference. */
static bool is_one(int language, int64_t count)
{
    if (language == LANGUAGE_FR) {
        return count == 0 || count == 1;
    }
    return language == LANGUAGE_EN && count == 1;
}

static const char *form_of(const json_t *entry, bool one)
{
    if (json_is_string(entry)) {
        return json_string_value(entry);
    }
    const json_t *form = one ? json_object_get(entry, "one") : NULL;
    if (form == NULL) {
        form = json_object_get(entry, "other");
    }
    return json_string_value(form);
}

const char *catalogue_text(int language, const char *key)
{
    int found = 0;
    const char *text = form_of(entry_of(language, key, &found), false);
    return text != NULL ? text : key;
}

static const struct catalogue_arg *arg_named(const struct catalogue_arg *args, const char *name,
                                             size_t size)
{
    for (const struct catalogue_arg *arg = args; arg != NULL && arg->name != NULL; arg++) {
        if (strlen(arg->name) == size && strncmp(arg->name, name, size) == 0) {
            return arg;
        }
    }
    return NULL;
}

static void append_arg(GString *out, const struct catalogue_arg *arg)
{
    if (arg->text != NULL) {
        g_string_append(out, arg->text);
    } else {
        g_string_append_printf(out, "%" G_GINT64_FORMAT, arg->count);
    }
}

/* A placeholder that has no argument stays as it is: visible, and found by the tests. */
static void fill(GString *out, const char *pattern, const struct catalogue_arg *args)
{
    for (const char *at = pattern; *at != '\0';) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        const struct catalogue_arg *arg =
            end != NULL ? arg_named(args, at + 1, (size_t)(end - at - 1)) : NULL;
        if (arg != NULL) {
            append_arg(out, arg);
            at = end + 1;
        } else {
            g_string_append_c(out, *at);
            at++;
        }
    }
}

char *catalogue_format(int language, const char *key, const struct catalogue_arg *args)
{
    int found = 0;
    const json_t *entry = entry_of(language, key, &found);
    const struct catalogue_arg *count = arg_named(args, "count", strlen("count"));
    const char *pattern = form_of(entry, count != NULL && is_one(found, count->count));
    GString *out = g_string_new(NULL);
    fill(out, pattern != NULL ? pattern : key, args);
    return g_string_free(out, FALSE);
}

const char *catalogue_severity(int language, int severity)
{
    switch (severity) {
    case SEVERITY_CRITICAL:
        return catalogue_text(language, "severity.critical");
    case SEVERITY_WARNING:
        return catalogue_text(language, "severity.warning");
    case SEVERITY_INFO:
        return catalogue_text(language, "severity.info");
    default:
        return catalogue_text(language, "severity.error");
    }
}

const char *catalogue_tag(int language)
{
    return TAGS[known_language(language)];
}

static const struct zone *zone_or_utc(const char *time_zone)
{
    struct fault fault = {0};
    const struct zone *zone = time_zone != NULL ? zone_load(time_zone, &fault) : NULL;
    return zone != NULL ? zone : zone_load("UTC", &fault);
}

char *catalogue_time(int language, const char *time_zone, struct utc at)
{
    const struct zone *zone = zone_or_utc(time_zone);
    CHECK(zone != NULL);
    struct civil civil = zone_civil(zone, at);
    g_autofree char *weekday = g_strdup_printf("weekday.%d", civil_weekday(civil) + 1);
    g_autofree char *month = g_strdup_printf("month.%d", civil.month);
    g_autofree char *hour = g_strdup_printf("%02d", civil.hour);
    g_autofree char *minute = g_strdup_printf("%02d", civil.minute);
    const struct catalogue_arg args[] = {
        {.name = "year", .count = civil.year},
        {.name = "month", .text = catalogue_text(language, month)},
        {.name = "day", .count = civil.day},
        {.name = "weekday", .text = catalogue_text(language, weekday)},
        {.name = "hour", .text = hour},
        {.name = "minute", .text = minute},
        {.name = "zone", .text = zone_name(zone)},
        {NULL},
    };
    return catalogue_format(language, "time.pattern", args);
}

char *catalogue_span(int language, struct span span)
{
    const int64_t seconds = MAX(span.us, 0) / 1000000;
    const int64_t minutes = seconds / 60;
    const int64_t hours = minutes / 60;
    const char *key = minutes < 1  ? "span.seconds"
                      : hours < 1  ? "span.minutes"
                      : hours < 24 ? "span.hours"
                                   : "span.days";
    const struct catalogue_arg args[] = {
        {.name = "seconds", .count = seconds},
        {.name = "minutes", .count = minutes % 60},
        {.name = "hours", .count = hours < 24 ? hours : hours % 24},
        {.name = "days", .count = hours / 24},
        {NULL},
    };
    return catalogue_format(language, key, args);
}
