#include "people/user.h"

#include <string.h>

#include "base/limits.h"
#include "base/window.h"
#include "people/address.h"

enum { CONTACTS_MAX = 50, RULES_MAX = 50, MEMBERS_MAX = 500, WINDOWS_MAX = 50 };

/* Between the contacts of a person who wrote no rules. */
static const int64_t DEFAULT_PAUSE_US = 120000000;

const struct enum_name LANGUAGE_NAMES[] = {
    {"en", LANGUAGE_EN},       {"ko", LANGUAGE_KO}, {"id", LANGUAGE_ID},
    {"zh-TW", LANGUAGE_ZH_TW}, {"fr", LANGUAGE_FR}, {NULL, 0},
};

const struct enum_name ENDINGS_NAMES[] = {
    {"tell", ENDINGS_TELL},
    {"skip", ENDINGS_SKIP},
    {NULL, 0},
};

const struct enum_name URGENCY_NAMES[] = {
    {"high", URGENCY_HIGH},
    {"low", URGENCY_LOW},
    {NULL, 0},
};

const struct enum_name CONTACT_KIND_NAMES[] = {CONTACT_KIND_ROWS, {NULL, 0}};

static void fill_contact(void *self)
{
    struct contact *contact = self;
    if (contact->name == NULL) {
        contact->name = g_strdup(enum_to_name(CONTACT_KIND_NAMES, contact->kind));
    }
}

static bool check_contact(const void *self, struct fault *fault)
{
    const struct contact *contact = self;
    if (contact->is_watched && contact->kind != CONTACT_LOG) {
        return fault_set(fault, "watched", "is for a contact of kind log only; leave it out");
    }
    return address_judge(contact->kind, contact->to, contact->secret, fault);
}

static const struct field CONTACT_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct contact, name),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "What rules call this contact; the kind's name when left out."},
    {.name = "kind",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct contact, kind),
     .flags = FIELD_REQUIRED,
     .names = CONTACT_KIND_NAMES,
     .doc = "By which channel messages go."},
    {.name = "to",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct contact, to),
     .min = 1,
     .max = 2048,
     .doc = "E-mail address or URL; not needed for log."},
    {.name = "secret",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct contact, secret),
     .flags = FIELD_SECRET,
     .min = 1,
     .max = 1024,
     .doc = "Webhook: whsec_…; ntfy: access token; Slack and Mattermost: a bot's token; or a "
            "reference env:TOCSIN_SECRET_NAME, file:NAME."},
    {.name = "watched",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct contact, is_watched),
     .doc = "log only: true where somebody watches the terminal or the page, as in a trial; else a "
            "log wakes nobody."},
};

static const struct record CONTACT_RECORD = {
    .name = "Contact",
    .doc = "A way to reach a person.",
    .size = sizeof(struct contact),
    .fields = CONTACT_FIELDS,
    .field_count = G_N_ELEMENTS(CONTACT_FIELDS),
    .fill = fill_contact,
    .check = check_contact,
};

static const struct field RULE_FIELDS[] = {
    {.name = "after",
     .kind = FIELD_SPAN,
     .offset = offsetof(struct rule, after),
     .flags = FIELD_REQUIRED,
     .max = 86400000000,
     .doc = "How long after the page started; 0s is at once, at most 1d."},
    {.name = "contact",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct rule, contact),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Name of one of the person's contacts."},
};

static const struct record RULE_RECORD = {
    .name = "Rule",
    .doc = "After how long a person is told by which contact.",
    .size = sizeof(struct rule),
    .fields = RULE_FIELDS,
    .field_count = G_N_ELEMENTS(RULE_FIELDS),
};

static const struct field RULES_FIELDS[] = {
    {.name = "high",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct rules, high),
     .max = RULES_MAX,
     .record = &RULE_RECORD,
     .doc = "For high urgency; the same as low when left out."},
    {.name = "low",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct rules, low),
     .max = RULES_MAX,
     .record = &RULE_RECORD,
     .doc = "For low urgency; the same as high when left out."},
};

static int compare_rules(gconstpointer a, gconstpointer b)
{
    const struct rule *left = *(const struct rule *const *)a;
    const struct rule *right = *(const struct rule *const *)b;
    return (left->after.us > right->after.us) - (left->after.us < right->after.us);
}

/* Keeps the written order among equals (GLib's sort of pointer arrays is stable). */
static void sort_rules(void *self)
{
    struct rules *rules = self;
    g_ptr_array_sort(rules->high, compare_rules);
    g_ptr_array_sort(rules->low, compare_rules);
}

static const struct record RULES_RECORD = {
    .name = "Rules",
    .doc = "A person's own rules, by urgency.",
    .size = sizeof(struct rules),
    .fields = RULES_FIELDS,
    .field_count = G_N_ELEMENTS(RULES_FIELDS),
    .fill = sort_rules,
};

/* White space and what has no width. */
static bool is_blank(const char *text)
{
    for (; text != NULL && *text != '\0'; text += g_utf8_skip[(guchar)*text]) {
        gunichar c = g_utf8_get_char(text);
        if (!g_unichar_isspace(c) && !g_unichar_iszerowidth(c)) {
            return false;
        }
    }
    return true;
}

static void fill_user(void *self)
{
    struct user *user = self;
    if (is_blank(user->full_name)) {
        g_free(user->full_name);
        user->full_name = g_strdup(user->name);
    }
    if (user->time_zone == NULL) {
        user->time_zone = g_strdup("UTC");
    }
    if (user->language == 0) {
        user->language = LANGUAGE_EN;
    }
}

static bool check_contact_names(const struct user *user, struct fault *fault)
{
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = g_ptr_array_index(user->contacts, i);
        if (user_contact(user, contact->name) != contact) {
            (void)fault_set(fault, "name",
                            "two contacts are called \"%s\"; give each a name of its own",
                            contact->name);
            fault_within_index(fault, i);
            fault_within(fault, "contacts");
            return false;
        }
    }
    return true;
}

static bool refuse_rule_contact(const struct user *user, const char *contact, struct fault *fault)
{
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *other = g_ptr_array_index(user->contacts, i);
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "", other->name);
    }
    if (known->len == 0) {
        return fault_set(fault, "contact", "\"%s\" is not a contact of %s, who has none; add it",
                         contact, user->name);
    }
    return fault_set(fault, "contact", "\"%s\" is not a contact of %s; there are %s", contact,
                     user->name, known->str);
}

static bool check_rule_list(const struct user *user, const GPtrArray *rules, const char *urgency,
                            struct fault *fault)
{
    for (guint i = 0; i < rules->len; i++) {
        const struct rule *rule = g_ptr_array_index(rules, i);
        if (user_contact(user, rule->contact) == NULL) {
            (void)refuse_rule_contact(user, rule->contact, fault);
            fault_within_index(fault, i);
            fault_within(fault, urgency);
            fault_within(fault, "rules");
            return false;
        }
    }
    return true;
}

static bool check_user(const void *self, struct fault *fault)
{
    const struct user *user = self;
    if (!check_contact_names(user, fault)) {
        return false;
    }
    return user->rules == NULL || (check_rule_list(user, user->rules->high, "high", fault) &&
                                   check_rule_list(user, user->rules->low, "low", fault));
}

static const struct field USER_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct user, name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "The handle, by which everything else refers to this person."},
    {.name = "full_name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct user, full_name),
     .max = 200,
     .doc = "As shown to people; the handle when left out."},
    {.name = "time_zone",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct user, time_zone),
     .max = 64,
     .doc = "IANA identifier such as Asia/Jakarta, for times in messages; UTC when left out."},
    {.name = "language",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct user, language),
     .names = LANGUAGE_NAMES,
     .doc = "Of messages; en when left out."},
    {.name = "contacts",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct user, contacts),
     .max = CONTACTS_MAX,
     .record = &CONTACT_RECORD,
     .doc = "The ways to reach this person."},
    {.name = "rules",
     .kind = FIELD_RECORD,
     .offset = offsetof(struct user, rules),
     .record = &RULES_RECORD,
     .doc = "Which contact when; left out: every contact in order, each 2 minutes after the one "
            "before."},
    {.name = "endings",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct user, endings),
     .names = ENDINGS_NAMES,
     .doc = "tell when absent: they hear when what they were told of is over; or skip."},
    {.name = "quiet_hours",
     .kind = FIELD_RECORDS,
     .offset = offsetof(struct user, quiet_hours),
     .max = WINDOWS_MAX,
     .record = &WINDOW_RECORD,
     .doc = "Low urgency waits for their end; in the person's time zone."},
};

const struct record USER_RECORD = {
    .name = "User",
    .doc = "A person who can be told.",
    .size = sizeof(struct user),
    .fields = USER_FIELDS,
    .field_count = G_N_ELEMENTS(USER_FIELDS),
    .fill = fill_user,
    .check = check_user,
};

static bool check_team(const void *self, struct fault *fault)
{
    const struct team *team = self;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < team->members->len; i++) {
        char *member = g_ptr_array_index(team->members, i);
        if (!g_hash_table_add(seen, member)) {
            (void)fault_set(fault, "", "\"%s\" is in the team already; name everyone once", member);
            fault_within_index(fault, i);
            fault_within(fault, "members");
            return false;
        }
    }
    return true;
}

static const struct field TEAM_FIELDS[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct team, name),
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Unique name."},
    {.name = "members",
     .kind = FIELD_TEXTS,
     .offset = offsetof(struct team, members),
     .max = MEMBERS_MAX,
     .doc = "Names of users; all of them are told when a policy step names the team."},
    {.name = "lead",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct team, lead),
     .max = LIMIT_NAME,
     .doc = "Name of a user."},
};

const struct record TEAM_RECORD = {
    .name = "Team",
    .doc = "People who are told together.",
    .size = sizeof(struct team),
    .fields = TEAM_FIELDS,
    .field_count = G_N_ELEMENTS(TEAM_FIELDS),
    .check = check_team,
};

const struct contact *user_contact(const struct user *user, const char *name)
{
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = g_ptr_array_index(user->contacts, i);
        if (g_strcmp0(contact->name, name) == 0) {
            return contact;
        }
    }
    return NULL;
}

static GPtrArray *copy_of(const GPtrArray *rules)
{
    GPtrArray *copy = g_ptr_array_sized_new(rules->len);
    for (guint i = 0; i < rules->len; i++) {
        g_ptr_array_add(copy, g_ptr_array_index(rules, i));
    }
    return copy;
}

static GPtrArray *default_rules(const struct user *user)
{
    GPtrArray *rules = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < user->contacts->len; i++) {
        const struct contact *contact = g_ptr_array_index(user->contacts, i);
        struct rule *rule = g_new0(struct rule, 1);
        rule->after.us = DEFAULT_PAUSE_US * (int64_t)i;
        rule->contact = contact->name;
        g_ptr_array_add(rules, rule);
    }
    return rules;
}

/* What a person wrote for an urgency; NULL: nothing, so that every contact is used. Who wrote rules for one
 * urgency only is told by them at the other too, never by nothing. */
static const GPtrArray *written_rules(const struct user *user, enum urgency urgency)
{
    if (user->rules == NULL) {
        return NULL;
    }
    const GPtrArray *wanted = urgency == URGENCY_HIGH ? user->rules->high : user->rules->low;
    const GPtrArray *other = urgency == URGENCY_HIGH ? user->rules->low : user->rules->high;
    const GPtrArray *rules = wanted->len > 0 ? wanted : other;
    return rules->len > 0 ? rules : NULL;
}

GPtrArray *user_rules(const struct user *user, enum urgency urgency)
{
    const GPtrArray *rules = written_rules(user, urgency);
    return rules != NULL ? copy_of(rules) : default_rules(user);
}

bool contact_is_here(int kind)
{
    return kind == CONTACT_LOG;
}

bool contact_wakes(const struct contact *contact)
{
    return !contact_is_here(contact->kind) || contact->is_watched;
}

static bool has_waking(const struct user *user)
{
    for (guint i = 0; i < user->contacts->len; i++) {
        if (contact_wakes(g_ptr_array_index(user->contacts, i))) {
            return true;
        }
    }
    return false;
}

static bool rules_wake(const struct user *user, const GPtrArray *rules)
{
    for (guint i = 0; i < rules->len; i++) {
        const struct rule *rule = g_ptr_array_index(rules, i);
        const struct contact *contact = user_contact(user, rule->contact);
        if (contact != NULL && contact_wakes(contact)) {
            return true;
        }
    }
    return false;
}

enum user_reach user_reach(const struct user *user)
{
    if (user == NULL || user->contacts == NULL || user->contacts->len == 0) {
        return REACH_NO_CONTACT;
    }
    if (!has_waking(user)) {
        return REACH_ONLY_LOG;
    }
    const GPtrArray *rules = written_rules(user, URGENCY_HIGH);
    return rules == NULL || rules_wake(user, rules) ? REACH_GOOD : REACH_RULES_LOG;
}

const struct enum_name USER_REACH_NAMES[] = {
    {"good", REACH_GOOD},
    {"no contact", REACH_NO_CONTACT},
    {"only the log", REACH_ONLY_LOG},
    {"rules name only the log", REACH_RULES_LOG},
    {NULL, 0},
};

const char *reach_text(enum user_reach reach)
{
    switch (reach) {
    case REACH_NO_CONTACT:
        return "has no contact";
    case REACH_ONLY_LOG:
        return "has only the log as contact, which wakes nobody";
    case REACH_RULES_LOG:
        return "is told of high urgency by the log alone, which wakes nobody";
    case REACH_GOOD:
        break;
    }
    return "can be told";
}

const char *reach_remedy(enum user_reach reach)
{
    switch (reach) {
    case REACH_NO_CONTACT:
        return "Give them a contact under `contacts:`.";
    case REACH_ONLY_LOG:
        return "Add e-mail, ntfy, a webhook or a chat contact; in a trial, where somebody watches "
               "the log, write {kind: log, watched: true}.";
    case REACH_RULES_LOG:
        return "Name another contact under `rules: high:`, or leave `rules` out for the usual "
               "ones.";
    case REACH_GOOD:
        break;
    }
    return "";
}
