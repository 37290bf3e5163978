#include "base/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/metric.h"
#include "base/unicode.h"

const struct enum_name LOG_LEVEL_NAMES[] = {
    {"debug", LEVEL_DEBUG}, {"info", LEVEL_INFO}, {"warn", LEVEL_WARN}, {"error", LEVEL_ERROR}, {0},
};
const struct enum_name LOG_FORMAT_NAMES[] = {
    {"auto", LOG_AUTO}, {"human", LOG_HUMAN}, {"logfmt", LOG_LOGFMT}, {"json", LOG_JSON}, {0},
};

enum { REPEAT_KEYS_MAX = 256, VALUE_MAX = 1024 };

struct repeat {
    int level;
    struct span since;
    unsigned written, left_out;
};

/* A log belongs to the process, not to one of its parts: the one place with state of its own. */
static struct {
    pthread_mutex_t lock;
    struct log_options options;
    GHashTable *repeats; /* "part\nmessage" -> struct repeat */
} the_log = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct line {
    int level;
    const char *part, *id;
    const char *const *words;
    size_t count;
    struct utc at;
};

static const char *level_name(int level)
{
    for (const struct enum_name *row = LOG_LEVEL_NAMES; row->name != NULL; row++) {
        if (row->value == level) {
            return row->name;
        }
    }
    return "?";
}

static bool is_secret_name(const char *name)
{
    static const char *const NAMES[] = {"password", "secret",        "token",
                                        "key",      "authorization", "cookie"};
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        if (g_ascii_strcasecmp(name, NAMES[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Our keys are tcn_KIND_ and 43 letters; whoever reads the log must not be able to use one. */
static size_t key_length(const char *text)
{
    if (strncmp(text, "tcn_", 4) != 0) {
        return 0;
    }
    size_t length = 4;
    while (g_ascii_isalnum(text[length]) || text[length] == '_' || text[length] == '-') {
        length++;
    }
    return length >= 16 ? length : 0;
}

static char *hide_keys(const char *value)
{
    GString *out = g_string_new(NULL);
    for (const char *at = value; *at != '\0' && out->len < VALUE_MAX;) {
        size_t length = key_length(at);
        if (length > 0) {
            g_string_append(out, "tcn_[hidden]");
            at += length;
        } else {
            g_string_append_c(out, *at++);
        }
    }
    if (out->len >= VALUE_MAX) {
        g_string_append(out, "...");
    }
    char *valid = g_utf8_make_valid(out->str, (gssize)out->len);
    g_string_free(out, TRUE);
    return valid;
}

static char *safe_value(const char *name, const char *value)
{
    return is_secret_name(name) ? g_strdup("[hidden]") : hide_keys(value);
}

/* Escapes what could forge a line, drive a terminal or make it read otherwise. */
static void append_escaped(GString *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gunichar c = g_utf8_get_char(at);
        if (c == '\n') {
            g_string_append(out, "\\n");
        } else if (c == '\r') {
            g_string_append(out, "\\r");
        } else if (c == '\t') {
            g_string_append(out, "\\t");
        } else if (c == '"' || c == '\\') {
            g_string_append_printf(out, "\\%c", (char)c);
        } else if (unichar_is_control(c) || unichar_is_trick(c)) {
            g_string_append_printf(out, "\\u%04x", c);
        } else {
            g_string_append_unichar(out, c);
        }
    }
}

static void append_value(GString *out, const char *value)
{
    bool is_plain = *value != '\0';
    for (const char *at = value; *at != '\0'; at++) {
        is_plain = is_plain && *at > ' ' && *at < 0x7f && strchr("\"\\=", *at) == NULL;
    }
    if (is_plain) {
        g_string_append(out, value);
        return;
    }
    g_string_append_c(out, '"');
    append_escaped(out, value);
    g_string_append_c(out, '"');
}

static void append_pair(GString *out, int format, const char *name, const char *value)
{
    if (format == LOG_JSON) {
        g_string_append_printf(out, "%s\"%s\":\"", out->len == 1 ? "" : ",", name);
        append_escaped(out, value);
        g_string_append_c(out, '"');
        return;
    }
    g_string_append_printf(out, "%s%s=", out->len == 0 ? "" : " ", name);
    append_value(out, value);
}

static void append_head(GString *out, int format, const struct line *line)
{
    char at[UTC_TEXT_SIZE];
    utc_format_ms(line->at, at);
    if (format == LOG_HUMAN) {
        g_string_append_printf(out, "%.8s %-5s %-8s ", at + 11, level_name(line->level),
                               line->part);
        g_autofree char *message = hide_keys(line->words[0]);
        append_escaped(out, message);
        return;
    }
    if (format == LOG_JSON) {
        g_string_append_c(out, '{');
    }
    append_pair(out, format, "at", at);
    append_pair(out, format, "level", level_name(line->level));
    append_pair(out, format, "part", line->part);
    g_autofree char *message = hide_keys(line->words[0]);
    append_pair(out, format, "message", message);
}

static GString *line_text(const struct line *line, int format)
{
    GString *out = g_string_new(NULL);
    append_head(out, format, line);
    if (line->id != NULL && line->id[0] != '\0') {
        g_autofree char *id = hide_keys(line->id);
        append_pair(out, format, "id", id);
    }
    for (size_t i = 1; i + 1 < line->count; i += 2) {
        if (line->words[i] != NULL && line->words[i + 1] != NULL) {
            g_autofree char *value = safe_value(line->words[i], line->words[i + 1]);
            append_pair(out, format, line->words[i], value);
        }
    }
    if (format == LOG_JSON) {
        g_string_append_c(out, '}');
    }
    return out;
}

static int format_now(void)
{
    int format = the_log.options.format;
    if (format != 0 && format != LOG_AUTO) {
        return format;
    }
    return the_log.options.sink == NULL && isatty(STDERR_FILENO) ? LOG_HUMAN : LOG_LOGFMT;
}

/* One thread at a time looks whether there is room and writes: two that saw the same room would both use it, and
 * standard output and standard error are often one pipe. */
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;

/* Is there room for PIPE_BUF bytes at once? Others hold the same pipe or terminal open, so that it cannot be
 * made non-blocking for us alone. */
static bool has_room(int fd)
{
    struct pollfd asked = {.fd = fd, .events = POLLOUT};
    return poll(&asked, 1, 0) == 1 && (asked.revents & POLLOUT) != 0;
}

bool log_write(int fd, const char *bytes, size_t size)
{
    pthread_mutex_lock(&write_lock);
    while (size > 0 && has_room(fd)) {
        ssize_t written = write(fd, bytes, MIN(size, (size_t)PIPE_BUF));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            break;
        }
        bytes += written;
        size -= (size_t)written;
    }
    pthread_mutex_unlock(&write_lock);
    if (size > 0) {
        metric_add(METRIC_LOG_DROPPED, 1);
    }
    return size == 0;
}

static void emit(const struct line *line)
{
    GString *text = line_text(line, format_now());
    if (the_log.options.sink != NULL) {
        the_log.options.sink(the_log.options.self, text->str);
    } else {
        g_string_append_c(text, '\n');
        (void)log_write(STDERR_FILENO, text->str, text->len);
    }
    g_string_free(text, TRUE);
}

static const struct clock *log_clock(void)
{
    return the_log.options.clock != NULL ? the_log.options.clock : &CLOCK_SYSTEM;
}

static void tell_left_out(const char *key, const struct repeat *repeat)
{
    const char *cut = strchr(key, '\n');
    g_autofree char *part = g_strndup(key, (gsize)(cut - key));
    g_autofree char *times = g_strdup_printf("%u", repeat->left_out);
    const char *words[] = {"repeats left out", "of", cut + 1, "times", times};
    emit(&(struct line){.level = repeat->level,
                        .part = part,
                        .words = words,
                        .count = G_N_ELEMENTS(words),
                        .at = clock_now(log_clock())});
}

static bool is_over(const struct repeat *repeat, struct span now)
{
    return now.us - repeat->since.us >= SPAN_S(LOG_REPEAT_WINDOW_S).us;
}

static void flush_repeats(struct span now, bool all)
{
    if (the_log.repeats == NULL) {
        return;
    }
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, the_log.repeats);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (!all && !is_over(value, now)) {
            continue;
        }
        if (((struct repeat *)value)->left_out > 0) {
            tell_left_out(key, value);
        }
        g_hash_table_iter_remove(&iter);
    }
}

/* May this line be written, or is it only counted? */
static bool admit(const struct line *line)
{
    struct span now = clock_elapsed(log_clock());
    if (the_log.repeats == NULL) {
        the_log.repeats = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    flush_repeats(now, g_hash_table_size(the_log.repeats) >= REPEAT_KEYS_MAX);
    g_autofree char *key = g_strconcat(line->part, "\n", line->words[0], NULL);
    struct repeat *repeat = g_hash_table_lookup(the_log.repeats, key);
    if (repeat == NULL) {
        repeat = g_new0(struct repeat, 1);
        repeat->since = now;
        repeat->level = line->level;
        g_hash_table_insert(the_log.repeats, g_steal_pointer(&key), repeat);
    }
    if (repeat->written < LOG_REPEATS) {
        repeat->written++;
        return true;
    }
    repeat->left_out++;
    return false;
}

void log_setup(const struct log_options *options)
{
    pthread_mutex_lock(&the_log.lock);
    flush_repeats((struct span){0}, true);
    g_clear_pointer(&the_log.repeats, g_hash_table_unref);
    the_log.options = options != NULL ? *options : (struct log_options){0};
    pthread_mutex_unlock(&the_log.lock);
}

static bool level_passes(int level)
{
    return level >= (the_log.options.level != 0 ? the_log.options.level : LEVEL_INFO);
}

bool log_is_on(enum log_level level)
{
    pthread_mutex_lock(&the_log.lock);
    bool is_on = level_passes((int)level);
    pthread_mutex_unlock(&the_log.lock);
    return is_on;
}

void log_words(enum log_level level, const char *part, const char *id, const char *const *words,
               size_t count)
{
    CHECK(count > 0 && words[0] != NULL);
    pthread_mutex_lock(&the_log.lock);
    if (level_passes((int)level)) {
        struct line line = {.level = (int)level,
                            .part = part,
                            .id = id,
                            .words = words,
                            .count = count,
                            .at = clock_now(log_clock())};
        if (admit(&line)) {
            emit(&line);
        }
    }
    pthread_mutex_unlock(&the_log.lock);
}

void log_flush(void)
{
    pthread_mutex_lock(&the_log.lock);
    flush_repeats(clock_elapsed(log_clock()), false);
    pthread_mutex_unlock(&the_log.lock);
}
