#include "retention/archive_lines.h"

#include <sodium.h>
#include <string.h>

#include "base/json.h"
#include "base/json_set.h"
#include "ledger/chain.h"
#include "paging/alert_topic.h"
#include "paging/explain.h"
#include "paging/mail_store.h"
#include "source/payload_store.h"

/* Of one answer. */
enum {
    ITEMS_MOST = 256,
    LOOKED_AT_ONCE = 64,
    EVENTS_MOST = RETENTION_EVENTS_MOST,
    PAYLOADS_MOST = 64,
    BYTES_ENOUGH = 1048576,
    MONTH_SIZE = 7, /* "2026-11" */
};

struct gathering {
    struct db *db;
    const struct config *config;
    struct archive_list *list;
    GPtrArray *parts;
    size_t bytes;
};

/* Where what happened then is written to. */
static GString *text_for(struct gathering *gathering, const char *sort, struct utc at)
{
    char text[UTC_TEXT_SIZE];
    utc_format(at, text);
    g_autofree char *name = g_strdup_printf("%s-%.*s.jsonl", sort, MONTH_SIZE, text);
    for (guint i = 0; i < gathering->parts->len; i++) {
        const struct archive_part *part = gathering->parts->pdata[i];
        if (strcmp(part->name, name) == 0) {
            return part->text;
        }
    }
    struct archive_part *part = g_new0(struct archive_part, 1);
    *part = (struct archive_part){g_steal_pointer(&name), g_string_new(NULL)};
    g_ptr_array_add(gathering->parts, part);
    return part->text;
}

/* Takes `json` over; NULL is no line. */
static void add_line(struct gathering *gathering, const char *sort, struct utc at, json_t *json)
{
    if (json != NULL) {
        GString *text = text_for(gathering, sort, at);
        g_autofree char *line = json_write(json);
        gathering->bytes += strlen(line);
        g_string_append(text, line);
        g_string_append_c(text, '\n');
        json_decref(json);
    }
}

/* --- deliveries and notices --- */

static json_t *carried_json(struct db *db, const struct delivery *delivery)
{
    json_t *carried = json_array();
    GArray *list = notifications_of_delivery(db, delivery->id, INT_MAX);
    for (guint i = 0; i < list->len; i++) {
        const struct notification *n = &g_array_index(list, struct notification, i);
        g_autofree char *about = n->subject.kind != NULL ? subject_text(n->subject) : NULL;
        json_t *item =
            json_pack("{s:o, s:s, s:s*}", "notification", json_sprintf("%" G_GINT64_FORMAT, n->id),
                      "kind", enum_to_name(NOTIFICATION_KIND_NAMES, n->kind), "about", about);
        json_array_append_new(carried, item);
    }
    notifications_free(list);
    return carried;
}

static json_t *whole_delivery(struct db *db, int64_t id)
{
    struct delivery delivery = {0};
    json_t *json = NULL;
    if (delivery_load(db, id, &delivery)) {
        json = delivery_json(&delivery);
        json_object_set_new(json, "carries", carried_json(db, &delivery));
    }
    delivery_clear(&delivery);
    return json;
}

static json_t *whole_notice(struct db *db, int64_t id)
{
    struct notification notice = {0};
    bool is_there = row_load(db, &NOTIFICATION_TABLE, id, &notice);
    json_t *json = is_there ? notice_json(db, &notice) : NULL;
    notification_clear(&notice);
    return json;
}

static json_t *whole(const struct gathering *gathering, int64_t id)
{
    const struct archive_ask *ask = &gathering->list->ask;
    switch (ask->sort) {
    case SORT_ALERTS:
    case SORT_SUPPRESSED:
        return explain_subject(gathering->db, gathering->config, &ALERT_TOPIC, id, ask->now);
    case SORT_DELIVERIES:
        return whole_delivery(gathering->db, id);
    case SORT_NOTICES:
        return whole_notice(gathering->db, id);
    case SORT_EVENTS:
    case SORT_PAYLOADS:
    case SORT_SPACE:
    case SORT_END:
        break;
    }
    return NULL;
}

static const char *file_of(enum retention_sort sort)
{
    switch (sort) {
    case SORT_DELIVERIES:
        return "deliveries";
    case SORT_NOTICES:
        return "notices";
    case SORT_ALERTS:
    case SORT_SUPPRESSED:
    case SORT_EVENTS:
    case SORT_PAYLOADS:
    case SORT_SPACE:
    case SORT_END:
        break;
    }
    return "alerts";
}

static void add_candidate(struct gathering *gathering, const struct retention_candidate *found)
{
    struct archive_list *list = gathering->list;
    list->reached = (struct retention_cursor){found->over_at, found->id};
    json_t *json = retention_may_go(found, list->ask.before) ? whole(gathering, found->id) : NULL;
    if (json != NULL) {
        add_line(gathering, file_of(list->ask.sort), found->over_at, json);
        g_array_append_val(list->items, list->reached);
    }
}

static void gather_sort(struct gathering *gathering)
{
    struct archive_list *list = gathering->list;
    struct retention_candidate found[LOOKED_AT_ONCE];
    while (!list->is_end && list->items->len < ITEMS_MOST && gathering->bytes < BYTES_ENOUGH) {
        size_t count = retention_find(gathering->db, list->ask.sort, list->ask.before,
                                      &list->reached, found, LOOKED_AT_ONCE);
        size_t i = 0;
        for (; i < count && gathering->bytes < BYTES_ENOUGH; i++) {
            add_candidate(gathering, &found[i]);
        }
        list->is_end = i == count && count < LOOKED_AT_ONCE;
    }
}

/* --- events --- */

/* Whoever edits a database may leave bytes that are no text: the line is one all the same, and its hash tells. */
static void set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        json_object_set_new(object, key, json_string(valid));
    }
}

void archive_write_event(GString *out, const struct event *event,
                         const unsigned char hash[EVENT_HASH_SIZE])
{
    char at[UTC_TEXT_SIZE], hex[2 * EVENT_HASH_SIZE + 1];
    struct fault fault;
    utc_format(event->at, at);
    (void)sodium_bin2hex(hex, sizeof hex, hash, EVENT_HASH_SIZE);
    const char *data = event->data;
    json_auto_t *parsed = data != NULL ? json_read(data, strlen(data), &fault) : NULL;
    bool is_plain = parsed != NULL && strchr(data, '\n') == NULL && strchr(data, '\r') == NULL;
    json_auto_t *line = json_object();
    json_object_set_new(line, "seq", json_sprintf("%" G_GINT64_FORMAT, event->seq));
    json_object_set_new(line, "at", json_string(at));
    set_text(line, "actor", event->actor);
    set_text(line, "kind", event->kind);
    set_text(line, "subject", event->subject);
    json_object_set_new(line, "hash", json_string(hex));
    set_text(line, "data_text", is_plain ? NULL : data);
    g_autofree char *text = json_write(line);
    g_string_append(out, text);
    if (is_plain) {
        g_string_truncate(out, out->len - 1); /* the brace */
        g_string_append_printf(out, ",\"data\":%s}", data);
    }
}

/* The data as they stand in the line: no text before them can hold this, for there each quote has a backslash. */
static char *data_as_kept(const char *line, size_t size)
{
    static const char MARK[] = ",\"data\":";
    const char *at = g_strstr_len(line, (gssize)size, MARK);
    const char *begin = at == NULL ? NULL : at + strlen(MARK);
    return begin == NULL ? NULL : g_strndup(begin, (gsize)(line + size - begin) - 1);
}

bool archive_read_event(const char *line, size_t size, struct archive_event *out)
{
    struct fault fault;
    gint64 seq = 0;
    size_t hash_size = 0;
    *out = (struct archive_event){.line = json_read(line, size, &fault)};
    const char *seq_text = json_text(out->line, "seq", "");
    const char *hex = json_text(out->line, "hash", "");
    const char *data_text = json_text(out->line, "data_text", NULL);
    out->data = data_text != NULL ? g_strdup(data_text) : data_as_kept(line, size);
    out->event = (struct event){.actor = json_text(out->line, "actor", NULL),
                                .kind = json_text(out->line, "kind", NULL),
                                .subject = json_text(out->line, "subject", NULL),
                                .data = out->data};
    bool is_read = g_ascii_string_to_signed(seq_text, 10, 1, G_MAXINT64, &seq, NULL) &&
                   utc_parse(json_text(out->line, "at", ""), &out->event.at) &&
                   sodium_hex2bin(out->hash, sizeof out->hash, hex, strlen(hex), NULL, &hash_size,
                                  NULL) == 0 &&
                   hash_size == sizeof out->hash;
    out->event.seq = seq;
    return is_read;
}

void archive_event_clear(struct archive_event *event)
{
    json_decref(event->line);
    g_free(event->data);
    *event = (struct archive_event){0};
}

/* What a clock said that was wrong makes no file of a year to come. */
static void add_event(void *self, const struct event *event,
                      const unsigned char hash[EVENT_HASH_SIZE])
{
    struct gathering *gathering = self;
    struct utc at = utc_earlier(event->at, gathering->list->ask.now);
    if (event->seq <= gathering->list->ask.known_seq) {
        return;
    }
    GString *text = text_for(gathering, "events", at);
    archive_write_event(text, event, hash);
    g_string_append_c(text, '\n');
}

static void gather_events(struct gathering *gathering)
{
    struct archive_list *list = gathering->list;
    struct retention_event oldest[EVENTS_MOST];
    size_t count = retention_events_after(gathering->db, list->ask.after.id, oldest, EVENTS_MOST);
    int64_t last = retention_prefix(oldest, count, retention_needed_seq(gathering->db),
                                    list->ask.before, list->ask.now);
    int going = 0;
    while ((size_t)going < count && oldest[going].seq <= last) {
        going++;
    }
    list->is_end = going < EVENTS_MOST;
    if (going >= RETENTION_EVENTS_LEAST) {
        list->reached.id = last;
        chain_list(gathering->db, list->ask.after.id, going, add_event, gathering);
    }
}

/* --- payloads --- */

static void add_payload(void *self, const char *integration, int slot,
                        const struct payload *payload)
{
    struct gathering *gathering = self;
    json_t *json = payload_json(payload);
    if (json == NULL) {
        return; /* no text: it stays */
    }
    json_object_set_new(json, "integration", json_string(integration));
    add_line(gathering, "payloads", payload->at, json);
    struct archive_payload *item = g_new0(struct archive_payload, 1);
    *item = (struct archive_payload){g_strdup(integration), slot, payload->at};
    g_ptr_array_add(gathering->list->payloads, item);
}

static void gather_payloads(struct gathering *gathering)
{
    payload_each_before(gathering->db, gathering->list->ask.before, PAYLOADS_MOST, add_payload,
                        gathering);
    gathering->list->is_end = gathering->list->payloads->len < PAYLOADS_MOST;
}

static void payload_item_free(gpointer item)
{
    g_free(((struct archive_payload *)item)->integration);
    g_free(item);
}

struct archive_list *archive_lines(struct db *db, const struct config *config,
                                   const struct archive_ask *ask, GPtrArray *out_parts)
{
    struct archive_list *list = g_new0(struct archive_list, 1);
    *list = (struct archive_list){
        .ask = *ask,
        .items = g_array_new(FALSE, FALSE, sizeof(struct retention_cursor)),
        .payloads = g_ptr_array_new_with_free_func(payload_item_free),
        .reached = ask->after,
    };
    struct gathering gathering = {.db = db, .config = config, .list = list, .parts = out_parts};
    if (ask->sort == SORT_EVENTS) {
        gather_events(&gathering);
    } else if (ask->sort == SORT_PAYLOADS) {
        gather_payloads(&gathering);
    } else {
        gather_sort(&gathering);
    }
    return list;
}

void archive_list_free(struct archive_list *list)
{
    if (list != NULL) {
        g_array_unref(list->items);
        g_ptr_array_unref(list->payloads);
        g_free(list);
    }
}
