#include "http/html.h"

#include <stdarg.h>
#include <string.h>

#include "base/unicode.h"

struct html {
    GString *out;
    GPtrArray *open; /* names of open elements, literals */
};

/* Of the controls those that are white space in HTML are harmless. */
static bool is_marked(gunichar c)
{
    bool is_white = c == '\t' || c == '\n' || c == '\r';
    return unichar_is_trick(c) || (unichar_is_control(c) && !is_white);
}

void html_escape(GString *out, const char *text)
{
    /* Bytes that are no character would let a browser guess an encoding. */
    g_autofree char *sound = g_utf8_make_valid(text, -1);
    for (const char *at = sound; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gunichar c = g_utf8_get_char(at);
        if (is_marked(c)) {
            g_string_append(out, "\xef\xbf\xbd"); /* seen, not obeyed */
            continue;
        }
        switch (*at) {
        case '&':
            g_string_append(out, "&amp;");
            break;
        case '<':
            g_string_append(out, "&lt;");
            break;
        case '>':
            g_string_append(out, "&gt;");
            break;
        case '"':
            g_string_append(out, "&quot;");
            break;
        case '\'':
            g_string_append(out, "&#39;");
            break;
        default:
            g_string_append_unichar(out, c);
        }
    }
}

static bool is_address(const char *name)
{
    return strcmp(name, "href") == 0 || strcmp(name, "src") == 0 || strcmp(name, "action") == 0;
}

/* Control characters and blanks are dropped by browsers before they read the scheme, so an address
 * with one of them is none. */
static bool is_safe_address(const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || *at == '\\') {
            return false;
        }
    }
    if (value[0] == '/') {
        return value[1] != '/';
    }
    static const char *const SCHEMES[] = {"https://", "http://", "mailto:"};
    for (size_t i = 0; i < G_N_ELEMENTS(SCHEMES); i++) {
        if (g_ascii_strncasecmp(value, SCHEMES[i], strlen(SCHEMES[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void write_attributes(struct html *html, va_list args)
{
    for (const char *name = va_arg(args, const char *); name != NULL;
         name = va_arg(args, const char *)) {
        const char *value = va_arg(args, const char *);
        if (value == NULL || (is_address(name) && !is_safe_address(value))) {
            continue;
        }
        /* An attribute that runs a script is never ours. */
        CHECK(strncmp(name, "on", 2) != 0 && strcmp(name, "style") != 0);
        g_string_append_printf(html->out, " %s", name);
        if (value[0] != '\0') {
            g_string_append(html->out, "=\"");
            html_escape(html->out, value);
            g_string_append_c(html->out, '"');
        }
    }
}

static void open_element(struct html *html, const char *tag, va_list args)
{
    CHECK(strcmp(tag, "style") != 0);
    g_string_append_printf(html->out, "<%s", tag);
    write_attributes(html, args);
    g_string_append_c(html->out, '>');
}

void html_open(struct html *html, const char *tag, ...)
{
    va_list args;
    va_start(args, tag);
    open_element(html, tag, args);
    va_end(args);
    g_ptr_array_add(html->open, g_strdup(tag));
}

void html_close(struct html *html)
{
    CHECK(html->open->len > 0);
    g_autofree char *tag = g_ptr_array_steal_index(html->open, html->open->len - 1);
    g_string_append_printf(html->out, "</%s>", tag);
}

void html_text(struct html *html, const char *text)
{
    html_escape(html->out, text);
}

void html_element(struct html *html, const char *tag, const char *text, ...)
{
    va_list args;
    va_start(args, text);
    open_element(html, tag, args);
    va_end(args);
    html_escape(html->out, text);
    g_string_append_printf(html->out, "</%s>", tag);
}

void html_void(struct html *html, const char *tag, ...)
{
    va_list args;
    va_start(args, tag);
    open_element(html, tag, args);
    va_end(args);
}

struct html *html_fragment(void)
{
    struct html *html = g_new0(struct html, 1);
    html->out = g_string_new(NULL);
    html->open = g_ptr_array_new_with_free_func(g_free);
    return html;
}

struct html *html_begin(const char *language, const char *title)
{
    struct html *html = html_fragment();
    g_string_append(html->out, "<!doctype html>");
    html_open(html, "html", "lang", language, NULL);
    html_open(html, "head", NULL);
    html_void(html, "meta", "charset", "utf-8", NULL);
    html_void(html, "meta", "name", "viewport", "content", "width=device-width, initial-scale=1",
              NULL);
    html_void(html, "meta", "name", "color-scheme", "content", "light dark", NULL);
    html_element(html, "title", title, NULL);
    return html;
}

void html_body(struct html *html)
{
    html_close(html);
    html_open(html, "body", NULL);
}

char *html_end(struct html **html)
{
    while ((*html)->open->len > 0) {
        html_close(*html);
    }
    g_ptr_array_unref((*html)->open);
    char *text = g_string_free((*html)->out, FALSE);
    g_clear_pointer(html, g_free);
    return text;
}
