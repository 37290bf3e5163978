#include "account/account_shapes.h"

#include "access/role.h"
#include "access/token.h"
#include "people/user.h"

#define TEXT_LIST(name_, doc_)                                                     \
    {                                                                              \
        .name = (name_), .kind = FIELD_TEXTS, .flags = FIELD_ALWAYS, .doc = (doc_) \
    }

static const struct field ME_SESSION_FIELDS[] = {
    SHAPE_CODED("id", SHAPE_NUMBER_CODEC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("made_at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("ends_at", FIELD_UTC, FIELD_ALWAYS, "However much it is used."),
    SHAPE_KIND("idle_for", FIELD_SPAN, FIELD_ALWAYS, "Unused for so long it ends as well."),
    SHAPE_KIND("checked_until", FIELD_UTC, FIELD_ALWAYS,
               "Till then keys and roles can be changed; then the password is to be given once "
               "more (POST /api/v1/session/check)."),
};
static const struct record ME_SESSION =
    SHAPE("MeSession", "The session that asks.", ME_SESSION_FIELDS);

static const struct field ME_FIELDS[] = {
    SHAPE_TEXT("actor", FIELD_ALWAYS, "As in the history: \"user:ana\", \"token:ci\", \"local\"."),
    SHAPE_TEXT("login", 0, "Of a person: their handle."),
    SHAPE_TEXT("name", 0, "Of a person: in full."),
    SHAPE_ENUM("role", ROLE_NAMES, 0),
    {.name = "teams", .kind = FIELD_TEXTS, .doc = "Of a person: that they are in."},
    SHAPE_ENUM("language", LANGUAGE_NAMES, 0),
    SHAPE_TEXT("zone", 0, "Of a person: an IANA time zone."),
    SHAPE_ENUM("scope", TOKEN_SCOPE_NAMES, 0),
    TEXT_LIST("permits", "What the caller may do, by the names that stand in x-permits."),
    SHAPE_TEXT("csrf", 0, "Of a session: goes as X-Tocsin-CSRF with each change."),
    SHAPE_ONE("session", ME_SESSION, 0),
};
const struct record ME_SHAPE = SHAPE("Me", "Who calls, and what they may.", ME_FIELDS);

static const struct field ACCOUNT_FIELDS[] = {
    SHAPE_TEXT("login", FIELD_ALWAYS, "The user's handle."),
    SHAPE_TEXT("name", FIELD_ALWAYS, "In full."),
    SHAPE_ENUM("role", ROLE_NAMES, FIELD_ALWAYS),
    SHAPE_KIND("is_disabled", FIELD_BOOL, FIELD_ALWAYS, NULL),
    SHAPE_KIND("has_password", FIELD_BOOL, FIELD_ALWAYS,
               "False: they were invited and have not come yet."),
    SHAPE_KIND("is_user", FIELD_BOOL, FIELD_ALWAYS,
               "False: the configuration has no such user any more, and so nobody can sign in."),
    SHAPE_KIND("created_at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("password_at", FIELD_UTC, 0, "Since when the password is this one."),
    SHAPE_KIND("signed_in_at", FIELD_UTC, 0, "Last."),
};
const struct record ACCOUNT_SHAPE = SHAPE("Account", "Somebody who can sign in.", ACCOUNT_FIELDS);

static const struct field LINK_FIELDS[] = {
    SHAPE_TEXT("login", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("link", 0,
               "An address for them alone, which sets a password, once; shown only "
               "here. Absent: the account has the password that was given."),
    SHAPE_KIND("expires_at", FIELD_UTC, 0, "Of the link."),
};
const struct record ACCOUNT_LINK_SHAPE = SHAPE("AccountLink", "How somebody gets in.", LINK_FIELDS);

static const struct field SESSION_FIELDS[] = {
    SHAPE_CODED("id", SHAPE_NUMBER_CODEC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("login", FIELD_ALWAYS, NULL),
    SHAPE_KIND("made_at", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("seen_at", FIELD_UTC, FIELD_ALWAYS, "To the quarter of an hour."),
    SHAPE_KIND("ends_at", FIELD_UTC, FIELD_ALWAYS, "However much it is used."),
    SHAPE_TEXT("agent", 0, "The browser, by its own words."),
    SHAPE_TEXT("address", 0, "From which it signed in."),
    SHAPE_KIND("is_current", FIELD_BOOL, FIELD_ALWAYS, "It is the one that asks."),
};
const struct record SESSION_SHAPE =
    SHAPE("Session", "A browser that is signed in.", SESSION_FIELDS);
