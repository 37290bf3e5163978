#include "app/place.h"

#include <string.h>
#include <unistd.h>

#include "app/lost.h"
#include "cli/data_dir.h"
#include "db/migrate.h"

void place_of_settings(const struct settings *settings, struct place *out)
{
    bool is_server = settings->database_url != NULL;
    *out = (struct place){.is_server = is_server,
                          .where = is_server ? g_strdup(settings->database_url)
                                             : data_dir_database(settings->data),
                          .data = is_server ? NULL : g_strdup(settings->data),
                          .shown = settings_database_shown(settings),
                          .called = ""};
}

void place_of_file(const char *path, struct place *out)
{
    *out = (struct place){.where = g_strdup(path), .shown = g_strdup(path), .called = ""};
}

bool place_parse(const char *called, const char *text, struct place *out, struct fault *fault)
{
    *out = (struct place){0};
    if (text[0] == '\0') {
        return fault_set(fault, called, "is empty: name a directory or postgresql://…");
    }
    struct settings settings = {0};
    settings_init(&settings);
    bool is_server = g_str_has_prefix(text, "file:") || settings_is_address(text);
    const char *name = is_server ? "database-url" : "data";
    bool is_good = settings_set(&settings, setting_find(name), called, text, fault);
    if (is_good) {
        place_of_settings(&settings, out);
        out->called = called;
    }
    settings_clear(&settings);
    return is_good;
}

bool place_check_target(const struct place *place, struct fault *fault)
{
    if (place->data == NULL) {
        return true;
    }
    g_autofree char *whole = g_canonicalize_filename(place->data, NULL);
    g_autofree char *parent = g_path_get_dirname(whole);
    return g_file_test(parent, G_FILE_TEST_IS_DIR) ||
           fault_set(fault, place->called,
                     "there is no directory %s to make %s in: name the right one, or make it with "
                     "mkdir -p %s",
                     parent, place->data, parent);
}

void place_blame(const struct place *place, struct fault *fault)
{
    bool is_place = strcmp(fault->field, "database-url") == 0 || strcmp(fault->field, "data") == 0;
    if (is_place && place->called[0] != '\0') {
        struct fault why = *fault;
        (void)fault_set(fault, place->called, "%s", why.text);
    }
}

static bool look_in(const struct place *place, struct db *db, struct db_schema *schema,
                    struct fault *fault)
{
    struct db_migrations *known = db_migrations_load();
    bool is_good = db_schema_look(db, known, schema, fault);
    db_migrations_free(&known);
    if (is_good && schema->state == SCHEMA_EMPTY) {
        return fault_set(fault, "", "there is no database of Tocsin's at %s: name the right one",
                         place->shown);
    }
    return is_good;
}

bool place_holds_ours(const struct place *place, struct db *db, struct fault *fault)
{
    struct db_schema schema;
    return look_in(place, db, &schema, fault);
}

bool place_check_schema(const struct place *place, struct db *db, struct fault *fault)
{
    struct db_schema schema;
    return look_in(place, db, &schema, fault) && db_schema_check(&schema, fault);
}

bool place_check_file(const char *file, struct fault *fault)
{
    struct db *db = db_open(file, DB_READ_ONLY, fault);
    if (db == NULL) {
        return false;
    }
    bool is_foreign = db_is_foreign(db);
    bool is_read = db_error(db) == DB_OK;
    if (!is_read || is_foreign) {
        (void)fault_set(fault, "", "%s %s%s", file,
                        is_read ? "is another program's database, and stays as it is"
                                : "cannot be read: ",
                        is_read ? "" : db_error_text(db));
    }
    db_close(&db);
    return is_read && !is_foreign;
}

bool place_check_kept(const struct place *place, struct fault *fault)
{
    if (!place_check_file(place->where, fault)) {
        return false;
    }
    struct db *db = db_open(place->where, DB_READ_ONLY, fault);
    bool is_kept = db != NULL && lost_check_content(place->data, db, fault);
    db_close(&db);
    return is_kept;
}

void place_clear(struct place *place)
{
    g_free(place->where);
    g_free(place->data);
    g_free(place->shown);
    *place = (struct place){0};
}

/* --- opening --- */

/* What else may have been meant. */
static bool refuse_absent(const struct cli *cli, struct fault *fault)
{
    const char *data = cli->settings.data;
    if (cli_environment(cli, "TOCSIN_DATABASE_URL") != NULL) {
        return fault_set(fault, "",
                         "there is no database in %s, which --data names in the place of "
                         "TOCSIN_DATABASE_URL: leave --data out for the database on the server",
                         data);
    }
    return fault_set(fault, "",
                     "there is no database in %s: name the right directory with --data, or a "
                     "server with TOCSIN_DATABASE_URL; `tocsin serve --data %s` makes one",
                     data, data);
}

static bool check_file(const struct cli *cli, const struct place *place, struct fault *fault)
{
    if (!lost_check_file(place->data, fault)) {
        return false;
    }
    return access(place->where, F_OK) == 0 ? place_check_kept(place, fault)
                                           : refuse_absent(cli, fault);
}

/* By the settings of a node it is that node's, whose data directory knows whether it was used. A flag names any
 * database, from anywhere, and by somebody who knows which. */
static bool check_server(const struct cli *cli, const struct place *place, struct fault *fault)
{
    if (cli_has(cli, "database-url")) {
        return true;
    }
    struct db *db = db_open(place->where, DB_READ_ONLY, fault);
    bool is_kept = db != NULL && lost_check_server(&cli->settings, db, fault);
    db_close(&db);
    return is_kept;
}

struct db *place_open(const struct cli *cli, const struct place *place, enum db_mode mode,
                      struct fault *fault)
{
    bool is_kept =
        place->is_server ? check_server(cli, place, fault) : check_file(cli, place, fault);
    return is_kept ? db_open(place->where, mode, fault) : NULL;
}
