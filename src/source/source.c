#include "source/source.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"

static void signal_free(gpointer signal)
{
    signal_clear(signal);
    g_free(signal);
}

void batch_init(struct batch *batch)
{
    *batch = (struct batch){.signals = g_ptr_array_new_with_free_func(signal_free)};
}

void batch_clear(struct batch *batch)
{
    g_clear_pointer(&batch->signals, g_ptr_array_unref);
}

struct signal *batch_add(struct batch *batch)
{
    struct signal *signal = g_new0(struct signal, 1);
    g_ptr_array_add(batch->signals, signal);
    return signal;
}

static void place(struct fault *fault, const char *list, size_t index)
{
    fault_within_index(fault, index);
    if (list[0] != '\0') {
        fault_within(fault, list);
    }
}

void batch_refuse(struct batch *batch, const char *list, size_t index, struct fault *fault)
{
    if (batch->refused == 0) {
        place(fault, list, index);
        batch->first = *fault;
    }
    batch->refused++;
}

void batch_mend(struct batch *batch, const char *list, size_t index, struct fault *what)
{
    if (batch->mended == 0) {
        place(what, list, index);
        batch->first_mend = *what;
    }
    batch->mended++;
}

void batch_mend_request(struct batch *batch, const struct fault *what)
{
    if (what->text[0] == '\0') {
        return;
    }
    if (batch->mended == 0) {
        batch->first_mend = *what;
    }
    batch->mended++;
}

size_t batch_fit(struct batch *batch, size_t count)
{
    size_t max = batch->max == 0 ? LIMIT_ALERTS_PER_REQUEST : batch->max;
    batch->cut_off = count > max ? count - max : 0;
    return count - batch->cut_off;
}

char *text_cut(const char *text, size_t max)
{
    if (text == NULL) {
        return NULL;
    }
    if (strlen(text) <= max || (size_t)g_utf8_strlen(text, -1) <= max) {
        return g_strdup(text);
    }
    const char *end = g_utf8_offset_to_pointer(text, (glong)max);
    return g_strndup(text, (gsize)(end - text));
}

char *text_fit(const char *text, size_t max, const char *field, struct fault *mend)
{
    char *cut = text_cut(text, max);
    if (cut != NULL && strlen(cut) < strlen(text)) {
        g_autofree char *what = g_strdup_printf("is cut at %zu characters", max);
        mend_told(mend, field, what);
    }
    return cut;
}

/* Characters with a width, or none, that show nothing; U+FFFD stands for what could not be read. */
static bool is_unseen(gunichar c)
{
    static const gunichar UNSEEN[] = {0x115f, 0x1160, 0x2800, 0x3164, 0xffa0, 0xfffd};
    for (size_t i = 0; i < G_N_ELEMENTS(UNSEEN); i++) {
        if (c == UNSEEN[i]) {
            return true;
        }
    }
    return g_unichar_isspace(c) || g_unichar_iszerowidth(c) || !g_unichar_isprint(c);
}

bool text_is_blank(const char *text)
{
    for (; text != NULL && text[0] != '\0'; text = g_utf8_find_next_char(text, NULL)) {
        if (!is_unseen(g_utf8_get_char(text))) {
            return false;
        }
    }
    return true;
}

bool summary_mend(struct signal *signal)
{
    const char *const others[] = {signal->component, signal->source, signal->class_name,
                                  signal->group, signal->dedup_key};
    if (!text_is_blank(signal->summary)) {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        if (!text_is_blank(others[i])) {
            g_autofree char *text = g_strconcat(others[i], ": an alert without a summary", NULL);
            g_free(signal->summary);
            signal->summary = text_cut(text, LIMIT_SUMMARY);
            return true;
        }
    }
    return false;
}

const char *text_first(const json_t *object, const char *const *keys)
{
    for (; *keys != NULL; keys++) {
        const char *text = json_text(object, *keys, "");
        if (!text_is_blank(text)) {
            return text;
        }
    }
    return NULL;
}

void mend_told(struct fault *mend, const char *field, const char *what)
{
    static const char MORE[] = "; and more";
    if (mend->text[0] == '\0') {
        (void)fault_set(mend, field, "%s", what);
        return;
    }
    struct fault more = {0};
    g_autofree char *both = g_strdup_printf("%s; %s: %s", mend->text, field, what);
    if (strlen(both) + sizeof MORE <= sizeof mend->text) {
        (void)fault_set(&more, mend->field, "%s", both);
        *mend = more;
    } else if (!g_str_has_suffix(mend->text, MORE)) {
        g_strlcat(mend->text, MORE, sizeof mend->text);
    }
}

int severity_from_word(const char *word)
{
    static const struct enum_name WORDS[] = {
        {"critical", SEVERITY_CRITICAL}, {"crit", SEVERITY_CRITICAL},
        {"page", SEVERITY_CRITICAL},     {"emergency", SEVERITY_CRITICAL},
        {"fatal", SEVERITY_CRITICAL},    {"disaster", SEVERITY_CRITICAL},
        {"p1", SEVERITY_CRITICAL},       {"sev1", SEVERITY_CRITICAL},
        {"error", SEVERITY_ERROR},       {"high", SEVERITY_ERROR},
        {"major", SEVERITY_ERROR},       {"p2", SEVERITY_ERROR},
        {"sev2", SEVERITY_ERROR},        {"warning", SEVERITY_WARNING},
        {"warn", SEVERITY_WARNING},      {"medium", SEVERITY_WARNING},
        {"minor", SEVERITY_WARNING},     {"average", SEVERITY_WARNING},
        {"p3", SEVERITY_WARNING},        {"sev3", SEVERITY_WARNING},
        {"info", SEVERITY_INFO},         {"informational", SEVERITY_INFO},
        {"information", SEVERITY_INFO},  {"notice", SEVERITY_INFO},
        {"low", SEVERITY_INFO},          {"none", SEVERITY_INFO},
        {"debug", SEVERITY_INFO},        {"p4", SEVERITY_INFO},
        {"p5", SEVERITY_INFO},           {NULL, 0}};
    if (word == NULL) {
        return 0;
    }
    g_autofree char *lower = g_ascii_strdown(word, -1);
    return enum_from_name(WORDS, g_strstrip(lower));
}

int action_from_word(const char *word)
{
    static const struct enum_name WORDS[] = {{"trigger", SIGNAL_TRIGGER},
                                             {"triggered", SIGNAL_TRIGGER},
                                             {"firing", SIGNAL_TRIGGER},
                                             {"acknowledge", SIGNAL_ACKNOWLEDGE},
                                             {"acknowledged", SIGNAL_ACKNOWLEDGE},
                                             {"ack", SIGNAL_ACKNOWLEDGE},
                                             {"resolve", SIGNAL_RESOLVE},
                                             {"resolved", SIGNAL_RESOLVE},
                                             {"close", SIGNAL_RESOLVE},
                                             {"closed", SIGNAL_RESOLVE},
                                             {"recovered", SIGNAL_RESOLVE},
                                             {"recovery", SIGNAL_RESOLVE},
                                             {"ok", SIGNAL_RESOLVE},
                                             {"up", SIGNAL_RESOLVE},
                                             {"normal", SIGNAL_RESOLVE},
                                             {"clear", SIGNAL_RESOLVE},
                                             {"cleared", SIGNAL_RESOLVE},
                                             {"fixed", SIGNAL_RESOLVE},
                                             {"healthy", SIGNAL_RESOLVE},
                                             {"restored", SIGNAL_RESOLVE},
                                             {"solved", SIGNAL_RESOLVE},
                                             {"inactive", SIGNAL_RESOLVE},
                                             {"success", SIGNAL_RESOLVE},
                                             {NULL, 0}};
    g_autofree char *lower = g_ascii_strdown(word, -1);
    return enum_from_name(WORDS, g_strstrip(lower));
}

bool links_add(json_t **links, const char *href, const char *text)
{
    if (href == NULL || strlen(href) > LIMIT_TEXT ||
        (g_ascii_strncasecmp(href, "http://", 7) != 0 &&
         g_ascii_strncasecmp(href, "https://", 8) != 0)) {
        return false;
    }
    if (*links == NULL) {
        *links = json_array();
    }
    json_t *link = json_object();
    (void)json_object_set_new(link, "href", json_string(href));
    if (text != NULL && text[0] != '\0') {
        g_autofree char *cut = text_cut(text, LIMIT_NAME);
        (void)json_object_set_new(link, "text", json_string(cut));
    }
    (void)json_array_append_new(*links, link);
    return true;
}

void links_take(json_t **links, const char *href, const char *text, const char *field,
                struct fault *mend)
{
    if (!links_add(links, href, text) && !text_is_blank(href)) {
        mend_told(mend, field, "is no address that begins with http:// or https://: left out");
    }
}

bool instant_read(const char *text, struct utc *out)
{
    *out = (struct utc){0};
    if (text == NULL || text[0] == '\0' || g_str_has_prefix(text, "0001-01-01")) {
        return true;
    }
    return utc_parse(text, out);
}

struct utc instant_take(const json_t *object, const char *name, struct fault *mend)
{
    struct utc at = {0};
    const json_t *value = json_object_get(object, name);
    bool is_absent = value == NULL || json_is_null(value);
    if (!is_absent && (!json_is_string(value) || !instant_read(json_string_value(value), &at))) {
        mend_told(mend, name, "is no instant such as 2026-12-24T23:30:00Z: taken without it");
    }
    return at;
}

struct utc instant_past(struct utc at, const char *name, struct utc now, struct fault *mend)
{
    const struct span word_for_never = SPAN_D(31);
    if (!signal_is_ahead(at, now)) {
        return at;
    }
    mend_told(mend, name, "is more than a day ahead: taken as not known");
    return utc_before(utc_add(now, word_for_never), at) ? (struct utc){0} : at;
}
