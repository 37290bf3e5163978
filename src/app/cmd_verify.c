#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "app/newest.h"
#include "app/place.h"
#include "base/json.h"
#include "base/json_set.h"
#include "cli/cmd.h"
#include "ledger/chain.h"
#include "retention/archive_check.h"

static void print_extent(const json_t *answer, const struct zone *zone, json_int_t events)
{
    const char *last = json_text(answer, "last_seq", "");
    g_autofree char *from = output_time_text(zone, json_text(answer, "first_at", ""));
    g_autofree char *to = output_time_text(zone, json_text(answer, "last_at", ""));
    const char *first = json_text(answer, "first_seq", "1");
    if (events == 1) {
        printf("1 event, number %s, of %s", first, from);
    } else {
        printf("%lld events, number %s of %s to number %s of %s", (long long)events, first, from,
               last, to);
    }
}

/* `where` it was read; NULL: at the server that was asked. */
static int show(const struct cli *cli, const char *where, const json_t *answer)
{
    const char *what = json_text(answer, "what", NULL);
    json_int_t events = json_integer_value(json_object_get(answer, "events"));
    int code = what == NULL ? EXIT_OK : EXIT_BROKEN;
    if (cli->is_json) {
        output_json(answer);
        return code;
    }
    printf("%s%s", where != NULL ? where : "", where != NULL ? ": " : "");
    if (what != NULL) {
        printf("%s.\n%s", what, events > 0 ? "What stands before that holds together: " : "");
    } else {
        printf("%s", events > 0 ? "The record is whole: " : "There is no event yet.\n");
    }
    if (events > 0) {
        const struct zone *zone = output_zone();
        print_extent(answer, zone, events);
        printf(" (times are %s).\n", zone_name(zone));
    }
    const char *deleted = json_text(answer, "deleted_seq", NULL);
    if (what == NULL && deleted != NULL) {
        printf(
            "The events up to number %s were old and are gone; the checkpoint that stands for them "
            "is the one that was made.\n",
            deleted);
    }
    const char *seen = json_text(answer, "seen_seq", NULL);
    if (what == NULL && seen != NULL && g_strcmp0(seen, json_text(answer, "last_seq", NULL)) == 0) {
        printf("It would be noticed if events were cut off at the end.\n");
    } else if (what == NULL && seen != NULL) {
        printf("It would be noticed if events were cut off at the end, but not yet of those after "
               "number %s: while a server runs the last number is noted every 5 seconds.\n",
               seen);
    } else if (what == NULL && events > 0) {
        printf("It would not be noticed if events were cut off at the end: nothing was noted "
               "beside them.\n");
    }
    return code;
}

/* Without a server, or past it: each step sees what is there then, so nobody who writes there has to keep an old state. */
static int verify_place(const struct cli *cli, const struct place *place)
{
    struct fault fault = {0};
    struct db *db = NULL;
    if (place->is_server || place->data != NULL) {
        db = place_open(cli, place, DB_READ_ONLY, &fault);
    } else if (access(place->where, R_OK) == 0) {
        db = db_open(place->where, DB_READ_ONLY, &fault);
    } else {
        (void)fault_set(&fault, "--file",
                        "there is no file at %s that can be read: name the right one",
                        place->shown);
    }
    struct chain chain = {.state = CHAIN_UNREAD};
    int64_t noted = place->data != NULL ? newest_noted(place->data) : 0; /* before the walk */
    if (db != NULL && place_check_schema(place, db, &fault)) {
        (void)!chain_verify(db, &chain);
        if (chain.state == CHAIN_WHOLE && noted > chain.last_seq) {
            chain.seen_seq = MAX(chain.seen_seq, noted);
            chain_end(&chain);
        }
        (void)(chain.state == CHAIN_UNREAD && chain_words(&chain, db, "database", &fault));
    }
    db_close(&db);
    place_blame(place, &fault);
    if (chain.state == CHAIN_UNREAD) {
        return cli_refused(&fault);
    }
    json_auto_t *answer = chain_json(&chain);
    return show(cli, place->shown, answer);
}

static int verify_file(const struct cli *cli, const char *path)
{
    struct place place;
    place_of_file(path, &place);
    int code = verify_place(cli, &place);
    place_clear(&place);
    return code;
}

static int verify_here(const struct cli *cli)
{
    struct place place;
    place_of_settings(&cli->settings, &place);
    int code = verify_place(cli, &place);
    place_clear(&place);
    return code;
}

static int ask_server(const struct cli *cli)
{
    struct client_answer answer;
    client_request(cli, "GET", "/api/v1/events/verify", NULL, NULL, &answer);
    int code;
    if (answer.state == CLIENT_NO_SERVER && cli->settings.url == NULL) {
        code = verify_here(cli);
    } else if (answer.fault.text[0] != '\0') {
        code = cli_refused(&answer.fault);
    } else {
        code = show(cli, NULL, answer.body);
    }
    client_answer_clear(&answer);
    return code;
}

/* --- what was written out before it was deleted --- */

/* The checkpoint of the database that the settings name. False: none is there to be read. */
static bool load_checkpoint(const struct cli *cli, struct checkpoint *out)
{
    struct fault fault = {0};
    struct place place;
    place_of_settings(&cli->settings, &place);
    bool is_there = place.is_server || access(place.where, R_OK) == 0;
    struct db *db = is_there ? place_open(cli, &place, DB_READ_ONLY, &fault) : NULL;
    bool is_read = db != NULL && place_check_schema(&place, db, &fault) &&
                   checkpoint_load(db, out) && db_error(db) == DB_OK;
    db_close(&db);
    place_clear(&place);
    return is_read;
}

static json_t *archive_json(const struct archive_check *check, const char *what)
{
    json_t *json =
        json_pack("{s:s, s:I, s:b, s:s*}", "state", what == NULL ? "whole" : "broken", "events",
                  (json_int_t)check->events, "joins_database", check->is_joined, "what", what);
    if (check->events > 0) {
        char hash[2 * EVENT_HASH_SIZE + 1];
        (void)sodium_bin2hex(hash, sizeof hash, check->hash, sizeof check->hash);
        json_set_utc(json, "first_at", check->first_at);
        json_set_utc(json, "last_at", check->last_at);
        json_object_set_new(json, "first_seq", json_sprintf("%" G_GINT64_FORMAT, check->first_seq));
        json_object_set_new(json, "last_seq", json_sprintf("%" G_GINT64_FORMAT, check->last_seq));
        json_object_set_new(json, "last_hash", json_string(hash));
    }
    return json;
}

static void print_archive(const struct archive_check *check, const char *folder, const char *what)
{
    json_auto_t *json = archive_json(check, what);
    printf("%s: ", folder);
    if (what != NULL) {
        printf("%s.\n%s", what,
               check->events > 0 ? "What stands before that holds together: " : "");
    } else {
        printf("%s", check->events > 0 ? "The events hold together: " : "There is no event yet.\n");
    }
    if (check->events > 0) {
        const struct zone *zone = output_zone();
        print_extent(json, zone, check->events);
        printf(" (times are %s).\n", zone_name(zone));
    }
    if (what == NULL && check->events > 0) {
        printf("%s\n", check->is_joined
                           ? "The record of the database goes on from them."
                           : "They were not compared with a database: it is not here, or deleted "
                             "none of them. Its last event retention.checkpoint names the hash of "
                             "one of them.");
    }
}

static int verify_archive(const struct cli *cli, const char *folder)
{
    struct fault fault = {0};
    struct archive_check check;
    struct checkpoint checkpoint = {0};
    bool has_checkpoint = load_checkpoint(cli, &checkpoint);
    enum archive_verdict verdict =
        archive_check(folder, has_checkpoint ? &checkpoint : NULL, &check, &fault);
    if (verdict == ARCHIVE_UNREAD) {
        return cli_refused(&fault);
    }
    const char *what = verdict == ARCHIVE_BROKEN ? fault.text : NULL;
    if (cli->is_json) {
        json_auto_t *json = archive_json(&check, what);
        output_json(json);
    } else {
        print_archive(&check, folder, what);
    }
    return what == NULL ? EXIT_OK : EXIT_BROKEN;
}

static int cmd_verify(struct cli *cli)
{
    const char *archive = cli_option(cli, "archive");
    const char *file = cli_option(cli, "file");
    if (archive != NULL && (file != NULL || cli_has(cli, "url"))) {
        return cli_misused(cli, "--archive is compared with the database of --data or "
                                "--database-url: leave out the other one");
    }
    if (archive != NULL) {
        return verify_archive(cli, archive);
    }
    bool names_server = cli_has(cli, "database-url") || cli_has(cli, "url");
    if (file != NULL && (names_server || cli_has(cli, "data"))) {
        return cli_misused(cli, "--file names a database by itself: leave out the other one");
    }
    if (file != NULL) {
        return verify_file(cli, file);
    }
    return cli_has(cli, "database-url") ? verify_here(cli) : ask_server(cli);
}

static const struct cli_option VERIFY_OPTIONS[] = {
    {"file", "PATH", "Not the server's database but this file: a backup, or any other."},
    {"archive", "DIR", "The events that were written out there before they were deleted."},
    {0}};

static const char DOC[] =
    "Walks the whole chain of events: how many there are, and the first that was edited or is "
    "missing. "
    "Asks the server, which goes on taking alerts; without one, or with --file or --database-url, "
    "it reads that database and changes nothing. With --archive it walks the events that were "
    "written out before they were deleted, and looks whether the database goes on from them. Exit "
    "code 3 when the record is not whole.";

static const struct cli_command ROWS[] = {
    {"verify", "", 0, 0, "Is the record whole, or were events edited or deleted?", DOC,
     VERIFY_OPTIONS, SETTING_CLIENT | SETTING_STORE, 0, cmd_verify},
    {"audit verify", "", 0, 0, "The same as `tocsin verify`.", DOC, VERIFY_OPTIONS,
     SETTING_CLIENT | SETTING_STORE, 0, cmd_verify},
};
const struct cli_table VERIFY_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
