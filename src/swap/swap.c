#include "swap/swap.h"

#include <string.h>

#include "base/limits.h"
#include "base/state.h"
#include "db/row.h"

#define AHEAD_MAX SPAN_D(366)
#define REMIND_AFTER SPAN_D(1)
/* With less than this to go a reminder would come beside the question itself. */
#define REMIND_LEAST SPAN_H(2)

const struct enum_name SWAP_STATE_NAMES[] = {
    {"open", SWAP_OPEN},           {"accepted", SWAP_ACCEPTED}, {"declined", SWAP_DECLINED},
    {"withdrawn", SWAP_WITHDRAWN}, {"expired", SWAP_EXPIRED},   {NULL, 0}};

static const struct state_change CHANGES[] = {
    {0, STATE_BIT(SWAP_OPEN)},
    {SWAP_OPEN, STATE_BIT(SWAP_ACCEPTED) | STATE_BIT(SWAP_DECLINED) | STATE_BIT(SWAP_WITHDRAWN) |
                    STATE_BIT(SWAP_EXPIRED)},
};

static const struct states STATES = {"swap", SWAP_STATE_NAMES, CHANGES, G_N_ELEMENTS(CHANGES)};

#define AT(member) offsetof(struct swap, member)
#define NAMED(name_, member_, flags_, doc_)                                                      \
    {                                                                                            \
        .name = (name_), .kind = FIELD_TEXT, .offset = AT(member_), .flags = (flags_), .min = 1, \
        .max = LIMIT_NAME, .column = #member_, .doc = (doc_)                                     \
    }
#define INSTANT(name_, member_, flags_, column_, doc_)                                \
    {                                                                                 \
        .name = (name_), .kind = FIELD_UTC, .offset = AT(member_), .flags = (flags_), \
        .column = (column_), .doc = (doc_)                                            \
    }
#define ASKED_ROWS(always)                                                                      \
    NAMED("schedule", schedule, (always), "The schedule that the shifts are of."),              \
        NAMED("with", asked, 0,                                                                 \
              "Who is asked; absent: everybody who takes turns in the schedule, and the first " \
              "who accepts has them."),                                                         \
        INSTANT("from", from, (always), "since", "Which shifts: those of this time."),          \
        INSTANT("until", until, (always), "until", NULL),                                       \
        INSTANT("back_from", back_from, 0, "back_since",                                        \
                "In return the one who asks takes the other's shifts of this time."),           \
        INSTANT("back_until", back_until, 0, "back_until", NULL),                               \
    {                                                                                           \
        .name = "comment", .kind = FIELD_TEXT, .offset = AT(comment), .min = 1, .max = 500,     \
        .column = "comment", .doc = "Why; whoever is asked reads it."                           \
    }

static const struct field ASKED_FIELDS[] = {
    ASKED_ROWS(FIELD_REQUIRED),
    {.name = "user",
     .kind = FIELD_TEXT,
     .offset = AT(asker),
     .min = 1,
     .max = LIMIT_NAME,
     .doc = "Whose shifts they are, where a program or the local socket asks for a person."},
};
const struct record SWAP_ASKED = {.name = "SwapAsked",
                                  .doc = "Shifts that somebody else is to take.",
                                  .size = sizeof(struct swap),
                                  .fields = ASKED_FIELDS,
                                  .field_count = G_N_ELEMENTS(ASKED_FIELDS)};

static const struct field SWAP_FIELDS[] = {
    {.name = "id",
     .kind = FIELD_INT,
     .offset = AT(id),
     .flags = FIELD_ALWAYS,
     .column = "id",
     .stored = COLUMN_ID},
    ASKED_ROWS(FIELD_ALWAYS),
    NAMED("user", asker, FIELD_ALWAYS, "Whose shifts they are."),
    {.name = "state",
     .kind = FIELD_ENUM,
     .offset = AT(state),
     .flags = FIELD_ALWAYS,
     .names = SWAP_STATE_NAMES,
     .column = "state"},
    INSTANT("asked_at", asked_at, FIELD_ALWAYS, "asked_at", NULL),
    INSTANT("reminded_at", reminded_at, 0, "reminded_at", NULL),
    {.name = "answered_by", .kind = FIELD_TEXT, .offset = AT(answered_by), .column = "answered_by"},
    INSTANT("answered_at", answered_at, 0, "answered_at", NULL),
    {.name = "note",
     .kind = FIELD_TEXT,
     .offset = AT(note),
     .column = "note",
     .doc = "What they said with the answer."},
};
const struct record SWAP_RECORD = {.name = "Swap",
                                   .doc = "Shifts that somebody asks others to take.",
                                   .size = sizeof(struct swap),
                                   .fields = SWAP_FIELDS,
                                   .field_count = G_N_ELEMENTS(SWAP_FIELDS)};

void swap_clear(struct swap *swap)
{
    record_clear(&SWAP_RECORD, swap);
}

void swap_become(struct swap *swap, enum swap_state state)
{
    state_set(&STATES, &swap->state, (int)state);
}

/* --- what can be asked for --- */

static bool check_range(struct utc from, struct utc until, const char *until_name, struct utc now,
                        struct fault *fault)
{
    if (!utc_before(from, until)) {
        return fault_set(fault, until_name, "must be later than the beginning");
    }
    if (!utc_before(now, until)) {
        return fault_set(fault, until_name, "has passed already; name an instant ahead");
    }
    return utc_since(until, now).us <= AHEAD_MAX.us ||
           fault_set(fault, until_name, "is more than a year ahead");
}

static bool check_return(const struct swap *swap, struct utc now, struct fault *fault)
{
    if (utc_is_set(swap->back_from) != utc_is_set(swap->back_until)) {
        return fault_set(fault, utc_is_set(swap->back_from) ? "back_until" : "back_from",
                         "is missing: a return has a beginning and an end");
    }
    if (!utc_is_set(swap->back_from)) {
        return true;
    }
    if (swap->asked == NULL) {
        return fault_set(fault, "with",
                         "is needed for a return: whose shifts are taken in exchange?");
    }
    if (utc_before(swap->back_from, swap->until) && utc_before(swap->from, swap->back_until)) {
        return fault_set(fault, "back_from", "must not overlap with what is given away");
    }
    return check_range(swap->back_from, swap->back_until, "back_until", now, fault);
}

bool swap_check(const struct swap *swap, struct utc now, struct fault *fault)
{
    if (swap->asked != NULL && strcmp(swap->asked, swap->asker) == 0) {
        return fault_set(fault, "with", "must be somebody else than whose shifts they are");
    }
    return check_range(swap->from, swap->until, "until", now, fault) &&
           check_return(swap, now, fault);
}

/* --- while nobody answers --- */

/* Of shifts that had begun when they were asked for: their end, for the rest can still be given away. */
static struct utc answer_until(const struct swap *swap)
{
    struct utc until = utc_before(swap->asked_at, swap->from) ? swap->from : swap->until;
    if (!utc_is_set(swap->back_from)) {
        return until;
    }
    return utc_earlier(until, utc_before(swap->asked_at, swap->back_from) ? swap->back_from
                                                                          : swap->back_until);
}

bool swap_is_late(const struct swap *swap, struct utc now)
{
    return !utc_before(now, answer_until(swap));
}

struct utc swap_next_at(const struct swap *swap)
{
    struct utc until = answer_until(swap);
    int64_t left_us = utc_since(until, swap->asked_at).us;
    if (swap->state != SWAP_OPEN) {
        return (struct utc){0};
    }
    if (utc_is_set(swap->reminded_at) || left_us < REMIND_LEAST.us) {
        return until;
    }
    return utc_add(swap->asked_at, (struct span){MIN(left_us / 2, REMIND_AFTER.us)});
}
