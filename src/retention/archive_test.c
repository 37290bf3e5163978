/* What is deleted was written out before, whatever happens in between. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <glib/gstdio.h>

#include "alert/alert_store.h"
#include "alert/kinds.h"
#include "base/json.h"
#include "db/test_database.h"
#include "ledger/chain.h"
#include "paging/paging_harness.h"
#include "retention/archive_check.h"
#include "retention/archive_lines.h"
#include "retention/retention_work.h"
#include "source/payload_store.h"

static const char TEAM[] =
    "{'users': [{'name': 'ana', 'contacts': [{'kind': 'email', 'to': 'a@x.org'}]}],"
    "'policies': [{'name': 'p', 'steps': [{'notify': [{'user': 'ana'}], 'wait': '5m'}],"
    "  'last_resort': {'user': 'ana'}}],"
    "'services': [{'name': 'shop', 'policy': 'p'}],"
    "'retention': {'alerts': '7d', 'deliveries': '8d', 'payloads': '7d', 'events': '7d'}}";

/* The disk of the archive, on which something happens. */
struct trouble {
    int64_t calls; /* so far */
    int64_t at;    /* the call at which it happens; 0: never */
    int error;
    bool lasts; /* from then on all fail: the process is dead, or the disk full */
};

static struct {
    struct retention_work *work;
    struct archive *archive;
    const char *setting; /* of the archive; NULL: its folder */
    bool is_unset;
    char *folder;
    struct trouble trouble;
    struct archive_disk disk;
    GHashTable *safe; /* name -> bytes of the file that outlast a loss of power */
} the;

static int64_t size_of(const char *name)
{
    struct stat about;
    g_autofree char *path = g_build_filename(the.folder, name, NULL);
    return stat(path, &about) == 0 ? (int64_t)about.st_size : -1;
}

/* The sync that is asked for works. */
static void keep_safe(const char *name)
{
    if (name[0] != '\0') {
        g_hash_table_insert(the.safe, g_strdup(name), GINT_TO_POINTER((int)size_of(name)));
    }
}

static int meet(void *self, enum archive_call call, const char *name, int64_t size)
{
    struct trouble *trouble = self;
    (void)size;
    trouble->calls++;
    bool is_met = trouble->at != 0 &&
                  (trouble->lasts ? trouble->calls >= trouble->at : trouble->calls == trouble->at);
    if (!is_met && call == ARCHIVE_SYNCS) {
        keep_safe(name);
    }
    return is_met ? trouble->error : 0;
}

static void attach(struct paging *paging)
{
    retention_work_destroy(&the.work);
    archive_destroy(&the.archive);
    const char *where = the.setting != NULL ? the.setting : the.folder;
    the.archive = archive_create(the.is_unset ? NULL : where, "here", &paging->clock);
    the.disk = (struct archive_disk){meet, &the.trouble};
    archive_set_disk(the.archive, &the.disk);
    the.work = retention_work_create(paging->configs, &paging->clock, NULL, the.archive);
    retention_work_attach(the.work, paging->ledger);
    ledger_add_events(paging->ledger, RETENTION_EVENTS);
}

static int open_team(void **state)
{
    the.folder = g_dir_make_tmp("tocsin-archive-XXXXXX", NULL);
    the.safe = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return paging_start(state, TEAM);
}

static void remove_all(const char *folder)
{
    GDir *names = g_dir_open(folder, 0, NULL);
    for (const char *name; names != NULL && (name = g_dir_read_name(names)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        (void)g_unlink(path);
    }
    g_clear_pointer(&names, g_dir_close);
    (void)g_rmdir(folder);
}

static int close_team(void **state)
{
    int result = paging_finish(state);
    retention_work_destroy(&the.work);
    archive_destroy(&the.archive);
    remove_all(the.folder);
    g_free(the.folder);
    g_hash_table_unref(the.safe);
    memset(&the, 0, sizeof the);
    return result;
}

/* The archive's thread, once. True: something was asked for. */
static bool write_out(struct paging *paging)
{
    struct fault fault = {0};
    struct db *db = db_open(paging->where, DB_READ_ONLY, &fault);
    assert_non_null(db);
    struct config *config = config_current(paging->configs);
    db_begin_read(db);
    bool is_asked = archive_gather(the.archive, db, config);
    db_rollback(db);
    config_unref(config);
    db_close(&db);
    if (is_asked) {
        assert_true(archive_write(the.archive));
    }
    return is_asked;
}

static bool is_dead(void)
{
    return the.trouble.lasts && the.trouble.error == EINTR && the.trouble.at != 0 &&
           the.trouble.calls >= the.trouble.at;
}

/* Time in which the archive's thread works, too; until the process is killed, if it is. */
static void pass(struct paging *paging, struct span span)
{
    for (struct utc end = utc_add(paging->now, span); utc_before(paging->now, end) && !is_dead();) {
        bool is_asked = true;
        paging_pass(paging, SPAN_H(6));
        g_free(paging_messages(paging));
        for (int i = 0; is_asked && i < 20 && !is_dead(); i++) {
            is_asked = write_out(paging);
            paging_pass(paging, SPAN_S(61)); /* rests, and what failed is tried again */
        }
    }
}

static int64_t ended(struct paging *paging, const char *key)
{
    int64_t id = paging_signal(paging, SIGNAL_TRIGGER, key, SEVERITY_CRITICAL);
    g_free(paging_messages(paging));
    (void)paging_signal(paging, SIGNAL_RESOLVE, key, SEVERITY_CRITICAL);
    paging_pass(paging, SPAN_S(5));
    g_free(paging_messages(paging));
    return id;
}

static bool is_there(struct paging *paging, int64_t id)
{
    struct alert alert = {0};
    bool is_there = alert_load(paging->db, id, &alert);
    alert_clear(&alert);
    return is_there;
}

/* All lines of the files of that sort. */
static json_t *lines_of(const char *prefix)
{
    struct fault fault = {0};
    json_t *lines = json_array();
    g_autoptr(GPtrArray) names = archive_files(the.folder, prefix, &fault);
    assert_non_null(names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(the.folder, names->pdata[i], NULL);
        g_autofree char *text = NULL;
        assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_auto(GStrv) parts = g_strsplit(text, "\n", -1);
        for (char **part = parts; *part != NULL; part++) {
            json_t *line = json_loads(*part, 0, NULL);
            assert_true(line != NULL || part[1] == NULL); /* but for half of one at the end */
            if (line != NULL) {
                json_array_append_new(lines, line);
            }
        }
    }
    return lines;
}

static const json_t *line_of_alert(const json_t *lines, int64_t id)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, id);
    size_t i;
    const json_t *line;
    json_array_foreach (lines, i, line) {
        if (g_strcmp0(json_text(json_object_get(line, "alert"), "id", NULL), text) == 0) {
            return line;
        }
    }
    return NULL;
}

static void expect_whole(struct paging *paging)
{
    struct checkpoint checkpoint;
    struct archive_check found;
    struct fault fault = {0};
    assert_true(checkpoint_load(paging->db, &checkpoint));
    enum archive_verdict verdict = archive_check(the.folder, &checkpoint, &found, &fault);
    assert_string_equal(fault.text, "");
    assert_int_equal(verdict, ARCHIVE_WHOLE);
    assert_int_equal(found.is_joined, checkpoint.seq > 0);
    assert_true(found.first_seq <= 1);
    assert_true(found.last_seq >= checkpoint.seq);
    assert_true(chain_check(paging->db, "database", &fault));
}

/* --- what stands there --- */

static void live(struct paging *paging, int days, int64_t *out_ids)
{
    for (int day = 0; day < days && !is_dead(); day++) {
        g_autofree char *key = g_strdup_printf("k%d", day);
        out_ids[day] = ended(paging, key);
        pass(paging, SPAN_D(1));
    }
}

static void an_alert_stands_there_with_all_that_was_sent(void **state)
{
    enum { DAYS = 12 };

    struct paging *paging = *state;
    int64_t ids[DAYS] = {0};
    live(paging, DAYS, ids);
    json_auto_t *alerts = lines_of("alerts-");
    int gone = 0;
    for (int i = 0; i < DAYS; i++) {
        const json_t *line = line_of_alert(alerts, ids[i]);
        assert_int_equal(line == NULL, is_there(paging, ids[i]));
        gone += line != NULL;
        if (line != NULL) {
            const json_t *page = json_array_get(json_object_get(line, "pages"), 0);
            const json_t *told = json_array_get(json_object_get(page, "notifications"), 0);
            assert_int_equal(json_array_size(json_object_get(told, "attempts")), 1);
            assert_true(json_array_size(json_object_get(line, "decisions")) > 3);
            assert_int_equal(json_array_size(json_object_get(line, "endings")), 1);
        }
    }
    assert_in_range(gone, 4, 5);
    assert_int_equal(json_array_size(alerts), gone); /* nothing twice */
    json_auto_t *deliveries = lines_of("deliveries-");
    assert_true(json_array_size(deliveries) >= 6);
    expect_whole(paging);
    struct archive_state kept;
    assert_true(archive_state_load(paging->db, &kept));
    assert_string_equal(kept.node, "here");
    assert_true(utc_is_set(kept.archived_at) && !utc_is_set(kept.failed_at));
    assert_true(kept.last_seq > 20);
    archive_state_clear(&kept);
}

static void its_files_are_their_owners(void **state)
{
    struct paging *paging = *state;
    int64_t ids[10] = {0};
    struct stat about;
    struct fault fault = {0};
    live(paging, 10, ids);
    g_autoptr(GPtrArray) names = archive_files(the.folder, "", &fault);
    assert_true(names->len >= 2);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(the.folder, names->pdata[i], NULL);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777, 0600);
    }
    assert_string_equal(names->pdata[0], "alerts-2026-01.jsonl");
}

/* Of an alert that is kept for longer. */
static void a_delivery_says_what_it_carried(void **state)
{
    struct paging *paging = *state;
    int64_t ids[6] = {0};
    paging_apply(paging, "{'retention': {'alerts': '30d', 'deliveries': '3d'}}");
    live(paging, 6, ids);
    json_auto_t *deliveries = lines_of("deliveries-");
    assert_true(json_array_size(deliveries) >= 4);
    g_autofree char *about = g_strdup_printf("alert:%" G_GINT64_FORMAT, ids[0]);
    const json_t *carries = json_object_get(json_array_get(deliveries, 0), "carries");
    assert_string_equal(json_text(json_array_get(carries, 0), "about", ""), about);
    assert_string_equal(json_text(json_array_get(deliveries, 0), "who", ""), "ana");
}

static void payloads_stand_there(void **state)
{
    struct paging *paging = *state;
    (void)ended(paging, "a");
    const struct payload payload = {paging->now, 400, "no good", "{\"a\":1}"};
    const struct payload young = {utc_add(paging->now, SPAN_D(6)), 202, NULL, "{}"};
    payload_save(paging->db, "app", 3, &payload);
    payload_save(paging->db, "app", 4, &young);
    pass(paging, SPAN_D(8));
    json_auto_t *lines = lines_of("payloads-");
    assert_int_equal(json_array_size(lines), 1);
    assert_string_equal(json_text(json_array_get(lines, 0), "integration", ""), "app");
    assert_string_equal(json_text(json_array_get(lines, 0), "body", ""), "{\"a\":1}");
    assert_int_equal(test_ask_int(paging->db, "SELECT count(*) FROM payload"), 1);
}

static void a_message_about_nothing_stands_there(void **state)
{
    struct paging *paging = *state;
    struct test_page test = {
        .pager = paging->pager, .user = "ana", .actor = {PRINCIPAL_USER, "ana"}};
    const struct command command = {.run = pager_test, .arg = &test};
    ledger_run_batch(paging->ledger, &command, 1);
    paging_pass(paging, SPAN_S(1));
    paging_expect(paging, "ana email: test 1");
    (void)ended(paging, "last");
    pass(paging, SPAN_D(8));
    json_auto_t *lines = lines_of("notices-");
    assert_int_equal(json_array_size(lines), 1);
    assert_string_equal(json_text(json_array_get(lines, 0), "who", ""), "ana");
    assert_string_equal(json_text(json_array_get(lines, 0), "kind", ""), "test");
}

/* --- what happens in between --- */

/* Of what was written and not synced nothing is left. */
static void lose_power(void)
{
    struct fault fault = {0};
    g_autoptr(GPtrArray) names = archive_files(the.folder, "", &fault);
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(the.folder, name, NULL);
        assert_int_equal(truncate(path, GPOINTER_TO_INT(g_hash_table_lookup(the.safe, name))), 0);
    }
}

static struct trouble killed_at(int64_t call)
{
    return (struct trouble){.at = call, .error = EINTR, .lasts = true};
}

/* Killed at each of its calls, in mid-line, too, with the power gone each second time: whatever is gone from the database stands there. */
static void a_kill_loses_nothing(void **state)
{
    enum { EACH_TIME = 3, CALLS = 28 }; /* each twice */

    struct paging *paging = *state;
    int64_t ids[CALLS * EACH_TIME] = {0};
    int kills = 0;
    int step = test_database_is_shared() ? 5 : 1; /* there a day takes long */
    for (int call = 0; call < CALLS; call += step) {
        for (int i = 0; i < EACH_TIME; i++) {
            g_autofree char *key = g_strdup_printf("k%d.%d", call, i);
            ids[call * EACH_TIME + i] = ended(paging, key);
        }
        paging_pass(paging, SPAN_D(8)); /* the archive's thread does not come to it */
        the.trouble = killed_at(call / 2 + 1);
        pass(paging, SPAN_H(6));
        kills += is_dead();
        if (call % 2 == 1) {
            lose_power();
        }
        the.trouble = (struct trouble){0};
        paging_restart(paging);
        pass(paging, SPAN_H(6));
        expect_whole(paging);
    }
    json_auto_t *all = lines_of("");
    assert_true(json_array_size(all) > 0);
    json_auto_t *alerts = lines_of("alerts-");
    int gone = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        bool is_gone = ids[i] != 0 && !is_there(paging, ids[i]);
        assert_true(!is_gone || line_of_alert(alerts, ids[i]) != NULL);
        gone += is_gone;
    }
    assert_true(gone >= (CALLS / step - 1) * EACH_TIME);
    assert_true(kills > CALLS / step / 2); /* a run may have fewer calls */
    assert_true(json_array_size(alerts) < (size_t)gone + CALLS * EACH_TIME / 2); /* few twice */
}

static int64_t count_rows(struct paging *paging)
{
    return test_ask_int(paging->db, "SELECT (SELECT count(*) FROM alert) + (SELECT count(*) FROM"
                                    " delivery) + (SELECT count(*) FROM notification)");
}

static void a_full_disk_keeps_everything(void **state)
{
    struct paging *paging = *state;
    int64_t ids[14] = {0};
    the.trouble = (struct trouble){.at = 3, .error = ENOSPC, .lasts = true};
    live(paging, 12, ids);
    assert_int_equal(test_ask_int(paging->db, "SELECT count(*) FROM alert"), 12);
    assert_int_equal(test_ask_int(paging->db, "SELECT min(seq) FROM event"), 1);
    assert_true(count_rows(paging) >= 60);
    struct archive_state kept;
    assert_true(archive_state_load(paging->db, &kept));
    assert_non_null(strstr(kept.why, "No space left on device"));
    assert_true(utc_since(paging->now, kept.failed_at).us > SPAN_D(3).us);
    archive_state_clear(&kept);
    json_auto_t *none = lines_of("alerts-"); /* as often as it was tried */
    assert_true(json_array_size(none) == 0);

    the.trouble.at = 0;
    live(paging, 2, ids + 12);
    assert_true(archive_state_load(paging->db, &kept));
    assert_null(kept.why);
    assert_false(utc_is_set(kept.failed_at));
    archive_state_clear(&kept);
    assert_false(is_there(paging, ids[0]));
    json_auto_t *alerts = lines_of("alerts-");
    assert_non_null(line_of_alert(alerts, ids[0]));
    expect_whole(paging);
}

/* A sync that fails says that what was written may not be on the disk. */
static void one_failure_is_tried_again(void **state)
{
    struct paging *paging = *state;

    enum { AT_ONCE = 2, TIMES = 7 };

    int64_t ids[AT_ONCE * TIMES] = {0};
    for (int i = 0; i < TIMES; i++) {
        live(paging, AT_ONCE, ids + (size_t)i * AT_ONCE);
        the.trouble = (struct trouble){.at = 2 + 3 * i, .error = EIO};
    }
    assert_false(is_there(paging, ids[0]));
    expect_whole(paging);
    json_auto_t *alerts = lines_of("alerts-");
    size_t i, k;
    const json_t *a, *b;
    json_array_foreach (alerts, i, a) {
        const char *id = json_text(json_object_get(a, "alert"), "id", NULL);
        int seen = 0;
        json_array_foreach (alerts, k, b) {
            seen += g_strcmp0(json_text(json_object_get(b, "alert"), "id", NULL), id) == 0;
        }
        assert_int_equal(seen, 1); /* what failed was taken back */
    }
}

static void a_folder_that_is_gone_is_not_made(void **state)
{
    struct paging *paging = *state;
    int64_t ids[12] = {0};
    assert_int_equal(g_rmdir(the.folder), 0);
    live(paging, 10, ids);
    assert_true(is_there(paging, ids[0]));
    assert_false(g_file_test(the.folder, G_FILE_TEST_EXISTS));
    struct archive_state kept;
    assert_true(archive_state_load(paging->db, &kept));
    assert_non_null(strstr(kept.why, "it is never made here"));
    archive_state_clear(&kept);
    assert_int_equal(g_mkdir(the.folder, 0700), 0);
    live(paging, 2, ids + 10);
    assert_false(is_there(paging, ids[0]));
}

/* What became of it meanwhile counts, not what was when it was written out. */
static void what_changed_since_stays(void **state)
{
    struct paging *paging = *state;
    int64_t id = ended(paging, "a");
    (void)ended(paging, "b");
    paging_pass(paging, SPAN_D(7));
    bool is_written = false;
    for (int i = 0; i < 300 && !is_written; i++) {
        paging_pass(paging, SPAN_S(61));
        (void)write_out(paging);
        json_auto_t *alerts = lines_of("alerts-");
        is_written = line_of_alert(alerts, id) != NULL;
    }
    assert_true(is_written && is_there(paging, id));
    struct db_query *query = db_query(paging->db, "UPDATE alert SET resolved_at = resolved_at + 1");
    (void)db_run(query);
    pass(paging, SPAN_MIN(30));
    assert_true(is_there(paging, id));
    pass(paging, SPAN_H(3)); /* the next run writes it out anew */
    assert_false(is_there(paging, id));
}

/* --- who has one and who has not --- */

static void a_server_without_one_deletes_nothing_where_another_had_one(void **state)
{
    struct paging *paging = *state;
    int64_t ids[20] = {0};
    live(paging, 9, ids);
    assert_false(is_there(paging, ids[0]));
    the.is_unset = true;
    paging_restart(paging);
    live(paging, 3, ids + 9);
    assert_true(is_there(paging, ids[4]));
    struct archive_state kept;
    assert_true(archive_state_load(paging->db, &kept));
    assert_non_null(strstr(kept.why, "set TOCSIN_ARCHIVE here"));
    archive_state_clear(&kept);
    the.is_unset = false;
    the.setting = ARCHIVE_NONE_WORD;
    paging_restart(paging);
    live(paging, 1, ids + 12);
    assert_false(is_there(paging, ids[4]));
    assert_false(archive_state_load(paging->db, &kept));
}

int main(void)
{
    GPtrArray *kinds = g_ptr_array_new();
    for (size_t i = 0; CONFIG_KINDS[i] != NULL; i++) {
        g_ptr_array_add(kinds, (gpointer)(uintptr_t)CONFIG_KINDS[i]);
    }
    g_ptr_array_add(kinds, (gpointer)(uintptr_t)&RETENTION_KIND);
    g_ptr_array_add(kinds, NULL);
    paging_kinds = (const struct config_kind *const *)kinds->pdata;
    paging_more = attach;
#define EACH(test) cmocka_unit_test_setup_teardown(test, open_team, close_team)
    const struct CMUnitTest tests[] = {
        EACH(an_alert_stands_there_with_all_that_was_sent),
        EACH(its_files_are_their_owners),
        EACH(a_delivery_says_what_it_carried),
        EACH(payloads_stand_there),
        EACH(a_message_about_nothing_stands_there),
        EACH(a_kill_loses_nothing),
        EACH(a_full_disk_keeps_everything),
        EACH(one_failure_is_tried_again),
        EACH(a_folder_that_is_gone_is_not_made),
        EACH(what_changed_since_stays),
        EACH(a_server_without_one_deletes_nothing_where_another_had_one),
    };
    int failed = cmocka_run_group_tests_name("archive", tests, NULL, NULL);
    (void)g_ptr_array_free(kinds, TRUE);
    return failed;
}
