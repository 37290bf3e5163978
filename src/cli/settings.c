#include "cli/settings.h"

#include <string.h>

#include "base/log.h"
#include "base/mail_name.h"
#include "base/nearest.h"
#include "cli/secrets.h"

enum { NODE_NAME_MAX = 100 };

#define PREFIX "TOCSIN_"

const struct setting *setting_find(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (strcmp(SETTINGS[i].name, name) == 0) {
            return &SETTINGS[i];
        }
    }
    return NULL;
}

char *setting_variable(const struct setting *setting)
{
    char *upper = g_ascii_strup(setting->name, -1);
    char *name = g_strconcat(PREFIX, g_strdelimit(upper, "-", '_'), NULL);
    g_free(upper);
    return name;
}

static void *field_of(struct settings *settings, const struct setting *setting)
{
    return (char *)settings + setting->offset;
}

static bool is_line(const char *value)
{
    return g_utf8_validate(value, -1, NULL) && strpbrk(value, "\r\n") == NULL;
}

/* The secret in a file; NULL and a fault that shows nothing of it. */
static char *read_secret(const char *path, const char *called, struct fault *fault)
{
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        (void)fault_set(fault, called, "the file %s cannot be read: check its path and mode", path);
        return NULL;
    }
    if (g_strchomp(text)[0] == '\0') {
        (void)fault_set(fault, called, "the file %s is empty: write the value into it", path);
    } else if (!is_line(text)) {
        (void)fault_set(fault, called, "the file %s must hold one line of UTF-8 text", path);
    } else {
        return text;
    }
    g_free(text);
    return NULL;
}

static bool is_database_url(const char *text)
{
    return g_str_has_prefix(text, "postgres://") || g_str_has_prefix(text, "postgresql://");
}

/* "host=db1 dbname=tocsin", which libpq would take. */
static bool is_list_of_words(const char *text)
{
    const char *word = text + strspn(text, " \t");
    const char *end = word;
    while (g_ascii_isalpha(*end) || *end == '_') {
        end++;
    }
    bool begins_with_one = end > word && end[strspn(end, " \t")] == '=';
    return begins_with_one || (strchr(text, '=') != NULL && strchr(text, '/') == NULL);
}

/* "tocsin:PASSWORD@db1/tocsin", of which the scheme was forgotten, or "postgres:". */
static bool is_half_a_url(const char *text)
{
    const char *colon = strchr(text, ':');
    bool has_password = colon != NULL && strchr(colon, '@') != NULL;
    return (has_password && text[0] != '/' && text[0] != '.') ||
           g_ascii_strncasecmp(text, "postgres:", strlen("postgres:")) == 0 ||
           g_ascii_strncasecmp(text, "postgresql:", strlen("postgresql:")) == 0;
}

bool settings_is_address(const char *text)
{
    return strstr(text, "://") != NULL || is_list_of_words(text) || is_half_a_url(text);
}

/* libpq knows its schemes in small letters only. */
static void lower_scheme(char *text)
{
    char *end = strstr(text, "://");
    for (char *at = text; end != NULL && at < end; at++) {
        *at = g_ascii_tolower(*at);
    }
}

static bool check_address(const char *called, const char *text, struct fault *fault)
{
    if (text[0] == '\0') {
        return fault_set(fault, called, "is empty; unset it, or write postgresql://…");
    }
    return is_database_url(text) ||
           fault_set(fault, called,
                     "must start with postgresql://, as in postgresql://tocsin@db1/tocsin; a data "
                     "directory is named by its path, in --data, --from or --to");
}

/* Not quoted: what was meant as an address may hold a password, and so would the directory. */
static bool check_text(const struct setting *setting, const char *called, char *text,
                       struct fault *fault)
{
    if (setting->offset == offsetof(struct settings, database_url)) {
        lower_scheme(text);
        return check_address(called, text, fault);
    }
    return setting->offset != offsetof(struct settings, data) || !settings_is_address(text) ||
           fault_set(fault, called,
                     "looks like the address of a database: that goes into TOCSIN_DATABASE_URL; a "
                     "directory with such a name is written with ./ before it");
}

static bool set_text(char **field, const struct setting *setting, const char *called,
                     const char *value, struct fault *fault)
{
    if (!is_line(value)) {
        return fault_set(fault, called, "must be one line of UTF-8 text");
    }
    bool is_in_file = setting->is_secret && g_str_has_prefix(value, "file:");
    char *text = is_in_file ? read_secret(value + strlen("file:"), called, fault) : g_strdup(value);
    if (text == NULL || !check_text(setting, called, text, fault)) {
        g_free(text);
        return false;
    }
    g_free(*field);
    *field = text[0] == '\0' ? NULL : g_steal_pointer(&text);
    g_free(text);
    return true;
}

static bool set_choice(int *field, const struct setting *setting, const char *called,
                       const char *value, struct fault *fault)
{
    int choice = enum_from_name(setting->names, value);
    if (choice != 0) {
        *field = choice;
        return true;
    }
    enum_refuse(setting->names, value, fault);
    fault_within(fault, called);
    return false;
}

static bool set_int(int64_t *field, const struct setting *setting, const char *called,
                    const char *value, struct fault *fault)
{
    if (!g_ascii_string_to_signed(value, 10, setting->min, setting->max, field, NULL)) {
        return fault_set(fault, called,
                         "is \"%.60s\"; it must be a number from %" G_GINT64_FORMAT
                         " to %" G_GINT64_FORMAT,
                         value, setting->min, setting->max);
    }
    return true;
}

static bool set_span(struct span *field, const struct setting *setting, const char *called,
                     const char *value, struct fault *fault)
{
    struct span span;
    if (!span_parse(value, &span)) {
        return fault_set(fault, called,
                         "is \"%.60s\"; write a time with its unit, such as 5s or 2m", value);
    }
    if (span.us < setting->min || span.us > setting->max) {
        char low[UTC_TEXT_SIZE], high[UTC_TEXT_SIZE];
        span_format((struct span){setting->min}, low);
        span_format((struct span){setting->max}, high);
        return fault_set(fault, called, "is %.60s; it must lie between %s and %s", value, low,
                         high);
    }
    *field = span;
    return true;
}

bool settings_set(struct settings *settings, const struct setting *setting, const char *called,
                  const char *value, struct fault *fault)
{
    void *field = field_of(settings, setting);
    switch ((enum setting_kind)setting->kind) {
    case SETTING_TEXT:
        return set_text(field, setting, called, value, fault);
    case SETTING_INT:
        return set_int(field, setting, called, value, fault);
    case SETTING_SPAN:
        return set_span(field, setting, called, value, fault);
    case SETTING_CHOICE:
        return set_choice(field, setting, called, value, fault);
    }
    CHECK(false);
    return false;
}

void settings_init(struct settings *settings)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &SETTINGS[i];
        struct fault fault = {0};
        bool is_set = setting->initial == NULL ||
                      settings_set(settings, setting, setting->name, setting->initial, &fault);
        CHECK(is_set);
    }
}

void settings_forget(struct settings *settings, const struct setting *setting)
{
    CHECK(setting->kind == SETTING_TEXT);
    char **text = field_of(settings, setting);
    if (*text != NULL && setting->is_secret) {
        memset(*text, 0, strlen(*text));
    }
    g_clear_pointer(text, g_free);
}

void settings_clear(struct settings *settings)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (SETTINGS[i].kind == SETTING_TEXT) {
            settings_forget(settings, &SETTINGS[i]);
        }
    }
}

/* One or two slips of the finger; more is another word, perhaps somebody else's. */
static bool is_slip(const char *name, const char *variable)
{
    enum { SLIPS = 2 };

    return nearest_distance(name, variable, SLIPS + 1) <= SLIPS;
}

/* TOCSIN_DATABASE, or with a slip: an address that got lost is not a wish for a database of one's own. */
static bool is_half_address(const char *name)
{
    return is_slip(name, PREFIX "DATABASE");
}

static bool is_no_mistake(const char *name, struct fault *fault)
{
    g_autoptr(GString) meant = g_string_new(NULL);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        g_autofree char *variable = setting_variable(&SETTINGS[i]);
        bool is_meant = is_slip(name, variable) ||
                        (SETTINGS[i].offset == offsetof(struct settings, database_url) &&
                         is_half_address(name));
        if (is_meant) {
            g_string_append_printf(meant, "%s%s", meant->len > 0 ? " or " : "", variable);
        }
    }
    return meant->len == 0 ||
           fault_set(fault, name, "is no setting of Tocsin; did you mean %s?", meant->str);
}

static const struct setting *find_by_variable(const char *name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        g_autofree char *variable = setting_variable(&SETTINGS[i]);
        if (strcmp(variable, name) == 0) {
            return &SETTINGS[i];
        }
    }
    return NULL;
}

bool settings_from_environment(struct settings *settings, const char *const *environment,
                               struct fault *fault)
{
    for (const char *const *entry = environment; *entry != NULL; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!g_str_has_prefix(*entry, PREFIX) || equals == NULL) {
            continue;
        }
        g_autofree char *name = g_strndup(*entry, (gsize)(equals - *entry));
        const struct setting *setting = find_by_variable(name);
        if (equals[1] == '\0' &&
            (setting == NULL || setting->offset != offsetof(struct settings, database_url))) {
            continue;
        }
        bool is_taken = setting != NULL ? settings_set(settings, setting, name, equals + 1, fault)
                                        : is_no_mistake(name, fault);
        if (!is_taken) {
            return false;
        }
    }
    return true;
}

/* Kubernetes names every service of the namespace to everybody in it. */
static bool is_of_kubernetes(const char *name)
{
    return g_str_has_suffix(name, "_PORT") || strstr(name, "_PORT_") != NULL ||
           strstr(name, "_SERVICE_HOST") != NULL || strstr(name, "_SERVICE_PORT") != NULL;
}

char **settings_unknown(const char *const *environment)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (const char *const *entry = environment; *entry != NULL; entry++) {
        g_autofree char *name = g_strndup(*entry, strcspn(*entry, "="));
        bool is_for_us = g_str_has_prefix(name, PREFIX) && !g_str_has_prefix(name, SECRETS_PREFIX);
        if (is_for_us && find_by_variable(name) == NULL && !is_of_kubernetes(name)) {
            g_strv_builder_add(names, name);
        }
    }
    return g_strv_builder_end(names);
}

static char *show_choice(const struct setting *setting, int value)
{
    for (const struct enum_name *row = setting->names; row->name != NULL; row++) {
        if (row->value == value) {
            return g_strdup(row->name);
        }
    }
    return NULL;
}

char *settings_show(const struct settings *settings, const struct setting *setting)
{
    const void *field = (const char *)settings + setting->offset;
    char text[UTC_TEXT_SIZE];
    switch ((enum setting_kind)setting->kind) {
    case SETTING_TEXT:
        return *(char *const *)field != NULL && setting->is_secret
                   ? g_strdup("[hidden]")
                   : g_strdup(*(char *const *)field);
    case SETTING_INT:
        return g_strdup_printf("%" G_GINT64_FORMAT, *(const int64_t *)field);
    case SETTING_SPAN:
        span_format(*(const struct span *)field, text);
        return g_strdup(text);
    case SETTING_CHOICE:
        return show_choice(setting, *(const int *)field);
    }
    return NULL;
}

static bool is_http_url(const char *url)
{
    return g_str_has_prefix(url, "http://") || g_str_has_prefix(url, "https://");
}

/* A listen address that means "everywhere" is no address to send a person to. */
static char *url_of_listen(const char *listen)
{
    const char *port = strrchr(listen, ':');
    if (g_str_has_prefix(listen, "0.0.0.0:") || g_str_has_prefix(listen, "[::]:") ||
        listen == port) {
        g_autofree char *host = g_strdup(g_get_host_name());
        return g_strconcat("http://", host, port, NULL);
    }
    return g_strconcat("http://", listen, NULL);
}

static const char NO_HELLO[] =
    "\"%.100s\" is no name for the greeting of mail servers; write a host name such as "
    "pager.example.com, or an address such as [192.0.2.7] or [IPv6:2001:db8::1]";

/* What is sent is what is shown. */
static bool finish_mail(struct settings *settings, struct fault *fault)
{
    const char *url = settings->smtp_url;
    if (url != NULL && !g_str_has_prefix(url, "smtp://") && !g_str_has_prefix(url, "smtps://")) {
        return fault_set(fault, "smtp-url", "must start with smtp:// or smtps://");
    }
    g_autofree char *of_url = url != NULL ? mail_hello_of_url(url) : NULL;
    g_autofree char *checked = of_url != NULL ? mail_hello(of_url) : NULL;
    if (of_url != NULL && checked == NULL) {
        return fault_set(fault, "smtp-url", NO_HELLO, of_url);
    }
    if (settings->smtp_hello == NULL) {
        return true;
    }
    char *hello = mail_hello(settings->smtp_hello);
    if (hello == NULL) {
        return fault_set(fault, "smtp-hello", NO_HELLO, settings->smtp_hello);
    }
    g_free(settings->smtp_hello);
    settings->smtp_hello = hello;
    return true;
}

bool settings_finish(struct settings *settings, struct fault *fault)
{
    if (settings->listen == NULL || strrchr(settings->listen, ':') == NULL) {
        return fault_set(fault, "listen", "must be an address and a port, such as 127.0.0.1:8420");
    }
    if (settings->public_url == NULL) {
        settings->public_url = url_of_listen(settings->listen);
    }
    if (settings->node_address == NULL) {
        settings->node_address = url_of_listen(settings->listen);
    }
    if (settings->node_name == NULL) {
        settings->node_name = g_strdup(g_get_host_name());
    }
    if (!is_http_url(settings->public_url)) {
        return fault_set(fault, "public-url", "must start with http:// or https://");
    }
    size_t length = strlen(settings->public_url);
    while (length > 0 && settings->public_url[length - 1] == '/') {
        settings->public_url[--length] = '\0';
    }
    if (!finish_mail(settings, fault)) {
        return false;
    }
    if (settings->heartbeat_out != NULL && !is_http_url(settings->heartbeat_out)) {
        return fault_set(fault, "heartbeat-out", "must start with http:// or https://");
    }
    if (settings->data == NULL) {
        return fault_set(fault, "data", "must name a directory");
    }
    if (settings->body_memory / 2 < settings->body_max) {
        return fault_set(fault, "body-memory",
                         "must be at least twice body-max, which is %" G_GINT64_FORMAT,
                         settings->body_max);
    }
    if (strlen(settings->node_name) > NODE_NAME_MAX) {
        return fault_set(fault, "node-name", "must have at most %d bytes", NODE_NAME_MAX);
    }
    return true;
}

/* What libpq takes as secrets in the query of a URL. */
static bool is_secret_parameter(const char *parameter)
{
    return g_str_has_prefix(parameter, "password=") || g_str_has_prefix(parameter, "sslpassword=");
}

char *settings_database_shown(const struct settings *settings)
{
    if (settings->database_url == NULL) {
        return g_build_filename(settings->data, "tocsin.db", NULL);
    }
    if (!is_database_url(settings->database_url)) { /* settings_set lets none in */
        return g_strdup("[hidden]");
    }
    g_auto(GStrv) parts = g_strsplit_set(settings->database_url, "?&", -1);
    GString *shown = g_string_new(parts[0]);
    char mark = '?';
    for (char **part = parts + 1; *part != NULL; part++) {
        if (!is_secret_parameter(*part)) {
            g_string_append_printf(shown, "%c%s", mark, *part);
            mark = '&';
        }
    }
    /* The last @, for one in a password may not have been escaped. */
    const char *start = strstr(shown->str, "://") + strlen("://");
    const char *colon = strchr(start, ':'), *at = strrchr(start, '@');
    if (colon != NULL && at != NULL && colon < at) {
        g_string_erase(shown, colon - shown->str, at - colon);
    }
    return g_string_free(shown, FALSE);
}
