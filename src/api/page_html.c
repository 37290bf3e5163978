#include "api/page_html.h"

#include <string.h>

#include "channel/catalogue.h"

struct html *page_begin(int language, const char *title, const char *main_class)
{
    struct html *html = html_begin(catalogue_tag(language), title);
    html_void(html, "link", "rel", "icon", "href", "/static/icon.svg", "type", "image/svg+xml",
              NULL);
    html_void(html, "link", "rel", "stylesheet", "href", "/static/board.css?" TOCSIN_VERSION, NULL);
    html_element(html, "script", "", "src", "/static/board.js?" TOCSIN_VERSION, "defer", "", NULL);
    html_body(html);
    html_open(html, "header", NULL);
    html_void(html, "img", "src", "/static/icon.svg", "alt", "", "width", "28", "height", "28",
              NULL);
    html_element(html, "h1", "Tocsin", NULL);
    html_element(html, "span", "", "id", "live", NULL);
    html_close(html);
    html_open(html, "main", "class", main_class, NULL);
    return html;
}

void page_answer(struct http_request *request, int status, struct html **html)
{
    g_autofree char *text = html_end(html);
    http_set_header(request, "Vary", "Accept-Language, Cookie");
    http_answer_text(request, status, "text/html; charset=utf-8", text);
}

void page_say(struct html *html, int language, const char *tag, const char *class_name,
              const char *key)
{
    html_element(html, tag, catalogue_text(language, key), "class", class_name, NULL);
}

void page_time(struct html *html, int language, const char *time_zone, struct utc at)
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

void page_alert(struct html *html, int language, const char *time_zone, const struct alert *alert)
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
    html_open(html, "span", NULL);
    html_text(html, catalogue_text(language, "label.since"));
    html_text(html, " ");
    page_time(html, language, time_zone, alert->first_at);
    html_close(html);
    html_close(html);
}

const char *actor_name(const char *actor)
{
    return g_str_has_prefix(actor, "user:") ? actor + strlen("user:") : actor;
}
