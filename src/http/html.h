/* http/html.h - HTML that cannot be broken out of: there is no way to write markup as text.
 *
 * Tags and attribute names come from the program; every text and attribute value is escaped, and an
 * address in href, src or action is left out unless it is relative, http, https or mailto. */
#ifndef HTTP_HTML_H
#define HTTP_HTML_H

#include <glib.h>

#include "base/check.h"

struct html;

/* Appends the text as it stands in an element or a quoted attribute. What is no character, what turns the
 * direction of text and controls other than tab and line ends become U+FFFD. */
void html_escape(GString *out, const char *text);

/* A document with doctype, <html lang>, charset and viewport; the head is open for html_head. */
NODISCARD struct html *html_begin(const char *language, const char *title);
/* A part of a document, to be put into a page that is already shown. */
NODISCARD struct html *html_fragment(void);
/* Closes all that is open. Free the text with g_free. */
NODISCARD char *html_end(struct html **html);

/* Attributes are name, value pairs up to NULL; a pair whose value is NULL is left out, one whose value
 * is "" is written bare (autofocus, required). */
#define HTML_ATTRIBUTES __attribute__((sentinel))

void html_open(struct html *html, const char *tag, ...) HTML_ATTRIBUTES;
void html_close(struct html *html); /* the innermost open one */
void html_text(struct html *html, const char *text);
/* Opens, writes the text, closes. */
void html_element(struct html *html, const char *tag, const char *text, ...) HTML_ATTRIBUTES;
/* One without content: input, link, meta, br. */
void html_void(struct html *html, const char *tag, ...) HTML_ATTRIBUTES;
/* Ends the head of a document and opens its body. */
void html_body(struct html *html);

#endif
