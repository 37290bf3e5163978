#include "ledger/chain.h"

#include <glib.h>
#include <string.h>

#include "base/json_set.h"

#define SEQ "%" G_GINT64_FORMAT

const struct enum_name CHAIN_STATE_NAMES[] = {{"whole", CHAIN_WHOLE},
                                              {"edited", CHAIN_EDITED},
                                              {"missing", CHAIN_MISSING},
                                              {"cut_off", CHAIN_CUT_OFF},
                                              {"astray", CHAIN_ASTRAY},
                                              {"forged", CHAIN_FORGED},
                                              {0}};

static void find(struct chain *chain, enum chain_state state, int64_t from, int64_t to)
{
    chain->state = state;
    chain->bad_from = from;
    chain->bad_to = to;
}

void chain_judge(struct chain *chain, const struct event *event, const void *kept, size_t size)
{
    unsigned char hash[EVENT_HASH_SIZE];
    if (event->seq > chain->last_seq + 1) {
        find(chain, CHAIN_MISSING, chain->last_seq + 1, event->seq - 1);
        return;
    }
    event_hash(chain->hash, event, hash);
    bool fits = event->seq == chain->last_seq + 1 && size == sizeof hash &&
                memcmp(kept, hash, sizeof hash) == 0;
    if (!fits) {
        find(chain, CHAIN_EDITED, event->seq, event->seq);
        return;
    }
    memcpy(chain->hash, hash, sizeof hash);
    chain->first_at = utc_is_set(chain->first_at) ? chain->first_at : event->at;
    chain->last_at = event->at;
    chain->last_seq = event->seq;
    if (strcmp(event->kind, EVENT_RETENTION_CHECKPOINT.name) == 0) {
        g_free(chain->named);
        chain->named = g_strdup(event->data);
    }
}

void chain_clear(struct chain *chain)
{
    g_clear_pointer(&chain->named, g_free);
}

static void find_forged(struct chain *chain, int64_t seq)
{
    find(chain, CHAIN_FORGED, seq, seq);
}

void chain_pass(struct chain *chain, const struct checkpoint *checkpoint, bool is_sealed)
{
    if (!is_sealed || checkpoint->seq < chain->checkpoint.seq) {
        find_forged(chain, checkpoint->seq);
        return;
    }
    chain->checkpoint = *checkpoint;
    if (checkpoint->seq > chain->last_seq) {
        chain->last_seq = checkpoint->seq;
        memcpy(chain->hash, checkpoint->hash, sizeof chain->hash);
    }
}

void chain_stray(struct chain *chain, int64_t seq)
{
    find(chain, CHAIN_ASTRAY, seq, seq);
}

void chain_end(struct chain *chain)
{
    bool is_any = chain->checkpoint.seq > 0 || chain->named != NULL;
    if (chain->state == CHAIN_WHOLE && chain->last_seq < chain->seen_seq) {
        find(chain, CHAIN_CUT_OFF, chain->last_seq + 1, chain->seen_seq);
    } else if (chain->state == CHAIN_WHOLE && is_any &&
               !checkpoint_is_named(&chain->checkpoint, chain->named)) {
        find_forged(chain, chain->checkpoint.seq);
    }
    chain_clear(chain);
}

/* --- telling --- */

/* Whoever edits an event and its hash is found by the event that comes after it. */
static bool blame_edit(const struct chain *chain, const char *which, struct fault *fault)
{
    g_autofree char *or_before =
        chain->bad_from > 1
            ? g_strdup_printf(", or event " SEQ " together with its hash", chain->bad_from - 1)
            : g_strdup("");
    return fault_set(fault, "",
                     "event " SEQ " of the %s does not fit to the ones before it: it was edited%s; "
                     "restore a backup from before",
                     chain->bad_from, which, or_before);
}

static bool blame_gap(const struct chain *chain, const char *which, struct fault *fault)
{
    bool is_one = chain->bad_from == chain->bad_to;
    g_autofree char *events =
        is_one ? g_strdup_printf("event " SEQ, chain->bad_from)
               : g_strdup_printf("events " SEQ " to " SEQ, chain->bad_from, chain->bad_to);
    bool is_end = chain->state == CHAIN_CUT_OFF;
    return fault_set(fault, "", "%s of the %s %s missing%s; restore a backup from before", events,
                     which, is_one ? "is" : "are",
                     is_end ? ", and what may have come after: the history was cut off at its end"
                            : ": somebody deleted what is not there");
}

bool chain_words(const struct chain *chain, struct db *db, const char *which, struct fault *fault)
{
    switch (chain->state) {
    case CHAIN_WHOLE:
        break;
    case CHAIN_EDITED:
        return blame_edit(chain, which, fault);
    case CHAIN_MISSING:
    case CHAIN_CUT_OFF:
        return blame_gap(chain, which, fault);
    case CHAIN_ASTRAY:
        return fault_set(fault, "",
                         "event " SEQ " of the %s is listed under other parents than it names: "
                         "table event_parent was edited; restore a backup from before",
                         chain->bad_from, which);
    case CHAIN_FORGED:
        return fault_set(fault, "",
                         "the checkpoint of the %s, which stands for the events up to " SEQ
                         ", is not the one that was made: events were deleted, or it was changed; "
                         "restore a backup from before",
                         which, chain->bad_from);
    case CHAIN_UNREAD:
        return fault_set(fault, "", "the events of the %s cannot be read: %s", which,
                         db != NULL ? db_error_text(db) : "");
    }
    return true;
}

static void add_seq(json_t *json, const char *name, int64_t seq)
{
    if (seq != 0) {
        json_object_set_new(json, name, json_sprintf(SEQ, seq));
    }
}

json_t *chain_json(const struct chain *chain)
{
    struct fault fault = {0};
    json_t *json =
        json_pack("{s:s, s:I}", "state", enum_to_name(CHAIN_STATE_NAMES, (int)chain->state),
                  "events", (json_int_t)(chain->last_seq - chain->checkpoint.seq));
    bool is_any = chain->last_seq > chain->checkpoint.seq;
    add_seq(json, "deleted_seq", chain->checkpoint.seq);
    add_seq(json, "first_seq", is_any ? chain->checkpoint.seq + 1 : 0);
    json_set_utc(json, "first_at", chain->first_at);
    add_seq(json, "last_seq", chain->last_seq);
    json_set_utc(json, "last_at", chain->last_at);
    add_seq(json, "seen_seq", chain->seen_seq);
    add_seq(json, "bad_from", chain->bad_from);
    add_seq(json, "bad_to", chain->bad_to);
    if (!chain_words(chain, NULL, "database", &fault)) {
        json_object_set_new(json, "what", json_string(fault.text));
    }
    return json;
}
