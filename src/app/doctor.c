#include "app/doctor.h"

#include <string.h>
#include <sys/stat.h>

#include "access/token_store.h"
#include "alert/alert_store.h"
#include "cli/data_dir.h"
#include "config/config_store.h"
#include "ledger/chain.h"
#include "people/contact_lint.h"
#include "people/contact_store.h"
#include "retention/retention_store.h"
#include "source/refusal.h"

#define RESTORE "Stop the server and restore the last backup: tocsin restore FILE."

static const int64_t SPACE_LEAST = 67108864; /* bytes: not worth a word */

struct facts {
    GArray *items;
    GStringChunk *texts;
};

static void add_key(void *self, const struct access_key *key)
{
    struct facts *facts = self;
    if (utc_is_set(key->revoked_at) || key->owner_kind == KEY_FEED) {
        return;
    }
    struct key_fact fact = {
        .owner_kind = enum_to_name(KEY_OWNER_NAMES, key->owner_kind),
        .owner = g_string_chunk_insert_const(facts->texts, key->owner),
        .created_at = key->created_at,
        .expires_at = key->expires_at,
        .last_used_at = key->last_used_at,
    };
    g_array_append_val(facts->items, fact);
}

static void look_at_keys(struct doctor *doctor)
{
    struct facts facts = {g_array_new(FALSE, TRUE, sizeof(struct key_fact)),
                          g_string_chunk_new(1024)};
    access_key_list(doctor->db, 0, NULL, add_key, &facts);
    lint_keys((const struct key_fact *)(const void *)facts.items->data, facts.items->len,
              doctor->now, doctor->findings);
    g_array_unref(facts.items);
    g_string_chunk_free(facts.texts);
}

static const char *remedy_of(const char *check)
{
    return strcmp(check, WAY_SECRET) == 0
               ? "Set it where the server runs, or name another: docs/configuration.md, Secrets."
               : "Correct the address, or start the server with --allow-private for it.";
}

struct walk {
    struct doctor *doctor;
    struct lint_amiss amiss;
};

static void add_way(void *self, const char *check, const char *path, const char *whose,
                    const char *why)
{
    struct walk *walk = self;
    struct doctor *doctor = walk->doctor;
    if (strcmp(check, WAY_MAIL) != 0) { /* doctor_mail tells that */
        lint_add(doctor->findings, LINT_PROBLEM, check, path, remedy_of(check),
                 "Nothing can be sent to %s: %s", whose, why);
        g_hash_table_add(walk->amiss.whose, g_strdup(whose));
    } else {
        walk->amiss.has_no_mail = true;
    }
}

static void look_at_ways(struct walk *walk)
{
    struct doctor *doctor = walk->doctor;
    if (doctor->ways != NULL) {
        g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
        json_auto_t *document = config_export(doctor->db, doctor->now, notes);
        ways_check(doctor->ways, document, add_way, walk);
    }
}

/* What cannot work first: that it did not is the same fault. */
static void look_at_contacts(struct doctor *doctor)
{
    g_autoptr(GHashTable) whose = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct walk walk = {doctor, {.whose = whose}};
    look_at_ways(&walk);
    struct contact_states *states = contact_states_read(doctor->db);
    lint_contacts(doctor->config, states, &walk.amiss, doctor->now, doctor->findings);
    contact_states_free(states);
}

/* What was met or found already: to read the whole file again takes a while, and may find less. */
static void look_at_door(struct doctor *doctor)
{
    if (doctor->ledger != NULL && ledger_door(doctor->ledger) == LEDGER_DAMAGED) {
        g_autofree char *why = ledger_closed_why(doctor->ledger);
        lint_add(doctor->findings, LINT_PROBLEM, "database", "", RESTORE,
                 "New alerts are refused, and accepted ones may not page: %s",
                 why != NULL ? why : "");
    }
}

/* The socket, the database with its logs and copies; what else somebody laid there is their own. */
static bool is_ours(const char *name)
{
    return g_str_has_prefix(name, "tocsin.") || strcmp(name, "backups") == 0;
}

/* "tocsin.sock, tocsin.db": which of them others than their owner have rights to. To be freed. */
static char *names_open_to_others(const char *data)
{
    GString *names = g_string_new(NULL);
    GDir *directory = g_dir_open(data, 0, NULL);
    const char *name;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *path = g_build_filename(data, name, NULL);
        struct stat about;
        if (is_ours(name) && lstat(path, &about) == 0 && !S_ISLNK(about.st_mode) &&
            (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", name);
        }
    }
    g_clear_pointer(&directory, g_dir_close);
    return g_string_free(names, FALSE);
}

static void look_at_data(struct doctor *doctor)
{
    const char *data = doctor->settings->data;
    struct stat about;
    g_autofree char *remedy = g_strdup_printf("Run chmod 700 %s.", data);
    if (stat(data, &about) == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        lint_add(doctor->findings, LINT_WARNING, "data", "", remedy,
                 "Others than its owner may enter the data directory %s.", data);
    }
    g_autofree char *names = names_open_to_others(data);
    if (names[0] != '\0') {
        g_autofree char *close = g_strdup_printf("Run chmod -R go-rwx %s.", data);
        lint_add(doctor->findings, LINT_WARNING, "data", "", close,
                 "Others than their owner have rights to %s in %s; who may use tocsin.sock may do "
                 "everything.",
                 names, data);
    }
}

/* Whatever else is found in a damaged file may come of the damage: it is told first. */
static void look_at_file(struct doctor *doctor)
{
    if (doctor->settings->database_url != NULL) {
        return;
    }
    g_autofree char *database = data_dir_database(doctor->settings->data);
    struct fault fault = {0};
    if (!db_verify(database, &fault)) {
        lint_add(doctor->findings, LINT_PROBLEM, "database", "", RESTORE,
                 "The database does not verify: %s", fault.text);
    }
}

/* What was deleted stays in the file as room for what comes: a note where that is most of it, for nothing takes it back. */
static void look_at_space(struct doctor *doctor)
{
    struct db_space space;
    if (db_space(doctor->db, &space) && !space.can_shrink &&
        space.free_bytes > MAX(space.bytes / 2, SPACE_LEAST)) {
        lint_add(
            doctor->findings, LINT_NOTE, "space", "",
            "Stop the server and `tocsin move` to a new directory: that makes a file that shrinks.",
            "Nothing is in %.0f of the %.0f MB of the database, and a file that an earlier "
            "version made does not shrink.",
            (double)space.free_bytes / 1e6, (double)space.bytes / 1e6);
    }
}

/* What is to be written out before it is deleted, and cannot be, is not deleted: the disk fills up. */
static void look_at_archive(struct doctor *doctor)
{
    struct archive_state state;
    if (archive_state_load(doctor->db, &state) && utc_is_set(state.failed_at)) {
        char since[UTC_TEXT_SIZE];
        utc_format(state.failed_at, since);
        lint_add(doctor->findings, LINT_WARNING, "archive", "",
                 "Make room there, or set TOCSIN_ARCHIVE to another directory.",
                 "Nothing that is old is deleted since %s: %s", since,
                 state.why != NULL ? state.why : "");
    }
    archive_state_clear(&state);
}

/* One that nobody resolves keeps all events since it began. */
static void look_at_held_events(struct doctor *doctor)
{
    char kind[SUBJECT_KIND_SIZE], since[UTC_TEXT_SIZE], kept[UTC_TEXT_SIZE];
    struct subject subject = {0};
    struct alert alert = {0};
    struct span span = retention_of(doctor->config)->events;
    int64_t needed = retention_needed_seq(doctor->db);
    g_autofree char *text = needed != INT64_MAX ? retention_subject_of(doctor->db, needed) : NULL;
    bool is_found = text != NULL && subject_read(text, kind, &subject) &&
                    subject_is(subject, "alert") && alert_load(doctor->db, subject.id, &alert);
    bool is_open = is_found && (alert.status == ALERT_OPEN || alert.status == ALERT_ACKNOWLEDGED);
    if (is_open && utc_since(doctor->now, alert.first_at).us > span.us) {
        utc_format(alert.first_at, since);
        span_format(span, kept);
        lint_add(
            doctor->findings, LINT_NOTE, "events", text,
            "Resolve it, if nobody works on it any more.",
            "Events are to be kept for %s, and this alert, which has been open since %s, keeps "
            "all that came after it began.",
            kept, since);
    }
    alert_clear(&alert);
}

static bool is_loopback(const char *address)
{
    return g_str_has_prefix(address, "127.") || g_str_has_prefix(address, "[::1]") ||
           g_str_has_prefix(address, "localhost");
}

static void look_at_settings(struct doctor *doctor)
{
    const struct settings *settings = doctor->settings;
    const char *host = settings->public_url != NULL ? strstr(settings->public_url, "://") : NULL;
    if (host != NULL && is_loopback(host + 3)) {
        lint_add(doctor->findings, LINT_NOTE, "public-url", "",
                 "Set TOCSIN_PUBLIC_URL to the address that people reach from their phones.",
                 "Links in messages lead to %s and work on this machine only.",
                 settings->public_url);
    } else if (host != NULL && g_str_has_prefix(settings->public_url, "http://")) {
        lint_add(doctor->findings, LINT_WARNING, "public-url", "",
                 "Put a reverse proxy with TLS in front and set TOCSIN_PUBLIC_URL to https://…",
                 "Links in messages, passwords and sessions are not encrypted, and browsers take "
                 "no guarded cookie: %s",
                 settings->public_url);
    }
    if (settings->board == BOARD_OPEN && !is_loopback(settings->listen)) {
        lint_add(doctor->findings, LINT_WARNING, "board", "", "Set TOCSIN_BOARD=token.",
                 "Everybody who reaches %s may see the alerts.", settings->listen);
    }
    if (settings->heartbeat_out == NULL) {
        lint_add(doctor->findings, LINT_NOTE, "heartbeat-out", "",
                 "Set TOCSIN_HEARTBEAT_OUT to a heartbeat of another system.",
                 "Nobody notices if this server dies.");
    }
}

static void add_refusal(void *self, const struct refusal_state *state)
{
    struct doctor *doctor = self;
    g_autofree char *subject = principal_text(PRINCIPAL_INTEGRATION, state->integration);
    g_autofree char *told = refusal_told(state);
    g_autofree char *remedy = refusal_remedy(state->integration, (enum refusal)state->kind);
    lint_add(doctor->findings, LINT_WARNING, "refused", subject, remedy, "%s", told);
}

static void look_at_refusals(struct doctor *doctor)
{
    if (doctor->refusals != NULL) {
        refusal_each(doctor->refusals, doctor->now, add_refusal, doctor);
    }
}

/* A history that cannot be read is no sign of somebody who edits it: look_at_reading tells that. */
static void look_at_history(struct doctor *doctor)
{
    struct fault fault = {0};
    if (!chain_check(doctor->db, "database", &fault) && db_error(doctor->db) == DB_OK) {
        lint_add(
            doctor->findings, LINT_PROBLEM, "history", "",
            "Find out who can write to the database; `tocsin restore --verify-only` tells which "
            "backups are whole.",
            "The record does not hold together: %s", fault.text);
    }
}

/* What was not read was not judged: that must not look healthy. */
static void look_at_reading(struct doctor *doctor)
{
    if (db_error(doctor->db) != DB_OK) {
        bool is_damaged = db_error(doctor->db) == DB_DAMAGED;
        lint_add(doctor->findings, LINT_PROBLEM, "database", "",
                 is_damaged ? RESTORE : "Look at the database first, then ask again.",
                 "The database cannot be read: %s", db_error_text(doctor->db));
    }
    db_rollback(doctor->db); /* nobody holds a transaction open while a mail server thinks */
}

void doctor_look(struct doctor *doctor)
{
    look_at_file(doctor);
    lint_config(doctor->config, doctor->now, doctor->findings);
    look_at_contacts(doctor);
    look_at_keys(doctor);
    if (doctor->settings->database_url != NULL) {
        doctor_server(doctor);
    }
    look_at_history(doctor);
    look_at_space(doctor);
    look_at_archive(doctor);
    look_at_held_events(doctor);
    look_at_reading(doctor);
    look_at_settings(doctor);
    look_at_refusals(doctor);
    look_at_door(doctor);
    look_at_data(doctor);
    doctor_disk(doctor);
    doctor_clock(doctor);
    doctor_zones(doctor);
    doctor_mail(doctor);
    lint_sort(doctor->findings);
}
