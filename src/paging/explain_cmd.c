#include <stdio.h>
#include <string.h>

#include "alert/alert_cmd.h"
#include "base/json.h"
#include "cli/cmd.h"
#include "oncall/schedule.h"

/* What an event says, as "name value, name value", instants in the reader's zone. */
static char *facts(const json_t *data, const struct zone *zone)
{
    GString *out = g_string_new(NULL);
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)data, name, value) {
        g_autofree char *text = cmd_value(data, name);
        g_autofree char *shown =
            json_is_string(value) ? output_time_text(zone, text) : g_strdup(text);
        if (shown[0] != '\0') {
            g_string_append_printf(out, "%s%s: %s", out->len > 0 ? ", " : "", name, shown);
        }
    }
    return g_string_free(out, FALSE);
}

static void show_decisions(const json_t *decisions, GString *out, const struct zone *zone)
{
    const char *headings[] = {"WHEN", "WHAT", "BY", "WHY AND HOW", NULL};
    struct text_table *table = table_new(headings);
    size_t i;
    json_t *entry;
    json_array_foreach (decisions, i, entry) {
        g_autofree char *at = output_moment_text(zone, json_text(entry, "at", ""));
        g_autofree char *text = facts(json_object_get(entry, "data"), zone);
        const char *cells[] = {at, json_text(entry, "kind", ""), json_text(entry, "actor", ""),
                               text};
        table_add(table, cells);
    }
    table_write(&table, out);
}

/* How it went, as one says it of a message. */
static const char *outcome_word(const json_t *attempt)
{
    const char *state = json_text(attempt, "state", "");
    return strcmp(state, "claimed") == 0 ? "under way" : state;
}

/* One row per attempt, and one for what was not tried (yet). */
static void add_notification(struct text_table *table, const char *who, const json_t *notification,
                             const struct zone *zone)
{
    const char *contact = json_text(notification, "contact", "");
    const json_t *attempts = json_object_get(notification, "attempts");
    if (json_array_size(attempts) == 0) {
        const char *when =
            json_text(notification, "next_look_at", json_text(notification, "due_at", ""));
        g_autofree char *due = output_moment_text(zone, when);
        const char *cells[] = {who, contact, json_text(notification, "state", ""), due,
                               json_text(notification, "why", "")};
        table_add(table, cells);
    }
    size_t i;
    json_t *attempt;
    json_array_foreach (attempts, i, attempt) {
        g_autofree char *at = output_moment_text(
            zone, json_text(attempt, "finished_at", json_text(attempt, "started_at", "")));
        const char *cells[] = {who, contact, outcome_word(attempt), at,
                               json_text(attempt, "detail", "")};
        table_add(table, cells);
    }
}

static void show_attempts(const json_t *pages, const json_t *endings, GString *out,
                          const struct zone *zone)
{
    const char *headings[] = {"WHO", "BY", "OUTCOME", "WHEN", "DETAIL", NULL};
    struct text_table *table = table_new(headings);
    size_t i, j;
    json_t *page, *notification;
    json_array_foreach (pages, i, page) {
        json_array_foreach (json_object_get(page, "notifications"), j, notification) {
            add_notification(table, json_text(page, "who", ""), notification, zone);
        }
    }
    json_array_foreach (endings, i, page) {
        g_autofree char *who = g_strdup_printf("%s: the end", json_text(page, "who", ""));
        add_notification(table, who, page, zone);
    }
    bool is_empty = table_rows(table) == 0;
    g_string_append(out, is_empty ? "\nNobody was told.\n" : "\n");
    GString *text = g_string_new(NULL);
    table_write(&table, text);
    g_string_append(out, is_empty ? "" : text->str);
    g_string_free(text, TRUE);
}

static void show_fact(GString *out, const char *name, const char *text)
{
    g_autofree char *clean_name = output_clean(name);
    g_autofree char *clean = output_clean(text);
    if (clean[0] != '\0') {
        g_string_append_printf(out, "  %s: %s\n", clean_name, clean);
    }
}

static char *joined(const json_t *names)
{
    GString *out = g_string_new(NULL);
    size_t i;
    json_t *name;
    json_array_foreach ((json_t *)(uintptr_t)names, i, name) {
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", json_text(name, "who", ""));
    }
    return g_string_free(out, FALSE);
}

/* What stands above the description on its page. */
static void show_heading(const json_t *alert, GString *out)
{
    static const char *const NAMES[] = {"severity", "service", "source", "component"};
    const char *severity = json_text(alert, "first_severity", "");
    const char *summary = json_text(alert, "first_summary", "");
    bool has_both = severity[0] != '\0' && summary[0] != '\0';
    g_autofree char *first = g_strconcat(severity, has_both ? ": " : "", summary, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        show_fact(out, NAMES[i], json_text(alert, NAMES[i], ""));
    }
    show_fact(out, "at first", first);
}

/* What messages say about the alert. */
static void show_message(const json_t *message, GString *out, const struct zone *zone)
{
    g_autofree char *since = output_moment_text(zone, json_text(message, "since", ""));
    show_fact(out, "description", json_text(message, "description", ""));
    show_fact(out, "since", since);
    const char *name;
    json_t *value;
    json_object_foreach (json_object_get(message, "labels"), name, value) {
        show_fact(out, name, json_string_value(value));
    }
    size_t i;
    json_array_foreach (json_object_get(message, "links"), i, value) {
        show_fact(out, json_text(value, "text", "link"), json_text(value, "href", ""));
    }
    g_autofree char *told = joined(json_object_get(message, "told"));
    show_fact(out, "paged", told);
    const json_t *next = json_object_get(message, "next");
    if (next != NULL) {
        g_autofree char *at = output_time_text(zone, json_text(next, "at", ""));
        g_autofree char *who = joined(json_object_get(next, "tells"));
        g_autofree char *until = output_time_text(zone, json_text(next, "held_until", ""));
        g_autofree char *text =
            until[0] == '\0'
                ? g_strdup_printf("%s: %s", at, who)
                : g_strdup_printf("%s: %s; a message is held back until %s, and the wait "
                                  "begins then",
                                  at, who, until);
        show_fact(out, "next, if nobody acknowledges", text);
    }
    g_string_append_c(out, '\n');
}

/* People in what the events say. */
static void name_facts(const json_t *names, const json_t *decisions)
{
    static const char *const FIELDS[] = {"who", "asked_by", "by"};
    json_auto_t *facts = json_array();
    size_t i;
    json_t *entry;
    json_array_foreach ((json_t *)(uintptr_t)decisions, i, entry) {
        json_array_append(facts, json_object_get(entry, "data"));
    }
    for (i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
        cmd_name_rows(names, facts, FIELDS[i]);
    }
}

/* "resolved", "snoozed until …, by …". Newly allocated. */
static char *status_of(const json_t *names, json_t *alert, const struct zone *zone)
{
    json_auto_t *rows = json_pack("[O]", alert);
    cmd_name_rows(names, rows, "acknowledged_by");
    g_autofree char *until = alert_snoozed_text(alert, zone);
    g_autofree char *text = until != NULL ? g_strconcat("snoozed ", until, NULL)
                                          : g_strdup(json_text(alert, "status", ""));
    return output_clean(text);
}

static int cmd_explain(struct cli *cli)
{
    g_autofree char *id = client_escape(cli_arg(cli, 0));
    g_autofree char *path = g_strdup_printf("/api/v1/alerts/%s/explain", id);
    json_auto_t *answer = client_ask(cli, "GET", path, NULL);
    if (answer == NULL || cli->is_json) {
        return cmd_finish(cli, answer != NULL ? json_incref(answer) : NULL);
    }
    const struct zone *zone = output_zone();
    g_autofree char *summary = cmd_value(answer, "alert.summary");
    g_autofree char *clean = output_clean(summary);
    g_autoptr(GString) out = g_string_new(NULL);
    json_t *message = json_object_get(answer, "message");
    json_auto_t *names = cmd_full_names(cli);
    g_autofree char *status = status_of(names, json_object_get(answer, "alert"), zone);
    g_string_append_printf(out, "Alert %s, %s: %s\n", cli_arg(cli, 0), status, clean);
    cmd_name_rows(names, json_object_get(answer, "decisions"), "actor");
    name_facts(names, json_object_get(answer, "decisions"));
    cmd_name_rows(names, json_object_get(answer, "pages"), "who");
    cmd_name_rows(names, json_object_get(answer, "endings"), "who");
    cmd_name_rows(names, json_object_get(message, "told"), "who");
    cmd_name_rows(names, json_object_get(json_object_get(message, "next"), "tells"), "who");
    show_heading(json_object_get(answer, "alert"), out);
    show_message(message, out, zone);
    show_decisions(json_object_get(answer, "decisions"), out, zone);
    show_attempts(json_object_get(answer, "pages"), json_object_get(answer, "endings"), out, zone);
    g_string_append_printf(out, "\nTimes are %s.\n", zone_name(zone));
    output_print(out);
    return EXIT_OK;
}

/* --- what if --- */

static char *why_told(const json_t *tell)
{
    const char *via = json_text(tell, "via", "");
    const char *through = json_text(tell, "through", "");
    const char *layer = json_text(tell, "layer", NULL);
    return layer != NULL ? g_strdup_printf("%s %s, layer %s", via, through, layer_bare_name(layer))
                         : g_strdup_printf("%s %s", via, through);
}

struct told_row {
    struct utc at;
    size_t order;
    const json_t *step, *tell;
    const json_t *contact; /* NULL: there is none */
};

static gint by_time(gconstpointer a, gconstpointer b)
{
    const struct told_row *x = a;
    const struct told_row *y = b;
    if (x->at.us != y->at.us) {
        return x->at.us < y->at.us ? -1 : 1;
    }
    return x->order < y->order ? -1 : 1;
}

static void add_telling(GArray *all, struct told_row telling, const char *at)
{
    telling.order = all->len;
    if (utc_parse(at, &telling.at)) {
        g_array_append_val(all, telling);
    }
}

static void add_tellings(GArray *all, const json_t *step, const json_t *tell)
{
    const json_t *contacts = json_object_get(tell, "contacts");
    size_t i;
    json_t *contact;
    json_array_foreach ((json_t *)(uintptr_t)contacts, i, contact) {
        add_telling(all, (struct told_row){.step = step, .tell = tell, .contact = contact},
                    json_text(contact, "at", ""));
    }
    if (json_array_size(contacts) == 0) {
        add_telling(all, (struct told_row){.step = step, .tell = tell}, json_text(step, "at", ""));
    }
}

/* Personal rules of one step overlap the next step: all in order of time. */
static GArray *tellings_of(const json_t *answer)
{
    GArray *all = g_array_new(FALSE, TRUE, sizeof(struct told_row));
    size_t i, j;
    json_t *step, *tell;
    json_array_foreach (json_object_get(answer, "steps"), i, step) {
        json_array_foreach (json_object_get(step, "tells"), j, tell) {
            add_tellings(all, step, tell);
        }
    }
    g_array_sort(all, by_time);
    return all;
}

/* "step 2, round 1". Newly allocated. */
static char *place_of(const json_t *step)
{
    g_autofree char *number = cmd_value(step, "step");
    g_autofree char *round = cmd_value(step, "round");
    return json_is_true(json_object_get(step, "last_resort"))
               ? g_strdup("last resort")
               : g_strdup_printf("step %s, round %s", number, round);
}

/* How a contact on which nobody counts is marked. Newly allocated. */
static char *marked(const json_t *contact)
{
    if (contact == NULL) {
        return g_strdup("(no contact)");
    }
    const char *outlook = json_text(contact, "outlook", "good");
    const char *mark = strcmp(outlook, "none") == 0 ? " (dead)" : "";
    return g_strconcat(json_text(contact, "contact", ""),
                       strcmp(outlook, "poor") == 0 ? " (fails now)" : mark, NULL);
}

static void add_row(struct text_table *table, const struct told_row *telling,
                    const struct zone *zone)
{
    g_autofree char *why = why_told(telling->tell);
    g_autofree char *where = place_of(telling->step);
    g_autofree char *contact = marked(telling->contact);
    g_autofree char *at = output_time(zone, telling->at);
    const char *cells[] = {at, json_text(telling->tell, "who", ""), contact, where, why};
    table_add(table, cells);
}

/* What the table alone would leave one to guess: why a step does not wait. */
static void show_unreached(const json_t *steps, GString *out)
{
    bool is_any = false;
    size_t i;
    json_t *step;
    json_array_foreach ((json_t *)(uintptr_t)steps, i, step) {
        if (json_is_false(json_object_get(step, "reached"))) {
            g_autofree char *place = place_of(step);
            bool is_last = json_is_true(json_object_get(step, "last_resort"));
            g_string_append_printf(out, "%s%c%s: nobody can be told%s\n", is_any ? "" : "\n",
                                   g_ascii_toupper(place[0]), place + 1,
                                   is_last ? "." : ", so the next step begins at once.");
            is_any = true;
        }
    }
    if (is_any) {
        g_string_append(out, "`tocsin doctor` says what each dead contact answered.\n");
    }
}

/* Nor why another one comes first. */
static void show_skipped(const json_t *steps, GString *out)
{
    bool is_any = false;
    size_t i, k;
    json_t *step, *skip;
    json_array_foreach ((json_t *)(uintptr_t)steps, i, step) {
        json_array_foreach (json_object_get(step, "skipped"), k, skip) {
            const char *who = json_text(skip, "who", NULL);
            g_autofree char *place = place_of(skip);
            if (who != NULL) {
                g_string_append_printf(
                    out, "%s%c%s is passed over: %s cannot be told: no contact.\n",
                    is_any ? "" : "\n", g_ascii_toupper(place[0]), place + 1, who);
                is_any = true;
            }
        }
    }
}

/* Why nobody counts on a contact, once each. */
static void show_dead(const GArray *tellings, GString *out)
{
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < tellings->len; i++) {
        const struct told_row *telling = &g_array_index(tellings, struct told_row, i);
        const char *failure = json_text(telling->contact, "failure", NULL);
        bool is_dead = strcmp(json_text(telling->contact, "outlook", ""), "none") == 0;
        g_autofree char *line =
            g_strdup_printf("%s by %s is dead: %s\n", json_text(telling->tell, "who", ""),
                            json_text(telling->contact, "contact", ""), failure);
        if (is_dead && failure != NULL && !g_hash_table_contains(told, line)) {
            bool is_first = g_hash_table_size(told) == 0;
            g_string_append_printf(out, "%s%s", is_first ? "\n" : "", line);
            g_hash_table_add(told, g_steal_pointer(&line));
        }
    }
}

/* Whom the policy names or the schedule has although they are away, once each. */
static void show_away(const GArray *tellings, const struct zone *zone, GString *out)
{
    g_autoptr(GHashTable) said = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < tellings->len; i++) {
        const json_t *tell = g_array_index(tellings, struct told_row, i).tell;
        const char *who = json_text(tell, "who", "");
        g_autofree char *until = output_time_text(zone, json_text(tell, "away_until", ""));
        if (until[0] != '\0' && g_hash_table_add(said, (gpointer)(uintptr_t)who)) {
            g_string_append_printf(out, "%s%s is away until %s, and told all the same.\n",
                                   g_hash_table_size(said) == 1 ? "\n" : "", who, until);
        }
    }
}

static void show_whatif(const struct cli *cli, const json_t *answer)
{
    const char *headings[] = {"WHEN", "WHO", "BY", "AT", "WHY", NULL};
    struct text_table *table = table_new(headings);
    const struct zone *zone = output_zone();
    json_auto_t *names = cmd_full_names(cli);
    size_t at;
    json_t *step;
    json_array_foreach (json_object_get(answer, "steps"), at, step) {
        cmd_name_rows(names, json_object_get(step, "tells"), "who");
    }
    GArray *tellings = tellings_of(answer);
    bool is_empty = true;
    for (guint i = 0; i < tellings->len; i++) {
        const struct told_row *telling = &g_array_index(tellings, struct told_row, i);
        add_row(table, telling, zone);
        is_empty &= telling->contact == NULL;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    if (json_text(answer, "silenced_by", NULL) != NULL) {
        g_autofree char *until = output_time_text(zone, json_text(answer, "silenced_until", ""));
        g_string_append_printf(out, "Silenced by %s until %s.\n\n",
                               json_text(answer, "silenced_by", ""), until);
    }
    table_write(&table, out);
    show_dead(tellings, out);
    show_away(tellings, zone, out);
    g_array_unref(tellings);
    show_skipped(json_object_get(answer, "steps"), out);
    show_unreached(json_object_get(answer, "steps"), out);
    g_string_append_printf(out, "\n%sTimes are %s, if nobody ever answers.\n",
                           is_empty ? "Nobody would be told. " : "", zone_name(zone));
    output_print(out);
}

static int cmd_whatif(struct cli *cli)
{
    if (cli_option(cli, "service") == NULL) {
        return cli_misused(cli, "--service says what the alert would be about");
    }
    struct utc at;
    const char *given = cli_option(cli, "at");
    if (!cmd_instant(cli, "at", given != NULL ? given : "now", &at)) {
        return EXIT_USAGE;
    }
    char text[UTC_TEXT_SIZE];
    utc_format(at, text);
    g_autoptr(GString) path = g_string_new("/api/v1/whatif");
    client_query(path, "service", cli_option(cli, "service"));
    client_query(path, "severity", cli_option(cli, "severity"));
    client_query(path, "at", text);
    json_auto_t *answer = client_ask(cli, "GET", path->str, NULL);
    if (answer == NULL || cli->is_json) {
        return cmd_finish(cli, answer != NULL ? json_incref(answer) : NULL);
    }
    show_whatif(cli, answer);
    return EXIT_OK;
}

static const struct cli_option WHATIF_OPTIONS[] = {
    {"service", "NAME", "The service that the alert would be about."},
    {"severity", "LEVEL", "critical, error, warning or info."},
    {"at", "INSTANT", "When it would come: +2h or 2026-12-24T23:30:00+01:00; now when not given."},
    {0}};

static const struct cli_command ROWS[] = {
    {"explain", "ALERT", 1, 1, "Why was I paged? Every decision and attempt about an alert.", NULL,
     NULL, SETTING_CLIENT, 0, cmd_explain},
    {"whatif", "", 0, 0, "Who would be told, and when, about an alert that has not come.", NULL,
     WHATIF_OPTIONS, SETTING_CLIENT, 0, cmd_whatif},
};
const struct cli_table EXPLAIN_COMMANDS = {ROWS, G_N_ELEMENTS(ROWS)};
