#include "source/payload.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

#include "base/json_escape.h"
#include "base/limits.h"
#include "source/payload_store.h"
#include "source/refusal.h"

static const int64_t RATE_AT_FIRST = 10000; /* alerts a second and integration, in the long run */
static const int64_t BURST_S = 10;          /* how many seconds' worth may come at once */

struct slot {
    struct utc at;
    int status;
    char *problem;
    char *body;
    bool is_dirty;
};

/* What is known of one integration. */
struct shelf {
    struct slot slots[LIMIT_PAYLOADS_KEPT];
    int next; /* the slot that the next payload takes: the oldest */
    bool has_bucket;
    double tokens;
    struct span filled_at; /* on the clock that never jumps */
};

struct payload_book {
    pthread_mutex_t lock; /* guards everything below */
    GHashTable *shelves;  /* integration -> struct shelf */
    bool is_dirty;
    int64_t rate;
    struct utc flushed_at;
    struct refusal_book *refusals;
};

static void slot_clear(struct slot *slot)
{
    g_free(slot->problem);
    g_free(slot->body);
    *slot = (struct slot){0};
}

static void shelf_free(gpointer self)
{
    struct shelf *shelf = self;
    for (int i = 0; i < LIMIT_PAYLOADS_KEPT; i++) {
        slot_clear(&shelf->slots[i]);
    }
    g_free(shelf);
}

json_t *payload_json(const struct payload *payload)
{
    char at[UTC_TEXT_SIZE];
    utc_format(payload->at, at);
    return json_pack("{s:s, s:i, s:s*, s:s}", "at", at, "status", payload->status, "problem",
                     payload->problem, "body", payload->body);
}

struct payload_book *payload_book_create(void)
{
    struct payload_book *book = g_new0(struct payload_book, 1);
    (void)pthread_mutex_init(&book->lock, NULL);
    book->shelves = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, shelf_free);
    book->rate = RATE_AT_FIRST;
    book->refusals = refusal_book_create();
    return book;
}

struct refusal_book *payload_book_refusals(struct payload_book *book)
{
    return book->refusals;
}

void payload_book_destroy(struct payload_book **book)
{
    if (*book == NULL) {
        return;
    }
    g_hash_table_destroy((*book)->shelves);
    refusal_book_destroy(&(*book)->refusals);
    (void)pthread_mutex_destroy(&(*book)->lock);
    g_free(*book);
    *book = NULL;
}

static struct shelf *shelf_of(struct payload_book *book, const char *integration)
{
    struct shelf *shelf = g_hash_table_lookup(book->shelves, integration);
    if (shelf == NULL) {
        shelf = g_new0(struct shelf, 1);
        g_hash_table_insert(book->shelves, g_strdup(integration), shelf);
    }
    return shelf;
}

/* --- coming in --- */

/* How many of the bytes are this character as JSON escapes it; 0: they are another, or plain. */
static size_t escaped_at(const char *at, size_t left, gunichar wanted)
{
    char escaped[JSON_ESCAPE_SIZE];
    int unit = json_escaped_unit(at, left);
    if (unit >= 0 && wanted <= 0xffff) {
        return (gunichar)unit == wanted ? JSON_ESCAPE_SIZE : 0;
    }
    if (unit >= 0) { /* the first of two */
        int second = json_escaped_unit(at + JSON_ESCAPE_SIZE, left - JSON_ESCAPE_SIZE);
        gunichar high = (wanted - 0x10000) >> 10, low = (wanted - 0x10000) & 0x3ff;
        bool is_it = (gunichar)unit == 0xd800 + high && second == (int)(0xdc00 + low);
        return is_it ? (size_t)2 * JSON_ESCAPE_SIZE : 0;
    }
    if (left < 2 || at[0] != '\\' || wanted >= 0x80) {
        return 0;
    }
    bool is_short = json_must_escape((char)wanted) && json_escape((char)wanted, escaped) == 2 &&
                    escaped[1] == at[1];
    return is_short || (wanted == '/' && at[1] == '/') ? 2 : 0;
}

static size_t character_at(const char *at, size_t left, gunichar wanted)
{
    char plain[6];
    size_t size = (size_t)g_unichar_to_utf8(wanted, plain);
    size_t escaped_size = escaped_at(at, left, wanted);
    bool is_plain = left >= size && memcmp(at, plain, size) == 0;
    return escaped_size == 0 && is_plain ? size : escaped_size;
}

/* How many bytes at the beginning of the text are the secret; 0: it begins otherwise. */
static size_t secret_at(const char *text, size_t size, const char *secret)
{
    size_t at = 0;
    for (; *secret != '\0'; secret = g_utf8_find_next_char(secret, NULL)) {
        size_t taken = character_at(text + at, size - at, g_utf8_get_char(secret));
        if (taken == 0) {
            return 0;
        }
        at += taken;
    }
    return at;
}

/* How many bytes are certainly no secret: up to the next of `stops`, or to the end of the character that reaches
 * `left`. */
static size_t harmless(const char *text, size_t left, const char *stops)
{
    size_t size = strcspn(text, stops);
    if (size > left) {
        for (size = left; ((unsigned char)text[size] & 0xc0) == 0x80;) {
            size++;
        }
    }
    return size;
}

/* Of what begins within the first `kept` bytes; what comes behind may be half a secret. */
static GString *without_secret(const char *text, size_t kept, const char *secret)
{
    size_t size = strlen(text);
    size_t end = MIN(size, kept);
    const char stops[] = {secret[0], '\\', '\0'}; /* neither is ever in the middle of a character */
    GString *out = g_string_sized_new(end + 1);
    for (size_t at = 0; at < end;) {
        size_t plain = harmless(text + at, end - at, stops);
        size_t taken = plain == 0 ? secret_at(text + at, size - at, secret) : 0;
        if (plain > 0) {
            g_string_append_len(out, text + at, (gssize)plain);
            at += plain;
        } else if (taken > 0) {
            g_string_append(out, "[secret]");
            at += taken;
        } else {
            const char *next = g_utf8_find_next_char(text + at, NULL);
            g_string_append_len(out, text + at, (gssize)(next - text - (gssize)at));
            at = (size_t)(next - text);
        }
    }
    return out;
}

char *payload_text(const char *bytes, size_t size, const char *secret)
{
    /* A little more than is kept, so that a secret that lies across the cut is found whole, escaped or not. */
    size_t looked_at = MIN(size, LIMIT_PAYLOAD_KEPT + (size_t)JSON_ESCAPE_SIZE * LIMIT_TEXT);
    g_autofree char *valid = g_utf8_make_valid(bytes == NULL ? "" : bytes, (gssize)looked_at);
    bool has_secret = secret != NULL && secret[0] != '\0' && g_utf8_validate(secret, -1, NULL);
    g_autoptr(GString) text =
        has_secret ? without_secret(valid, LIMIT_PAYLOAD_KEPT, secret) : g_string_new(valid);
    if (text->len > LIMIT_PAYLOAD_KEPT) {
        const char *end = g_utf8_find_prev_char(text->str, text->str + LIMIT_PAYLOAD_KEPT + 1);
        g_string_truncate(text, (gsize)(end - text->str));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void put(struct shelf *shelf, struct slot slot)
{
    slot_clear(&shelf->slots[shelf->next]);
    shelf->slots[shelf->next] = slot;
    shelf->next = (shelf->next + 1) % LIMIT_PAYLOADS_KEPT;
}

bool payload_book_add(struct payload_book *book, const char *integration, struct utc at, int status,
                      const char *problem, char *text)
{
    struct slot slot = {
        .at = at,
        .status = status,
        .problem = g_strdup(problem),
        .body = text,
        .is_dirty = true,
    };
    (void)pthread_mutex_lock(&book->lock);
    put(shelf_of(book, integration), slot);
    bool was_clean = !book->is_dirty;
    book->is_dirty = true;
    (void)pthread_mutex_unlock(&book->lock);
    return was_clean;
}

bool payload_book_admit(struct payload_book *book, const char *integration, size_t count,
                        struct span elapsed)
{
    (void)pthread_mutex_lock(&book->lock);
    struct shelf *shelf = shelf_of(book, integration);
    double most = (double)(book->rate * BURST_S);
    double passed_s = (double)(elapsed.us - shelf->filled_at.us) / 1e6;
    double tokens = shelf->has_bucket ? shelf->tokens + passed_s * (double)book->rate : most;
    tokens = MIN(tokens, most);
    bool is_admitted = tokens >= (double)count;
    shelf->tokens = is_admitted ? tokens - (double)count : tokens;
    shelf->filled_at = elapsed;
    shelf->has_bucket = true;
    (void)pthread_mutex_unlock(&book->lock);
    return is_admitted;
}

void payload_book_set_rate(struct payload_book *book, int64_t alerts_per_second)
{
    (void)pthread_mutex_lock(&book->lock);
    book->rate = MAX(alerts_per_second, 1);
    (void)pthread_mutex_unlock(&book->lock);
}

void payload_book_forget(struct payload_book *book, struct utc before)
{
    (void)pthread_mutex_lock(&book->lock);
    GHashTableIter iter;
    gpointer shelf = NULL;
    g_hash_table_iter_init(&iter, book->shelves);
    while (g_hash_table_iter_next(&iter, NULL, &shelf)) {
        for (int i = 0; i < LIMIT_PAYLOADS_KEPT; i++) {
            struct slot *slot = &((struct shelf *)shelf)->slots[i];
            if (slot->body != NULL && utc_before(slot->at, before)) {
                slot_clear(slot);
            }
        }
    }
    (void)pthread_mutex_unlock(&book->lock);
}

/* --- reading back --- */

static void list_slots(struct payload_book *book, const char *integration,
                       void (*each)(void *self, const struct payload *payload), void *self)
{
    (void)pthread_mutex_lock(&book->lock);
    const struct shelf *shelf = g_hash_table_lookup(book->shelves, integration);
    for (int i = 1; shelf != NULL && i <= LIMIT_PAYLOADS_KEPT; i++) {
        int at = (shelf->next + LIMIT_PAYLOADS_KEPT - i) % LIMIT_PAYLOADS_KEPT;
        const struct slot *slot = &shelf->slots[at];
        if (slot->body != NULL) {
            struct payload payload = {
                .at = slot->at,
                .status = slot->status,
                .problem = slot->problem,
                .body = slot->body,
            };
            each(self, &payload);
        }
    }
    (void)pthread_mutex_unlock(&book->lock);
}

/* What this node remembers, and what all nodes have written. Memory comes first: what is written
 * meanwhile is there twice, and found out, rather than nowhere; and so is what could not be written. */
struct merged {
    GPtrArray *payloads; /* of struct slot */
    guint remembered;    /* how many of them are from memory: the first */
};

static void slot_free(gpointer self)
{
    slot_clear(self);
    g_free(self);
}

static void add_copy(struct merged *merged, const struct payload *payload)
{
    struct slot *copy = g_new0(struct slot, 1);
    *copy = (struct slot){
        .at = payload->at,
        .status = payload->status,
        .problem = g_strdup(payload->problem),
        .body = g_strdup(payload->body),
    };
    g_ptr_array_add(merged->payloads, copy);
}

static void add_remembered(void *self, const struct payload *payload)
{
    struct merged *merged = self;
    add_copy(merged, payload);
    merged->remembered++;
}

static bool is_same(const struct slot *slot, const struct payload *payload)
{
    return slot->at.us == payload->at.us && slot->status == payload->status &&
           g_strcmp0(slot->problem, payload->problem) == 0 &&
           g_strcmp0(slot->body, payload->body) == 0;
}

static void add_written(void *self, const struct payload *payload)
{
    struct merged *merged = self;
    for (guint i = 0; i < merged->remembered; i++) {
        if (is_same(g_ptr_array_index(merged->payloads, i), payload)) {
            return;
        }
    }
    add_copy(merged, payload);
}

static gint newest_first(gconstpointer a, gconstpointer b)
{
    const struct slot *const *left = a, *const *right = b;
    return ((*right)->at.us > (*left)->at.us) - ((*right)->at.us < (*left)->at.us);
}

void payload_book_list(struct payload_book *book, struct db *db, const char *integration,
                       void (*each)(void *self, const struct payload *payload), void *self)
{
    if (db == NULL || !db_is_shared(db)) {
        list_slots(book, integration, each, self);
        return;
    }
    g_autoptr(GPtrArray) payloads = g_ptr_array_new_with_free_func(slot_free);
    struct merged merged = {.payloads = payloads};
    list_slots(book, integration, add_remembered, &merged);
    payload_each_of(db, integration, add_written, &merged);
    g_ptr_array_sort(payloads, newest_first);
    for (guint i = 0; i < MIN(payloads->len, (guint)LIMIT_PAYLOADS_KEPT); i++) {
        const struct slot *slot = g_ptr_array_index(payloads, i);
        struct payload payload = {
            .at = slot->at, .status = slot->status, .problem = slot->problem, .body = slot->body};
        each(self, &payload);
    }
}

static void load_one(void *self, const char *integration, int slot, const struct payload *payload)
{
    struct payload_book *book = self;
    if (slot < 0 || slot >= LIMIT_PAYLOADS_KEPT) {
        return;
    }
    struct shelf *shelf = shelf_of(book, integration);
    slot_clear(&shelf->slots[slot]);
    shelf->slots[slot] = (struct slot){
        .at = payload->at,
        .status = payload->status,
        .problem = g_strdup(payload->problem),
        .body = g_strdup(payload->body),
    };
    shelf->next = (slot + 1) % LIMIT_PAYLOADS_KEPT; /* they come oldest first */
}

void payload_book_load(struct payload_book *book, struct db *db)
{
    if (!db_is_shared(db)) { /* else they are read when they are asked for */
        payload_each(db, load_one, book);
    }
}

/* --- the duty --- */

static struct utc flush_next_at(struct ledger_tx *tx, void *self)
{
    struct payload_book *book = self;
    (void)pthread_mutex_lock(&book->lock);
    /* Were the wall clock set back, "a second after the last time" could lie years ahead. */
    struct utc next =
        utc_before(tx->now, book->flushed_at) ? tx->now : utc_add(book->flushed_at, SPAN_S(1));
    if (!book->is_dirty) {
        next = UTC_NEVER;
    }
    (void)pthread_mutex_unlock(&book->lock);
    return next;
}

static int flush_shelf(struct ledger_tx *tx, const char *integration, struct shelf *shelf)
{
    int written = 0;
    for (int n = 0; n < LIMIT_PAYLOADS_KEPT; n++) {
        int i = (shelf->next + n) % LIMIT_PAYLOADS_KEPT; /* oldest first */
        struct slot *slot = &shelf->slots[i];
        if (slot->is_dirty) {
            struct payload payload = {
                .at = slot->at,
                .status = slot->status,
                .problem = slot->problem,
                .body = slot->body,
            };
            /* Other nodes fill the same slots, in the order in which they come. */
            int at = db_is_shared(tx->db)
                         ? payload_next_slot(tx->db, integration, LIMIT_PAYLOADS_KEPT)
                         : i;
            payload_save(tx->db, integration, at, &payload);
            slot->is_dirty = false;
            written++;
        }
    }
    return written;
}

/* Ignores the limit: a second's worth is at most LIMIT_PAYLOADS_KEPT small rows an integration. The
 * rows are marked as written before the commit; if that fails only this process remembers them. */
static int flush_run(struct ledger_tx *tx, void *self, int limit)
{
    (void)limit;
    struct payload_book *book = self;
    int written = 0;
    (void)pthread_mutex_lock(&book->lock);
    GHashTableIter iter;
    gpointer integration = NULL;
    gpointer shelf = NULL;
    g_hash_table_iter_init(&iter, book->shelves);
    while (g_hash_table_iter_next(&iter, &integration, &shelf)) {
        written += flush_shelf(tx, integration, shelf);
    }
    book->is_dirty = false;
    book->flushed_at = tx->now;
    (void)pthread_mutex_unlock(&book->lock);
    return written;
}

void payload_book_add_duty(struct payload_book *book, struct ledger *ledger)
{
    ledger_add_duty(ledger, (struct ledger_duty){
                                .name = "payloads",
                                .next_at = flush_next_at,
                                .run_due = flush_run,
                                .self = book,
                            });
}
