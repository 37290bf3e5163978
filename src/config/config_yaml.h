/* config/config_yaml.h - YAML files as JSON, with the line of every value.
 *
 * The subset is what a person writes by hand: one document of mappings, lists and scalars (YAML
 * 1.2). Anchors, aliases and tags are refused, duplicate keys too. A plain scalar is null (empty,
 * ~, null), true or false, or a number as JSON writes it; all else, and whatever is quoted, is
 * text: no, 0s, 09:00 and 2026-01-05T09:00 are texts. */
#ifndef CONFIG_CONFIG_YAML_H
#define CONFIG_CONFIG_YAML_H

#include <glib.h>
#include <jansson.h>

#include "base/fault.h"

struct yaml_document {
    json_t *json;      /* owned; NULL when the text was refused */
    GHashTable *lines; /* path as in struct fault ("users[0].rules.high[0].after") -> line from 1 */
    int fault_line;    /* of a syntax error; 0 when unknown */
};

/* At most LIMIT_YAML bytes and LIMIT_JSON_DEPTH levels. On false the fault says why and fault_line
 * where; the document is to be cleared in both cases. */
NODISCARD bool yaml_read(const char *bytes, size_t size, struct yaml_document *out,
                         struct fault *fault);
void yaml_document_clear(struct yaml_document *document);

/* Line of the field that a fault names, or of what holds it; 0 when unknown. */
int yaml_line(const struct yaml_document *document, const char *field);

/* "team.yaml:17: users[0].rules.high[0].after: needs a unit: …"; free with g_free. `document` may
 * be NULL (lines unknown). */
NODISCARD char *yaml_fault_text(const char *file, const struct yaml_document *document,
                                const struct fault *fault);

/* Several of them, a line each, in the order in which whoever mends them goes through the file; those
 * whose line is not known come first. Free with g_free. */
NODISCARD char *yaml_faults_text(const char *file, const struct yaml_document *document,
                                 const struct fault *faults, size_t count);

/* The same subset, laid out for people: sections and their entries one below the other, small
 * values in one line. `notes` (GPtrArray of char *, may be NULL) become comments at the top. Free
 * with g_free. */
NODISCARD char *yaml_write(const json_t *document, const GPtrArray *notes);

#endif
