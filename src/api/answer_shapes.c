#include "api/shapes.h"

#include "access/token.h"
#include "alert/signal.h"
#include "config/config_plan.h"
#include "config/lint.h"
#include "ledger/chain.h"
#include "oncall/schedule.h"

/* --- what is made --- */

static const struct field TOKEN_MADE_FIELDS[] = {
    SHAPE_TEXT("id", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("name", FIELD_ALWAYS, NULL),
    SHAPE_ENUM("scope", TOKEN_SCOPE_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("token", FIELD_ALWAYS, "Shown only here."),
    SHAPE_KIND("expires_at", FIELD_UTC, FIELD_ALWAYS | FIELD_NULL, "Null: never."),
};
const struct record TOKEN_MADE_SHAPE = SHAPE("TokenMade", "A new token.", TOKEN_MADE_FIELDS);

static const struct field KEY_MADE_FIELDS[] = {
    SHAPE_TEXT("name", FIELD_ALWAYS, "Of the integration or heartbeat."),
    SHAPE_TEXT("key", FIELD_ALWAYS, "Shown only here."),
};
const struct record KEY_MADE_SHAPE = SHAPE("KeyMade", "A new key.", KEY_MADE_FIELDS);

static const struct field FEED_MADE_FIELDS[] = {
    SHAPE_TEXT("owner", FIELD_ALWAYS, "\"user:ana\", \"schedule:primary\"."),
    SHAPE_TEXT("url", FIELD_ALWAYS, "Shown only here."),
};
const struct record FEED_MADE_SHAPE =
    SHAPE("FeedMade", "A new address of a calendar.", FEED_MADE_FIELDS);

static const struct field BACKUP_MADE_FIELDS[] = {
    SHAPE_TEXT("path", FIELD_ALWAYS, "Where it lies on the server's machine."),
};
const struct record BACKUP_MADE_SHAPE =
    SHAPE("BackupMade", "A copy of the database.", BACKUP_MADE_FIELDS);

static const struct field TEST_SENT_FIELDS[] = {SHAPE_TEXT("user", 0, NULL),
                                                SHAPE_TEXT("channel", 0, NULL)};
const struct record TEST_SENT_SHAPE =
    SHAPE("TestPageSent", "Who is sent a test message: one of them.", TEST_SENT_FIELDS);

static const struct field KEPT_OVERRIDE_FIELDS[] = {
    SHAPE_TEXT("id", FIELD_ALWAYS, "To take it back by."),
    SHAPE_TEXT("created_by", 0, "In lists only."),
    SHAPE_KIND("created_at", FIELD_UTC, 0, "In lists only."),
    SHAPE_KIND("warnings", FIELD_TEXTS, 0,
               "Not in lists: what speaks against it all the same, such as that who is away."),
};
const struct record KEPT_OVERRIDE_SHAPE = {.name = "OverrideKept",
                                           .doc = "An override that people made.",
                                           .base = &OVERRIDE_RECORD,
                                           .fields = KEPT_OVERRIDE_FIELDS,
                                           .field_count = G_N_ELEMENTS(KEPT_OVERRIDE_FIELDS)};

static const struct field TAKEN_BACK_FIELDS[] = {
    SHAPE_TEXT("schedule", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("id", FIELD_ALWAYS, NULL),
};
static const struct record TAKEN_BACK_SHAPE =
    SHAPE("OverrideTakenBack", "An override that is no more.", TAKEN_BACK_FIELDS);
static const struct field ABSENCE_ENDED_FIELDS[] = {
    SHAPE_TEXT("name", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("user", FIELD_ALWAYS, "Whose it was, and who is back."),
    SHAPE_KIND("away_until", FIELD_UTC, 0, "Away by another absence, until then, and not back."),
    SHAPE_MANY("taken_back", TAKEN_BACK_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("covers", COVER_RECORD, FIELD_ALWAYS),
    SHAPE_MANY("uncovered", UNCOVERED_RECORD, FIELD_ALWAYS),
};
const struct record ABSENCE_ENDED_SHAPE =
    SHAPE("AbsenceEnded", "An absence that is over.", ABSENCE_ENDED_FIELDS);

/* --- the server --- */

static const struct field HEALTH_FIELDS[] = {
    SHAPE_TEXT("status", FIELD_ALWAYS, "ok"),
    SHAPE_TEXT("version", FIELD_ALWAYS, NULL),
};
const struct record HEALTH_SHAPE = SHAPE("Health", "The process runs.", HEALTH_FIELDS);

static const struct field READY_NODE_FIELDS[] = {
    SHAPE_TEXT("id", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("name", FIELD_ALWAYS | FIELD_NULL, NULL),
    SHAPE_KIND("lanes", FIELD_INT, FIELD_ALWAYS, "How many of the 64 lanes of due work it holds."),
};
static const struct record READY_NODE_SHAPE =
    SHAPE("ReadyNode", "The node that answers.", READY_NODE_FIELDS);
static const struct field READY_FIELDS[] = {
    SHAPE_TEXT("status", FIELD_ALWAYS, "ready"),
    SHAPE_TEXT("database", FIELD_ALWAYS, "writable"),
    SHAPE_ONE("node", READY_NODE_SHAPE, FIELD_ALWAYS),
    SHAPE_KIND("nodes_alive", FIELD_INT, FIELD_ALWAYS, NULL),
};
const struct record READY_SHAPE = SHAPE("Ready", "Alerts are taken.", READY_FIELDS);

static const struct field FINDING_FIELDS[] = {
    SHAPE_ENUM("level", LINT_LEVEL_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("check", FIELD_ALWAYS, "Which of the doctor's checks."),
    SHAPE_TEXT("subject", FIELD_ALWAYS, "What it is about."),
    SHAPE_TEXT("what", FIELD_ALWAYS, "What is wrong."),
    SHAPE_TEXT("remedy", FIELD_ALWAYS, "What to do."),
};
static const struct record FINDING_SHAPE =
    SHAPE("Finding", "Something that would keep a page from arriving.", FINDING_FIELDS);
static const struct field REPORT_FIELDS[] = {
    SHAPE_MANY("findings", FINDING_SHAPE, FIELD_ALWAYS),
    SHAPE_KIND("problems", FIELD_INT, FIELD_ALWAYS, "So many of the findings."),
    SHAPE_KIND("warnings", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("notes", FIELD_INT, FIELD_ALWAYS, NULL),
};
const struct record REPORT_SHAPE = SHAPE("DoctorReport", "What the doctor found.", REPORT_FIELDS);

static const struct field CHAIN_FIELDS[] = {
    SHAPE_ENUM("state", CHAIN_STATE_NAMES, FIELD_ALWAYS),
    SHAPE_KIND(
        "events", FIELD_INT, FIELD_ALWAYS,
        "How many hold together, from the first one on: all of them when the record is whole."),
    SHAPE_TEXT("first_seq", 0, "Of those."),
    SHAPE_KIND("first_at", FIELD_UTC, 0, NULL),
    SHAPE_TEXT("last_seq", 0, NULL),
    SHAPE_KIND("last_at", FIELD_UTC, 0, NULL),
    SHAPE_TEXT("seen_seq", 0, "Up to here it would be noticed if events were cut off at the end."),
    SHAPE_TEXT("bad_from", 0, "The first event that was edited or is missing."),
    SHAPE_TEXT("bad_to", 0, "The last one of those that are missing there."),
    SHAPE_TEXT("what", 0, "What is amiss, and what to do."),
};
const struct record CHAIN_SHAPE =
    SHAPE("ChainVerified", "Whether the record of events is whole.", CHAIN_FIELDS);

static json_t *document_schema(void)
{
    return json_pack("{s:s, s:{s:s, s:o}}", "type", "object", "additionalProperties", "type",
                     "array", "items", SHAPE_OBJECT_CODEC.schema());
}
const struct field_codec CONFIG_DOCUMENT_CODEC = {.schema = document_schema};

static const struct field EXPORTED_FIELDS[] = {
    SHAPE_CODED("document", CONFIG_DOCUMENT_CODEC, FIELD_ALWAYS, "As config/apply takes it."),
    SHAPE_KIND("notes", FIELD_TEXTS, FIELD_ALWAYS, "What is not in it, and why."),
};
const struct record EXPORTED_SHAPE =
    SHAPE("ConfigExported", "The whole configuration.", EXPORTED_FIELDS);

static const struct field CHANGE_FIELDS[] = {
    SHAPE_ENUM("action", CHANGE_ACTION_NAMES, FIELD_ALWAYS),
    SHAPE_TEXT("kind", FIELD_ALWAYS, "user, team, schedule, policy …"),
    SHAPE_TEXT("name", FIELD_ALWAYS, NULL),
    SHAPE_KIND("details", FIELD_TEXTS, FIELD_ALWAYS, "For people, each in one line."),
};
static const struct record CHANGE_SHAPE =
    SHAPE("ConfigChange", "An object that is touched.", CHANGE_FIELDS);
static const struct field PLAN_FIELDS[] = {
    SHAPE_KIND("created", FIELD_INT, FIELD_ALWAYS, "So many."),
    SHAPE_KIND("changed", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("deleted", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_KIND("unchanged", FIELD_INT, FIELD_ALWAYS, NULL),
    SHAPE_MANY("changes", CHANGE_SHAPE, FIELD_ALWAYS),
    SHAPE_KIND("left", FIELD_TEXTS, FIELD_ALWAYS, "What came from a file and is not in this one."),
};
static const struct record PLAN_SHAPE =
    SHAPE("ConfigPlan", "What was created, changed and deleted.", PLAN_FIELDS);
static const struct field MINTED_FIELDS[] = {
    SHAPE_TEXT("kind", FIELD_ALWAYS, "integration or heartbeat."),
    SHAPE_TEXT("name", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("key", FIELD_ALWAYS, "Shown only here."),
};
static const struct record MINTED_SHAPE = SHAPE("KeyMinted", "A key that was made.", MINTED_FIELDS);
static const struct field WARNING_FIELDS[] = {
    SHAPE_TEXT("path", FIELD_ALWAYS, "Where in the file, or of which object."),
    SHAPE_TEXT("text", FIELD_ALWAYS, NULL),
};
static const struct record WARNING_SHAPE = SHAPE(
    "ConfigWarning",
    "Taken, and yet: a secret that this server does not find, a policy that tells who is away.",
    WARNING_FIELDS);
static const struct field APPLIED_FIELDS[] = {
    SHAPE_ONE("plan", PLAN_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("keys", MINTED_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("warnings", WARNING_SHAPE, FIELD_ALWAYS),
};
const struct record APPLIED_SHAPE =
    SHAPE("ConfigApplied", "What applying a file did.", APPLIED_FIELDS);

static const struct field ROUTE_TESTED_FIELDS[] = {
    SHAPE_TEXT("service", FIELD_ALWAYS, NULL),
    SHAPE_ENUM("severity", SEVERITY_NAMES, FIELD_ALWAYS | FIELD_NULL),
    SHAPE_KIND("is_suppressed", FIELD_BOOL, FIELD_ALWAYS, "It would be recorded and page nobody."),
    SHAPE_TEXT("routes", FIELD_ALWAYS | FIELD_NULL, "Names of those that fit."),
    SHAPE_TEXT("not_evaluated", FIELD_ALWAYS | FIELD_NULL,
               "Names of those whose patterns took too many steps: they were not taken."),
};
const struct record ROUTE_TESTED_SHAPE =
    SHAPE("RouteTested", "Where the alert would go.", ROUTE_TESTED_FIELDS);

static const struct field OPENAPI_FIELDS[] = {SHAPE_TEXT("openapi", FIELD_ALWAYS, "3.1.0")};
const struct record OPENAPI_SHAPE =
    SHAPE_OPEN("OpenApi", "A document of OpenAPI 3.1.", OPENAPI_FIELDS);

/* --- forms --- */

static const struct field SIGN_IN_FIELDS[] = {SHAPE_TEXT("token", FIELD_REQUIRED, NULL)};
const struct record SIGN_IN_SHAPE = SHAPE_OPEN("SignIn", "A token, typed once.", SIGN_IN_FIELDS);

static const struct field LINK_FORM_FIELDS[] = {
    SHAPE_TEXT("do", FIELD_REQUIRED, "acknowledge, resolve, escalate, snooze or page."),
    SHAPE_TEXT("alert", 0, "Which of several."),
    SHAPE_TEXT("for", 0, "How long, of snooze."),
    SHAPE_TEXT("who", 0, "Whom, of page."),
    SHAPE_TEXT("note", 0, "What they are told, of page."),
};
const struct record LINK_FORM_SHAPE =
    SHAPE_OPEN("LinkForm", "A button that was pressed.", LINK_FORM_FIELDS);
