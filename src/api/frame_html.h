/* api/frame_html.h - the page that the web interface runs in. Only for this floor.
 *
 * It is the same for every address of the interface: what stands on it the browser asks for. */
#ifndef API_FRAME_HTML_H
#define API_FRAME_HTML_H

#include "api/context.h"

/* May a page of the interface stand at this path? Not below what the server answers itself, and not where
 * it looks like a file. Pure. */
NODISCARD bool frame_is_page(const struct route_set *routes, const char *path);

/* Answers with the frame, or says that there is no interface. */
void frame_answer(struct http_request *request, const struct api_context *context);

#endif
