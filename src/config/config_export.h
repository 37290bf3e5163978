/* config/config_export.h - for kinds: what an export says beside and leaves out. */
#ifndef CONFIG_CONFIG_EXPORT_H
#define CONFIG_CONFIG_EXPORT_H

#include <glib.h>
#include <jansson.h>

#include "base/check.h"

/* Adds a sentence to the notes of an export. */
PRINTF_LIKE(2, 3)
void config_note(GPtrArray *notes, const char *format, ...);

/* What reading fills in need not be written: drops the field when it is that text (NULL: never). */
void config_leave_out(json_t *object, const char *key, const char *default_text);

#endif
