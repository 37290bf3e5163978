/* app/cmd.h - the commands' functions, one file per noun; commands.c lists them. */
#ifndef APP_CMD_H
#define APP_CMD_H

#include "app/client.h"
#include "app/output.h"
#include "app/place.h"

int cmd_serve(struct cli *cli);
int cmd_apply(struct cli *cli);
int cmd_export(struct cli *cli);
int cmd_alert(struct cli *cli);
int cmd_ack(struct cli *cli);
int cmd_resolve(struct cli *cli);
int cmd_escalate(struct cli *cli);
int cmd_snooze(struct cli *cli);
int cmd_page(struct cli *cli);
int cmd_alerts(struct cli *cli);
int cmd_alerts_show(struct cli *cli);
int cmd_oncall(struct cli *cli);
int cmd_schedule_list(struct cli *cli);
int cmd_schedule_shifts(struct cli *cli);
int cmd_schedule_gaps(struct cli *cli);
int cmd_override_add(struct cli *cli);
int cmd_override_list(struct cli *cli);
int cmd_override_remove(struct cli *cli);
int cmd_off_duty(struct cli *cli);
int cmd_absence_list(struct cli *cli);
int cmd_absence_remove(struct cli *cli);
int cmd_misses(struct cli *cli);
int cmd_explain(struct cli *cli);
int cmd_whatif(struct cli *cli);
int cmd_token_create(struct cli *cli);
int cmd_token_list(struct cli *cli);
int cmd_token_revoke(struct cli *cli);
int cmd_feed_create(struct cli *cli);
int cmd_feed_list(struct cli *cli);
int cmd_feed_revoke(struct cli *cli);
int cmd_integration_list(struct cli *cli);
int cmd_integration_rotate(struct cli *cli);
int cmd_integration_payloads(struct cli *cli);
int cmd_route_test(struct cli *cli);
int cmd_silence_list(struct cli *cli);
int cmd_silence_add(struct cli *cli);
int cmd_silence_remove(struct cli *cli);
int cmd_heartbeat_list(struct cli *cli);
int cmd_heartbeat_rotate(struct cli *cli);
int cmd_test(struct cli *cli);
int cmd_doctor(struct cli *cli);
int cmd_nodes(struct cli *cli);
int cmd_backup(struct cli *cli);
int cmd_verify(struct cli *cli);
int cmd_restore(struct cli *cli);
int cmd_migrate(struct cli *cli);
int cmd_move(struct cli *cli);
int cmd_openapi(struct cli *cli);
int cmd_completion(struct cli *cli);
int cmd_manual(struct cli *cli);
int cmd_version(struct cli *cli);
int cmd_help(struct cli *cli);

/* The full names by handle, asked of the server; to be freed. */
NODISCARD json_t *cmd_full_names(const struct cli *cli);
/* "until …, by …" of an alert that sleeps; NULL: it does not. Newly allocated. */
NODISCARD char *cmd_snoozed(const json_t *alert, const struct zone *zone);
/* cmd_name_people with names that were asked for before. */
void cmd_name_rows(const json_t *names, json_t *rows, const char *field);
/* Shows people by their full names beside their handles, "Ana Wijaya (ana)", in this field of each of
 * the rows, actors such as "user:ana" too; asks the server for them. */
void cmd_name_people(const struct cli *cli, json_t *rows, const char *field);

/* Tells on standard error when that person, whom somebody chose, is away now. */
void cmd_warn_of_absence(const struct cli *cli, const char *user);

/* What most commands do with an answer: as JSON when asked for (of a list, its items), else nothing; EXIT_REFUSED for NULL.
 * Drops the reference. */
int cmd_finish(const struct cli *cli, json_t *answer);

/* The database of these settings, for a command that goes to it by itself, DB_READ_ONLY or DB_READ_WRITE. NULL and a
 * fault where there is none, where what was used there is gone, or where it is another program's: then nothing was
 * changed in it. */
NODISCARD struct db *cmd_open_database(const struct cli *cli, const struct place *place,
                                       enum db_mode mode, struct fault *fault);

/* Reads "now", a span from now ("+2h"), RFC 3339, or a local time of the reader's zone (output_zone),
 * with or without a time of day. False and a message when it is none of these. */
bool cmd_instant(const struct cli *cli, const char *called, const char *text, struct utc *out);
/* The same with local times of that zone. */
bool cmd_instant_in(const struct cli *cli, const char *called, const char *text,
                    const struct zone *zone, struct utc *out);

/* A list as a table: column i shows the field (dots go deeper) fields[i] under headings[i]. Fields
 * named …_at, from, to, since, until or at are shown in the local zone, which the footer names.
 * Prints `empty` when there is nothing. */
struct column {
    const char *heading; /* NULL ends the list */
    const char *field;
};

void cmd_show_list(const json_t *items, const struct column *columns, const char *empty);
/* The same with the times of another zone, which the footer names as that of `whose`. */
void cmd_show_list_in(const json_t *items, const struct column *columns, const char *empty,
                      const char *time_zone, const char *whose);

/* The value at a dotted path as text for people; free with g_free, never NULL. */
NODISCARD char *cmd_value(const json_t *object, const char *path);

#endif
