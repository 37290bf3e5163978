/* Gaps ahead: once a day, soon after start and soon after a change of configuration every schedule is
 * looked at, and whoever looks after it is warned, once for each gap. */
#include "paging/gap.h"

#include <string.h>

#include "base/json.h"
#include "base/json_set.h"
#include "paging/work.h"

#define LOOK_EVERY SPAN_D(1)
/* Several edits in a row are looked at as one. */
#define LOOK_SOON SPAN_MIN(1)

enum { SCHEDULES_AT_ONCE = 8, EVENTS_AT_ONCE = 500, GAPS_MAX = 20 };

struct gap_found {
    char *schedule;
    struct gap gap;
    bool is_open;  /* no end in sight */
    bool is_again; /* the first of several between windows */
};

static void found_clear(gpointer data)
{
    struct gap_found *found = data;
    g_free(found->schedule);
}

void gap_look_clear(struct gap_look *look)
{
    g_clear_pointer(&look->found, g_array_unref);
    look->place = 0;
}

/* --- when to look --- */

struct utc gap_next_at(struct ledger_tx *tx, void *self)
{
    struct pager *pager = self;
    struct gap_look *look = &pager->gap_look;
    if (!lane_is_in(tx->lanes, LANE_HOUSE)) {
        /* Another node's work: if it comes to us, it begins as after a start. */
        gap_look_clear(look);
        look->next_at = (struct utc){0};
        return UTC_NEVER;
    }
    struct config *config = config_current(pager->configs);
    if (!utc_is_set(look->next_at) || look->version != config->version) {
        struct utc soon = utc_add(tx->now, LOOK_SOON);
        look->next_at = utc_is_set(look->next_at) ? utc_earlier(look->next_at, soon) : soon;
        look->version = config->version;
        gap_look_clear(look);
    }
    config_unref(config);
    return look->next_at;
}

void gap_jumped(struct ledger_tx *tx, void *self, struct span by)
{
    struct pager *pager = self;
    (void)by;
    pager->gap_look.next_at = utc_add(tx->now, LOOK_SOON);
}

void gap_off(struct ledger_tx *tx, void *self, struct span by)
{
    struct pager *pager = self;
    pager->gap_look.next_at = utc_add(tx->now, by);
}

/* --- looking --- */

struct memory {
    GArray *known; /* of struct gap */
    int64_t last_seq;
    int count;
};

static void remember(void *self, const struct event *event)
{
    struct memory *memory = self;
    struct gap gap = {0};
    struct fault fault;
    memory->last_seq = event->seq;
    memory->count++;
    if (strcmp(event->kind, EVENT_SCHEDULE_GAP_WARNED.name) != 0 || event->data == NULL) {
        return;
    }
    json_auto_t *data = json_read(event->data, strlen(event->data), &fault);
    gap.cause = enum_from_name(GAP_CAUSE_NAMES, json_text(data, "cause", ""));
    if (utc_parse(json_text(data, "since", ""), &gap.since) &&
        utc_parse(json_text(data, "until", ""), &gap.until)) {
        g_array_append_val(memory->known, gap);
    }
}

/* The gaps of this schedule that were warned about. */
static GArray *known_gaps(struct ledger_tx *tx, const char *schedule)
{
    struct memory memory = {.known = g_array_new(FALSE, FALSE, sizeof(struct gap))};
    const struct subject subject = subject_named("schedule", schedule);
    do {
        memory.count = 0;
        event_list(tx->db, memory.last_seq, &subject, EVENTS_AT_ONCE, remember, &memory);
    } while (memory.count == EVENTS_AT_ONCE);
    return memory.known;
}

static bool is_routine_again(const GArray *gaps, guint at)
{
    bool is_again = false;
    for (guint i = at + 1; i < gaps->len && !is_again; i++) {
        is_again = gap_is_routine(&g_array_index(gaps, struct gap, i));
    }
    return is_again;
}

static void look_at(struct ledger_tx *tx, struct gap_look *look, const struct schedule *schedule)
{
    struct utc horizon = utc_add(tx->now, GAP_AHEAD);
    g_autoptr(GArray) gaps = coverage_gaps(schedule, tx->now, GAP_AHEAD);
    if (gaps->len == 0) {
        return;
    }
    g_autoptr(GArray) known = known_gaps(tx, schedule->name);
    for (guint i = 0; i < gaps->len; i++) {
        const struct gap *gap = &g_array_index(gaps, struct gap, i);
        if (!gap_is_news(gap, known)) {
            continue;
        }
        struct gap_found found = {
            .schedule = g_strdup(schedule->name),
            .gap = *gap,
            .is_open = !utc_before(gap->until, horizon),
            .is_again = gap_is_routine(gap) && is_routine_again(gaps, i),
        };
        g_array_append_val(look->found, found);
        g_array_append_val(known, *gap);
    }
}

/* --- warning --- */

static void append_event(struct ledger_tx *tx, const struct gap_found *found,
                         const GPtrArray *receivers)
{
    json_t *told = json_array();
    for (guint i = 0; i < receivers->len; i++) {
        json_array_append_new(told, json_string(g_ptr_array_index(receivers, i)));
    }
    json_auto_t *data = json_pack("{s:o, s:o, s:s, s:o}", "since", json_utc(found->gap.since),
                                  "until", json_utc(found->gap.until), "cause",
                                  enum_to_name(GAP_CAUSE_NAMES, found->gap.cause), "told", told);
    event_append(tx, PRINCIPAL_TOCSIN, &EVENT_SCHEDULE_GAP_WARNED,
                 subject_named("schedule", found->schedule), data);
}

/* What a message will say about one gap: data of the notification. */
static json_t *gap_json(const struct gap_found *found)
{
    json_t *json =
        json_pack("{s:s, s:o}", "schedule", found->schedule, "since", json_utc(found->gap.since));
    if (!found->is_open) {
        json_object_set_new(json, "until", json_utc(found->gap.until));
    }
    if (found->is_again) {
        json_object_set_new(json, "again", json_true());
    }
    return json;
}

static void add_gap(GHashTable *by_person, const char *who, const struct gap_found *found)
{
    json_t *gaps = g_hash_table_lookup(by_person, who);
    if (gaps == NULL) {
        gaps = json_array();
        g_hash_table_insert(by_person, g_strdup(who), gaps);
    }
    if (json_array_size(gaps) < GAPS_MAX) {
        json_array_append_new(gaps, gap_json(found));
    }
}

static void warn_person(struct pager *pager, struct ledger_tx *tx, const char *who, json_t *gaps)
{
    g_autoptr(GPtrArray) tried = g_ptr_array_new();
    const char *contact = receiver_next_contact(pager->config, who, URGENCY_LOW, tried);
    if (contact == NULL) {
        return;
    }
    json_auto_t *data = json_pack("{s:O}", "gaps", gaps);
    g_autofree char *text = json_write(data);
    const struct notification warning = {
        .kind = NOTIFICATION_GAP, .severity = SEVERITY_WARNING, .data = text};
    notify_specially(pager, tx, who, contact, &warning);
}

static void json_drop(gpointer json)
{
    json_decref(json);
}

/* One message to each person, whatever the number of gaps. Answers whether anybody was warned. */
static bool warn_all(struct pager *pager, struct ledger_tx *tx, const GArray *found)
{
    GHashTable *by_person = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, json_drop);
    for (guint i = 0; i < found->len; i++) {
        const struct gap_found *one = &g_array_index(found, struct gap_found, i);
        const struct schedule *schedule = schedule_find(pager->config, one->schedule);
        CHECK(schedule != NULL); /* a change of configuration begins the look again */
        g_autoptr(GPtrArray) receivers = gap_receivers(pager->config, schedule);
        if (receivers->len > 0) { /* else as if it had not been seen: the doctor tells about it */
            append_event(tx, one, receivers);
        }
        for (guint r = 0; r < receivers->len; r++) {
            add_gap(by_person, g_ptr_array_index(receivers, r), one);
        }
    }
    GHashTableIter iter;
    gpointer who, gaps;
    g_hash_table_iter_init(&iter, by_person);
    while (g_hash_table_iter_next(&iter, &who, &gaps)) {
        warn_person(pager, tx, who, gaps);
    }
    bool is_anybody_warned = g_hash_table_size(by_person) > 0;
    g_hash_table_destroy(by_person);
    return is_anybody_warned;
}

/* A few schedules, so that paging does not wait; after the last one the warnings. */
static void look_on(struct pager *pager, struct ledger_tx *tx)
{
    struct gap_look *look = &pager->gap_look;
    const GPtrArray *schedules = config_items(pager->config, &SCHEDULE_KIND);
    guint count = schedules != NULL ? schedules->len : 0;
    if (look->found == NULL) {
        look->found = g_array_new(FALSE, FALSE, sizeof(struct gap_found));
        g_array_set_clear_func(look->found, found_clear);
    }
    guint end = MIN(look->place + SCHEDULES_AT_ONCE, count);
    for (; look->place < end; look->place++) {
        look_at(tx, look, g_ptr_array_index(schedules, look->place));
    }
    if (look->place < count) {
        return;
    }
    bool is_news = warn_all(pager, tx, look->found);
    gap_look_clear(look);
    if (!is_news) {
        /* Only a look that finds nothing is the last of the day: it knows that the warnings of the one
         * before were committed. */
        look->next_at = utc_add(tx->now, LOOK_EVERY);
    }
}

int gap_run_due(struct ledger_tx *tx, void *self, int limit)
{
    struct pager *pager = self;
    (void)limit;
    pager_enter(pager, tx);
    if (pager->config->version == pager->gap_look.version) {
        look_on(pager, tx);
    }
    if (db_error(tx->db) != DB_OK) {
        gap_look_clear(&pager->gap_look); /* what was read may be wrong */
    }
    pager_leave(pager);
    return 1;
}
