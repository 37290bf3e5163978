#include "source/label_filter.h"

#include <string.h>

#include "base/json.h"

/* What stands at the front of `text`; each part moves on behind itself. */
struct filter_reading {
    const char *at;
    struct fault *fault;
};

static bool refuse(struct filter_reading *reading, const char *why)
{
    return fault_set(reading->fault, "filter",
                     "%s; write NAME=\"VALUE\", or with != =~ or !~ in the place of =", why);
}

static void skip_blanks(struct filter_reading *reading)
{
    while (g_ascii_isspace(*reading->at)) {
        reading->at++;
    }
}

/* --- the escapes of a Go string --- */

/* So many digits of that base. False when there are fewer, or no character has that number. */
static bool read_number(struct filter_reading *reading, size_t digits, guint base, GString *out)
{
    gunichar number = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = g_ascii_xdigit_value(reading->at[i]);
        if (digit < 0 || (guint)digit >= base) {
            return false;
        }
        number = number * base + (guint)digit;
    }
    if (number == 0 || !g_unichar_validate(number)) {
        return false;
    }
    reading->at += digits;
    g_string_append_unichar(out, number);
    return true;
}

/* Behind the backslash. Bytes above 0x7f by their number would be parts of characters: refused. */
static bool read_go_escape(struct filter_reading *reading, GString *out)
{
    static const char SIGNS[] = "abfnrtv\\\"'";
    static const char MEANT[] = "\a\b\f\n\r\t\v\\\"'";
    char sign = *reading->at;
    const char *known = sign == '\0' ? NULL : strchr(SIGNS, sign);
    if (known != NULL) {
        g_string_append_c(out, MEANT[known - SIGNS]);
        reading->at++;
        return true;
    }
    size_t before = out->len;
    bool is_read = false;
    if (sign == 'x' || sign == 'u' || sign == 'U') {
        reading->at++;
        is_read = read_number(reading, sign == 'x' ? 2 : sign == 'u' ? 4 : 8, 16, out);
    } else {
        is_read = read_number(reading, 3, 8, out);
    }
    bool is_byte = sign != 'u' && sign != 'U';
    return (is_read && !(is_byte && out->len - before > 1)) ||
           refuse(reading, "there is an escape that is not known");
}

static bool read_go_string(struct filter_reading *reading, GString *out)
{
    reading->at++;
    while (*reading->at != '"') {
        if (*reading->at == '\0') {
            return refuse(reading, "a quotation mark is not closed");
        }
        if (*reading->at != '\\') {
            g_string_append_c(out, *reading->at++);
            continue;
        }
        reading->at++;
        if (!read_go_escape(reading, out)) {
            return false;
        }
    }
    reading->at++;
    return true;
}

/* --- names --- */

static bool is_reserved(char c)
{
    return c == '\0' || g_ascii_isspace(c) || strchr("{}!=~,\\\"'`", c) != NULL;
}

/* True with *out_is_quoted. */
static bool read_name(struct filter_reading *reading, GString *out, bool *out_is_quoted)
{
    skip_blanks(reading);
    *out_is_quoted = *reading->at == '"';
    if (*out_is_quoted && !read_go_string(reading, out)) {
        return false;
    }
    while (!*out_is_quoted && !is_reserved(*reading->at)) {
        g_string_append_c(out, *reading->at++);
    }
    skip_blanks(reading);
    return out->len > 0 || refuse(reading, "there is no name of a label");
}

static const char *read_op(struct filter_reading *reading)
{
    static const char *const OPS[] = {"=~", "!~", "!=", "="};
    for (size_t i = 0; i < G_N_ELEMENTS(OPS); i++) {
        if (g_str_has_prefix(reading->at, OPS[i])) {
            reading->at += strlen(OPS[i]);
            skip_blanks(reading);
            return OPS[i];
        }
    }
    (void)refuse(reading, "behind the name there is none of = != =~ !~");
    return NULL;
}

/* --- values --- */

/* Alertmanager's older form: a backslash before anything but n, " and \ is one. */
static bool read_classic_value(struct filter_reading *reading, GString *out)
{
    const char *end = reading->at + strlen(reading->at);
    while (end > reading->at && g_ascii_isspace(end[-1])) {
        end--;
    }
    bool is_quoted = reading->at < end && *reading->at == '"';
    reading->at += is_quoted;
    bool is_closed = !is_quoted;
    for (const char *at = reading->at; at < end; at++) {
        bool is_last = at + 1 == end;
        if (*at == '\\' && !is_last && strchr("n\"\\", at[1]) != NULL) {
            at++;
            g_string_append_c(out, *at == 'n' ? '\n' : *at);
        } else if (*at != '"') {
            g_string_append_c(out, *at);
        } else if (is_quoted && is_last) {
            is_closed = true;
        } else {
            return refuse(reading, "a quotation mark inside the value must be written \\\"");
        }
    }
    return is_closed || refuse(reading, "a quotation mark is not closed");
}

static bool read_new_value(struct filter_reading *reading, GString *out)
{
    if (*reading->at == '"') {
        if (!read_go_string(reading, out)) {
            return false;
        }
    } else {
        while (!is_reserved(*reading->at)) {
            g_string_append_c(out, *reading->at++);
        }
    }
    skip_blanks(reading);
    return *reading->at == '\0' || refuse(reading, "something stands behind the value");
}

struct match *label_filter_read(const char *text, struct fault *fault)
{
    struct filter_reading reading = {.at = text, .fault = fault};
    g_autoptr(GString) name = g_string_new("details.labels.");
    g_autoptr(GString) value = g_string_new(NULL);
    g_autoptr(GString) label = g_string_new(NULL);
    bool is_quoted = false;
    if (!read_name(&reading, label, &is_quoted)) {
        return NULL;
    }
    const char *op = read_op(&reading);
    bool is_read = op != NULL && (is_quoted ? read_new_value(&reading, value)
                                            : read_classic_value(&reading, value));
    if (!is_read) {
        return NULL;
    }
    g_string_append_len(name, label->str, (gssize)label->len);
    json_auto_t *condition =
        json_pack("{s:s, s:s, s:s}", "field", name->str, "op", op, "value", value->str);
    if (condition == NULL) {
        (void)refuse(&reading, "it is not UTF-8");
        return NULL;
    }
    struct match *match = record_new(&MATCH_RECORD, condition, fault);
    if (match == NULL) {
        (void)g_strlcpy(fault->field, "filter", sizeof(fault->field));
    }
    return match;
}

void label_filter_free(gpointer match)
{
    record_free(&MATCH_RECORD, match);
}
