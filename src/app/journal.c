#include "app/journal.h"

#include <string.h>

#include <glib.h>
#include <jansson.h>

#include "base/json.h"
#include "base/log.h"
#include "ledger/event.h"

enum { EVENTS_PER_TICK = 500, WORDS_MAX = 33 };

struct journal {
    const struct api_context *api;
    int64_t seen;
};

static enum log_level level_of(const struct ledger *ledger, const char *name)
{
    const struct event_kind *kind = event_kind_of(ledger, name);
    return kind != NULL && kind->is_trouble ? LEVEL_WARN : LEVEL_INFO;
}

static void tell(void *self, const struct event *event)
{
    struct journal *journal = self;
    journal->seen = event->seq;
    enum log_level level = level_of(journal->api->ledger, event->kind);
    if (!log_is_on(level)) {
        return;
    }
    const char *words[WORDS_MAX] = {event->kind, "by", event->actor};
    size_t count = 3;
    json_auto_t *data = event->data != NULL ? json_loads(event->data, 0, NULL) : NULL;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    json_t *value;
    json_object_foreach (data, name, value) {
        if (count + 2 <= WORDS_MAX) {
            char *text =
                json_is_string(value) ? g_strdup(json_string_value(value)) : json_write(value);
            g_ptr_array_add(texts, text);
            words[count++] = name;
            words[count++] = text;
        }
    }
    log_words(level, "event", event->subject, words, count);
}

struct journal *journal_open(const struct api_context *api)
{
    struct journal *journal = g_new0(struct journal, 1);
    journal->api = api;
    struct db *db = api_borrow(api);
    db_begin(db);
    journal->seen = event_last_seq(db);
    db_rollback(db);
    db_pool_give(api->readers, db);
    return journal;
}

void journal_close(struct journal **journal)
{
    g_clear_pointer(journal, g_free);
}

/* In a storm the newest matter: what lies further back is left to the event log. */
static void skip_far_back(struct journal *journal, int64_t last)
{
    int64_t behind = last - journal->seen;
    if (behind > EVENTS_PER_TICK) {
        g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT, behind - EVENTS_PER_TICK);
        LOG_INFO("event", NULL, "events left out of this log", "count", count);
        journal->seen = last - EVENTS_PER_TICK;
    }
}

void journal_tick(struct journal *journal)
{
    struct db *db = api_borrow(journal->api);
    db_begin(db);
    int64_t last = event_last_seq(db);
    if (last > journal->seen) {
        skip_far_back(journal, last);
        event_list(db, journal->seen, NULL, EVENTS_PER_TICK, tell, journal);
    }
    db_rollback(db);
    db_pool_give(journal->api->readers, db);
}
