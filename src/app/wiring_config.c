#include <string.h>

#include "app/team_file.h"
#include "app/wiring.h"
#include "base/json.h"
#include "base/log.h"
#include "config/config_work.h"

static char *outcome_text(const struct team_file *file, const struct apply_config *apply,
                          enum command_outcome outcome)
{
    if (outcome == OUTCOME_REFUSED) {
        const GArray *faults = apply->faults;
        return faults != NULL && faults->len > 0
                   ? team_file_faults(file, (const struct fault *)(const void *)faults->data,
                                      faults->len)
                   : team_file_fault(file, &apply->base.fault);
    }
    return g_strdup_printf("%s was not applied: the database cannot be written now", file->path);
}

/* Each with a message of its own, for many of one would count as repeats. */
static void tell_amiss(const json_t *warnings)
{
    size_t i;
    json_t *warning;
    json_array_foreach ((json_t *)(uintptr_t)warnings, i, warning) {
        g_autofree char *message =
            g_strconcat("team file: ", json_text(warning, "path", ""), " will not work", NULL);
        LOG_WARN("config", NULL, message, "why", json_text(warning, "text", ""));
    }
}

static void applied(struct house *house, struct apply_config *apply)
{
    g_clear_pointer(&house->minted, json_decref);
    house->minted = json_incref(apply->minted);
    g_autofree char *created = json_write(json_object_get(apply->plan, "created"));
    g_autofree char *changed = json_write(json_object_get(apply->plan, "changed"));
    LOG_INFO("config", NULL, "team file applied", "file", house->settings->config, "created",
             created, "changed", changed);
}

static bool apply_document(struct house *house, const struct team_file *file, char **out_problem)
{
    struct apply_config apply = {
        .base = {.configs = house->configs, .actor = {PRINCIPAL_FILE, ""}},
        .document = file->document.json,
        .keys = file->keys,
    };
    struct command command = {
        .run = apply_config_run, .answer = config_command_answered, .arg = &apply};
    json_auto_t *warnings = house_ways_amiss(house, apply.document);
    enum command_outcome outcome = queue_submit_and_wait(house->queue, command);
    if (outcome == OUTCOME_COMMITTED) {
        applied(house, &apply);
        tell_amiss(warnings);
    } else {
        *out_problem = outcome_text(file, &apply, outcome);
    }
    apply_config_clear(&apply);
    return outcome == OUTCOME_COMMITTED;
}

bool house_apply_file(struct house *house, char **out_problem)
{
    struct team_file file;
    bool is_applied = team_file_read_plain(&file, house->settings->config, house->environment);
    if (is_applied) {
        is_applied = apply_document(house, &file, out_problem);
    } else {
        *out_problem = g_strdup(file.problem);
    }
    team_file_clear(&file);
    return is_applied;
}

void house_tell_refused(const char *problem)
{
    LOG_ERROR("config", NULL, "team file refused; the one in force stays", "why", problem);
}

/* A key that the team file names is not ignored. */
static bool is_named(const char *team, const char *variable)
{
    g_autofree char *reference = g_strconcat("env:", variable, NULL);
    const char *at = team != NULL ? strstr(team, reference) : NULL;
    while (at != NULL && (g_ascii_isalnum(at[strlen(reference)]) || at[strlen(reference)] == '_')) {
        at = strstr(at + 1, reference); /* a longer name */
    }
    return at != NULL;
}

void house_warn_of_variables(const struct house *house)
{
    g_auto(GStrv) names = settings_unknown(house->environment);
    g_autofree char *team = NULL;
    const char *path = house->settings->config;
    if (path != NULL && !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        return; /* it was refused, and what it names is not known */
    }
    if (path != NULL) {
        (void)g_file_get_contents(path, &team, NULL, NULL);
    }
    g_autoptr(GString) ignored = g_string_new(NULL);
    for (char **name = names; *name != NULL; name++) {
        if (!is_named(team, *name)) {
            g_string_append_printf(ignored, "%s%s", ignored->len > 0 ? " " : "", *name);
        }
    }
    if (ignored->len > 0) { /* in one line, for many would count as repeats of each other */
        LOG_WARN("serve", NULL, "unknown variable is ignored", "variable", ignored->str);
    }
}
