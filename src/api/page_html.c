#include "api/page_html.h"

#include <string.h>

#include "api/assets.h"
#include "api/context.h"
#include "api/frame_html.h"
#include "api/language.h"
#include "channel/catalogue.h"
#include "paging/who.h"

static void refresh_without_script(struct html *html)
{
    html_open(html, "noscript", NULL);
    html_void(html, "meta", "http-equiv", "refresh", "content", "20", NULL);
    html_close(html);
}

struct html *html_page_header(int language, const char *title, bool is_live)
{
    struct html *html = html_begin(catalogue_tag(language), title);
    html_void(html, "link", "rel", "icon", "href", "/static/icon.svg", "type", "image/svg+xml",
              NULL);
    html_void(html, "link", "rel", "stylesheet", "href", "/static/board.css?" TOCSIN_VERSION, NULL);
    if (is_live) {
        html_element(html, "script", "", "src", "/static/board.js?" TOCSIN_VERSION, "defer", "",
                     NULL);
        refresh_without_script(html);
    }
    html_body(html);
    html_open(html, "header", NULL);
    html_void(html, "img", "src", "/static/icon.svg", "alt", "", "width", "28", "height", "28",
              NULL);
    html_element(html, "h1", "Tocsin", NULL);
    if (is_live) {
        html_element(html, "span", "", "id", "live", "role", "status", "data-on",
                     catalogue_text(language, "board.live"), "data-off",
                     catalogue_text(language, "board.not_live"), NULL);
    }
    return html;
}

void html_page_main(struct html *html, const char *main_class)
{
    html_close(html);
    html_open(html, "main", "class", main_class, NULL);
}

struct html *html_page_begin(int language, const char *title, const char *main_class)
{
    struct html *html = html_page_header(language, title, false);
    html_page_main(html, main_class);
    return html;
}

void html_page_answer(struct http_request *request, int status, struct html **html)
{
    g_autofree char *text = html_end(html);
    http_set_header(request, "Vary", "Accept-Language, Cookie");
    http_answer_text(request, status, "text/html; charset=utf-8", text);
}

void html_page_answer_away(struct http_request *request, int language, struct utc since)
{
    struct html *html = html_page_begin(language, catalogue_text(language, "away.title"), "page");
    html_open(html, "div", "class", "card", NULL);
    html_page_say(html, language, "p", "problem", "away.title");
    if (utc_is_set(since)) {
        html_page_say(html, language, "p", NULL, "away.text");
    }
    html_open(html, "p", "class", "facts", NULL);
    if (utc_is_set(since)) {
        html_open(html, "span", NULL);
        html_text(html, catalogue_text(language, "label.since"));
        html_text(html, " ");
        html_page_time(html, language, "UTC", since);
        html_close(html);
    }
    html_page_say(html, language, "span", NULL, "away.again");
    html_close(html);
    html_close(html);
    http_set_header(request, "Refresh", "5");
    http_set_header(request, "Retry-After", "5");
    html_page_answer(request, 503, &html);
}

void html_page_answer_dead_end(struct http_request *request, int status, const char *title,
                               const char *why)
{
    int language = language_wanted(http_header(request, "Accept-Language"));
    struct html *html = html_page_begin(language, catalogue_text(language, title), "page");
    html_page_say(html, language, "p", "card problem", why);
    html_element(html, "a", catalogue_text(language, "board.title"), "href", "/", NULL);
    html_page_answer(request, status, &html);
}

void api_nowhere(struct http_request *request, void *context)
{
    const struct api_context *api = context;
    if (asset_index() != NULL && frame_is_page(api->routes, http_path(request))) {
        frame_answer(request, api);
        return;
    }
    html_page_answer_dead_end(request, 404, "nowhere.title", "nowhere.text");
}

void html_page_say(struct html *html, int language, const char *tag, const char *class_name,
                   const char *key)
{
    html_element(html, tag, catalogue_text(language, key), "class", class_name, NULL);
}

void html_page_time(struct html *html, int language, const char *time_zone, struct utc at)
{
    char machine[UTC_TEXT_SIZE];
    utc_format(at, machine);
    g_autofree char *text = catalogue_time(language, time_zone, at);
    html_element(html, "time", text, "datetime", machine, NULL);
}

static void fact(struct html *html, int language, const char *key, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        html_open(html, "span", NULL);
        html_text(html, catalogue_text(language, key));
        html_text(html, " ");
        html_element(html, "b", value, NULL);
        html_close(html);
    }
}

/* How it came in, when its sender has said otherwise since. */
static void at_first(struct html *html, int language, const struct alert *alert)
{
    g_autofree char *severity = alert->first_severity == 0
                                    ? NULL
                                    : g_strdup(catalogue_severity(language, alert->first_severity));
    bool has_both = severity != NULL && alert->first_summary != NULL;
    g_autofree char *both =
        has_both ? g_strconcat(severity, ": ", alert->first_summary, NULL) : NULL;
    fact(html, language, "label.at_first",
         has_both ? both : (severity != NULL ? severity : alert->first_summary));
}

void html_page_alert(struct html *html, int language, const char *time_zone,
                     const struct alert *alert)
{
    const char *severity = enum_to_name(SEVERITY_NAMES, alert->severity);
    html_open(html, "div", NULL);
    g_autofree char *class_name = g_strdup_printf("badge %s", severity == NULL ? "" : severity);
    html_element(html, "span", catalogue_severity(language, alert->severity), "class", class_name,
                 NULL);
    if (alert->count > 1) {
        g_autofree char *count = g_strdup_printf(" \u00d7%" G_GINT64_FORMAT, alert->count);
        html_element(html, "span", count, NULL);
    }
    html_close(html);
    html_element(html, "div", alert->summary, "class", "summary", NULL);
    html_open(html, "p", "class", "facts", NULL);
    fact(html, language, "label.service", alert->service);
    fact(html, language, "label.source", alert->source);
    at_first(html, language, alert);
    html_open(html, "span", NULL);
    html_text(html, catalogue_text(language, "label.since"));
    html_text(html, " ");
    html_page_time(html, language, time_zone, alert_since(alert));
    html_close(html);
    html_close(html);
}

void html_page_taken(struct html *html, const struct config *config, int language,
                     const char *time_zone, const struct alert *alert)
{
    if (alert->status != ALERT_ACKNOWLEDGED || alert->acknowledged_by == NULL) {
        return;
    }
    g_autofree char *name = who_acts(config, language, alert->acknowledged_by);
    bool is_snoozed = alert_is_snoozed(alert);
    html_open(html, "span", NULL);
    html_page_say(html, language, "span", is_snoozed ? "badge snoozed" : "badge acknowledged",
                  is_snoozed ? "board.snoozed" : "board.acknowledged_by");
    html_text(html, " ");
    html_element(html, "b", name, NULL);
    html_text(html, " ");
    html_page_time(html, language, time_zone, alert->acknowledged_at);
    html_close(html);
    if (is_snoozed) {
        html_open(html, "span", NULL);
        html_text(html, catalogue_text(language, "board.snoozed_until"));
        html_text(html, " ");
        html_page_time(html, language, time_zone, alert->snoozed_until);
        html_close(html);
    }
}
