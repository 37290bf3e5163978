#include "account/account_events.h"

#include "access/token.h"
#include "account/account.h"

static const char *const OF_ACCOUNT[] = {ACCOUNT_SUBJECT, NULL};

static const struct field CREATED_FIELDS[] = {SHAPE_ENUM("role", ROLE_NAMES, FIELD_ALWAYS)};
static const struct record CREATED =
    SHAPE("EventAccountCreated", "Somebody may sign in.", CREATED_FIELDS);

static const struct field ROLE_FIELDS[] = {
    SHAPE_ENUM("role", ROLE_NAMES, FIELD_ALWAYS),
    SHAPE_ENUM("role_before", ROLE_NAMES, FIELD_ALWAYS),
};
static const struct record ROLE =
    SHAPE("EventAccountRoleChanged", "Somebody may do other things.", ROLE_FIELDS);

static const struct field LINK_FIELDS[] = {
    SHAPE_ENUM("link", ACCOUNT_LINK_NAMES, FIELD_ALWAYS),
    SHAPE_KIND("expires_at", FIELD_UTC, FIELD_ALWAYS, NULL),
};
static const struct record LINK =
    SHAPE("EventAccountLinkMade", "An address sets a password, once.", LINK_FIELDS);

static const struct field PASSWORD_FIELDS[] = {
    SHAPE_ENUM("link", ACCOUNT_LINK_NAMES, 0),
    SHAPE_KIND("sessions_ended", FIELD_INT, FIELD_ALWAYS, NULL),
};
static const struct record PASSWORD =
    SHAPE("EventAccountPasswordSet", "A password was set; by a link where it names one.",
          PASSWORD_FIELDS);

static const struct field SIGNED_IN_FIELDS[] = {
    SHAPE_CODED("session", SHAPE_NUMBER_CODEC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("agent", 0, "The browser, by its own words."),
};
static const struct record SIGNED_IN =
    SHAPE("EventAccountSignedIn", "Somebody signed in.", SIGNED_IN_FIELDS);

static const struct field SESSION_FIELDS[] = {
    SHAPE_CODED("session", SHAPE_NUMBER_CODEC, FIELD_ALWAYS, NULL),
};
static const struct record SESSION =
    SHAPE("EventAccountSession", "A session, by its number.", SESSION_FIELDS);

static const struct field FAILED_FIELDS[] = {
    SHAPE_KIND("attempts", FIELD_INT, FIELD_ALWAYS,
               "Since it was told last; once a minute at most."),
};
static const struct record FAILED =
    SHAPE("EventAccountSignInFailed", "A wrong password, or no such account.", FAILED_FIELDS);

/* Where people are, and when, is for who may administer. */
#define KIND(called, data_)                                                             \
    {                                                                                   \
        .name = (called), .subjects = OF_ACCOUNT, .scope = SCOPE_ADMIN, .data = (data_) \
    }

const struct event_kind EVENT_ACCOUNT_CREATED = KIND("account.created", &CREATED);
const struct event_kind EVENT_ACCOUNT_ROLE_CHANGED = KIND("account.role_changed", &ROLE);
const struct event_kind EVENT_ACCOUNT_DISABLED = KIND("account.disabled", NULL);
const struct event_kind EVENT_ACCOUNT_ENABLED = KIND("account.enabled", NULL);
const struct event_kind EVENT_ACCOUNT_LINK_MADE = KIND("account.link_made", &LINK);
const struct event_kind EVENT_ACCOUNT_PASSWORD_SET = KIND("account.password_set", &PASSWORD);
const struct event_kind EVENT_ACCOUNT_SIGNED_IN = KIND("account.signed_in", &SIGNED_IN);
const struct event_kind EVENT_ACCOUNT_SIGNED_OUT = KIND("account.signed_out", &SESSION);
const struct event_kind EVENT_ACCOUNT_SESSION_RENEWED = KIND("account.session_renewed", &SESSION);
const struct event_kind EVENT_ACCOUNT_SESSION_ENDED = KIND("account.session_ended", &SESSION);
const struct event_kind EVENT_ACCOUNT_SIGN_IN_FAILED = KIND("account.sign_in_failed", &FAILED);

const struct event_kind *const ACCOUNT_EVENTS[] = {
    &EVENT_ACCOUNT_CREATED,       &EVENT_ACCOUNT_ROLE_CHANGED,   &EVENT_ACCOUNT_DISABLED,
    &EVENT_ACCOUNT_ENABLED,       &EVENT_ACCOUNT_LINK_MADE,      &EVENT_ACCOUNT_PASSWORD_SET,
    &EVENT_ACCOUNT_SIGNED_IN,     &EVENT_ACCOUNT_SIGNED_OUT,     &EVENT_ACCOUNT_SESSION_RENEWED,
    &EVENT_ACCOUNT_SESSION_ENDED, &EVENT_ACCOUNT_SIGN_IN_FAILED, NULL};
