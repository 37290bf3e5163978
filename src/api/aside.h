/* api/aside.h - reads that may be long, apart from the threads that take alerts: one after the other, on
 * a thread of their own. Only for this floor. */
#ifndef API_ASIDE_H
#define API_ASIDE_H

#include "api/context.h"

/* `run` is called there with `arg`, and answers. False, after answering 503, when too many wait already:
 * then it is not called. What it wants to know of the request must be asked before. */
NODISCARD bool aside_run(struct http_request *request, void (*run)(void *arg), void *arg);

/* The same once more, by what runs there and is not done: what waits already goes first. Never refused. */
void aside_run_on(void (*run)(void *arg), void *arg);

/* The server stops: true, and the request is answered so. */
NODISCARD bool aside_is_over(struct http_request *request);

/* Calls `handler` there with `context`. It must ask for nothing of the request once it answered. */
void aside_answer_long(struct http_request *request, void *context, http_handler handler);
/* The same for what takes milliseconds, not seconds, and so goes first. */
void aside_answer(struct http_request *request, void *context, http_handler handler);
/* What takes the processor for long, on a thread of its own: passwords. Few may wait; else as aside_run. */
NODISCARD bool aside_toil(struct http_request *request, void (*run)(void *arg), void *arg);
/* What a person who was paged waits for: before all others. */
void aside_answer_first(struct http_request *request, void *context, http_handler handler);

#endif
