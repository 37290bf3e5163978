/* api/page_html.h - what our HTML pages have in common. Only for this floor. */
#ifndef API_PAGE_HTML_H
#define API_PAGE_HTML_H

#include "alert/alert.h"
#include "config/config.h"
#include "http/html.h"
#include "http/http.h"

/* A page with our style, its header and an open <main class=…>. */
NODISCARD struct html *html_page_begin(int language, const char *title, const char *main_class);
/* The same in two: between them the <header> is open. A live page shows whether its script is
 * connected, and loads again by itself where no script runs. */
NODISCARD struct html *html_page_header(int language, const char *title, bool is_live);
void html_page_main(struct html *html, const char *main_class);
/* Closes everything and answers. */
void html_page_answer(struct http_request *request, int status, struct html **html);

/* 503: the database is away since then, and what that means; unset: it could only not be read. Loads itself
 * again. */
void html_page_answer_away(struct http_request *request, int language, struct utc since);

/* Nothing is to be seen here, and why; a link leads to the board. Both texts by their keys, in the reader's language. */
void html_page_answer_dead_end(struct http_request *request, int status, const char *title,
                               const char *why);

/* A catalogue text as the content of a new element. */
void html_page_say(struct html *html, int language, const char *tag, const char *class_name,
                   const char *key);

/* <time datetime="…">…</time>; the board's script shows it at the reader's own clock. */
void html_page_time(struct html *html, int language, const char *time_zone, struct utc at);

/* Badge, summary, service and source of one alert. */
void html_page_alert(struct html *html, int language, const char *time_zone,
                     const struct alert *alert);

/* Who took it, and when, or put it to sleep, and until when; nothing unless it is acknowledged. */
void html_page_taken(struct html *html, const struct config *config, int language,
                     const char *time_zone, const struct alert *alert);

#endif
