#include "config/lint.h"

#include <stdarg.h>
#include <string.h>

#include "alert/silence.h"
#include "config/absent.h"
#include "config/config_plan.h"
#include "config/reach.h"
#include "oncall/shift.h"

const struct enum_name LINT_LEVEL_NAMES[] = {
    {"problem", LINT_PROBLEM}, {"warning", LINT_WARNING}, {"note", LINT_NOTE}, {0}};

#define GAP_HORIZON SPAN_D(30)
#define KEY_SOON SPAN_D(14)
#define KEY_UNUSED SPAN_D(1)

static void finding_free(gpointer data)
{
    struct finding *finding = data;
    g_free(finding->check);
    g_free(finding->subject);
    g_free(finding->what);
    g_free(finding->remedy);
    g_free(finding);
}

GPtrArray *lint_new(void)
{
    return g_ptr_array_new_with_free_func(finding_free);
}

void lint_add(GPtrArray *findings, enum lint_level level, const char *check, const char *subject,
              const char *remedy, const char *format, ...)
{
    struct finding *finding = g_new0(struct finding, 1);
    va_list args;
    va_start(args, format);
    finding->what = g_strdup_vprintf(format, args);
    va_end(args);
    finding->level = (int)level;
    finding->check = g_strdup(check);
    finding->subject = g_strdup(subject);
    finding->remedy = g_strdup(remedy);
    g_ptr_array_add(findings, finding);
}

/* What the whole judgement works with. */
struct lint {
    const struct config *config;
    struct utc now;
    GPtrArray *findings;
    GHashTable *relied_on; /* names of users that something pages, borrowed */
};

static char *subject_of(const char *kind, const char *name)
{
    return g_strconcat(kind, ":", name, NULL);
}

/* --- who is relied on --- */

static void rely_on_names(struct lint *lint, const GPtrArray *names)
{
    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_hash_table_add(lint->relied_on, names->pdata[i]);
    }
}

static void rely_on_schedule(struct lint *lint, const struct schedule *schedule)
{
    for (guint i = 0; i < schedule->layers->len; i++) {
        const struct layer *layer = schedule->layers->pdata[i];
        rely_on_names(lint, layer->people);
    }
    for (guint i = 0; i < schedule->overrides->len; i++) {
        const struct override *override = schedule->overrides->pdata[i];
        if (override->who != NULL) {
            g_hash_table_add(lint->relied_on, override->who);
        }
    }
}

static void rely_on_target(struct lint *lint, const struct target *target)
{
    const struct team *team = config_team(lint->config, target->team);
    const struct schedule *schedule = config_schedule(lint->config, target->schedule);
    if (target->user != NULL) {
        g_hash_table_add(lint->relied_on, target->user);
    }
    if (team != NULL) {
        rely_on_names(lint, team->members);
    }
    if (schedule != NULL) {
        rely_on_schedule(lint, schedule);
    }
}

static void collect_relied_on(struct lint *lint)
{
    const GPtrArray *policies = lint->config->items[CONFIG_POLICY];
    for (guint i = 0; i < policies->len; i++) {
        const struct policy *policy = policies->pdata[i];
        for (guint s = 0; s < policy->steps->len; s++) {
            const struct step *step = policy->steps->pdata[s];
            for (guint t = 0; t < step->notify->len; t++) {
                rely_on_target(lint, step->notify->pdata[t]);
            }
        }
        if (policy->last_resort != NULL) {
            rely_on_target(lint, policy->last_resort);
        }
    }
}

/* --- people --- */

/* Whoever is told by nothing else is told only while somebody looks. */
static bool counts_on_a_watched_log(const struct user *user)
{
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = user->contacts->pdata[i];
        if (contact->kind != CONTACT_LOG) {
            return false;
        }
    }
    return true;
}

static void lint_user(struct lint *lint, const struct user *user)
{
    enum user_reach reach = user_reach(user);
    bool is_relied_on = g_hash_table_contains(lint->relied_on, user->name);
    g_autofree char *subject = subject_of("user", user->name);
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

/* --- schedules --- */

static void lint_gaps(struct lint *lint, const struct schedule *schedule)
{
    g_autofree char *subject = subject_of("schedule", schedule->name);
    GArray *gaps = oncall_gaps(schedule, lint->now, utc_add(lint->now, GAP_HORIZON));
    if (gaps->len > 0) {
        const struct shift *first = &g_array_index(gaps, struct shift, 0);
        char since[UTC_TEXT_SIZE], until[UTC_TEXT_SIZE];
        utc_format(first->since, since);
        utc_format(first->until, until);
        lint_add(
            lint->findings, LINT_WARNING, "gap", subject,
            "Widen a layer, add one beneath it, or put somebody in with `tocsin schedule override "
            "add`.",
            "Nobody is on call in %s %u time%s in the next 30 days, first from %s to %s.",
            schedule->name, gaps->len, gaps->len == 1 ? "" : "s", since, until);
    }
    g_array_unref(gaps);
}

/* --- absences --- */

/* The stretches of the absence that are still ahead, in which its user is on call all the same. */
static void lint_absence_in(struct lint *lint, const struct absence *absence,
                            const struct schedule *schedule)
{
    struct utc begin = utc_later(lint->now, absence->from);
    const struct shift *first = NULL;
    guint count = 0;
    g_autoptr(GArray) shifts = oncall_shifts(schedule, begin, absence->to);
    for (guint i = 0; i < shifts->len; i++) {
        const struct shift *shift = &g_array_index(shifts, struct shift, i);
        if (strcmp(shift->user, absence->user) == 0) {
            first = count == 0 ? shift : first;
            count++;
        }
    }
    if (count == 0) {
        return;
    }
    char since[UTC_TEXT_SIZE], until[UTC_TEXT_SIZE], to[UTC_TEXT_SIZE];
    utc_format(first->since, since);
    utc_format(first->until, until);
    utc_format(absence->to, to);
    g_autofree char *subject = subject_of("schedule", schedule->name);
    g_autofree char *remedy =
        g_strdup_printf("`tocsin off-duty %s --from %s --to %s` finds who covers, `tocsin schedule "
                        "override add` puts somebody in; who is there after all ends it with "
                        "`tocsin absence remove %s`.",
                        absence->user, since, to, absence->name);
    lint_add(lint->findings, LINT_WARNING, "absence", subject, remedy,
             "%s is away until %s and on call in %s all the same, %u time%s, first from %s to %s.",
             absence->user, to, schedule->name, count, count == 1 ? "" : "s", since, until);
}

static void lint_absence(struct lint *lint, const struct absence *absence)
{
    const GPtrArray *schedules = lint->config->items[CONFIG_SCHEDULE];
    bool is_ahead = utc_before(lint->now, absence->to);
    for (guint i = 0; is_ahead && i < schedules->len; i++) {
        lint_absence_in(lint, absence, schedules->pdata[i]);
    }
}

/* --- policies --- */

/* Only told, and once for each place: it may be meant, and what is written holds. */
static void lint_absent_targets(struct lint *lint)
{
    g_autoptr(GArray) all = absent_targets(lint->config, lint->now);
    for (guint i = 0; i < all->len; i++) {
        const struct absent_target *one = &g_array_index(all, struct absent_target, i);
        g_autofree char *subject = subject_of("policy", one->policy->name);
        g_autofree char *text = absent_target_text(one);
        lint_add(lint->findings, LINT_WARNING, "absence", subject,
                 "Name a schedule there, whose shifts `tocsin off-duty` covers, or somebody else "
                 "until then.",
                 "In policy %s: %s", one->policy->name, text);
    }
}

static bool step_reaches(const struct lint *lint, const struct step *step)
{
    for (guint i = 0; i < step->notify->len; i++) {
        if (target_reaches(lint->config, step->notify->pdata[i])) {
            return true;
        }
    }
    return false;
}

static void lint_policy(struct lint *lint, const struct policy *policy)
{
    g_autofree char *subject = subject_of("policy", policy->name);
    for (guint i = 0; i < policy->steps->len; i++) {
        if (!step_reaches(lint, policy->steps->pdata[i])) {
            lint_add(lint->findings, LINT_WARNING, "empty-step", subject,
                     "Name somebody in it, or remove it.",
                     "Step %u of policy %s reaches nobody and is skipped at once.", i + 1,
                     policy->name);
        }
    }
    if (policy->last_resort == NULL || !target_reaches(lint->config, policy->last_resort)) {
        lint_add(lint->findings, LINT_PROBLEM, "last-resort", subject,
                 "Set `last_resort` to a person, team or schedule that has contacts.",
                 "The last resort of policy %s reaches nobody: an alert could end in silence.",
                 policy->name);
    }
}

/* --- what nothing uses --- */

static bool service_has_door(const struct config *config, const char *service)
{
    const GPtrArray *integrations = config->items[CONFIG_INTEGRATION];
    const GPtrArray *routes = config->items[CONFIG_ROUTE];
    const GPtrArray *heartbeats = config->items[CONFIG_HEARTBEAT];
    for (guint i = 0; i < integrations->len; i++) {
        if (g_strcmp0(((const struct integration *)integrations->pdata[i])->service, service) ==
            0) {
            return true;
        }
    }
    for (guint i = 0; i < routes->len; i++) {
        if (g_strcmp0(((const struct route *)routes->pdata[i])->service, service) == 0) {
            return true;
        }
    }
    for (guint i = 0; i < heartbeats->len; i++) {
        if (g_strcmp0(((const struct heartbeat *)heartbeats->pdata[i])->service, service) == 0) {
            return true;
        }
    }
    return false;
}

static void lint_services(struct lint *lint)
{
    const GPtrArray *services = lint->config->items[CONFIG_SERVICE];
    if (services->len == 0) {
        lint_add(lint->findings, LINT_PROBLEM, "empty", "",
                 "Write a team file and run `tocsin apply FILE`; examples/team.yaml is one.",
                 "There is no service, so that no alert can page anybody.");
    }
    for (guint i = 0; i < services->len; i++) {
        const struct service *service = services->pdata[i];
        if (!service_has_door(lint->config, service->name)) {
            g_autofree char *subject = subject_of("service", service->name);
            lint_add(lint->findings, LINT_NOTE, "no-door", subject,
                     "Add an integration for it under `integrations:`.",
                     "No integration, route or heartbeat leads to service %s.", service->name);
        }
    }
}

/* --- what can never come to anything --- */

static bool is_past(const struct lint *lint, enum config_kind kind, const void *item)
{
    struct utc change_at;
    return kind == CONFIG_SILENCE && silence_state(item, lint->now, &change_at) == SILENCE_OVER;
}

static void lint_meaning(struct lint *lint, enum config_kind kind)
{
    const GPtrArray *items = lint->config->items[kind];
    for (guint i = 0; i < items->len; i++) {
        struct fault fault = {0};
        if (is_past(lint, kind, items->pdata[i]) ||
            config_check_meaning(lint->config, kind, items->pdata[i], &fault)) {
            continue;
        }
        const char *name = config_item_name(items->pdata[i]);
        g_autofree char *subject = subject_of(config_noun(kind), name);
        lint_add(lint->findings, LINT_WARNING, "meaning", subject,
                 "Correct it where it was made, or remove it.", "In %s %s, %s: %s",
                 config_noun(kind), name, fault.field, fault.text);
    }
}

void lint_config(const struct config *config, struct utc now, GPtrArray *findings)
{
    struct lint lint = {.config = config,
                        .now = now,
                        .findings = findings,
                        .relied_on = g_hash_table_new(g_str_hash, g_str_equal)};
    collect_relied_on(&lint);
    for (guint i = 0; i < config->items[CONFIG_USER]->len; i++) {
        lint_user(&lint, config->items[CONFIG_USER]->pdata[i]);
    }
    for (guint i = 0; i < config->items[CONFIG_SCHEDULE]->len; i++) {
        lint_gaps(&lint, config->items[CONFIG_SCHEDULE]->pdata[i]);
    }
    for (guint i = 0; i < config->items[CONFIG_ABSENCE]->len; i++) {
        lint_absence(&lint, config->items[CONFIG_ABSENCE]->pdata[i]);
    }
    for (guint i = 0; i < config->items[CONFIG_POLICY]->len; i++) {
        lint_policy(&lint, config->items[CONFIG_POLICY]->pdata[i]);
    }
    lint_absent_targets(&lint);
    lint_services(&lint);
    lint_meaning(&lint, CONFIG_USER);
    lint_meaning(&lint, CONFIG_CHANNEL);
    lint_meaning(&lint, CONFIG_SCHEDULE);
    lint_meaning(&lint, CONFIG_ROUTE);
    lint_meaning(&lint, CONFIG_SILENCE);
    g_hash_table_unref(lint.relied_on);
}

struct contact_lint {
    const struct contact_states *states;
    const struct lint_amiss *amiss; /* NULL: nothing is known */
    struct utc now;
    GPtrArray *findings;
};

static bool is_amiss(const struct contact_lint *lint, const char *whose, int kind)
{
    const struct lint_amiss *amiss = lint->amiss;
    return amiss != NULL && (g_hash_table_contains(amiss->whose, whose) ||
                             (amiss->has_no_mail && kind == CONTACT_EMAIL));
}

/* What a provider answered begins with the answer's number; else none came. */
static const char *remedy_when_it_waits(const char *why)
{
    bool has_answered = g_str_has_prefix(why, "HTTP ") || g_ascii_isdigit(why[0]);
    return has_answered ? "It is tried again then. When it goes on failing, ask the provider for "
                          "more."
                        : "It is tried again then. No answer came: check the address, and the way "
                          "there from this server (names, network, firewall).";
}

/* A message that was not taken: `whose` is "ana by phone", `remedy` what to do when that is for good. */
static void lint_trouble(const struct contact_lint *lint, const struct contact_state *trouble,
                         const char *subject, const char *whose, const char *remedy)
{
    const char *why = trouble->failure != NULL ? trouble->failure : "no reason given";
    char until[UTC_TEXT_SIZE];
    utc_format(trouble->retry_at, until);
    if (!trouble->is_refused && utc_before(lint->now, trouble->retry_at)) {
        lint_add(lint->findings, LINT_PROBLEM, "failing", subject, remedy_when_it_waits(why),
                 "The last message to %s has to wait until %s: %s", whose, until, why);
    } else {
        lint_add(lint->findings, LINT_PROBLEM, "failing", subject,
                 trouble->is_refused ? remedy
                                     : "Look at the provider and at the way there; the next "
                                       "message that arrives there ends this.",
                 "The last message to %s was not taken: %s", whose, why);
    }
}

static void lint_contact(const struct contact_lint *lint, const struct user *user,
                         const struct contact *contact)
{
    const struct contact_state *state = contact_state_of(lint->states, user->name, contact->name);
    const struct contact_state *trouble = contact_trouble(lint->states, user->name, contact->name);
    g_autofree char *subject = subject_of("user", user->name);
    g_autofree char *whose = g_strdup_printf("%s by %s", user->name, contact->name);
    if (trouble != NULL && !is_amiss(lint, whose, contact->kind)) {
        lint_trouble(lint, trouble, subject, whose,
                     "Correct its address or secret, then `tocsin test` it.");
    } else if (trouble == NULL && (state == NULL || !utc_is_set(state->verified_at) ||
                                   g_strcmp0(state->address, contact->to) != 0)) {
        g_autofree char *remedy =
            g_strdup_printf("Run `tocsin test %s` and let them follow the link.", user->name);
        lint_add(lint->findings, LINT_NOTE, "unverified", subject, remedy,
                 "Nobody has confirmed that %s is reached by %s.", user->name, contact->name);
    }
}

/* A room has one way to be told, which bears this name, and nobody there who could confirm it. */
static void lint_room(const struct contact_lint *lint, const struct chat_channel *room)
{
    g_autofree char *subject = subject_of("channel", room->name);
    g_autofree char *whose = g_strconcat("the channel ", room->name, NULL);
    const struct contact_state *trouble = contact_trouble(lint->states, subject, "channel");
    if (trouble != NULL && !is_amiss(lint, whose, room->kind)) {
        g_autofree char *remedy = g_strdup_printf(
            "Correct its address or secret, then `tocsin test --channel %s`.", room->name);
        lint_trouble(lint, trouble, subject, whose, remedy);
    }
}

void lint_contacts(const struct config *config, const struct contact_states *states,
                   const struct lint_amiss *amiss, struct utc now, GPtrArray *findings)
{
    const struct contact_lint lint = {states, amiss, now, findings};
    const GPtrArray *rooms = config->items[CONFIG_CHANNEL];
    const GPtrArray *users = config->items[CONFIG_USER];
    for (guint i = 0; i < users->len; i++) {
        const struct user *user = users->pdata[i];
        for (guint c = 0; c < user->contacts->len; c++) {
            const struct contact *contact = user->contacts->pdata[c];
            if (contact->kind != CONTACT_LOG) {
                lint_contact(&lint, user, contact);
            }
        }
    }
    for (guint i = 0; i < rooms->len; i++) {
        lint_room(&lint, rooms->pdata[i]);
    }
}

void lint_keys(const struct key_fact *facts, size_t count, struct utc now, GPtrArray *findings)
{
    for (size_t i = 0; i < count; i++) {
        const struct key_fact *fact = &facts[i];
        g_autofree char *subject = subject_of(fact->owner_kind, fact->owner);
        bool has_end = utc_is_set(fact->expires_at);
        char end[UTC_TEXT_SIZE];
        utc_format(fact->expires_at, end);
        if (has_end && !utc_before(now, fact->expires_at)) {
            lint_add(findings, LINT_WARNING, "key", subject, "Make a new one, or revoke it.",
                     "The key of %s %s ran out at %s.", fact->owner_kind, fact->owner, end);
        } else if (has_end && utc_before(fact->expires_at, utc_add(now, KEY_SOON))) {
            lint_add(findings, LINT_NOTE, "key", subject, "Make a new one in time.",
                     "A key of %s %s runs out at %s.", fact->owner_kind, fact->owner, end);
        } else if (!utc_is_set(fact->last_used_at) &&
                   utc_before(utc_add(fact->created_at, KEY_UNUSED), now)) {
            lint_add(findings, LINT_NOTE, "key", subject, "Point its sender here, or remove it.",
                     "The key of %s %s was never used.", fact->owner_kind, fact->owner);
        }
    }
}

static gint by_level(gconstpointer a, gconstpointer b)
{
    const struct finding *const *x = a;
    const struct finding *const *y = b;
    return (*x)->level - (*y)->level;
}

void lint_sort(GPtrArray *findings)
{
    g_ptr_array_sort(findings, by_level); /* stable: GLib's is a merge sort */
}

json_t *lint_json(const GPtrArray *findings)
{
    static const char *const COUNTS[] = {"problems", "warnings", "notes"};
    json_t *list = json_array();
    json_int_t counts[G_N_ELEMENTS(COUNTS)] = {0};
    for (guint i = 0; i < findings->len; i++) {
        const struct finding *finding = findings->pdata[i];
        counts[finding->level - 1]++;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "level",
                                              enum_to_name(LINT_LEVEL_NAMES, finding->level),
                                              "check", finding->check, "subject", finding->subject,
                                              "what", finding->what, "remedy", finding->remedy));
    }
    json_t *answer = json_pack("{s:o}", "findings", list);
    for (size_t i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
        json_object_set_new(answer, COUNTS[i], json_integer(counts[i]));
    }
    return answer;
}
