#include "app/transfer.h"

#include <stdio.h>
#include <unistd.h>

#include "app/lost.h"
#include "app/newest.h"
#include "base/clock.h"
#include "cli/data_dir.h"
#include "cli/output.h"
#include "db/server.h"
#include "ledger/chain.h"
#include "ledger/node.h"

/* A node that lives writes every half second. */
enum { WATCH_MS = 2200 };

/* --- the source --- */

static void count_living(void *self, const struct node_info *node)
{
    *(int *)self += node->state != NODE_GONE ? 1 : 0;
}

/* The number of the last write, or -1; and how many nodes have not ended. */
static int64_t look(struct db *db, const struct place *place, int *out_living, struct fault *fault)
{
    if (!place_check_schema(place, db, fault)) {
        return -1;
    }
    *out_living = 0;
    db_begin_read(db);
    int64_t turn = db_turn(db);
    node_list(db, count_living, out_living);
    bool is_read = db_error(db) == DB_OK;
    if (!is_read) {
        (void)fault_set(fault, "", "the source cannot be read: %s", db_error_text(db));
    }
    db_rollback(db);
    return is_read ? turn : -1;
}

/* The same by a connection that is in no snapshot. */
static int64_t look_anew(const struct place *place, struct fault *fault)
{
    int living = 0;
    struct db *db = db_open(place->where, DB_READ_ONLY, fault);
    int64_t turn = db == NULL ? -1 : look(db, place, &living, fault);
    db_close(&db);
    place_blame(place, fault);
    return turn;
}

static bool still_works(const struct place *place, struct fault *fault)
{
    return fault_set(
        fault, "",
        "servers are at work on %s: stop every one of them first (`tocsin nodes` lists "
        "them), so that nothing is written that the copy lacks",
        place->shown);
}

/* Nodes that were killed stand there as if they lived: only whether something is written tells, while
 * the server is there. */
static bool check_quiet(struct db *db, const struct place *place, int64_t *out_turn,
                        struct fault *fault)
{
    int living = 0;
    *out_turn = look(db, place, &living, fault);
    if (*out_turn < 0 || living == 0) {
        return *out_turn >= 0;
    }
    db_server_wait(db, WATCH_MS);
    int64_t later = look(db, place, &living, fault);
    return later == *out_turn || (later >= 0 && still_works(place, fault));
}

static struct db *open_quiet(const struct place *place, int64_t *out_turn, struct fault *fault)
{
    struct db *db = db_open(place->where, DB_READ_ONLY, fault);
    if (db != NULL && !check_quiet(db, place, out_turn, fault)) {
        db_close(&db);
    }
    return db;
}

/* A file is held by its lock for as long as it is open. A backup is nobody's. */
static struct db *open_source(const struct place *place, int64_t *out_turn, struct fault *fault)
{
    if (place->is_server) {
        return open_quiet(place, out_turn, fault);
    }
    if (place->data != NULL && !lost_check_file(place->data, fault)) {
        return NULL;
    }
    if (access(place->where, R_OK) != 0) {
        (void)fault_set(fault, "", "there is no database at %s that can be read: name the right %s",
                        place->where, place->data != NULL ? "directory" : "file");
        return NULL;
    }
    bool is_locked = place->data != NULL;
    if (is_locked && !place_check_kept(place, fault)) {
        return NULL;
    }
    struct db *db = db_open(place->where, is_locked ? DB_READ_WRITE : DB_READ_ONLY, fault);
    if (db != NULL && is_locked && newest_noted(place->data) > 0 &&
        !newest_check(place->data, db, fault)) {
        db_close(&db);
    }
    return db;
}

/* --- the proof --- */

struct proof {
    struct transfer *transfer;
    struct db *from;
    int64_t turn; /* of a source that is a server, before the copy began */
};

/* In the target's transaction, before its end. */
static bool prove(void *self, struct db *to, struct fault *fault)
{
    struct proof *proof = self;
    const struct place *from = proof->transfer->from;
    if (!chain_check(proof->from, "source", fault) || !chain_check(to, "target", fault)) {
        return false;
    }
    proof->transfer->events = event_last_seq(to);
    if (proof->transfer->events != event_last_seq(proof->from)) {
        return fault_set(fault, "", "the last events of the source are missing in the target");
    }
    int64_t turn = from->is_server ? look_anew(from, fault) : proof->turn;
    return turn == proof->turn || (turn >= 0 && still_works(from, fault));
}

/* --- the target --- */

static bool fill_directory(struct transfer *transfer, struct db *from,
                           const struct db_copy_judge *judge, struct fault *fault)
{
    const char *data = transfer->to->data;
    if (!data_dir_prepare(data, fault)) {
        return false;
    }
    int lock = data_dir_lock(data, fault);
    if (lock < 0) {
        return false;
    }
    bool is_done = db_copy_to_file(from, transfer->to->where, judge, &transfer->copy, fault);
    if (is_done) {
        newest_forget(data);
    }
    (void)close(lock);
    return is_done;
}

/* Which one it was, and how to make another. */
static void explain_target(const struct transfer *transfer, struct fault *fault)
{
    const struct place *to = transfer->to;
    if (transfer->copy.occupied == NULL) {
        place_blame(to, fault);
        return;
    }
    (void)fault_set(fault, to->called,
                    "the database %.160s is not empty (there are rows in %s): name a new one, made "
                    "with createdb --owner=tocsin tocsin_new, or CREATE DATABASE tocsin_new OWNER "
                    "tocsin",
                    to->shown, transfer->copy.occupied);
}

bool transfer_run(struct transfer *transfer, struct fault *fault)
{
    struct span began = clock_elapsed(&CLOCK_SYSTEM);
    struct proof proof = {.transfer = transfer};
    proof.from = open_source(transfer->from, &proof.turn, fault);
    if (proof.from == NULL) {
        place_blame(transfer->from, fault);
        return false;
    }
    struct db_copy_judge judge = {.judge = prove, .self = &proof};
    db_begin_snapshot(proof.from);
    bool is_done = transfer->to->is_server ? db_copy_to_server(proof.from, transfer->to->where,
                                                               &judge, &transfer->copy, fault)
                                           : fill_directory(transfer, proof.from, &judge, fault);
    explain_target(transfer, fault);
    db_rollback(proof.from);
    db_close(&proof.from);
    transfer->took = (struct span){clock_elapsed(&CLOCK_SYSTEM).us - began.us};
    return is_done;
}

void transfer_clear(struct transfer *transfer)
{
    db_copy_clear(&transfer->copy);
}

/* --- telling --- */

json_t *transfer_json(const struct transfer *transfer)
{
    const struct db_copy *copy = &transfer->copy;
    json_t *tables = json_array();
    for (guint i = 0; i < copy->tables->len; i++) {
        const struct db_copied *copied = &g_array_index(copy->tables, struct db_copied, i);
        char checksum[DB_DIGEST_TEXT_SIZE];
        db_digest_format(&copied->digest, checksum);
        json_array_append_new(tables,
                              json_pack("{s:s, s:I, s:s}", "table", copied->table, "rows",
                                        (json_int_t)copied->digest.rows, "checksum", checksum));
    }
    json_t *pageable = json_object();
    for (int i = 0; i < PAGEABLE_PARTS; i++) {
        json_object_set_new(pageable, pageable_name(i),
                            json_integer((json_int_t)copy->pageable.parts[i].rows));
    }
    return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:f}", "from", transfer->from->shown,
                     "to", transfer->to->shown, "tables", tables, "pageable", pageable, "events",
                     (json_int_t)transfer->events, "rows", (json_int_t)copy->rows, "mended",
                     (json_int_t)copy->mended, "seconds", (double)transfer->took.us / 1e6);
}

static void print_digests(const char *heading, const struct transfer *transfer, bool is_pageable)
{
    const struct db_copy *copy = &transfer->copy;
    const char *headings[] = {heading, "ROWS", "CHECKSUM", NULL};
    struct text_table *table = table_new(headings);
    guint count = is_pageable ? (guint)PAGEABLE_PARTS : copy->tables->len;
    for (guint i = 0; i < count; i++) {
        const struct db_copied *copied = &g_array_index(copy->tables, struct db_copied, i);
        const struct db_digest *digest = is_pageable ? &copy->pageable.parts[i] : &copied->digest;
        char checksum[DB_DIGEST_TEXT_SIZE];
        db_digest_format(digest, checksum);
        g_autofree char *rows = g_strdup_printf("%" G_GINT64_FORMAT, digest->rows);
        const char *cells[] = {is_pageable ? pageable_name((int)i) : copied->table, rows, checksum};
        table_add(table, cells);
    }
    GString *out = g_string_new(NULL);
    table_write(&table, out);
    g_string_append_c(out, '\n');
    output_print(out);
    g_string_free(out, TRUE);
}

void transfer_print(const struct transfer *transfer)
{
    const struct db_copy *copy = &transfer->copy;
    print_digests("TABLE", transfer, false);
    print_digests("STILL TO PAGE", transfer, true);
    printf("%" G_GINT64_FORMAT " rows, the same on both sides; the chain of %" G_GINT64_FORMAT
           " events is whole; %.1f s.\n",
           copy->rows, transfer->events, (double)transfer->took.us / 1e6);
    if (copy->mended > 0) {
        printf("%" G_GINT64_FORMAT " texts were not valid UTF-8 and were mended.\n", copy->mended);
    }
}
