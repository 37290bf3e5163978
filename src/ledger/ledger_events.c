/* What happens to the ledger itself. */
#include "ledger/checkpoint.h"
#include "ledger/ledger_private.h"

static const char *const OF_LEDGER[] = {"ledger", NULL};
static const char *const OF_CLOCK[] = {"clock", NULL};
static const char *const OF_NODE[] = {"node", NULL};

static const struct field REOPENED_FIELDS[] = {SHAPE_KIND(
    "closed_us", FIELD_INT, FIELD_ALWAYS, "For so many microseconds nothing was written.")};
static const struct record REOPENED =
    SHAPE("EventLedgerReopened", "The database can be written again.", REOPENED_FIELDS);

static const struct field JUMPED_FIELDS[] = {
    SHAPE_KIND("by_us", FIELD_INT, FIELD_ALWAYS, "Microseconds; below 0: it was set back.")};
static const struct record JUMPED = SHAPE("EventClockJumped", "The clock was set.", JUMPED_FIELDS);

static const struct field JOINED_FIELDS[] = {
    SHAPE_TEXT("name", FIELD_ALWAYS, NULL),
    SHAPE_TEXT("address", 0, NULL),
    SHAPE_TEXT("version", FIELD_ALWAYS, NULL),
};
static const struct record JOINED =
    SHAPE("EventNodeJoined", "A node works on the shared database.", JOINED_FIELDS);

static const struct field GONE_FIELDS[] = {
    SHAPE_TEXT("name", 0, NULL),
    SHAPE_KIND("lanes", FIELD_INT, FIELD_ALWAYS, "So many others took over."),
};
static const struct record GONE =
    SHAPE("EventNodeGone", "A node ended, or is silent.", GONE_FIELDS);

static const char *const OF_RETENTION[] = {"retention", NULL};
static const struct field CHECKPOINT_FIELDS[] = {
    SHAPE_TEXT(CHECKPOINT_SEQ, FIELD_ALWAYS, "Number of the newest event that is gone."),
    SHAPE_TEXT(CHECKPOINT_HASH, FIELD_ALWAYS, "With which it ended."),
};
static const struct record CHECKPOINT =
    SHAPE("EventRetentionCheckpoint", "The oldest events were deleted.", CHECKPOINT_FIELDS);

const struct event_kind EVENT_RETENTION_CHECKPOINT = {
    .name = "retention.checkpoint", .subjects = OF_RETENTION, .data = &CHECKPOINT};

const struct event_kind EVENT_LEDGER_REOPENED = {
    .name = "ledger.reopened", .subjects = OF_LEDGER, .data = &REOPENED};
const struct event_kind EVENT_CLOCK_JUMPED = {
    .name = "clock.jumped", .subjects = OF_CLOCK, .data = &JUMPED, .is_trouble = true};
const struct event_kind EVENT_NODE_JOINED = {
    .name = "node.joined", .subjects = OF_NODE, .data = &JOINED};
const struct event_kind EVENT_NODE_LEFT = {.name = "node.left", .subjects = OF_NODE, .data = &GONE};
const struct event_kind EVENT_NODE_LOST = {.name = "node.lost", .subjects = OF_NODE, .data = &GONE};

const struct event_kind *const LEDGER_EVENTS[] = {&EVENT_LEDGER_REOPENED,
                                                  &EVENT_CLOCK_JUMPED,
                                                  &EVENT_NODE_JOINED,
                                                  &EVENT_NODE_LEFT,
                                                  &EVENT_NODE_LOST,
                                                  &EVENT_RETENTION_CHECKPOINT,
                                                  NULL};
