/* people/user.h - who can be told, by which contacts, in which order. */
#ifndef PEOPLE_USER_H
#define PEOPLE_USER_H

#include "base/record.h"
#include "base/utc.h"
#include "people/contact_kinds.h"

struct config;
struct config_kind;

enum language { LANGUAGE_EN = 1, LANGUAGE_KO, LANGUAGE_ID, LANGUAGE_ZH_TW, LANGUAGE_FR };
extern const struct enum_name LANGUAGE_NAMES[]; /* en ko id zh-TW fr */

enum urgency { URGENCY_HIGH = 1, URGENCY_LOW };
extern const struct enum_name URGENCY_NAMES[];

extern const struct enum_name CONTACT_KIND_NAMES[];

struct contact {
    char *name; /* what rules call it; the kind's name when not given */
    int kind;   /* enum contact_kind */
    char *to;   /* address or URL; the kind says which; may be absent for log */
    char *
        secret; /* webhook: "whsec_…"; ntfy: access token; chat: a bot's; or a reference env:…, file:… */
    bool is_watched; /* log: somebody watches the terminal or the page, as in a trial */
};

struct rule {
    struct span after; /* since the page started */
    char *contact;     /* name of one of the user's contacts */
};

struct rules {
    GPtrArray *high; /* of struct rule, in order of `after` */
    GPtrArray *low;
};

/* Whether somebody hears of the end of what they were told of. */
enum endings { ENDINGS_TELL = 1, ENDINGS_SKIP };
extern const struct enum_name ENDINGS_NAMES[]; /* tell skip */

struct user {
    char *name;
    char *full_name; /* `name` when absent */
    char *time_zone; /* IANA identifier; UTC when absent */
    int language;    /* enum language; LANGUAGE_EN when absent */
    GPtrArray *contacts;
    struct rules
        *rules; /* NULL: every contact in order, the first at once, each next 2 min later */
    GPtrArray *quiet_hours; /* of struct window (base/window.h): low urgency waits for their end */
    int endings;            /* enum endings; 0: ENDINGS_TELL */
};

struct team {
    char *name;
    GPtrArray *members; /* names of users */
    char *lead;         /* name of a user; may be NULL */
};

extern const struct record USER_RECORD;
extern const struct record TEAM_RECORD;

/* A chat channel or webhook that a policy step can tell, besides people. */
struct chat_channel {
    char *name;
    int kind; /* enum contact_kind, not email */
    char *to;
    char *secret;
    int language;
    char *time_zone;
    int endings; /* enum endings; 0: ENDINGS_TELL */
};
extern const struct record CHAT_CHANNEL_RECORD;

/* NULL when the user has no contact of that name. */
const struct contact *user_contact(const struct user *user, const char *name);

/* Of this kind (enum contact_kind): do messages stay on this machine, where by themselves they wake nobody? */
NODISCARD bool contact_is_here(int kind);
/* Does a message there make anybody look? All do but a log that nobody watches. */
NODISCARD bool contact_wakes(const struct contact *contact);

/* Whether somebody can be woken, and what is wrong with it otherwise. */
enum user_reach {
    REACH_GOOD = 1,
    REACH_NO_CONTACT, /* they have none */
    REACH_ONLY_LOG,   /* they have none but a log that nobody watches */
    REACH_RULES_LOG, /* they have another one, but their rules for high urgency use the log alone */
};

/* The judge of who can be told: configuration, lint, paging and cover ask here and nowhere else. Whoever is not
 * REACH_GOOD is treated like nobody. NULL: like somebody without a contact. */
NODISCARD enum user_reach user_reach(const struct user *user);

/* The same in a few words, for records: "no contact", "only the log", "rules name only the log". */
extern const struct enum_name USER_REACH_NAMES[];

/* As a sentence goes on after their name: "has no contact", "has only the log as contact, which wakes nobody"; static. Not of REACH_GOOD. */
const char *reach_text(enum user_reach reach);
/* What to do about it: "give them one under `contacts:`"; static. */
const char *reach_remedy(enum user_reach reach);

/* The rules for an urgency, never NULL for a user with a contact: a new array of borrowed or default
 * rules, to be freed with g_ptr_array_unref. A user without contacts gives an empty one. */
NODISCARD GPtrArray *user_rules(const struct user *user, enum urgency urgency);

/* How they stand in the configuration (config/kind.h); find: NULL when there is none of that name, or no name. */
extern const struct config_kind USER_KIND, TEAM_KIND, CHAT_CHANNEL_KIND;
NODISCARD const struct user *user_find(const struct config *config, const char *name);
NODISCARD const struct team *team_find(const struct config *config, const char *name);
NODISCARD const struct chat_channel *chat_channel_find(const struct config *config,
                                                       const char *name);

#endif
