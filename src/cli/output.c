#include "cli/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/unicode.h"

struct text_table {
    size_t columns;
    GPtrArray *rows; /* of char **; the first holds the headings */
};

char *output_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text != NULL ? text : "", -1);
    GString *out = g_string_new(NULL);
    for (const char *at = valid; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gunichar c = g_utf8_get_char(at);
        bool is_plain = (g_unichar_isprint(c) && !unichar_is_control(c)) || c == 0x200d;
        g_string_append_unichar(out, is_plain ? c : ' ');
    }
    return g_string_free(out, FALSE);
}

void output_escape(const char *text, GString *out)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *at = valid; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gunichar c = g_utf8_get_char(at);
        if (c != '\n' && (unichar_is_control(c) || unichar_is_trick(c))) {
            g_string_append_printf(out, "\\u%04x", c);
        } else {
            g_string_append_unichar(out, c);
        }
    }
}

/* Columns of a terminal that the text takes. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text += g_utf8_skip[(guchar)*text]) {
        gunichar c = g_utf8_get_char(text);
        if (!g_unichar_iszerowidth(c)) {
            width += g_unichar_iswide(c) ? 2 : 1;
        }
    }
    return width;
}

struct text_table *table_new(const char *const *headings)
{
    struct text_table *table = g_new0(struct text_table, 1);
    table->columns = g_strv_length((char **)(uintptr_t)headings);
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    table_add(table, headings);
    return table;
}

void table_add(struct text_table *table, const char *const *cells)
{
    char **row = g_new0(char *, table->columns + 1);
    for (size_t i = 0; i < table->columns; i++) {
        row[i] = output_clean(cells[i]);
    }
    g_ptr_array_add(table->rows, row);
}

size_t table_rows(const struct text_table *table)
{
    return table->rows->len - 1;
}

static size_t column_width(const struct text_table *table, size_t column)
{
    size_t width = 0;
    for (guint i = 0; i < table->rows->len; i++) {
        const char *const *row = table->rows->pdata[i];
        width = MAX(width, width_of(row[column]));
    }
    return width;
}

void table_write(struct text_table **table, GString *out)
{
    struct text_table *it = g_steal_pointer(table);
    size_t *widths = g_new0(size_t, it->columns);
    for (size_t i = 0; i < it->columns; i++) {
        widths[i] = column_width(it, i);
    }
    for (guint i = 0; i < it->rows->len; i++) {
        const char *const *row = it->rows->pdata[i];
        for (size_t c = 0; c < it->columns; c++) {
            size_t pad = c + 1 < it->columns ? widths[c] - width_of(row[c]) + 2 : 0;
            g_string_append_printf(out, "%s%*s", row[c], (int)pad, "");
        }
        while (out->len > 0 && out->str[out->len - 1] == ' ') {
            g_string_truncate(out, out->len - 1);
        }
        g_string_append_c(out, '\n');
    }
    g_free(widths);
    g_ptr_array_unref(it->rows);
    g_free(it);
}

const struct zone *output_zone(void)
{
    struct fault fault = {0};
    GTimeZone *local = g_time_zone_new_local();
    const char *identifier = g_time_zone_get_identifier(local);
    const struct zone *zone =
        strchr(identifier, '/') != NULL ? zone_load(identifier, &fault) : NULL;
    g_time_zone_unref(local);
    zone = zone != NULL ? zone : zone_load("UTC", &fault);
    CHECK(zone != NULL);
    return zone;
}

char *output_time(const struct zone *zone, struct utc at)
{
    if (!utc_is_set(at)) {
        return g_strdup("");
    }
    if (at.us >= UTC_NEVER.us) {
        return g_strdup("no end");
    }
    struct civil c = zone_civil(zone, at);
    g_autofree char *minutes =
        g_strdup_printf("%04d-%02d-%02d %02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
    return c.second != 0 ? g_strdup_printf("%s:%02d", minutes, c.second)
                         : g_steal_pointer(&minutes);
}

char *output_time_text(const struct zone *zone, const char *text)
{
    struct utc at;
    if (text == NULL || text[0] == '\0' || !utc_parse(text, &at)) {
        return g_strdup(text != NULL ? text : "");
    }
    return output_time(zone, at);
}

char *output_moment_text(const struct zone *zone, const char *text)
{
    struct utc at;
    char *shown = output_time_text(zone, text);
    bool is_full_minute = text != NULL && utc_parse(text, &at) && at.us < UTC_NEVER.us &&
                          zone_civil(zone, at).second == 0;
    if (!is_full_minute) {
        return shown;
    }
    char *whole = g_strconcat(shown, ":00", NULL);
    g_free(shown);
    return whole;
}

/* Instants are of these characters, and end in Z: what stands behind that ends the sentence. */
static size_t instant_length(const char *text)
{
    size_t length = strspn(text, "0123456789-:.TZ");
    while (length > 0 && text[length - 1] != 'Z') {
        length--;
    }
    return length;
}

bool output_sentence(const struct zone *zone, const char *text, GString *out)
{
    bool has_instant = false;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (const char *at = valid; *at != '\0';) {
        size_t length = instant_length(at);
        g_autofree char *word = g_strndup(at, length);
        struct utc instant;
        if (length > 0 && utc_parse(word, &instant)) {
            g_autofree char *shown = output_time(zone, instant);
            g_string_append(out, shown);
            has_instant = true;
            at += length;
        } else {
            g_string_append_c(out, *at);
            at++;
        }
    }
    return has_instant;
}

void output_print(const GString *text)
{
    fwrite(text->str, 1, text->len, stdout);
}

void output_tell(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_autoptr(GString) shown = g_string_new(NULL);
    output_escape(text, shown);
    fputs(shown->str, stderr);
}

void output_json(const json_t *value)
{
    if (isatty(STDOUT_FILENO) != 1) {
        json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
    } else {
        g_autofree char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
        g_autoptr(GString) shown = g_string_new(NULL);
        output_escape(text, shown);
        fputs(shown->str, stdout);
    }
    fputc('\n', stdout);
}
