#include <unistd.h>

#include "app/lost.h"
#include "app/wiring.h"
#include "base/log.h"
#include "cli/data_dir.h"
#include "db/migrate.h"

/* Looked at before anything is set in it: a file that is not ours stays as it is, and a log that is put back must
 * find ours as it left it. */
static bool is_ours_and_whole(const struct house *house, struct fault *fault)
{
    const char *data = house->settings->data;
    struct db *db = db_open(house->database, DB_READ_ONLY, fault);
    if (db == NULL) {
        return false;
    }
    bool was_used = data_dir_is_marked(data) || newest_noted(data) > 0;
    bool is_whole =
        lost_check_content(data, db, fault) && (!was_used || newest_check(data, db, fault));
    db_close(&db);
    return is_whole;
}

static bool open_file(struct house *house, struct fault *fault)
{
    const char *data = house->settings->data;
    house->database = data_dir_database(data);
    house->is_new = !data_dir_has_database(data);
    if (!lost_check_file(data, fault)) {
        return false;
    }
    /* Else a start that fails leaves a database behind, and the next one takes it for what was in use. */
    if (house->is_new && !http_can_listen(house->settings->listen, fault)) {
        return false;
    }
    if (house->is_new) {
        newest_forget(data);
    } else if (!is_ours_and_whole(house, fault)) {
        return false;
    }
    house->db = db_open(house->database, DB_READ_WRITE, fault);
    if (house->db == NULL || !db_migrate(house->db, clock_now(&CLOCK_SYSTEM), fault)) {
        return false;
    }
    house->newest = newest_open(data);
    return true;
}

static bool open_server(struct house *house, struct fault *fault)
{
    const struct settings *settings = house->settings;
    house->data_lock = data_dir_lock(settings->data, fault);
    if (house->data_lock < 0) {
        return false;
    }
    house->database = g_strdup(settings->database_url);
    house->db = db_open(house->database, DB_READ_WRITE, fault);
    if (house->db == NULL || !lost_check_server(settings, house->db, fault) ||
        !db_migrate(house->db, clock_now(&CLOCK_SYSTEM), fault)) {
        return false;
    }
    g_autofree char *shown = settings_database_shown(settings);
    LOG_INFO("serve", NULL, "database open", "where", shown);
    return true;
}

bool house_open_database(struct house *house, struct fault *fault)
{
    if (!data_dir_prepare(house->settings->data, fault)) {
        return false;
    }
    return house->settings->database_url != NULL ? open_server(house, fault)
                                                 : open_file(house, fault);
}

bool house_mark_database(struct house *house, struct fault *fault)
{
    return data_dir_mark_used(house->settings->data, fault);
}

/* Whatever else went wrong in a transaction stays wrong. */
static bool is_passing(enum db_status status)
{
    return status == DB_DOWN || status == DB_UNCERTAIN || status == DB_CONFLICT;
}

bool house_misses_database(const struct house *house)
{
    if (house->settings->database_url == NULL) {
        return false;
    }
    if (house->db == NULL) { /* without a name it was not even tried */
        return house->database != NULL && db_is_away(house->database);
    }
    if (house->ledger != NULL && !ledger_is_writable(house->ledger)) {
        return true;
    }
    return house->queue == NULL &&
           is_passing(db_error(house->db)); /* else the queue's thread has it */
}

void house_close_database(struct house *house)
{
    newest_close(&house->newest);
    db_close(&house->db);
    if (house->data_lock >= 0) {
        (void)close(house->data_lock);
        house->data_lock = -1;
    }
    g_clear_pointer(&house->database, g_free);
}
