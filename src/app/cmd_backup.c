#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/newest.h"
#include "app/place.h"
#include "app/transfer.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/cmd.h"
#include "cli/data_dir.h"
#include "db/db.h"
#include "ledger/chain.h"

#define DATABASE_VARIABLE "TOCSIN_DATABASE_URL"

static char *absolute(const char *path)
{
    return g_canonicalize_filename(path, NULL);
}

/* `what`: the database, where it may not be the one that was thought of; or NULL. */
static int tell_backup(const struct cli *cli, const char *what, const char *path)
{
    struct stat about;
    int64_t bytes = stat(path, &about) == 0 ? (int64_t)about.st_size : 0;
    if (cli->is_json) {
        json_auto_t *answer = json_pack("{s:s, s:I}", "path", path, "bytes", (json_int_t)bytes);
        output_json(answer);
    } else {
        printf("Copied %s%sto %s (%.1f MB) and verified.\n", what != NULL ? what : "",
               what != NULL ? " " : "", path, (double)bytes / 1e6);
    }
    return EXIT_OK;
}

/* Without a server here the database is ours to read; one that is shared always is. */
static int backup_here(const struct cli *cli, const char *target)
{
    struct fault fault = {0};
    const char *elsewhere =
        g_environ_getenv((char **)(uintptr_t)cli->environment, DATABASE_VARIABLE);
    if (cli_has(cli, "data") && elsewhere != NULL && elsewhere[0] != '\0') {
        /* After a move the old file still lies there, and a copy of it would look like a good one. */
        return cli_failed("--data %s and " DATABASE_VARIABLE
                          " each name a database, and no server runs there: "
                          "unset the variable, or leave --data out",
                          cli->settings.data);
    }
    struct place place;
    place_of_settings(&cli->settings, &place);
    struct db *db = place_open(cli, &place, place.is_server ? DB_READ_ONLY : DB_READ_WRITE, &fault);
    if (db != NULL && !place_holds_ours(&place, db, &fault)) {
        db_close(&db);
    }
    struct fault lack = {
        0}; /* what is left is worth a copy, but nobody must take it for all there was */
    bool is_lacking = db != NULL && place.data != NULL && newest_noted(place.data) > 0 &&
                      !newest_check(place.data, db, &lack);
    bool is_done = db != NULL && db_backup(db, target, &fault);
    db_close(&db);
    int code = is_done ? tell_backup(cli, place.shown, target) : cli_refused(&fault);
    if (is_done && is_lacking) {
        code = cli_refused(&lack);
    }
    place_clear(&place);
    return code;
}

static bool copy_stream(int from, int to)
{
    char buffer[65536];
    ssize_t got;
    while ((got = read(from, buffer, sizeof buffer)) > 0) {
        for (ssize_t done = 0; done < got;) {
            ssize_t written = write(to, buffer + done, (size_t)(got - done));
            if (written <= 0) {
                return false;
            }
            done += written;
        }
    }
    return got == 0 && fsync(to) == 0;
}

static bool copy_file(const char *source, const char *target, struct fault *fault)
{
    int from = open(source, O_RDONLY | O_CLOEXEC);
    int to = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool is_done = from >= 0 && to >= 0 && copy_stream(from, to);
    int problem = errno;
    if (from >= 0) {
        (void)close(from);
    }
    if (to >= 0) {
        is_done = close(to) == 0 && is_done;
    }
    return is_done || fault_set(fault, "", "%s cannot be copied to %s: %s", source, target,
                                g_strerror(problem));
}

/* The server writes into its own directory; from there the copy goes where it was asked for. */
static int take_over(const struct cli *cli, const char *made, const char *target)
{
    struct fault fault = {0};
    bool is_done = link(made, target) == 0;
    if (!is_done && errno == EEXIST) {
        (void)unlink(made);
        return cli_failed("%s is there already: name another file", target);
    }
    is_done = is_done || (copy_file(made, target, &fault) && db_verify(target, &fault));
    if (!is_done) {
        return cli_refused(&fault);
    }
    (void)unlink(made);
    return tell_backup(cli, NULL, target);
}

static int take_answer(const struct cli *cli, const struct client_answer *answer,
                       const char *target)
{
    const char *made = json_text(answer->body, "path", "");
    if (cli->settings.url != NULL) {
        if (cli->is_json) {
            output_json(answer->body);
        } else {
            printf("The server copied to its own %s and verified it.\n", made);
        }
        return EXIT_OK;
    }
    return target == NULL ? tell_backup(cli, NULL, made) : take_over(cli, made, target);
}

static int cmd_backup(struct cli *cli)
{
    g_autofree char *target = cli->args->len > 0 ? absolute(cli_arg(cli, 0)) : NULL;
    if (target != NULL && cli->settings.url != NULL) {
        return cli_misused(
            cli, "a server elsewhere writes into its own data directory: leave the file out");
    }
    if (target != NULL && access(target, F_OK) == 0) {
        return cli_failed("%s is there already: name another file", target);
    }
    struct client_answer answer;
    client_request(cli, "POST", "/api/v1/backup", NULL, NULL, &answer);
    int code;
    if (answer.state == CLIENT_NO_SERVER && cli->settings.url == NULL) {
        code = target != NULL ? backup_here(cli, target)
                              : cli_failed("no server is running: name the file to write");
    } else if (answer.fault.text[0] != '\0') {
        code = cli_refused(&answer.fault);
    } else {
        code = take_answer(cli, &answer, target);
    }
    client_answer_clear(&answer);
    return code;
}

/* --- restore --- */

static bool sync_directory(const char *path, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_done || fault_set(fault, "", "%s cannot be written: %s", path, g_strerror(errno));
}

/* Moves the journals out of the way and gives the old database a second name. What opens cleanly has
 * no journal by then: db_close folded it in. */
static bool keep_old(const char *database, const char *aside, struct fault *fault)
{
    static const char *const JOURNALS[] = {"-wal", "-shm"};
    if (access(database, F_OK) != 0) {
        return true;
    }
    if (link(database, aside) != 0) {
        return fault_set(fault, "", "%s cannot be kept as %s: %s", database, aside,
                         g_strerror(errno));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(JOURNALS); i++) {
        g_autofree char *from = g_strconcat(database, JOURNALS[i], NULL);
        g_autofree char *to = g_strconcat(aside, JOURNALS[i], NULL);
        if (rename(from, to) != 0 && errno != ENOENT) {
            return fault_set(fault, "", "%s cannot be moved: %s", from, g_strerror(errno));
        }
    }
    return true;
}

static char *name_aside(const char *database)
{
    struct civil now = zone_civil(output_zone(), clock_now(&CLOCK_SYSTEM));
    g_autofree char *name =
        g_strdup_printf("%s.before-restore-%04d%02d%02d-%02d%02d%02d", database, now.year,
                        now.month, now.day, now.hour, now.minute, now.second);
    char *free_name = g_strdup(name);
    for (int i = 2; access(free_name, F_OK) == 0; i++) { /* twice within a second */
        g_free(free_name);
        free_name = g_strdup_printf("%s-%d", name, i);
    }
    return free_name;
}

/* Folds the journal of the old database into it, where it is sound enough to be opened. */
static void settle_old(const char *database)
{
    struct fault fault = {0};
    if (access(database, F_OK) == 0 && place_check_file(database, &fault)) {
        struct db *db = db_open(database, DB_READ_WRITE, &fault);
        if (db != NULL) {
            db_close(&db);
        }
    }
}

static bool put_in_place(const char *source, const char *data, const char *aside,
                         struct fault *fault)
{
    g_autofree char *database = data_dir_database(data);
    g_autofree char *fresh = g_strconcat(database, ".restoring", NULL);
    int lock = data_dir_lock(data, fault);
    if (lock < 0) {
        return false;
    }
    bool is_done = copy_file(source, fresh, fault) && db_verify(fresh, fault) &&
                   keep_old(database, aside, fault);
    if (is_done) {
        newest_forget(data); /* first: without it either database is started */
    }
    if (is_done && rename(fresh, database) != 0) {
        is_done = fault_set(fault, "", "%s cannot be put in place: %s", fresh, g_strerror(errno));
    }
    is_done = is_done && sync_directory(data, fault);
    if (!is_done) {
        (void)unlink(fresh);
    }
    (void)close(lock);
    return is_done;
}

/* A server that runs is asked first: it gives the better words, and its journal must not be folded. */
static bool no_server_runs(const char *data, struct fault *fault)
{
    int lock = data_dir_lock(data, fault);
    if (lock >= 0) {
        (void)close(lock);
    }
    return lock >= 0;
}

/* Into a directory: the file itself takes the place of the old one. */
static int restore_file(const struct cli *cli, const char *source, const char *data)
{
    struct fault fault = {0};
    if (!data_dir_prepare(data, &fault) || !no_server_runs(data, &fault)) {
        return cli_refused(&fault);
    }
    g_autofree char *database = data_dir_database(data);
    g_autofree char *aside = name_aside(database);
    settle_old(database);
    if (!put_in_place(source, data, aside, &fault)) {
        return cli_refused(&fault);
    }
    bool has_old = access(aside, F_OK) == 0;
    if (cli->is_json) {
        json_auto_t *answer =
            json_pack("{s:s, s:s?}", "restored", source, "kept", has_old ? aside : NULL);
        output_json(answer);
    } else {
        printf("Restored %s.%s%s\nStart the server: tocsin serve --data %s\n", source,
               has_old ? " The old database is kept as " : "", has_old ? aside : "", data);
    }
    return EXIT_OK;
}

/* Into an empty database of a server, row by row. */
static int restore_rows(const struct cli *cli, const char *source, const struct place *to)
{
    struct fault fault = {0};
    struct place from;
    place_of_file(source, &from);
    struct transfer transfer = {.from = &from, .to = to};
    bool is_done = transfer_run(&transfer, &fault);
    if (is_done && cli->is_json) {
        json_auto_t *answer = transfer_json(&transfer);
        output_json(answer);
    } else if (is_done) {
        transfer_print(&transfer);
        printf("Restored %s to %s. Start the servers with TOCSIN_DATABASE_URL set to it, with its "
               "password.\n",
               source, to->shown);
    }
    transfer_clear(&transfer);
    place_clear(&from);
    return is_done ? EXIT_OK : cli_refused(&fault);
}

static int verify_source(const char *source, const struct place *to)
{
    struct fault fault = {0};
    if (access(source, F_OK) != 0) {
        return cli_failed("there is no backup at %s that can be reached: %s; name the right file",
                          source, g_strerror(errno));
    }
    if (db_verify(source, &fault)) {
        return EXIT_OK;
    }
    struct fault why = fault;
    fault_set(&fault, why.field, "%.280s. Take another backup; the data in %.60s was not touched.",
              why.text, to->data != NULL ? to->data : to->shown);
    return cli_refused(&fault);
}

/* Whole as a file, a copy may still tell a history that somebody edited. */
static bool check_history(const char *source, struct fault *fault)
{
    struct db *db = db_open(source, DB_READ_ONLY, fault);
    bool is_good = db != NULL && chain_check(db, "backup", fault);
    db_close(&db);
    return is_good;
}

/* Sound is not yet the right one. */
static int tell_sound(const struct cli *cli, const char *source)
{
    struct fault fault = {0};
    struct db_summary summary;
    if (!check_history(source, &fault) || !db_summarize(source, &summary, &fault)) {
        return cli_refused(&fault);
    }
    bool has_events = utc_is_set(summary.newest);
    char newest[UTC_TEXT_SIZE] = "";
    if (has_events) {
        utc_format(summary.newest, newest);
    }
    if (cli->is_json) {
        json_auto_t *answer = json_pack(
            "{s:s, s:I, s:I, s:s?}", "path", source, "schema", (json_int_t)summary.schema, "alerts",
            (json_int_t)summary.alerts, "newest_event_at", has_events ? newest : NULL);
        output_json(answer);
        return EXIT_OK;
    }
    g_autofree char *local = output_time(output_zone(), summary.newest);
    printf("%s is a sound backup: schema %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT
           " alert%s, newest event %s%s%s.\n",
           source, summary.schema, summary.alerts, summary.alerts == 1 ? "" : "s",
           has_events ? local : "none", has_events ? " " : "",
           has_events ? zone_name(output_zone()) : "");
    return EXIT_OK;
}

static int cmd_restore(struct cli *cli)
{
    struct fault fault = {0};
    const char *to = cli_option(cli, "to");
    g_autofree char *source = absolute(cli_arg(cli, 0));
    struct place place = {0};
    int code = EXIT_OK;
    if (to == NULL) {
        place_of_settings(&cli->settings, &place);
    } else if (!place_parse("--to", to, &place, &fault)) {
        code = cli_refused(&fault);
    }
    if (code == EXIT_OK && !cli_has(cli, "verify-only") && !place_check_target(&place, &fault)) {
        code = cli_refused(&fault);
    }
    code = code == EXIT_OK ? verify_source(source, &place) : code;
    if (code == EXIT_OK && cli_has(cli, "verify-only")) {
        code = tell_sound(cli, source);
    } else if (code == EXIT_OK) {
        code = place.is_server ? restore_rows(cli, source, &place)
                               : restore_file(cli, source, place.data);
    }
    place_clear(&place);
    return code;
}

static const struct cli_option RESTORE_OPTIONS[] = {
    {"verify-only", NULL, "Only check the file, and say what it holds."},
    {"to", "PLACE", "Another data directory, or postgresql://... of an empty database."},
    {0}};

static const struct cli_command ROWS[] = {
    {"backup", "[FILE]", 0, 1, "Copy the whole database, online, and verify the copy.",
     "Works with and without a running server. Without FILE the copy stays in the data directory, "
     "under backups. Without a server the database in --data is copied where that flag is given, "
     "else "
     "the one of TOCSIN_DATABASE_URL. One that lacks what was accepted last is copied as it is, "
     "and "
     "that is said, with exit code 1.",
     NULL, SETTING_CLIENT | SETTING_STORE, COMPLETE_FILE, cmd_backup},
    {"restore", "FILE", 1, 1, "Put a backup in the place of the database.",
     "The backup is verified before anything is replaced; the old database is kept beside it. "
     "Refuses "
     "while a server runs. A database on a server must be empty.",
     RESTORE_OPTIONS, SETTING_CLIENT | SETTING_STORE, COMPLETE_FILE, cmd_restore},
};
const struct cli_table BACKUP_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
