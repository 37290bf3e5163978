#include "app/newest.h"

#include <string.h>

#include <glib.h>

/* Twice, so that half a note and a damaged one are none. */
#define NUMBERS "%019" G_GINT64_FORMAT " %019" G_GINT64_FORMAT "\n"
#define WORDS                                                                                 \
    "The number of the newest event that was committed to the database beside this, twice.\n" \
    "One that ends before it has lost something."

enum { DIGITS = 19 };

void newest_format(int64_t seq, char out[NEWEST_SIZE])
{
    char text[NEWEST_SIZE];
    memset(out, '\n', NEWEST_SIZE);
    int length = g_snprintf(text, sizeof text, NUMBERS WORDS, seq, seq);
    memcpy(out, text, (size_t)length);
}

static int64_t read_number(const char *text)
{
    int64_t number = 0;
    for (int i = 0; i < DIGITS; i++) {
        if (!g_ascii_isdigit(text[i]) || number > (INT64_MAX - 9) / 10) {
            return 0;
        }
        number = 10 * number + (text[i] - '0');
    }
    return number;
}

enum newest_state newest_judge(const char *text, size_t size, int64_t seq, int64_t *out_noted)
{
    *out_noted = 0;
    if (size == 0) { /* made, and nothing was committed since */
        return NEWEST_NONE;
    }
    bool is_whole = size >= NEWEST_NUMBERS && text[DIGITS] == ' ' &&
                    text[NEWEST_NUMBERS - 1] == '\n' &&
                    memcmp(text, text + DIGITS + 1, DIGITS) == 0;
    *out_noted = is_whole ? read_number(text) : 0;
    if (*out_noted == 0) {
        return NEWEST_UNREAD;
    }
    return seq < *out_noted ? NEWEST_AHEAD : NEWEST_FITS;
}
