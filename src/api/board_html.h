/* api/board_html.h - the board's two lists: open alerts, and the notifications that were sent.
 * Only for this folder. */
#ifndef API_BOARD_HTML_H
#define API_BOARD_HTML_H

#include "config/config.h"
#include "db/db.h"
#include "http/html.h"

struct board {
    const struct pager *pager;
    struct db *db;               /* inside a read transaction */
    const struct config *config; /* what people and channels are called */
    struct html *html;
    int language;
    bool can_act; /* signed in with a token that may respond: show the buttons */
};

void board_write(const struct board *board);

#endif
