#include "api/shapes.h"

#include "config/lint.h"
#include "ledger/chain.h"

/* --- what is made --- */

static const struct field BACKUP_MADE_FIELDS[] = {
    SHAPE_TEXT("path", FIELD_ALWAYS, "Where it lies on the server's machine."),
};
const struct record BACKUP_MADE_SHAPE =
    SHAPE("BackupMade", "A copy of the database.", BACKUP_MADE_FIELDS);

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
    SHAPE_KIND("events", FIELD_INT, FIELD_ALWAYS,
               "How many hold together, from the first one on that is kept: all of them when the "
               "record is "
               "whole."),
    SHAPE_TEXT("deleted_seq", 0,
               "The events up to here are gone, as the configuration says; a checkpoint that was "
               "checked stands for them."),
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

static const struct field OPENAPI_FIELDS[] = {SHAPE_TEXT("openapi", FIELD_ALWAYS, "3.1.0")};
const struct record OPENAPI_SHAPE =
    SHAPE_OPEN("OpenApi", "A document of OpenAPI 3.1.", OPENAPI_FIELDS);

/* --- forms --- */

static const struct field SIGN_IN_FIELDS[] = {SHAPE_TEXT("token", FIELD_REQUIRED, NULL)};
const struct record SIGN_IN_SHAPE = SHAPE_OPEN("SignIn", "A token, typed once.", SIGN_IN_FIELDS);
