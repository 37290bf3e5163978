#include "source/refusal.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

#include "source/source.h"

enum { KINDS = REFUSAL_HEADER + 1, ODD_ONES = 3, WHY_MAX = 300 };

#define TOLD_AGAIN_AFTER SPAN_S(60)
#define QUIET_AFTER SPAN_S(15 * 60)
#define EXPIRES_AFTER SPAN_S(6 * 3600)
#define REMEMBERED_FOR SPAN_S(24 * 3600)

const struct enum_name REFUSAL_NAMES[] = {{"too-large", REFUSAL_TOO_LARGE},
                                          {"cut-off", REFUSAL_CUT_OFF},
                                          {"broken-off", REFUSAL_BROKEN_OFF},
                                          {"encoding", REFUSAL_ENCODING},
                                          {"unreadable", REFUSAL_UNREADABLE},
                                          {"key", REFUSAL_KEY},
                                          {"door", REFUSAL_DOOR},
                                          {"header", REFUSAL_HEADER},
                                          {0}};

struct tally {
    size_t count;
    struct utc since, last;
    struct utc told_at;    /* unset: not told */
    char why[WHY_MAX + 1]; /* of the last one; "": what the kind says */
};

struct refusal_book {
    pthread_mutex_t lock; /* guards the table */
    GHashTable *tallies;  /* integration -> struct tally[KINDS] */
};

struct refusal_book *refusal_book_create(void)
{
    struct refusal_book *book = g_new0(struct refusal_book, 1);
    (void)pthread_mutex_init(&book->lock, NULL);
    book->tallies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return book;
}

void refusal_book_destroy(struct refusal_book **book)
{
    if (*book == NULL) {
        return;
    }
    g_hash_table_destroy((*book)->tallies);
    (void)pthread_mutex_destroy(&(*book)->lock);
    g_clear_pointer(book, g_free);
}

static bool is_lost_for_good(enum refusal kind)
{
    return kind == REFUSAL_TOO_LARGE || kind == REFUSAL_CUT_OFF;
}

/* A clock that was set back must not silence it. */
static bool is_past(struct utc at, struct span wait, struct utc now)
{
    return utc_before(now, at) || !utc_before(now, utc_add(at, wait));
}

static bool count(struct tally *tally, enum refusal kind, struct utc now)
{
    if (tally->count == 0) {
        tally->since = now;
    }
    tally->count++;
    tally->last = now;
    bool is_enough = is_lost_for_good(kind) || tally->count >= ODD_ONES;
    bool is_due = !utc_is_set(tally->told_at) || is_past(tally->told_at, TOLD_AGAIN_AFTER, now);
    if (is_enough && is_due) {
        tally->told_at = now;
    }
    return is_enough && is_due;
}

/* Long ones end after a whole character. */
static void keep_why(struct tally *tally, const char *why)
{
    const char *end = tally->why;
    (void)g_strlcpy(tally->why, why != NULL ? why : "", sizeof tally->why);
    if (!g_utf8_validate(tally->why, -1, &end)) {
        tally->why[end - tally->why] = '\0';
    }
}

bool refusal_note(struct refusal_book *book, const char *integration, enum refusal kind,
                  const char *why, struct utc now, size_t *out_count)
{
    (void)pthread_mutex_lock(&book->lock);
    struct tally *tallies = g_hash_table_lookup(book->tallies, integration);
    if (tallies == NULL) {
        tallies = g_new0(struct tally, KINDS);
        g_hash_table_insert(book->tallies, g_strdup(integration), tallies);
    }
    bool must_tell = count(&tallies[kind], kind, now);
    keep_why(&tallies[kind], why);
    *out_count = tallies[kind].count;
    (void)pthread_mutex_unlock(&book->lock);
    return must_tell;
}

unsigned refusal_good(struct refusal_book *book, const char *integration, struct utc now)
{
    unsigned over = 0;
    (void)pthread_mutex_lock(&book->lock);
    struct tally *tallies = g_hash_table_lookup(book->tallies, integration);
    for (int kind = 1; tallies != NULL && kind < KINDS; kind++) {
        struct tally *tally = &tallies[kind];
        if (tally->count > 0 && is_past(tally->last, QUIET_AFTER, now)) {
            over |= utc_is_set(tally->told_at) ? 1U << kind : 0;
            *tally = (struct tally){0};
        }
    }
    (void)pthread_mutex_unlock(&book->lock);
    return over;
}

void refusal_each(struct refusal_book *book, struct utc now,
                  void (*each)(void *self, const struct refusal_state *state), void *self)
{
    (void)pthread_mutex_lock(&book->lock);
    GHashTableIter iter;
    gpointer integration = NULL;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, book->tallies);
    while (g_hash_table_iter_next(&iter, &integration, &value)) {
        const struct tally *tallies = value;
        for (int kind = 1; kind < KINDS; kind++) {
            const struct tally *tally = &tallies[kind];
            if (tally->count > 0 && utc_before(now, utc_add(tally->last, REMEMBERED_FOR))) {
                const char *why =
                    tally->why[0] != '\0' ? tally->why : refusal_words((enum refusal)kind);
                const struct refusal_state state = {integration,  kind,        tally->count,
                                                    tally->since, tally->last, why};
                each(self, &state);
            }
        }
    }
    (void)pthread_mutex_unlock(&book->lock);
}

/* --- in words --- */

const char *refusal_words(enum refusal kind)
{
    switch (kind) {
    case REFUSAL_TOO_LARGE:
        return "body too large";
    case REFUSAL_CUT_OFF:
        return "too much in one request";
    case REFUSAL_BROKEN_OFF:
        return "body broken off";
    case REFUSAL_ENCODING:
        return "body in an encoding that is not understood";
    case REFUSAL_KEY:
        return "its key was replaced or taken back, and the sender still uses the old one";
    case REFUSAL_DOOR:
        return "sent to an address that is not its own";
    case REFUSAL_HEADER:
        return "header too large or malformed";
    case REFUSAL_UNREADABLE:
        break;
    }
    return "not all of it could be read";
}

char *refusal_told(const struct refusal_state *state)
{
    static const int64_t SECOND_US = 1000000;
    char since[UTC_TEXT_SIZE];
    utc_format((struct utc){state->since.us - state->since.us % SECOND_US}, since);
    bool is_sentence = g_str_has_suffix(state->why, ".") || g_str_has_suffix(state->why, "?");
    const char *stop = is_sentence ? "" : ".";
    if (state->count == 1) {
        return g_strdup_printf("A request of %s was not taken, or not whole, at %s: %s%s",
                               state->integration, since, state->why, stop);
    }
    return g_strdup_printf(
        "%zu requests of %s were not taken, or not whole, since %s; the last one: %s%s",
        state->count, state->integration, since, state->why, stop);
}

static const char *remedy_of(enum refusal kind)
{
    switch (kind) {
    case REFUSAL_TOO_LARGE:
    case REFUSAL_CUT_OFF:
        return "Send fewer alerts at once (in Alertmanager: group_by, or max_alerts of the "
               "webhook), or "
               "raise TOCSIN_BODY_MAX and TOCSIN_ALERTS_PER_REQUEST.";
    case REFUSAL_BROKEN_OFF:
        return "Look at the time-outs and body limits of the sender and of proxies on the way.";
    case REFUSAL_ENCODING:
        return "Have the sender use gzip, or no compression.";
    case REFUSAL_KEY:
        return "Give the sender the key that is good now; tocsin integration rotate NAME makes a "
               "new "
               "one, and the old one stays good for a day.";
    case REFUSAL_DOOR:
        return "Set the address that the sender posts to: /in/alertmanager/KEY; "
               "/in/prometheus/KEY/api/v2/alerts (in prometheus.yml: path_prefix: "
               "/in/prometheus/KEY); /v2/enqueue with the key as routing_key; or /api/v1/alerts "
               "with Authorization: Bearer KEY.";
    case REFUSAL_HEADER:
        return "Have the sender, or a proxy on the way, send a sound header of at most 16 KiB "
               "and 256 lines, cookies included.";
    case REFUSAL_UNREADABLE:
        break;
    }
    return "tocsin integration payloads NAME shows what came and what is wrong with it.";
}

char *refusal_remedy(const char *integration, enum refusal kind)
{
    GString *remedy = g_string_new(remedy_of(kind));
    (void)g_string_replace(remedy, "NAME", integration, 0);
    return g_string_free(remedy, FALSE);
}

/* Without the stop, for more follows. */
static char *phrase_of(const char *why)
{
    g_autofree char *phrase = text_cut(why, WHY_MAX);
    size_t size = strlen(phrase);
    return g_strndup(phrase, g_str_has_suffix(phrase, ".") ? size - 1 : size);
}

static char *summary_of(const char *integration, enum refusal kind, size_t count,
                        const struct refused *last)
{
    g_autofree char *times = count == 1 ? g_strdup("") : g_strdup_printf(" %zu times", count);
    if (last->why == NULL) {
        return g_strdup_printf("%s was refused%s: %s", integration, times, refusal_words(kind));
    }
    g_autofree char *why = phrase_of(last->why);
    g_autofree char *taken =
        last->taken == 0
            ? g_strdup("nothing of the request was taken")
            : g_strdup_printf("%zu alert%s of the request %s taken", last->taken,
                              last->taken == 1 ? "" : "s", last->taken == 1 ? "was" : "were");
    return g_strdup_printf("%s was refused%s%s%s: %s; %s", integration,
                           last->taken > 0 ? " in part" : "", times,
                           count == 1 ? "" : ", the last one", why, taken);
}

static char *key_of(enum refusal kind)
{
    return g_strconcat("tocsin:refused:", enum_to_name(REFUSAL_NAMES, (int)kind), NULL);
}

static void trigger(const char *integration, enum refusal kind, struct utc now, struct signal *out)
{
    out->action = SIGNAL_TRIGGER;
    out->dedup_key = key_of(kind);
    out->severity = SEVERITY_ERROR;
    out->source = g_strdup("tocsin");
    out->component = g_strdup(integration);
    g_autofree char *remedy = refusal_remedy(integration, kind);
    out->details = json_pack("{s:s, s:s}", "integration", integration, "remedy", remedy);
    out->occurred_at = now;
    out->expires_at = utc_add(now, EXPIRES_AFTER);
}

void refusal_signal(const char *integration, enum refusal kind, size_t count,
                    const struct refused *last, struct utc now, struct signal *out)
{
    trigger(integration, kind, now, out);
    out->summary = summary_of(integration, kind, count, last);
}

void refusal_cut_off(const char *integration, size_t cut_off, const struct refused *last,
                     struct utc now, struct signal *out)
{
    const char *words = last->why != NULL ? last->why : refusal_words(REFUSAL_CUT_OFF);
    trigger(integration, REFUSAL_CUT_OFF, now, out);
    if (last->why != NULL) { /* its JSON; the sender has cut, not we */
        g_autofree char *remedy = refusal_remedy(integration, REFUSAL_UNREADABLE);
        (void)json_object_set_new(out->details, "remedy", json_string(remedy));
    }
    out->summary =
        cut_off == 0
            ? g_strdup_printf("Alerts of %s after the first %zu were cut off: %s", integration,
                              last->taken, words)
            : g_strdup_printf("%zu alert%s of %s %s cut off: %s", cut_off, cut_off == 1 ? "" : "s",
                              integration, cut_off == 1 ? "was" : "were", words);
}

void refusal_over(enum refusal kind, struct signal *out)
{
    out->action = SIGNAL_RESOLVE;
    out->dedup_key = key_of(kind);
}
