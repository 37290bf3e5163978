#include "base/fault.h"

#include <glib.h>
#include <stdarg.h>

/* A fault is shown on terminals and sent as JSON: what a cut left of a character goes at the end, becomes a question
 * mark where text follows (the reason, behind what was quoted), and control characters that came with the input
 * become harmless. */
static void make_presentable(char *text)
{
    const char *at = text;
    while (!g_utf8_validate(at, -1, &at)) {
        bool is_cut_off = g_utf8_get_char_validated(at, -1) == (gunichar)-2;
        text[at - text] = is_cut_off ? '\0' : '?';
    }
    for (; *text != '\0'; text++) {
        if (g_ascii_iscntrl(*text)) {
            *text = '?';
        }
    }
}

bool fault_set(struct fault *fault, const char *field, const char *format, ...)
{
    va_list args;
    g_strlcpy(fault->field, field, sizeof fault->field);
    va_start(args, format);
    g_vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    make_presentable(fault->field);
    make_presentable(fault->text);
    return false;
}

void fault_within(struct fault *fault, const char *parent)
{
    char path[FAULT_FIELD_SIZE];
    bool needs_dot = fault->field[0] != '\0' && fault->field[0] != '[';
    g_snprintf(path, sizeof path, "%s%s%s", parent, needs_dot ? "." : "", fault->field);
    make_presentable(path);
    g_strlcpy(fault->field, path, sizeof fault->field);
}

void fault_within_index(struct fault *fault, size_t index)
{
    char element[32];
    g_snprintf(element, sizeof element, "[%zu]", index);
    fault_within(fault, element);
}
