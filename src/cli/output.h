/* cli/output.h - what commands print for people: tables, and instants in a zone that is named.
 *
 * Everything printed passes through output_clean: a summary from outside must not drive a terminal. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <glib.h>
#include <jansson.h>

#include "base/check.h"
#include "base/utc.h"
#include "base/zone.h"

/* Control characters become spaces; free with g_free. NULL becomes "". */
NODISCARD char *output_clean(const char *text);

/* Columns as wide as their widest cell; the last one is never padded. */
struct text_table;
NODISCARD struct text_table *table_new(const char *const *headings); /* NULL-ended, borrowed */
void table_add(struct text_table *table,
               const char *const *cells); /* as many as headings; copied */
size_t table_rows(const struct text_table *table);
/* Appends the whole and frees the table. */
void table_write(struct text_table **table, GString *out);

/* The zone of whoever sits in front: TZ or the machine's. UTC when that cannot be told. */
const struct zone *output_zone(void);

/* "2026-12-24 23:30" (with ":SS" where there are seconds) in that zone; "" for an unset instant. */
NODISCARD char *output_time(const struct zone *zone, struct utc at);
/* The same for RFC 3339 text from an answer; the text itself when it is not an instant. */
NODISCARD char *output_time_text(const struct zone *zone, const char *text);
/* The same of what happened, always with its seconds: one on the full minute stands among others. */
NODISCARD char *output_moment_text(const struct zone *zone, const char *text);

/* The same for those among the words of a sentence, RFC 3339 in UTC, as a server tells them. True when there was
 * one; the sentence is appended. */
bool output_sentence(const struct zone *zone, const char *text, GString *out);

/* Prints to standard output. */
void output_print(const GString *text);
/* Prints to standard error, and escapes as output_escape does what somebody typed, or sent, into it. */
PRINTF_LIKE(1, 2) void output_tell(const char *format, ...);
/* Text for a terminal, JSON or not: what would drive it, or read otherwise than it is stored, as JSON escapes it (\u202e). */
void output_escape(const char *text, GString *out);
/* Indented JSON and a newline, to standard output; escaped so where that is a terminal. */
void output_json(const json_t *value);

#endif
