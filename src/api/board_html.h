/* api/board_html.h - the board's two lists: open alerts, and the notifications that were sent.
 * Only for this folder. */
#ifndef API_BOARD_HTML_H
#define API_BOARD_HTML_H

#include "db/db.h"
#include "http/html.h"

struct board {
    struct db *db; /* inside a read transaction */
    struct html *html;
    int language;
    bool can_act; /* a signed-in reader: show the buttons */
};

void board_write(const struct board *board);

#endif
