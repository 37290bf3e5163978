#include "base/unicode.h"
#include "config/config_check.h"
#include "config/config_export.h"
#include "config/lint.h"
#include "people/address.h"
#include "people/secret.h"
#include "people/user.h"

/* ---- users ---- */

static bool check_user(const struct config *config, const void *item, struct fault *fault)
{
    const struct user *user = item;
    (void)config;
    for (const char *at = user->full_name; at != NULL && *at != '\0';
         at += g_utf8_skip[(guchar)*at]) {
        gunichar c = g_utf8_get_char(at);
        if (unichar_is_control(c) || unichar_is_trick(c)) {
            return fault_set(fault, "full_name",
                             "must be one line without control characters; write the name as it is "
                             "to be read");
        }
    }
    return config_check_zone(user->time_zone, fault);
}

static bool check_user_meaning(const struct config *config, const void *item, struct fault *fault)
{
    const struct user *user = item;
    (void)config;
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = g_ptr_array_index(user->contacts, i);
        if (!secret_check_written(contact->kind, contact->secret, fault)) {
            fault_within_index(fault, i);
            fault_within(fault, "contacts");
            return false;
        }
    }
    return true;
}

/* What reading fills in need not be written. */
static void tidy_user(const void *item, json_t *written, GPtrArray *notes)
{
    const struct user *user = item;
    config_leave_out(written, "full_name", user->name);
    config_leave_out(written, "time_zone", "UTC");
    config_leave_out(written, "language", "en");
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = g_ptr_array_index(user->contacts, i);
        json_t *shown = json_array_get(json_object_get(written, "contacts"), i);
        g_autofree char *what = g_strdup_printf("user %s, contact", user->name);
        config_leave_out(shown, "name", enum_to_name(CONTACT_KIND_NAMES, contact->kind));
        secret_note(contact->secret, what, contact->name, notes);
    }
}

/* Whoever is told by nothing else is told only while somebody looks. */
static bool counts_on_a_watched_log(const struct user *user)
{
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = user->contacts->pdata[i];
        if (!contact_is_here(contact->kind)) {
            return false;
        }
    }
    return true;
}

static void lint_user(const struct lint *lint, const struct user *user)
{
    enum user_reach reach = user_reach(user);
    bool is_relied_on = lint_is_relied_on(lint, user);
    g_autofree char *subject = lint_subject("user", user->name);
    if (reach != REACH_GOOD) {
        lint_add(lint->findings, is_relied_on ? LINT_PROBLEM : LINT_NOTE, "unreachable", subject,
                 reach_remedy(reach), "%s %s%s.", user->name, reach_text(reach),
                 is_relied_on ? ", but is paged by a policy" : "");
    } else if (is_relied_on && counts_on_a_watched_log(user)) {
        lint_add(lint->findings, LINT_WARNING, "unreachable", subject,
                 "Add e-mail, ntfy, a webhook or a chat contact when the trial is over.",
                 "%s has only a log as contact, which wakes nobody unless somebody watches it.",
                 user->name);
    }
}

static void lint_users(const struct lint *lint)
{
    const GPtrArray *users = config_items(lint->config, &USER_KIND);
    for (guint i = 0; i < users->len; i++) {
        lint_user(lint, users->pdata[i]);
    }
}

const struct config_kind USER_KIND = {
    .section = "users",
    .noun = "user",
    .number = 1,
    .place = 100,
    .record = &USER_RECORD,
    .check = check_user,
    .check_meaning = check_user_meaning,
    .tidy = tidy_user,
    .lint = lint_users,
};

const struct user *user_find(const struct config *config, const char *name)
{
    return config_find(config, &USER_KIND, name);
}

/* ---- teams ---- */

static bool check_team(const struct config *config, const void *item, struct fault *fault)
{
    const struct team *team = item;
    return config_check_references(config, &USER_KIND, team->members, "members", fault) &&
           config_check_reference(config, &USER_KIND, team->lead, "lead", fault);
}

const struct config_kind TEAM_KIND = {
    .section = "teams",
    .noun = "team",
    .number = 2,
    .place = 200,
    .record = &TEAM_RECORD,
    .check = check_team,
};

const struct team *team_find(const struct config *config, const char *name)
{
    return config_find(config, &TEAM_KIND, name);
}
