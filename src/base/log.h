/* base/log.h - one line per thing that happened, for people and for machines.
 *
 * A line has a level, the part of the house that speaks, the id that goes with one request or alert
 * through all of its lines, a fixed message and named values:
 *
 *     LOG_INFO("serve", NULL, "listening", "listen", "127.0.0.1:8420");
 *     LOG_WARN("courier", "a-42", "delivery failed", "contact", "ana/email", "why", result.detail);
 *
 * The message is a constant text, what varies goes into the values: repeats are counted by part and
 * message, so that a failing provider cannot fill a disk. Control characters are escaped; values
 * under names such as password or token, and anything that looks like one of our keys, are hidden.
 * Any thread. Never fails: a log that cannot be written is dropped. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/clock.h"
#include "base/record.h"

enum log_level { LEVEL_DEBUG = 1, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR };
extern const struct enum_name LOG_LEVEL_NAMES[]; /* debug info warn error */

enum log_format {
    LOG_AUTO = 1, /* LOG_HUMAN on a terminal, else LOG_LOGFMT */
    LOG_HUMAN,
    LOG_LOGFMT, /* at=2026-12-24T22:30:00Z level=info part=serve message=listening … */
    LOG_JSON,
};
extern const struct enum_name LOG_FORMAT_NAMES[]; /* auto human logfmt json */

struct log_options {
    int level;  /* enum log_level: what is less is not written; 0: LEVEL_INFO */
    int format; /* enum log_format; 0: LOG_AUTO */
    /* Gets each finished line without its newline; NULL: standard error. Called under the log's lock:
     * it must not log. */
    void (*sink)(void *self, const char *line);
    void *self;
    const struct clock *clock; /* NULL: CLOCK_SYSTEM */
};

enum {
    LOG_REPEATS = 20,         /* lines of one part and message that are written … */
    LOG_REPEAT_WINDOW_S = 10, /* … in this time; the rest is counted and told afterwards */
};

/* For the process; may be called again. NULL: the defaults, which also hold before the first call. */
void log_setup(const struct log_options *options);

NODISCARD bool log_is_on(enum log_level level);

/* words[0] is the message, then name, value, name, value …; a NULL value leaves its pair out.
 * `id` may be NULL. Use the macros. */
void log_words(enum log_level level, const char *part, const char *id, const char *const *words,
               size_t count);

/* Tells the counts of repeats that were left out and whose time is over. Called by whoever has a
 * regular tick, and once at the end. */
void log_flush(void);

/* Never waits: what a full pipe or a stopped terminal does not take at once is dropped, and counted in
 * METRIC_LOG_DROPPED. False: not all of it was written. */
bool log_write(int fd, const char *bytes, size_t size);

#define LOG_WORDS(level, part, id, ...)                            \
    log_words(level, part, id, (const char *const[]){__VA_ARGS__}, \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
#define LOG_DEBUG(part, id, ...) LOG_WORDS(LEVEL_DEBUG, part, id, __VA_ARGS__)
#define LOG_INFO(part, id, ...) LOG_WORDS(LEVEL_INFO, part, id, __VA_ARGS__)
#define LOG_WARN(part, id, ...) LOG_WORDS(LEVEL_WARN, part, id, __VA_ARGS__)
#define LOG_ERROR(part, id, ...) LOG_WORDS(LEVEL_ERROR, part, id, __VA_ARGS__)

#endif
