/* source/webhook.h - a format that some program posts to /in/NAME/KEY.
 *
 * source/NAME.c has all there is to know of it, NAME in capitals: `const struct webhook NAME_WEBHOOK`, and
 * `const struct record NAME_BODY`, which describes what is sent. The build makes door and route of the list in
 * alert/meson.build. */
#ifndef SOURCE_WEBHOOK_H
#define SOURCE_WEBHOOK_H

#include "source/source.h"

struct webhook {
    /* Whose it is, for the documentation. An array, so that a table of routes can name it. */
    char title[64];
    /* A signal for each alert, into `out`. False and a fault when the body is not of this format, or none of its
     * alerts can be read. Pure. */
    bool (*read)(const json_t *body, struct utc now, struct batch *out, struct fault *fault);
    /* The body has a list of alerts: of one that is cut off or too large those that are whole are taken. False: it is
     * one alert, of which half is refused: its key or its action may stand in what is missing. */
    bool is_list;
};

#endif
