/* api/aside.h - reads that may be long, apart from the threads that take alerts: one after the other, on
 * a thread of their own. Only for this folder. */
#ifndef API_ASIDE_H
#define API_ASIDE_H

#include "api/context.h"

/* `run` is called there with `arg`, and answers. False, after answering 503, when too many wait already:
 * then it is not called. What it wants to know of the request must be asked before. */
NODISCARD bool aside_run(struct http_request *request, void (*run)(void *arg), void *arg);

#endif
