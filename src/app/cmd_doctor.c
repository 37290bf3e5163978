#include <stdio.h>
#include <string.h>

#include "app/doctor.h"
#include "app/place.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/cmd.h"
#include "cli/data_dir.h"
#include "config/config_store.h"
#include "db/migrate.h"

static void print_count(json_int_t count, const char *what, const char *after)
{
    printf("%lld %s%s%s", (long long)count, what, count == 1 ? "" : "s", after);
}

/* True when it says a time. */
static bool print_finding(const json_t *finding)
{
    g_autofree char *what = output_clean(json_text(finding, "what", ""));
    g_autofree char *remedy = output_clean(json_text(finding, "remedy", ""));
    g_autoptr(GString) told = g_string_new(NULL);
    bool has_time = output_sentence(output_zone(), what, told);
    printf("%-8s %-13s %s\n%23s%s\n", json_text(finding, "level", ""),
           json_text(finding, "check", ""), told->str, "", remedy);
    return has_time;
}

static int show(const struct cli *cli, const json_t *answer)
{
    json_int_t problems = json_integer_value(json_object_get(answer, "problems"));
    if (cli->is_json) {
        output_json(answer);
        return problems > 0 ? EXIT_REFUSED : EXIT_OK;
    }
    bool has_time = false;
    size_t i;
    json_t *finding;
    json_array_foreach (json_object_get(answer, "findings"), i, finding) {
        has_time = print_finding(finding) || has_time;
    }
    if (i > 0) {
        putchar('\n');
    }
    print_count(problems, "problem", ", ");
    print_count(json_integer_value(json_object_get(answer, "warnings")), "warning", ", ");
    print_count(json_integer_value(json_object_get(answer, "notes")), "note", ".\n");
    if (has_time) {
        printf("Times are %s.\n", zone_name(output_zone()));
    }
    return problems > 0 ? EXIT_REFUSED : EXIT_OK;
}

/* Bringing an empty database on a server forward is for the one who knows that it is the right one. */
static bool check_schema(struct db *db, const char *shown, struct fault *fault)
{
    struct db_migrations *known = db_migrations_load();
    struct db_schema schema;
    bool is_good = db_schema_look(db, known, &schema, fault);
    db_migrations_free(&known);
    if (is_good && schema.state == SCHEMA_EMPTY) {
        return fault_set(fault, "",
                         "the database %s has no schema of Tocsin yet: `tocsin migrate` makes it, "
                         "and so does the first `tocsin serve`",
                         shown);
    }
    return is_good && db_schema_check(&schema, fault);
}

static struct db *open_database(const struct cli *cli, struct fault *fault)
{
    struct place place;
    place_of_settings(&cli->settings, &place);
    struct db *db = place_open(cli, &place, DB_READ_ONLY, fault);
    if (db != NULL && !check_schema(db, place.shown, fault)) {
        db_close(&db);
    }
    if (db != NULL) {
        db_begin(db);
    }
    place_clear(&place);
    return db;
}

static void close_database(struct db **db)
{
    if (*db != NULL) {
        db_rollback(*db);
        db_close(db);
    }
}

/* Without a server: what can be seen from here, and that there is none. */
static void note_absence(const char *data, GPtrArray *findings)
{
    if (data_dir_is_waited_in(data)) {
        lint_add(findings, LINT_PROBLEM, "server", "",
                 "Its log says why; it goes on by itself when the database is there.",
                 "The server on %s waits for its database.", data);
        return;
    }
    g_autofree char *remedy = g_strdup_printf("Start it: tocsin serve --data %s", data);
    lint_add(findings, LINT_PROBLEM, "server", "", remedy, "No server is running on %s.", data);
}

static int look_here(struct cli *cli)
{
    struct fault fault = {0};
    const char *data = cli->settings.data;
    struct db *db = settings_finish(&cli->settings, &fault) ? open_database(cli, &fault) : NULL;
    struct config *config = db != NULL ? config_load(db, &fault) : NULL;
    if (config == NULL) {
        close_database(&db);
        return data_dir_is_waited_in(data)
                   ? cli_failed("the server on %s waits for its database: %s", data, fault.text)
                   : cli_refused(&fault);
    }
    struct doctor doctor = {.settings = &cli->settings,
                            .config = config,
                            .db = db,
                            .now = clock_now(&CLOCK_SYSTEM),
                            .findings = lint_new()};
    note_absence(data, doctor.findings);
    doctor_look(&doctor);
    json_auto_t *answer = lint_json(doctor.findings);
    g_ptr_array_unref(doctor.findings);
    config_unref(config);
    close_database(&db);
    return show(cli, answer);
}

static int cmd_doctor(struct cli *cli)
{
    struct client_answer answer;
    client_request(cli, "GET", "/api/v1/doctor", NULL, NULL, &answer);
    int code;
    if (answer.state == CLIENT_NO_SERVER && cli->settings.url == NULL) {
        code = look_here(cli);
    } else if (answer.fault.text[0] != '\0') {
        code = cli_refused(&answer.fault);
    } else {
        code = show(cli, answer.body);
    }
    client_answer_clear(&answer);
    return code;
}

static const struct cli_command ROWS[] = {
    {"doctor", "", 0, 0, "Find what would keep a page from arriving.",
     "Looks at contacts, schedules, policies, keys, mail server, disk, clock and database. Exit "
     "code 1 "
     "when something would keep a page from arriving.",
     NULL, SETTING_BOTH, 0, cmd_doctor},
};
const struct cli_table DOCTOR_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
