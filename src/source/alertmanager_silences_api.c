/* Between our silences and Alertmanager's. */
#include "source/alertmanager_silences_api.h"

#include <string.h>

#include "alert/silence.h"
#include "base/json.h"
#include "base/json_set.h"
#include "base/limits.h"
#include "source/source.h"

static const char LABEL[] = "details.labels.";
static const char OWN[] = "tocsin.";

/* --- ours as theirs --- */

static bool is_about_integration(const struct match *match)
{
    return strcmp(match->field, "integration") == 0;
}

/* The condition that a silence made here gets beside those that were sent. */
static bool is_scope(const struct match *match, const char *integration)
{
    return is_about_integration(match) && (match->op == 0 || match->op == MATCH_EQUALS) &&
           strcmp(match->value->text, integration) == 0;
}

bool silence_is_scoped(const struct silence *silence, const char *integration)
{
    for (guint i = 0; i < silence->match->len; i++) {
        if (is_scope(silence->match->pdata[i], integration)) {
            return true;
        }
    }
    return false;
}

bool silence_concerns(const struct silence *silence, const char *integration)
{
    g_autoptr(GPtrArray) conditions = g_ptr_array_new();
    for (guint i = 0; i < silence->match->len; i++) {
        if (is_about_integration(silence->match->pdata[i])) {
            g_ptr_array_add(conditions, silence->match->pdata[i]);
        }
    }
    const struct match_subject subject = {.integration = integration};
    return match_judge(conditions, &subject) != MATCHED_NOT;
}

static char *name_of(const struct match *match)
{
    bool is_label = g_str_has_prefix(match->field, LABEL);
    return is_label ? g_strdup(match->field + strlen(LABEL)) : g_strconcat(OWN, match->field, NULL);
}

static json_t *matcher_of(const struct match *match)
{
    g_autofree char *name = name_of(match);
    bool is_regex =
        match->op == MATCH_REGEX || match->op == MATCH_NOT_REGEX || match->op == MATCH_EXISTS;
    bool is_equal = match->op != MATCH_NOT_EQUALS && match->op != MATCH_NOT_REGEX;
    return json_pack("{s:s, s:s, s:b, s:b}", "name", name, "value",
                     match->op == MATCH_EXISTS ? ".+" : match->value->text, "isRegex", is_regex,
                     "isEqual", is_equal);
}

static json_t *matchers_of(const struct silence *silence, const char *integration)
{
    json_t *matchers = json_array();
    for (guint i = 0; i < silence->match->len; i++) {
        if (!is_scope(silence->match->pdata[i], integration)) {
            (void)json_array_append_new(matchers, matcher_of(silence->match->pdata[i]));
        }
    }
    return matchers;
}

struct silence_stretch {
    int state; /* enum silence_state */
    struct utc from, to;
};

/* Of a recurring one: the window that is open, or the next one. */
static struct silence_stretch stretch_of(const struct silence *silence, struct utc now)
{
    struct utc change_at = UTC_NEVER;
    struct silence_stretch stretch = {.state = silence_state(silence, now, &change_at)};
    struct fault fault = {0};
    const struct zone *zone =
        silence->time_zone == NULL ? NULL : zone_load(silence->time_zone, &fault);
    if (silence->windows->len == 0 || zone == NULL) {
        stretch.from = silence->from;
        stretch.to = silence->to;
    } else if (stretch.state == SILENCE_PENDING) {
        stretch.from = change_at;
        stretch.to = windows_change_after(silence->windows, zone, change_at);
    } else {
        /* Windows recur weekly: the last change before now is in the week before. */
        struct utc at = utc_add(now, (struct span){-SPAN_D(8).us});
        while (utc_before(at, now)) {
            stretch.from = at;
            at = windows_change_after(silence->windows, zone, at);
        }
        stretch.to = change_at;
    }
    return stretch;
}

static json_t *instant(struct utc at)
{
    static const struct utc FAR = {INT64_C(253402300799) * 1000000}; /* the end of year 9999 */
    return json_utc(utc_earlier(at, FAR));
}

static const char *creator_of(const struct silence *silence)
{
    const char *by = silence->author != NULL ? silence->author : silence->created_by;
    return by != NULL ? by : "";
}

static json_t *show(const struct silence *silence, const char *integration,
                    const struct silence_stretch *stretch, struct utc now)
{
    static const char *const STATES[] = {
        [SILENCE_ACTIVE] = "active", [SILENCE_PENDING] = "pending", [SILENCE_OVER] = "expired"};
    char id[SILENCE_ID_SIZE];
    silence_id(silence->name, id);
    return json_pack("{s:s, s:{s:s}, s:o, s:s, s:s, s:o, s:o, s:o}", "id", id, "status", "state",
                     STATES[stretch->state], "updatedAt", instant(utc_earlier(stretch->from, now)),
                     "comment", silence->comment != NULL ? silence->comment : "", "createdBy",
                     creator_of(silence), "startsAt", instant(stretch->from), "endsAt",
                     instant(stretch->to), "matchers", matchers_of(silence, integration));
}

json_t *silence_gettable(const struct silence *silence, const char *integration, struct utc now)
{
    struct silence_stretch stretch = stretch_of(silence, now);
    return show(silence, integration, &stretch, now);
}

/* A filter asks for a matcher that says the same, not for what a silence would hold. */
static bool has_matcher(const struct silence *silence, const struct match *filter)
{
    json_auto_t *asked = matcher_of(filter);
    for (guint i = 0; i < silence->match->len; i++) {
        json_auto_t *shown = matcher_of(silence->match->pdata[i]);
        if (json_equal(shown, asked)) {
            return true;
        }
    }
    return false;
}

static bool has_all(const struct silence *silence, const GPtrArray *filters)
{
    for (guint i = 0; i < filters->len; i++) {
        if (!has_matcher(silence, filters->pdata[i])) {
            return false;
        }
    }
    return true;
}

struct shown {
    json_t *json;
    struct silence_stretch stretch;
};

static int by_state(gconstpointer a, gconstpointer b)
{
    const struct silence_stretch *x = &((const struct shown *)a)->stretch;
    const struct silence_stretch *y = &((const struct shown *)b)->stretch;
    if (x->state != y->state) {
        return x->state - y->state;
    }
    bool is_pending = x->state == SILENCE_PENDING;
    struct utc first = is_pending ? x->from : x->to;
    struct utc second = is_pending ? y->from : y->to;
    int order = (first.us > second.us) - (first.us < second.us);
    return x->state == SILENCE_OVER ? -order : order;
}

json_t *silences_gettable(const struct config *config, const char *integration,
                          const GPtrArray *filters, struct utc now)
{
    const GPtrArray *all = config_items(config, &SILENCE_KIND);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(struct shown));
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const struct silence *silence = all->pdata[i];
        if (silence_concerns(silence, integration) && has_all(silence, filters)) {
            struct shown shown = {.stretch = stretch_of(silence, now)};
            shown.json = show(silence, integration, &shown.stretch, now);
            g_array_append_val(found, shown);
        }
    }
    g_array_sort(found, by_state);
    json_t *list = json_array();
    for (guint i = 0; i < found->len; i++) {
        (void)json_array_append_new(list, g_array_index(found, struct shown, i).json);
    }
    return list;
}

const struct silence *silence_by_id(const struct config *config, const char *integration,
                                    const char *id)
{
    const GPtrArray *all = config_items(config, &SILENCE_KIND);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        const struct silence *silence = all->pdata[i];
        char own[SILENCE_ID_SIZE];
        silence_id(silence->name, own);
        if (g_ascii_strcasecmp(own, id) == 0 && silence_concerns(silence, integration)) {
            return silence;
        }
    }
    return NULL;
}

/* --- theirs as ours --- */

static json_t *condition_of(const json_t *matcher, struct fault *fault)
{
    const char *name = json_text(matcher, "name", "");
    const char *value = json_text(matcher, "value", NULL);
    if (name[0] == '\0' || value == NULL) {
        (void)fault_set(fault, "", "must have a name and a value, both texts");
        return NULL;
    }
    bool is_regex = json_is_true(json_object_get(matcher, "isRegex"));
    bool is_equal = !json_is_false(json_object_get(matcher, "isEqual"));
    static const char *const OPS[2][2] = {{"not-equals", "equals"}, {"not-regex", "regex"}};
    bool is_own = g_str_has_prefix(name, OWN);
    g_autofree char *field = is_own ? g_strdup(name + strlen(OWN)) : g_strconcat(LABEL, name, NULL);
    return json_pack("{s:s, s:s, s:s}", "field", field, "op", OPS[is_regex][is_equal], "value",
                     value);
}

/* As Alertmanager refuses it: a slip that leaves a matcher empty must not silence everything. One that
 * says what shall not be is meant. */
static bool is_empty(const struct match *match)
{
    if (match->op == MATCH_NOT_EQUALS || match->op == MATCH_NOT_REGEX) {
        return false;
    }
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_ptr_array_add(one, (gpointer)(uintptr_t)match);
    const struct match_subject nothing = {0};
    return match_all(one, &nothing);
}

static bool add_conditions(const json_t *matchers, json_t *conditions, struct fault *fault)
{
    bool is_all_empty = true;
    size_t i = 0;
    json_t *matcher = NULL;
    json_array_foreach (matchers, i, matcher) {
        json_t *condition = condition_of(matcher, fault);
        struct match *match =
            condition == NULL ? NULL : record_new(&MATCH_RECORD, condition, fault);
        if (match == NULL) {
            json_decref(condition);
            fault->field[0] = '\0'; /* the names are ours, not theirs */
            fault_within_index(fault, i);
            fault_within(fault, "matchers");
            return false;
        }
        is_all_empty = is_all_empty && is_empty(match);
        record_free(&MATCH_RECORD, match);
        (void)json_array_append_new(conditions, condition);
    }
    return !is_all_empty || fault_set(fault, "matchers",
                                      "at least one must not match an empty value, or the silence "
                                      "would hold every alert");
}

/* Without an offset it is in UTC, as Alertmanager takes it. */
static bool read_instant(const json_t *body, const char *name, struct utc *out, struct fault *fault)
{
    const char *text = json_text(body, name, "");
    g_autofree char *with_offset = g_strconcat(text, "Z", NULL);
    return utc_parse(text, out) || utc_parse(with_offset, out) ||
           fault_set(fault, name, "must be an instant such as 2026-12-24T22:30:00Z");
}

static bool add_times(const json_t *body, struct utc now, json_t *spec, struct fault *fault)
{
    struct utc from = {0};
    struct utc to = {0};
    if (!read_instant(body, "startsAt", &from, fault) ||
        !read_instant(body, "endsAt", &to, fault)) {
        return false;
    }
    if (!utc_before(from, to)) {
        return fault_set(fault, "endsAt", "must be after startsAt");
    }
    if (!utc_before(now, to)) {
        return fault_set(fault, "endsAt", "must not be in the past");
    }
    (void)json_object_set_new(spec, "from", instant(from));
    (void)json_object_set_new(spec, "to", instant(to));
    return true;
}

static void add_text(const json_t *body, const char *theirs, json_t *spec, const char *ours)
{
    const char *text = json_text(body, theirs, "");
    if (text[0] != '\0') {
        g_autofree char *cut = text_cut(text, LIMIT_TEXT);
        (void)json_object_set_new(spec, ours, json_string(cut));
    }
}

json_t *silence_posted(const json_t *body, const char *integration, struct utc now,
                       const char **out_id, struct fault *fault)
{
    const char *id = json_text(body, "id", "");
    json_t *conditions = json_array();
    json_t *spec = json_pack("{s:o}", "match", conditions);
    *out_id = id[0] == '\0' ? NULL : id;
    if (!json_is_object(body)) {
        (void)fault_set(fault, "",
                        "must be a silence: matchers, startsAt, endsAt, createdBy, comment");
    } else if (json_array_size(json_object_get(body, "matchers")) == 0) {
        (void)fault_set(fault, "matchers", "must be a list with at least one");
    } else if (add_conditions(json_object_get(body, "matchers"), conditions, fault) &&
               add_times(body, now, spec, fault)) {
        add_text(body, "comment", spec, "comment");
        add_text(body, "createdBy", spec, "author");
        (void)json_array_append_new(
            conditions, json_pack("{s:s, s:s}", "field", "integration", "value", integration));
        return spec;
    }
    json_decref(spec);
    return NULL;
}
