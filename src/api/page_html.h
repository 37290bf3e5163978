/* api/page_html.h - what our HTML pages have in common. Only for this folder. */
#ifndef API_PAGE_HTML_H
#define API_PAGE_HTML_H

#include "alert/alert.h"
#include "http/html.h"
#include "http/http.h"

/* A page with our style, its header and an open <main class=…>. */
NODISCARD struct html *page_begin(int language, const char *title, const char *main_class);
/* Closes everything and answers. */
void page_answer(struct http_request *request, int status, struct html **html);

/* A catalogue text as the content of a new element. */
void page_say(struct html *html, int language, const char *tag, const char *class_name,
              const char *key);

/* <time datetime="…">…</time>: the reader's script shows it at their own clock. */
void page_time(struct html *html, int language, const char *time_zone, struct utc at);

/* Badge, summary, service and source of one alert. */
void page_alert(struct html *html, int language, const char *time_zone, const struct alert *alert);

/* "ana" for "user:ana"; other actors as they are. Borrowed. */
const char *actor_name(const char *actor);

#endif
