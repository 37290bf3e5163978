/* people/user.h - who can be told, by which contacts, in which order. */
#ifndef PEOPLE_USER_H
#define PEOPLE_USER_H

#include "base/record.h"
#include "base/utc.h"

enum language { LANGUAGE_EN = 1, LANGUAGE_KO, LANGUAGE_ID, LANGUAGE_ZH_TW, LANGUAGE_FR };
extern const struct enum_name LANGUAGE_NAMES[]; /* en ko id zh-TW fr */

enum urgency { URGENCY_HIGH = 1, URGENCY_LOW };
extern const struct enum_name URGENCY_NAMES[];

enum contact_kind {
    CONTACT_EMAIL = 1,
    CONTACT_WEBHOOK,
    CONTACT_SLACK, /* an incoming webhook, or the API with a bot's token; so Mattermost */
    CONTACT_MATTERMOST,
    CONTACT_NTFY,
    CONTACT_LOG, /* written to the terminal and the page; reaches nobody by itself */
};
extern const struct enum_name CONTACT_KIND_NAMES[];

struct contact {
    char *name; /* what rules call it; the kind's name when not given */
    int kind;   /* enum contact_kind */
    char *to;   /* address or URL; the kind says which; may be absent for log */
    char *
        secret; /* webhook: "whsec_…"; ntfy: access token; chat: a bot's; or a reference env:…, file:… */
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

/* The rules for an urgency, never NULL for a user with a contact: a new array of borrowed or default
 * rules, to be freed with g_ptr_array_unref. A user without contacts gives an empty one. */
NODISCARD GPtrArray *user_rules(const struct user *user, enum urgency urgency);

#endif
