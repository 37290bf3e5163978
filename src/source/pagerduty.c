#include "source/pagerduty.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"

const char *pagerduty_routing_key(const json_t *body)
{
    const char *key = json_text(body, "routing_key", NULL);
    return key == NULL || key[0] == '\0' ? NULL : key;
}

PRINTF_LIKE(2, 3)

static void add_error(json_t *errors, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    (void)json_array_append_new(errors, json_string(text));
}

/* Absent and null are the same; a wrong type is an error. Borrowed, "" when absent. */
static const char *read_text(const json_t *object, const char *where, const char *key,
                             json_t *errors)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value)) {
        return "";
    }
    if (!json_is_string(value)) {
        add_error(errors, "'%s%s' must be a string", where, key);
        return "";
    }
    return json_string_value(value);
}

static const char *need_text(const json_t *object, const char *where, const char *key,
                             json_t *errors)
{
    size_t errors_before = json_array_size(errors);
    const char *text = read_text(object, where, key, errors);
    if (text[0] == '\0' && json_array_size(errors) == errors_before) {
        add_error(errors, "'%s%s' is missing or blank", where, key);
    }
    return text;
}

static void tell(struct fault *mend, const char *where, const char *key, const char *what)
{
    g_autofree char *field = g_strconcat(where, key, NULL);
    mend_told(mend, field, what);
}

/* A text, or what stands there as JSON. NULL: there is none. */
static char *take_text(const json_t *object, const char *where, const char *key, size_t max,
                       struct fault *mend)
{
    const json_t *value = json_object_get(object, key);
    g_autofree char *field = g_strconcat(where, key, NULL);
    if (value != NULL && !json_is_null(value) && !json_is_string(value)) {
        mend_told(mend, field, "is no text: taken as its JSON");
        g_autofree char *written = json_write(value);
        return text_fit(written, max, field, mend);
    }
    const char *text = json_string_value(value);
    return text == NULL || text[0] == '\0' ? NULL : text_fit(text, max, field, mend);
}

static const char PAYLOAD[] = "payload.";

/* Why an event is refused (texts), and what of one that is taken is not as it was sent. */
struct pagerduty_reading {
    json_t *errors;
    struct utc now;
    struct fault mend;
};

/* The two versions name the same things differently. */
struct words {
    const char *action, *key, *details;
};

static const struct words V1 = {"event_type", "incident_key", "details"},
                          V2 = {"event_action", "dedup_key", "custom_details"};

/* Does it say what is wrong? */
static bool has_summary(const json_t *body)
{
    return !text_is_blank(json_text(body, "description", "")) ||
           !text_is_blank(json_text(json_object_get(body, "payload"), "summary", ""));
}

/* Other words than the three are understood; none that is known, or none at all, pages where the event says what is
 * wrong, as at our own door. */
static int read_action(const json_t *body, const struct words *words,
                       struct pagerduty_reading *reading)
{
    const char *word = json_text(body, words->action, "");
    int action = enum_from_name(SIGNAL_ACTION_NAMES, word);
    if (action != 0) {
        return action;
    }
    action = action_from_word(word);
    if (action == 0 && !has_summary(body)) {
        if (need_text(body, "", words->action, reading->errors)[0] != '\0') {
            add_error(reading->errors, "'%s' must be one of trigger, acknowledge, resolve",
                      words->action);
        }
        return 0;
    }
    action = action == 0 ? SIGNAL_TRIGGER : action;
    g_autofree char *what = g_strdup_printf("is \"%.40s\": taken as %s", word,
                                            enum_to_name(SIGNAL_ACTION_NAMES, action));
    mend_told(&reading->mend, words->action, what);
    return action;
}

/* One that is longer than keys are is kept as a hash, as at every door. */
static void read_key(const json_t *body, const struct words *words, struct signal *out,
                     struct pagerduty_reading *reading)
{
    json_t *errors = reading->errors;
    out->dedup_key = take_text(body, "", words->key, LIMIT_BODY, &reading->mend);
    bool is_needed = out->action == SIGNAL_ACKNOWLEDGE || out->action == SIGNAL_RESOLVE;
    if (out->dedup_key == NULL && is_needed) {
        add_error(errors, "'%s' is needed to %s an alert", words->key,
                  out->action == SIGNAL_RESOLVE ? "resolve" : "acknowledge");
    }
}

/* Senders put texts and lists there too, although the documents say an object. */
static json_t *read_details(const json_t *payload, const struct words *words, struct fault *mend)
{
    json_t *value = json_object_get(payload, words->details);
    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    if (json_is_object(value) && json_object_size(value) == 0) {
        return json_incref(value); /* none: in a repeat that is news */
    }
    return details_fit(json_is_object(value) ? json_incref(value)
                                             : json_pack("{s:O}", "value", value),
                       words->details, mend);
}

/* Of element `index` of a list. */
static void tell_of_link(bool is_good, const char *list, size_t index, struct fault *mend)
{
    if (!is_good) {
        g_autofree char *field = g_strdup_printf("%s[%zu]", list, index);
        mend_told(mend, field, "is no address that begins with http:// or https://: left out");
    }
}

/* Borrowed; NULL for none, and told where something else stands there. */
static const json_t *list_at(const json_t *body, const char *name, struct fault *mend)
{
    const json_t *list = json_object_get(body, name);
    if (list != NULL && !json_is_null(list) && !json_is_array(list)) {
        mend_told(mend, name, "is no list: left out");
    }
    return list;
}

/* Where lists stand and all are empty: there are none. */
static void take_none(const json_t *body, const char *const *lists, json_t **links)
{
    size_t sent = 0, empty = 0;
    for (; *lists != NULL; lists++) {
        const json_t *list = json_object_get(body, *lists);
        sent += list != NULL && !json_is_null(list) ? 1 : 0;
        empty += json_is_array(list) && json_array_size(list) == 0 ? 1 : 0;
    }
    if (*links == NULL && sent > 0 && sent == empty) {
        *links = json_array();
    }
}

static void read_links(const json_t *body, json_t **links, struct fault *mend)
{
    size_t i = 0;
    json_t *link = NULL;
    json_array_foreach (list_at(body, "links", mend), i, link) {
        const char *text = json_text(link, "text", NULL);
        tell_of_link(links_add(links, json_text(link, "href", NULL), text), "links", i, mend);
    }
    json_array_foreach (list_at(body, "images", mend), i, link) {
        const char *text = json_text(link, "alt", "Image");
        tell_of_link(links_add(links, json_text(link, "src", NULL), text), "images", i, mend);
    }
    links_take(links, json_text(body, "client_url", NULL), json_text(body, "client", NULL),
               "client_url", mend);
    static const char *const LISTS[] = {"links", "images", NULL};
    take_none(body, LISTS, links);
}

/* A time stamp that cannot be read is no reason to lose the alert. */
static struct utc read_timestamp(const json_t *payload, struct pagerduty_reading *reading)
{
    struct fault odd = {0};
    struct utc said = instant_take(payload, "timestamp", &odd);
    struct utc at = instant_past(said, "timestamp", reading->now, &odd);
    if (odd.text[0] != '\0') {
        tell(&reading->mend, PAYLOAD, "timestamp", odd.text);
    }
    return at;
}

/* The words of other products, too. Unknown, or not said: as at our own door. */
static void read_severity(const json_t *payload, struct signal *out, struct fault *mend)
{
    out->severity = severity_from_word(json_text(payload, "severity", NULL));
    if (out->severity == 0) {
        tell(mend, PAYLOAD, "severity",
             "is none of critical, error, warning, info: taken as error");
    }
}

/* An event that pages is not lost for a part of it that the service would refuse. */
static void read_payload(const json_t *body, struct signal *out, struct pagerduty_reading *reading)
{
    struct fault *mend = &reading->mend;
    const json_t *payload = json_object_get(body, "payload");
    if (!json_is_object(payload)) {
        add_error(reading->errors, "'payload' is missing or not an object");
        return;
    }
    out->summary = take_text(payload, PAYLOAD, "summary", LIMIT_SUMMARY, mend);
    out->source = take_text(payload, PAYLOAD, "source", LIMIT_TEXT, mend);
    read_severity(payload, out, mend);
    out->component = take_text(payload, PAYLOAD, "component", LIMIT_TEXT, mend);
    out->group = take_text(payload, PAYLOAD, "group", LIMIT_TEXT, mend);
    out->class_name = take_text(payload, PAYLOAD, "class", LIMIT_TEXT, mend);
    out->details = read_details(payload, &V2, mend);
    out->occurred_at = read_timestamp(payload, reading);
    read_links(body, &out->links, mend);
}

/* Without a summary, or with one of blanks alone, what else is said must do. */
static bool settle(struct batch *batch, struct signal *out, const struct pagerduty_reading *reading)
{
    if (json_array_size(reading->errors) > 0) {
        signal_clear(out);
        return false;
    }
    if (out->action == SIGNAL_TRIGGER && !summary_mend(out)) {
        g_free(out->summary);
        out->summary = g_strdup("An alert without a summary");
    }
    batch_mend_request(batch, &reading->mend);
    return true;
}

bool pagerduty_read(const json_t *body, struct utc now, struct batch *batch, json_t *errors)
{
    struct signal *out = batch_add(batch);
    struct pagerduty_reading reading = {.errors = errors, .now = now};
    if (!json_is_object(body)) {
        add_error(errors, "the event must be a JSON object");
        return false;
    }
    (void)need_text(body, "", "routing_key", errors);
    out->action = read_action(body, &V2, &reading);
    read_key(body, &V2, out, &reading);
    if (out->action == SIGNAL_TRIGGER) {
        read_payload(body, out, &reading);
    }
    return settle(batch, out, &reading);
}

const char *pagerduty_service_key(const json_t *body)
{
    const char *key = json_text(body, "service_key", NULL);
    return key == NULL || key[0] == '\0' ? NULL : key;
}

static void read_contexts(const json_t *body, json_t **links, struct fault *mend)
{
    size_t i = 0;
    json_t *context = NULL;
    json_array_foreach (list_at(body, "contexts", mend), i, context) {
        bool is_image = strcmp(json_text(context, "type", ""), "image") == 0;
        bool is_good =
            links_add(links, json_text(context, is_image ? "src" : "href", NULL),
                      json_text(context, is_image ? "alt" : "text", is_image ? "Image" : NULL));
        tell_of_link(is_good, "contexts", i, mend);
    }
    links_take(links, json_text(body, "client_url", NULL), json_text(body, "client", NULL),
               "client_url", mend);
    static const char *const LISTS[] = {"contexts", NULL};
    take_none(body, LISTS, links);
}

bool pagerduty_read_v1(const json_t *body, struct batch *batch, json_t *errors)
{
    struct signal *out = batch_add(batch);
    struct pagerduty_reading reading = {.errors = errors};
    if (!json_is_object(body)) {
        add_error(errors, "the event must be a JSON object");
        return false;
    }
    (void)need_text(body, "", "service_key", errors);
    out->action = read_action(body, &V1, &reading);
    read_key(body, &V1, out, &reading);
    if (out->action == SIGNAL_TRIGGER) {
        out->summary = take_text(body, "", "description", LIMIT_SUMMARY, &reading.mend);
        out->source = take_text(body, "", "client", LIMIT_TEXT, &reading.mend);
        out->details = read_details(body, &V1, &reading.mend);
        read_contexts(body, &out->links, &reading.mend);
    }
    return settle(batch, out, &reading);
}

json_t *pagerduty_read_change(const json_t *body, json_t *errors, struct fault *mend)
{
    if (!json_is_object(body)) {
        add_error(errors, "the event must be a JSON object");
        return NULL;
    }
    (void)need_text(body, "", "routing_key", errors);
    const json_t *payload = json_object_get(body, "payload");
    if (!json_is_object(payload)) {
        add_error(errors, "'payload' is missing or not an object");
        return NULL;
    }
    g_autofree char *summary = take_text(payload, PAYLOAD, "summary", LIMIT_SUMMARY, mend);
    g_autofree char *source = take_text(payload, PAYLOAD, "source", LIMIT_TEXT, mend);
    g_autofree char *timestamp = take_text(payload, PAYLOAD, "timestamp", LIMIT_NAME, mend);
    if (summary == NULL) {
        add_error(errors, "'payload.summary' is missing or blank");
    }
    if (json_array_size(errors) > 0) {
        return NULL;
    }
    json_t *links = NULL;
    read_links(body, &links, mend);
    return json_pack("{s:s, s:s*, s:s*, s:o*, s:o*}", "summary", summary, "source", source,
                     "timestamp", timestamp, "details", read_details(payload, &V2, mend), "links",
                     links);
}

json_t *pagerduty_accepted(const char *dedup_key)
{
    return json_pack("{s:s, s:s, s:s*}", "status", "success", "message",
                     dedup_key == NULL ? "Change event processed" : "Event processed", "dedup_key",
                     dedup_key);
}

json_t *pagerduty_accepted_v1(const char *incident_key)
{
    return json_pack("{s:s, s:s, s:s}", "status", "success", "message", "Event processed",
                     "incident_key", incident_key);
}

json_t *pagerduty_refused(const char *status, const char *message, const json_t *errors)
{
    return json_pack("{s:s, s:s, s:O}", "status", status, "message", message, "errors", errors);
}
