#include "cli/cmd.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/principal.h"

enum { COLUMNS_MAX = 12 };

int cmd_finish(const struct cli *cli, json_t *answer)
{
    if (answer == NULL) {
        return EXIT_REFUSED;
    }
    const json_t *items = json_object_get(answer, "items");
    bool is_list = items != NULL && json_object_get(answer, "next_cursor") != NULL;
    if (cli->is_json) {
        output_json(is_list ? items : answer);
    }
    json_decref(answer);
    return EXIT_OK;
}

json_t *cmd_full_names(const struct cli *cli)
{
    json_auto_t *users = client_list(cli, "/api/v1/users", SIZE_MAX);
    json_t *names = json_object();
    size_t i;
    json_t *item;
    json_array_foreach (users, i, item) {
        json_object_set(names, json_text(item, "name", ""), json_object_get(item, "full_name"));
    }
    return names;
}

void cmd_name_rows(const json_t *names, json_t *rows, const char *field)
{
    size_t i;
    json_t *item;
    json_array_foreach (rows, i, item) {
        const struct principal actor = principal_read(json_text(item, field, ""));
        if (actor.kind == PRINCIPAL_CHANNEL) {
            json_object_set_new(item, field, json_sprintf("channel %s", actor.name));
            continue;
        }
        const char *handle = actor.name;
        const char *full = json_text(names, handle, handle);
        if (actor.kind == PRINCIPAL_USER && strcmp(full, handle) != 0) {
            json_object_set_new(item, field, json_sprintf("%s (%s)", full, handle));
        }
    }
}

void cmd_name_people(const struct cli *cli, json_t *rows, const char *field)
{
    if (json_array_size(rows) > 0) {
        json_auto_t *names = cmd_full_names(cli);
        cmd_name_rows(names, rows, field);
    }
}

bool cmd_instant_in(const struct cli *cli, const char *called, const char *text,
                    const struct zone *zone, struct utc *out)
{
    struct utc now = clock_now(&CLOCK_SYSTEM);
    struct span by;
    if (strcmp(text, "now") == 0) {
        *out = now;
        return true;
    }
    if (text[0] == '+' && span_parse(text + 1, &by)) {
        *out = utc_add(now, by);
        return true;
    }
    struct civil local;
    g_autofree char *midnight = g_strconcat(text, "T00:00", NULL);
    if (utc_parse(text, out)) {
        return true;
    }
    if (civil_parse(text, &local) || civil_parse(midnight, &local)) {
        *out = zone_instant(zone, local, CIVIL_START);
        return true;
    }
    cli_misused(cli,
                "--%s is \"%.60s\"; write now, +2h, 2026-12-24 or 2026-12-24T23:30 by the clock of "
                "%s, or with an offset 2026-12-24T23:30:00+01:00",
                called, text, zone_name(zone));
    return false;
}

bool cmd_instant(const struct cli *cli, const char *called, const char *text, struct utc *out)
{
    return cmd_instant_in(cli, called, text, output_zone(), out);
}

/* An element of a list: a text, somebody by name, or as it stands. */
static char *element_text(const json_t *item)
{
    const char *user =
        json_is_object(item) ? json_text(item, "user", NULL) : json_string_value(item);
    return user != NULL ? g_strdup(user) : json_write(item);
}

static char *join_texts(const json_t *array)
{
    GString *out = g_string_new(NULL);
    size_t i;
    json_t *item;
    json_array_foreach (array, i, item) {
        g_autofree char *text = element_text(item);
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", text);
    }
    return g_string_free(out, FALSE);
}

char *cmd_value(const json_t *object, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, ".", -1);
    const json_t *at = object;
    for (char **part = parts; *part != NULL; part++) {
        at = json_object_get(at, *part);
    }
    if (at == NULL || json_is_null(at)) {
        return g_strdup("");
    }
    if (json_is_string(at)) {
        return g_strdup(json_string_value(at));
    }
    if (json_is_boolean(at)) {
        return g_strdup(json_is_true(at) ? "yes" : "no");
    }
    return json_is_array(at) ? join_texts(at) : json_write(at);
}

static bool is_instant(const char *field)
{
    static const char *const NAMES[] = {"from", "to", "since", "until", "at"};
    const char *last = strrchr(field, '.');
    last = last != NULL ? last + 1 : field;
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        if (strcmp(last, NAMES[i]) == 0) {
            return true;
        }
    }
    return g_str_has_suffix(last, "_at");
}

static bool add_row(struct text_table *table, const json_t *item, const struct list_column *columns,
                    const struct zone *zone)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    bool has_instant = false;
    for (const struct list_column *column = columns; column->heading != NULL; column++) {
        char *value = cmd_value(item, column->field);
        if (is_instant(column->field) && value[0] != '\0') {
            char *local = output_time_text(zone, value);
            g_free(value);
            value = local;
            has_instant = true;
        }
        g_ptr_array_add(cells, value);
    }
    table_add(table, (const char *const *)cells->pdata);
    return has_instant;
}

static void show_list(const json_t *items, const struct list_column *columns, const char *empty,
                      const struct zone *zone, const char *whose)
{
    if (json_array_size(items) == 0) {
        puts(empty);
        return;
    }
    const char *headings[COLUMNS_MAX + 1] = {NULL};
    for (size_t i = 0; columns[i].heading != NULL; i++) {
        CHECK(i < COLUMNS_MAX);
        headings[i] = columns[i].heading;
    }
    struct text_table *table = table_new(headings);
    bool has_instant = false;
    size_t i;
    json_t *item;
    json_array_foreach (items, i, item) {
        has_instant = add_row(table, item, columns, zone) || has_instant;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    table_write(&table, out);
    if (has_instant) {
        g_string_append_printf(out, "\nTimes are %s%s.\n", zone_name(zone), whose);
    }
    output_print(out);
}

void cmd_show_list(const json_t *items, const struct list_column *columns, const char *empty)
{
    show_list(items, columns, empty, output_zone(), "");
}

void cmd_show_list_in(const json_t *items, const struct list_column *columns, const char *empty,
                      const char *time_zone, const char *whose)
{
    struct fault fault;
    const struct zone *zone = zone_load(time_zone, &fault);
    g_autofree char *words = g_strconcat(", the zone of ", whose, NULL);
    show_list(items, columns, empty, zone != NULL ? zone : output_zone(),
              zone != NULL ? words : "");
}
