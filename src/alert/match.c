#include "alert/match.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"

/* A pattern that needs more effort than this on one value is a mistake or an attack: (a+)+$. The
 * limits are PCRE2's and hold for its compiled form as well. */
#define REGEX_HEAD "(*LIMIT_MATCH=20000)(*LIMIT_DEPTH=1000)\\A(?:"
#define REGEX_TAIL ")\\z"

enum { REGEX_MAX = 1000 };

static const char DETAILS[] = "details.";

static const char *const PLAIN_FIELDS[] = {"summary",   "severity", "source",  "component",
                                           "group",     "class",    "service", "integration",
                                           "dedup_key", NULL};

struct match_subject match_subject_of_alert(const struct alert *alert)
{
    return (struct match_subject){
        .integration = alert->integration,
        .service = alert->service,
        .dedup_key = alert->dedup_key,
        .summary = alert->summary,
        .source = alert->source,
        .component = alert->component,
        .group = alert->group,
        .class_name = alert->class_name,
        .severity = alert->severity,
        .details = alert->details,
    };
}

struct match_subject match_subject_of_signal(const struct signal *signal, const char *integration,
                                             const char *service)
{
    return (struct match_subject){
        .integration = integration,
        .service = service,
        .dedup_key = signal->dedup_key,
        .summary = signal->summary,
        .source = signal->source,
        .component = signal->component,
        .group = signal->group,
        .class_name = signal->class_name,
        .severity = signal_severity(signal),
        .details = signal->details,
    };
}

bool match_field_is_known(const char *field)
{
    return g_strv_contains(PLAIN_FIELDS, field) ||
           (g_str_has_prefix(field, DETAILS) && field[strlen(DETAILS)] != '\0');
}

GRegex *match_compile(const char *pattern, struct fault *fault)
{
    if (strlen(pattern) > REGEX_MAX) {
        (void)fault_set(fault, "value", "This regular expression is longer than %d bytes.",
                        REGEX_MAX);
        return NULL;
    }
    /* First as it stands, so that a stray bracket cannot pair up with ours, and so that the place
     * in an error message is that of the user's own text. */
    g_autoptr(GError) error = NULL;
    g_autoptr(GRegex) alone = g_regex_new(pattern, 0, 0, &error);
    if (alone == NULL) {
        (void)fault_set(fault, "value", "This regular expression cannot be read: %s.",
                        error->message);
        return NULL;
    }
    g_autofree char *whole = g_strconcat(REGEX_HEAD, pattern, REGEX_TAIL, NULL);
    GRegex *regex = g_regex_new(whole, G_REGEX_OPTIMIZE, 0, &error);
    if (regex == NULL) {
        (void)fault_set(fault, "value",
                        "This regular expression cannot be used here: options such as (*UTF) at "
                        "its start are not allowed.");
    }
    return regex;
}

/* Keys may themselves contain dots ("app.kubernetes.io/name"), so at each level the longest key
 * that fits is tried first. The path is bounded by the configuration's own limits. */
static const json_t *details_at(const json_t *object, const char *path)
{
    while (json_is_object(object)) {
        const json_t *whole = json_object_get(object, path);
        if (whole != NULL) {
            return whole;
        }
        const json_t *next = NULL;
        size_t used = 0;
        for (size_t end = strlen(path); end > 0 && next == NULL; end--) {
            if (path[end] == '.') {
                next = json_object_getn(object, path, end);
                used = end;
            }
        }
        if (next == NULL) {
            return NULL;
        }
        object = next;
        path += used + 1;
    }
    return NULL;
}

/* The value as text, or NULL. What had to be made is left in *out_made for the caller to free. */
static const char *details_text(const json_t *details, const char *path, char **out_made)
{
    const json_t *value = details_at(details, path);
    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    if (json_is_boolean(value)) {
        return json_is_true(value) ? "true" : "false";
    }
    *out_made = json_write(value);
    return *out_made;
}

static const char *plain_text(const struct match_subject *subject, const char *field)
{
    const struct {
        const char *name;
        const char *text;
    } known[] = {
        {"severity", enum_to_name(SEVERITY_NAMES, subject->severity)},
        {"service", subject->service},
        {"source", subject->source},
        {"component", subject->component},
        {"group", subject->group},
        {"class", subject->class_name},
        {"summary", subject->summary},
        {"integration", subject->integration},
        {"dedup_key", subject->dedup_key},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (strcmp(known[i].name, field) == 0) {
            return known[i].text;
        }
    }
    return NULL;
}

enum matched match_pattern(const GRegex *regex, const char *text)
{
    if (regex == NULL) {
        return MATCHED_NOT;
    }
    g_autoptr(GError) error = NULL;
    bool found = g_regex_match_full(regex, text, -1, 0, 0, NULL, &error);
    return error != NULL ? MATCHED_UNSURE : found ? MATCHED : MATCHED_NOT;
}

static enum matched negated(enum matched found)
{
    return found == MATCHED_UNSURE ? found : found == MATCHED ? MATCHED_NOT : MATCHED;
}

static enum matched sure(bool holds)
{
    return holds ? MATCHED : MATCHED_NOT;
}

static enum matched match_text(const struct match *match, const char *text)
{
    if (match->op == MATCH_EXISTS) {
        return sure(text != NULL);
    }
    if (match->value == NULL) {
        return MATCHED_NOT;
    }
    const char *there = text == NULL ? "" : text;
    switch ((enum match_op)match->op) {
    case MATCH_NOT_EQUALS:
        return sure(strcmp(there, match->value->text) != 0);
    case MATCH_REGEX:
        return match_pattern(match->value->regex, there);
    case MATCH_NOT_REGEX:
        return negated(match_pattern(match->value->regex, there));
    case MATCH_EQUALS:
    case MATCH_EXISTS:
    default:
        return sure(strcmp(there, match->value->text) == 0);
    }
}

static enum matched match_one(const struct match *match, const struct match_subject *subject)
{
    if (g_str_has_prefix(match->field, DETAILS)) {
        g_autofree char *made = NULL;
        return match_text(match,
                          details_text(subject->details, match->field + strlen(DETAILS), &made));
    }
    return match_text(match, plain_text(subject, match->field));
}

enum matched match_judge(const GPtrArray *matches, const struct match_subject *subject)
{
    enum matched all = MATCHED;
    for (guint i = 0; matches != NULL && i < matches->len; i++) {
        enum matched one = match_one(g_ptr_array_index(matches, i), subject);
        if (one == MATCHED_NOT) {
            return MATCHED_NOT;
        }
        all = one == MATCHED_UNSURE ? one : all;
    }
    return all;
}

bool match_all(const GPtrArray *matches, const struct match_subject *subject)
{
    return match_judge(matches, subject) == MATCHED;
}
