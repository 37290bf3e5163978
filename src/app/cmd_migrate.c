#include <stdio.h>

#include "app/place.h"
#include "base/clock.h"
#include "cli/cmd.h"
#include "db/migrate.h"

static json_t *list_steps(const struct db_migrations *known, int64_t found)
{
    json_t *steps = json_array();
    for (size_t i = (size_t)found; i < known->count; i++) {
        json_array_append_new(steps, json_string(known->items[i].name));
    }
    return steps;
}

static void tell(const struct cli *cli, const struct place *place, const json_t *steps,
                 const struct db_schema *before, const struct db_schema *after)
{
    bool is_dry = cli_has(cli, "dry-run");
    if (cli->is_json) {
        json_auto_t *answer = json_pack("{s:s, s:I, s:I, s:I, s:O, s:b}", "database", place->shown,
                                        "schema_before", (json_int_t)before->found, "schema",
                                        (json_int_t)after->found, "known", (json_int_t)after->known,
                                        is_dry ? "missing" : "done", steps, "dry_run", is_dry);
        output_json(answer);
        return;
    }
    size_t at;
    json_t *step;
    json_array_foreach (steps, at, step) {
        printf("%s %s\n", is_dry ? "would run" : "ran", json_string_value(step));
    }
    printf("%s has schema %" G_GINT64_FORMAT "%s; this program knows %" G_GINT64_FORMAT ".\n",
           place->shown, after->found, json_array_size(steps) == 0 ? ", nothing to do" : "",
           after->known);
}

static bool migrate(struct cli *cli, const struct place *place, struct db *db, struct fault *fault)
{
    struct db_migrations *known = db_migrations_load();
    struct db_schema before = {0};
    struct db_schema after = {0};
    bool is_good = db_schema_look(db, known, &before, fault);
    if (is_good && (before.state == SCHEMA_TOO_NEW)) {
        is_good = db_schema_check(&before, fault);
    }
    json_auto_t *steps = is_good ? list_steps(known, MIN(before.found, before.known)) : NULL;
    int done = 0;
    after = before;
    if (is_good && !cli_has(cli, "dry-run")) {
        is_good = db_migrate_all(db, known, clock_now(&CLOCK_SYSTEM), &done, fault) &&
                  db_schema_look(db, known, &after, fault);
    }
    if (is_good) {
        tell(cli, place, steps, &before, &after);
    }
    db_migrations_free(&known);
    return is_good;
}

static int cmd_migrate(struct cli *cli)
{
    struct fault fault = {0};
    struct place place;
    place_of_settings(&cli->settings, &place);
    struct db *db = place_open(cli, &place, DB_READ_WRITE, &fault);
    bool is_good = db != NULL && migrate(cli, &place, db, &fault);
    db_close(&db);
    place_clear(&place);
    return is_good ? EXIT_OK : cli_refused(&fault);
}

static const struct cli_option MIGRATE_OPTIONS[] = {
    {"dry-run", NULL, "Only show what would be done."}, {0}};

static const struct cli_command ROWS[] = {
    {"migrate", "", 0, 0, "Bring the schema of the database forward.",
     "For a database that several nodes share, once before the first of them is renewed; in a data "
     "directory `tocsin serve` does it by itself. Each step runs in a transaction and leaves alone "
     "what still pages somebody, or is undone. Nodes may go on working, those of the version "
     "before too, unless the notes of the release say that they stop first.",
     MIGRATE_OPTIONS, SETTING_STORE, 0, cmd_migrate},
};
const struct cli_table MIGRATE_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
