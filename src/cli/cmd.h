/* cli/cmd.h - what commands have in common: asking the server, and showing what it answers. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli/client.h"
#include "cli/output.h"

/* The full names by handle, asked of the server; to be freed. */
NODISCARD json_t *cmd_full_names(const struct cli *cli);
/* cmd_name_people with names that were asked for before. */
void cmd_name_rows(const json_t *names, json_t *rows, const char *field);
/* Shows people by their full names beside their handles, "Ana Wijaya (ana)", in this field of each of
 * the rows, actors such as "user:ana" too; asks the server for them. */
void cmd_name_people(const struct cli *cli, json_t *rows, const char *field);

/* What most commands do with an answer: as JSON when asked for (of a list, its items), else nothing; EXIT_REFUSED for NULL.
 * Drops the reference. */
int cmd_finish(const struct cli *cli, json_t *answer);

/* Reads "now", a span from now ("+2h"), RFC 3339, or a local time of the reader's zone (output_zone),
 * with or without a time of day. False and a message when it is none of these. */
bool cmd_instant(const struct cli *cli, const char *called, const char *text, struct utc *out);
/* The same with local times of that zone. */
bool cmd_instant_in(const struct cli *cli, const char *called, const char *text,
                    const struct zone *zone, struct utc *out);

/* A list as a table: column i shows the field (dots go deeper) fields[i] under headings[i]. Fields
 * named …_at, from, to, since, until or at are shown in the local zone, which the footer names.
 * Prints `empty` when there is nothing. */
struct list_column {
    const char *heading; /* NULL ends the list */
    const char *field;
};

void cmd_show_list(const json_t *items, const struct list_column *columns, const char *empty);
/* The same with the times of another zone, which the footer names as that of `whose`. */
void cmd_show_list_in(const json_t *items, const struct list_column *columns, const char *empty,
                      const char *time_zone, const char *whose);

/* The value at a dotted path as text for people; free with g_free, never NULL. */
NODISCARD char *cmd_value(const json_t *object, const char *path);

#endif
