#include "source/door_shapes.h"

static const struct field RECEIVER_FIELDS[] = {SHAPE_TEXT("name", FIELD_ALWAYS, NULL)};
const struct record RECEIVER_SHAPE =
    SHAPE("AlertmanagerReceiver", "The integration.", RECEIVER_FIELDS);

/* --- alerts --- */

static const struct enum_name STATE_NAMES[] = {
    {"active", 1}, {"suppressed", 2}, {"unprocessed", 3}, {0}};

static const struct field ALERT_STATUS_FIELDS[] = {
    SHAPE_ENUM("state", STATE_NAMES, FIELD_ALWAYS),
    SHAPE_KIND("silencedBy", FIELD_TEXTS, FIELD_ALWAYS, "Ids of silences."),
    SHAPE_KIND("inhibitedBy", FIELD_TEXTS, FIELD_ALWAYS, NULL),
    SHAPE_KIND("mutedBy", FIELD_TEXTS, FIELD_ALWAYS, NULL),
};
static const struct record ALERT_STATUS_SHAPE =
    SHAPE("AlertmanagerAlertStatus", "Does a silence hold it?", ALERT_STATUS_FIELDS);

static const struct field SHOWN_ALERT_FIELDS[] = {
    SHAPE_LABELS("labels", FIELD_ALWAYS),
    SHAPE_LABELS("annotations", FIELD_ALWAYS),
    SHAPE_TEXT("fingerprint", FIELD_ALWAYS, NULL),
    SHAPE_KIND("startsAt", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("endsAt", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("updatedAt", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("generatorURL", FIELD_ALWAYS, NULL),
    SHAPE_MANY("receivers", RECEIVER_SHAPE, FIELD_ALWAYS),
    SHAPE_ONE("status", ALERT_STATUS_SHAPE, FIELD_ALWAYS),
};
const struct record SHOWN_ALERT_SHAPE = SHAPE(
    "AlertmanagerGettableAlert", "An open alert, as Alertmanager shows it.", SHOWN_ALERT_FIELDS);

static const struct field GROUP_FIELDS[] = {
    SHAPE_LABELS("labels", FIELD_ALWAYS),
    SHAPE_ONE("receiver", RECEIVER_SHAPE, FIELD_ALWAYS),
    SHAPE_MANY("alerts", SHOWN_ALERT_SHAPE, FIELD_ALWAYS),
};
const struct record SHOWN_GROUP_SHAPE =
    SHAPE("AlertmanagerAlertGroup", "Alerts of one name.", GROUP_FIELDS);

/* --- status --- */

static const struct field CLUSTER_FIELDS[] = {
    SHAPE_TEXT("status", FIELD_ALWAYS, NULL),
    SHAPE_KIND("peers", FIELD_TEXTS, FIELD_ALWAYS, "None."),
};
static const struct record CLUSTER_SHAPE =
    SHAPE("AlertmanagerCluster", "None: nodes share a database.", CLUSTER_FIELDS);

static const struct field VERSION_FIELDS[] = {
    SHAPE_TEXT("version", FIELD_ALWAYS, "Of this server."),
    SHAPE_TEXT("revision", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("branch", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("buildUser", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("buildDate", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("goVersion", FIELD_ALWAYS, NULL),
};
static const struct record VERSION_SHAPE =
    SHAPE("AlertmanagerVersion", "What answers.", VERSION_FIELDS);

static const struct field ORIGINAL_FIELDS[] = {SHAPE_TEXT("original", FIELD_ALWAYS, "YAML.")};
static const struct record ORIGINAL_SHAPE =
    SHAPE("AlertmanagerConfig", "One route to one receiver.", ORIGINAL_FIELDS);

static const struct field STATUS_FIELDS[] = {
    SHAPE_ONE("cluster", CLUSTER_SHAPE, FIELD_ALWAYS),
    SHAPE_ONE("versionInfo", VERSION_SHAPE, FIELD_ALWAYS),
    SHAPE_ONE("config", ORIGINAL_SHAPE, FIELD_ALWAYS),
    SHAPE_KIND("uptime", FIELD_UTC, FIELD_ALWAYS, "Since when."),
};
const struct record STATUS_SHAPE =
    SHAPE("AlertmanagerStatus", "As Alertmanager tells it.", STATUS_FIELDS);

/* --- silences --- */

static const struct field MATCHER_FIELDS[] = {
    SHAPE_TEXT("name", FIELD_REQUIRED, "Of a label; tocsin.FIELD: of our own."),
    SHAPE_TEXT("value", FIELD_ALWAYS, NULL),
    SHAPE_KIND("isRegex", FIELD_BOOL, 0, NULL),
    SHAPE_KIND("isEqual", FIELD_BOOL, 0, "true when absent."),
};
static const struct record MATCHER_SHAPE =
    SHAPE_OPEN("AlertmanagerMatcher", "A condition.", MATCHER_FIELDS);

static const struct field SENT_SILENCE_FIELDS[] = {
    SHAPE_TEXT("id", 0, "Of the one to change; absent for a new one."),
    SHAPE_MANY("matchers", MATCHER_SHAPE, FIELD_REQUIRED),
    /* Without an offset they are in UTC, which is no date-time of RFC 3339. */
    SHAPE_TEXT("startsAt", FIELD_REQUIRED, "An instant; in UTC where it has no offset."),
    SHAPE_TEXT("endsAt", FIELD_REQUIRED, "Likewise."),
    SHAPE_TEXT("createdBy", 0, NULL),
    SHAPE_TEXT("comment", 0, NULL),
};
const struct record SENT_SILENCE_SHAPE = SHAPE_OPEN(
    "AlertmanagerPostableSilence", "A silence to be made or changed.", SENT_SILENCE_FIELDS);

static const struct enum_name SILENCE_NAMES[] = {
    {"active", 1}, {"pending", 2}, {"expired", 3}, {0}};
static const struct field SILENCE_STATUS_FIELDS[] = {
    SHAPE_ENUM("state", SILENCE_NAMES, FIELD_ALWAYS)};
static const struct record SILENCE_STATUS_SHAPE =
    SHAPE("AlertmanagerSilenceStatus", "Is it in force?", SILENCE_STATUS_FIELDS);

static const struct field SHOWN_SILENCE_FIELDS[] = {
    SHAPE_TEXT("id", FIELD_ALWAYS, NULL),
    SHAPE_ONE("status", SILENCE_STATUS_SHAPE, FIELD_ALWAYS),
    SHAPE_KIND("updatedAt", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_TEXT("comment", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("createdBy", FIELD_ALWAYS, NULL),
    SHAPE_KIND("startsAt", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_KIND("endsAt", FIELD_UTC, FIELD_ALWAYS, NULL),
    SHAPE_MANY("matchers", MATCHER_SHAPE, FIELD_ALWAYS),
};
const struct record SHOWN_SILENCE_SHAPE = SHAPE(
    "AlertmanagerGettableSilence", "A silence, as Alertmanager shows it.", SHOWN_SILENCE_FIELDS);

static const struct field SILENCE_MADE_FIELDS[] = {SHAPE_TEXT("silenceID", FIELD_ALWAYS, NULL)};
const struct record SILENCE_MADE_SHAPE =
    SHAPE("AlertmanagerSilenceMade", "Its id.", SILENCE_MADE_FIELDS);
