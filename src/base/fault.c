#include "base/fault.h"

#include <glib.h>
#include <stdarg.h>

bool fault_set(struct fault *fault, const char *field, const char *format, ...)
{
    va_list args;
    g_strlcpy(fault->field, field, sizeof fault->field);
    va_start(args, format);
    g_vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return false;
}

void fault_within(struct fault *fault, const char *parent)
{
    char path[FAULT_FIELD_SIZE];
    bool needs_dot = fault->field[0] != '\0' && fault->field[0] != '[';
    g_snprintf(path, sizeof path, "%s%s%s", parent, needs_dot ? "." : "", fault->field);
    g_strlcpy(fault->field, path, sizeof fault->field);
}

void fault_within_index(struct fault *fault, size_t index)
{
    char element[32];
    g_snprintf(element, sizeof element, "[%zu]", index);
    fault_within(fault, element);
}
