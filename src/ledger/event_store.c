#include "ledger/ledger_private.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/metric.h"
#include "db/row.h"
#include "ledger/chain.h"
#include "ledger/parent.h"

enum { VERIFY_ROWS = 1000 }; /* kept in memory at a time */

/* A row of table event. */
struct event_row {
    struct event event;
    unsigned char hash[EVENT_HASH_SIZE]; /* zero bytes where it is no hash: that fits to no event */
};

static const struct column COLUMNS[] = {
    {"seq", COLUMN_INT, offsetof(struct event_row, event.seq), COLUMN_KEY},
    {"at", COLUMN_UTC, offsetof(struct event_row, event.at)},
    {"actor", COLUMN_BORROWED, offsetof(struct event_row, event.actor)},
    {"kind", COLUMN_BORROWED, offsetof(struct event_row, event.kind)},
    {"subject", COLUMN_BORROWED, offsetof(struct event_row, event.subject)},
    {"data", COLUMN_BORROWED, offsetof(struct event_row, event.data)},
    {"hash", COLUMN_BYTES, offsetof(struct event_row, hash), .bytes = EVENT_HASH_SIZE},
};

const struct table EVENT_TABLE = {
    .name = "event", .size = sizeof(struct event_row), ROW_COLUMNS(COLUMNS)};

struct kept_head {
    int64_t seq;
    unsigned char hash[EVENT_HASH_SIZE];
    int64_t pulse_seq;
};

static const struct column HEAD_COLUMNS[] = {
    {"(SELECT seq FROM event ORDER BY seq DESC LIMIT 1)", COLUMN_INT,
     offsetof(struct kept_head, seq)},
    {"(SELECT hash FROM event ORDER BY seq DESC LIMIT 1)", COLUMN_BYTES,
     offsetof(struct kept_head, hash), .bytes = EVENT_HASH_SIZE},
    {"(SELECT max(seq) FROM pulse)", COLUMN_INT, offsetof(struct kept_head, pulse_seq)},
};

static const struct table HEAD = {.size = sizeof(struct kept_head), ROW_COLUMNS(HEAD_COLUMNS)};

static struct db_query *query_head(struct db *db)
{
    struct db_query *query = row_query(db, &HEAD, "SELECT {columns}");
    db_keep(query, 0);
    return query;
}

void event_ask_head(struct db *db)
{
    struct db_query *query = query_head(db);
    (void)db_step(query);
    db_reset(query);
}

/* Before the first event stand 32 zero bytes. Numbers that a pulse saw are given to nobody again: where events
 * were cut off at the end, the gap stays for all to see. What is no hash was changed: chain_verify will tell where. */
void event_load_head(struct db *db, struct event_head *head)
{
    struct kept_head kept;
    *head = (struct event_head){.is_known = true};
    if (row_take(query_head(db), &HEAD, &kept)) {
        head->seq = MAX(kept.seq, kept.pulse_seq);
        memcpy(head->hash, kept.hash, sizeof head->hash);
    }
}

/* What follows by itself from what somebody did has no address, nor has a program's key. */
static bool has_client(const struct ledger_tx *tx, struct principal actor)
{
    return tx->client != NULL && principal_is_somebody(actor);
}

static json_t *parents_json(struct event_parents parents)
{
    json_t *names = json_array();
    for (size_t i = 0; i < parents.count; i++) {
        g_autofree char *name = subject_text(parents.list[i]);
        json_array_append_new(names, json_string(name));
    }
    return names;
}

/* The text of the event's data. NULL: it has none. */
static char *data_text(const struct ledger_tx *tx, struct principal actor, const json_t *data,
                       struct event_parents parents)
{
    if (!has_client(tx, actor) && parents.count == 0) {
        return data == NULL ? NULL : json_write(data);
    }
    json_auto_t *with = data == NULL ? json_object() : json_deep_copy(data);
    if (has_client(tx, actor)) {
        json_object_set_new(with, EVENT_CLIENT, json_string(tx->client));
    }
    if (parents.count > 0) {
        json_object_set_new(with, EVENT_PARENTS, parents_json(parents));
    }
    return json_write(with);
}

static void insert_parents(struct db *db, int64_t seq, struct event_parents parents)
{
    for (size_t i = 0; i < parents.count; i++) {
        g_autofree char *name = subject_text(parents.list[i]);
        struct db_query *query =
            db_query(db, "INSERT INTO event_parent (subject, seq) VALUES ($1, $2)");
        db_bind_text(query, 1, name);
        db_bind_int(query, 2, seq);
        (void)db_run(query);
    }
}

static bool may_be_about(const struct event_kind *kind, struct subject subject)
{
    bool may = kind->subjects == NULL;
    for (size_t i = 0; !may && kind->subjects[i] != NULL; i++) {
        may = subject_is(subject, kind->subjects[i]);
    }
    return may && subject.kind != NULL;
}

/* A kind that no list holds would be found by nobody who asks what it means. */
static bool is_listed(const struct ledger *ledger, const struct event_kind *kind)
{
    return ledger->kinds == NULL || event_kind_of(ledger, kind->name) == kind;
}

static void judge_data(const struct event_kind *kind, const json_t *data)
{
    struct fault fault = {0};
    bool is_nothing = data == NULL || json_object_size(data) == 0;
    bool fits = kind->data == NULL ? is_nothing : record_fits(kind->data, data, &fault);
    if (!fits) {
        g_autofree char *text = data != NULL ? json_write(data) : NULL;
        LOG_ERROR("event", NULL, "its data are not as its kind says", "kind", kind->name, "field",
                  fault.field, "why", fault.text, "data", text);
    }
    CHECK(fits);
}

static bool listens(const struct ledger_subscriber *subscriber, const struct occurrence *what)
{
    bool listens = false;
    for (size_t i = 0; !listens && subscriber->kinds[i] != NULL; i++) {
        listens = subscriber->kinds[i] == what->kind;
    }
    return listens &&
           (subscriber->subject == NULL || subject_is(what->subject, subscriber->subject));
}

static void tell_subscribers(struct ledger_tx *tx, const struct occurrence *what)
{
    struct ledger *ledger = tx->ledger;
    CHECK(++ledger->depth <= EVENT_DEPTH_MAX); /* else two of them answer each other for ever */
    for (guint i = 0; i < ledger->subscribers->len; i++) {
        const struct ledger_subscriber *subscriber =
            &g_array_index(ledger->subscribers, struct ledger_subscriber, i);
        if (listens(subscriber, what)) {
            subscriber->happened(tx, subscriber->self, what);
        }
    }
    ledger->depth--;
}

static void append(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                   struct subject subject, const json_t *data, struct event_parents parents)
{
    struct event_head *head = &tx->ledger->head;
    CHECK(is_listed(tx->ledger, kind));
    CHECK(may_be_about(kind, subject));
    if (tx->ledger->judges_data) {
        judge_data(kind, data);
    }
    if (!head->is_known) {
        event_load_head(tx->db, head);
    }
    g_autofree char *who = principal_text(actor.kind, actor.name);
    g_autofree char *about = subject_text(subject);
    g_autofree char *text = data_text(tx, actor, data, parents);
    struct event_row row = {{head->seq + 1, tx->now, who, kind->name, about, text}, {0}};
    event_hash(head->hash, &row.event, head->hash);
    head->seq = row.event.seq;
    memcpy(row.hash, head->hash, sizeof row.hash);
    row_insert(tx->db, &EVENT_TABLE, &row);
    insert_parents(tx->db, row.event.seq, parents);
    metric_event(kind->name);
    tell_subscribers(tx, &(struct occurrence){row.event.seq, actor, kind, subject, data});
}

void event_append(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                  struct subject subject, const json_t *data)
{
    append(tx, actor, kind, subject, data, (struct event_parents){NULL, 0});
}

void event_append_below(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                        struct subject subject, const json_t *data, struct event_parents parents)
{
    CHECK(parents.count >= 1 && parents.count <= EVENT_PARENTS_MAX);
    for (size_t i = 0; i < parents.count; i++) {
        CHECK(parents.list[i].kind != NULL && !subject_equal(parents.list[i], subject));
    }
    append(tx, actor, kind, subject, data, parents);
}

static struct db_query *ask_list(struct db *db, int64_t after_seq, const struct subject *subject,
                                 int limit)
{
    struct db_query *query =
        subject == NULL
            ? row_query(db, &EVENT_TABLE,
                        "SELECT {columns} FROM event WHERE seq > $1 ORDER BY seq LIMIT $2")
            : row_query(db, &EVENT_TABLE,
                        "SELECT {columns} FROM event WHERE subject = $3 AND seq > $1"
                        /* p.seq, not e.seq: so both halves come in order, and nothing is sorted. */
                        " UNION ALL SELECT p.seq, e.at, e.actor, e.kind, e.subject, e.data, e.hash"
                        " FROM event_parent p JOIN event e ON e.seq = p.seq"
                        " WHERE p.subject = $3 AND p.seq > $1 ORDER BY seq LIMIT $2");
    db_bind_int(query, 1, after_seq);
    db_bind_int(query, 2, limit);
    if (subject != NULL) {
        g_autofree char *text = subject_text(*subject);
        db_bind_text(query, 3, text);
    }
    return query;
}

void event_list(struct db *db, int64_t after_seq, const struct subject *subject, int limit,
                void (*each)(void *self, const struct event *event), void *self)
{
    struct db_query *query = ask_list(db, after_seq, subject, limit);
    struct event_row row;
    while (row_next(query, &EVENT_TABLE, &row)) {
        each(self, &row.event);
    }
}

void event_list_back(struct db *db, int64_t before_seq, int limit,
                     void (*each)(void *self, const struct event *event), void *self)
{
    struct db_query *query = row_query(
        db, &EVENT_TABLE, "SELECT {columns} FROM event WHERE seq < $1 ORDER BY seq DESC LIMIT $2");
    db_bind_int(query, 1, before_seq == 0 ? INT64_MAX : before_seq);
    db_bind_int(query, 2, limit);
    struct event_row row;
    while (row_next(query, &EVENT_TABLE, &row)) {
        each(self, &row.event);
    }
}

void chain_list(struct db *db, int64_t after_seq, int limit,
                void (*each)(void *self, const struct event *event,
                             const unsigned char hash[EVENT_HASH_SIZE]),
                void *self)
{
    struct db_query *query = ask_list(db, after_seq, NULL, limit);
    struct event_row row;
    while (row_next(query, &EVENT_TABLE, &row)) {
        each(self, &row.event, row.hash);
    }
}

int64_t event_last_seq(struct db *db)
{
    return db_take_int(db_query(db, "SELECT max(seq) FROM event"));
}

/* --- the chain --- */

int64_t chain_newest(struct db *db)
{
    int64_t seen = pulse_seq(db);
    return MAX(seen, event_last_seq(db));
}

static void pass_checkpoint(struct chain *chain, struct db *db)
{
    struct checkpoint checkpoint;
    bool is_sealed = checkpoint_load(db, &checkpoint);
    chain_pass(chain, &checkpoint, is_sealed);
}

/* Were more events deleted since the walk looked last? Then what it found amiss may only be that. */
static bool goes_on_behind(struct chain *chain, struct db *db)
{
    struct checkpoint checkpoint;
    bool may_be = chain->state == CHAIN_WHOLE || chain->state == CHAIN_MISSING;
    bool is_sealed = checkpoint_load(db, &checkpoint);
    if (!may_be || !is_sealed || checkpoint.seq <= chain->checkpoint.seq) {
        return false;
    }
    chain->state = CHAIN_WHOLE;
    chain->bad_from = chain->bad_to = 0;
    return true;
}

void chain_begin(struct chain *chain, struct db *db)
{
    *chain = (struct chain){.state = CHAIN_WHOLE};
    chain->seen_seq = pulse_seq(db); /* before the walk: events may come while it lasts */
    pass_checkpoint(chain, db);
    if (db_error(db) != DB_OK) {
        chain->state = CHAIN_UNREAD;
    }
}

enum { PARENTS_SCHEMA = 6 }; /* a backup may be older than the table */

/* What the events of a step name as their parents, against what the index says. */
struct astray {
    bool is_known;  /* is there an index? */
    GString *names; /* "7 user:ana\n", in order of events */
};

static bool has_parents(struct db *db)
{
    struct db_query *query =
        db_query(db, "SELECT count(*) FROM schema_version WHERE version >= $1");
    db_bind_int(query, 1, PARENTS_SCHEMA);
    bool has = db_step(query) == DB_ROW && db_int(query, 0) > 0;
    db_reset(query);
    return has;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void note_sorted(struct astray *astray, int64_t seq, GPtrArray *names)
{
    g_ptr_array_sort(names, compare_texts);
    for (guint i = 0; i < names->len; i++) {
        g_string_append_printf(astray->names, "%" G_GINT64_FORMAT " %s\n", seq,
                               (const char *)names->pdata[i]);
    }
}

static void note_parents(struct astray *astray, const struct event *event)
{
    if (event->data == NULL || strstr(event->data, "\"" EVENT_PARENTS "\":[") == NULL) {
        return;
    }
    struct fault fault;
    json_auto_t *data = json_read(event->data, strlen(event->data), &fault);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    size_t i;
    json_t *name;
    json_array_foreach (json_object_get(data, EVENT_PARENTS), i, name) {
        if (json_is_string(name)) {
            g_ptr_array_add(names, (gpointer)(uintptr_t)json_string_value(name));
        }
    }
    note_sorted(astray, event->seq, names);
}

/* The first event of which they say something different. */
static int64_t first_astray(const char *named, const char *found)
{
    while (*named != '\0' && *named == *found) {
        const char *end = strchr(named, '\n');
        size_t length = (size_t)(end - named) + 1;
        if (strncmp(named, found, length) != 0) {
            break;
        }
        named += length;
        found += length;
    }
    int64_t a = *named != '\0' ? g_ascii_strtoll(named, NULL, 10) : INT64_MAX;
    int64_t b = *found != '\0' ? g_ascii_strtoll(found, NULL, 10) : INT64_MAX;
    return MIN(a, b);
}

/* Of the events after `known_seq` up to where the walk has come. */
static void judge_parents(struct chain *chain, const struct astray *astray, struct db *db,
                          int64_t known_seq)
{
    struct db_query *query = db_query(db, "SELECT seq, subject FROM event_parent"
                                          " WHERE seq > $1 AND seq <= $2 ORDER BY seq");
    struct astray found = {.names = g_string_new(NULL)};
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    int64_t seq = 0;
    db_bind_int(query, 1, known_seq);
    db_bind_int(query, 2, chain->last_seq);
    while (db_step(query) == DB_ROW) {
        if (db_int(query, 0) != seq) {
            note_sorted(&found, seq, names);
            g_ptr_array_set_size(names, 0);
            seq = db_int(query, 0);
        }
        g_ptr_array_add(names, g_strdup(db_text(query, 1)));
    }
    db_reset(query);
    note_sorted(&found, seq, names);
    if (strcmp(astray->names->str, found.names->str) != 0) {
        chain_stray(chain, first_astray(astray->names->str, found.names->str));
    }
    g_string_free(found.names, TRUE);
}

/* Answers how many rows there were. */
static int walk_rows(struct chain *chain, struct db *db, int limit)
{
    int rows = 0;
    struct astray astray = {.is_known = has_parents(db), .names = g_string_new(NULL)};
    int64_t known_seq = chain->last_seq;
    /* At first what should not be there any more, and rows below 1, do not fit either. */
    int64_t after_seq = utc_is_set(chain->first_at) ? chain->last_seq : INT64_MIN;
    struct db_query *query = ask_list(db, after_seq, NULL, limit);
    struct event_row row;
    while (chain->state == CHAIN_WHOLE && row_next(query, &EVENT_TABLE, &row)) {
        chain_judge(chain, &row.event, row.hash, sizeof row.hash);
        note_parents(&astray, &row.event);
        rows++;
    }
    db_reset(query);
    if (chain->state == CHAIN_WHOLE && astray.is_known) {
        judge_parents(chain, &astray, db, known_seq);
    }
    g_string_free(astray.names, TRUE);
    return rows;
}

bool chain_walk(struct chain *chain, struct db *db, int limit)
{
    if (chain->state == CHAIN_WHOLE) {
        pass_checkpoint(chain, db);
    }
    if (chain->state != CHAIN_WHOLE) {
        chain_clear(chain);
        return false;
    }
    int rows = walk_rows(chain, db, limit);
    if (db_error(db) != DB_OK) {
        chain->state = CHAIN_UNREAD;
    } else if ((rows < limit || chain->state != CHAIN_WHOLE) && goes_on_behind(chain, db)) {
        return true;
    } else if (rows < limit) {
        chain_end(chain);
    }
    bool has_more = chain->state == CHAIN_WHOLE && rows == limit;
    if (!has_more) {
        chain_clear(chain);
    }
    return has_more;
}

bool chain_verify(struct db *db, struct chain *out)
{
    chain_begin(out, db);
    while (chain_walk(out, db, VERIFY_ROWS)) {
    }
    return out->state == CHAIN_WHOLE;
}

bool chain_check(struct db *db, const char *which, struct fault *fault)
{
    struct chain chain;
    return chain_verify(db, &chain) || chain_words(&chain, db, which, fault);
}
