#include "people/contact_lint.h"

#include "config/lint.h"
#include "people/user.h"

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
    g_autofree char *subject = lint_subject("user", user->name);
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
    g_autofree char *subject = lint_subject("channel", room->name);
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
    const GPtrArray *rooms = config_items(config, &CHAT_CHANNEL_KIND);
    const GPtrArray *users = config_items(config, &USER_KIND);
    for (guint i = 0; i < users->len; i++) {
        const struct user *user = users->pdata[i];
        for (guint c = 0; c < user->contacts->len; c++) {
            const struct contact *contact = user->contacts->pdata[c];
            if (!contact_is_here(contact->kind)) {
                lint_contact(&lint, user, contact);
            }
        }
    }
    for (guint i = 0; i < rooms->len; i++) {
        lint_room(&lint, rooms->pdata[i]);
    }
}
