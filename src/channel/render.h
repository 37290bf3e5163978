/* channel/render.h - what does a message say? Pure: the same message gives the same words.
 *
 * A message is composed once, as a list of blocks, and written in several ways. Every text from
 * outside passes through text_line, so a block's text is one line; the writers escape. */
#ifndef CHANNEL_RENDER_H
#define CHANNEL_RENDER_H

#include <glib.h>

#include "channel/channel.h"

enum block_kind {
    BLOCK_TITLE = 1, /* the alert's summary */
    BLOCK_PARAGRAPH,
    BLOCK_TEXT,   /* a line of what the sender wrote at length; such lines stand together */
    BLOCK_FACT,   /* label: text */
    BLOCK_ITEM,   /* an alert of several */
    BLOCK_ACTION, /* label, link: the one thing to do */
    BLOCK_LINK,   /* label, link */
    BLOCK_REMARK, /* about this very message: that it was held back, or may be a repeat */
    BLOCK_NOTE,   /* what one could do without */
};

struct block {
    int kind;
    char *label; /* BLOCK_FACT, BLOCK_ACTION, BLOCK_LINK, and perhaps from outside; else NULL */
    char *text;  /* of an action or link the address, http or https */
};

struct rendered {
    char *subject;     /* one line, at most 200 characters */
    char *line;        /* the whole message in one line, without links */
    GPtrArray *blocks; /* of struct block */
    int language;
};

/* To be cleared with rendered_clear. */
NODISCARD struct rendered message_render(const struct message *message);
void rendered_clear(struct rendered *rendered);

/* To be freed with g_free. */
NODISCARD char *rendered_text(const struct rendered *rendered);
NODISCARD char *rendered_html(const struct rendered *rendered);

#endif
