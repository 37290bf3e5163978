/* oncall/off_duty.h - taking a person off duty: covers are found and put in as overrides, and the absence
 * is kept, so that nobody who is away stands in for others; all in one commit. Ledger commands like
 * those of config/config_work.h. */
#ifndef ONCALL_OFF_DUTY_H
#define ONCALL_OFF_DUTY_H

#include "config/config_work.h"

/* What the commands append; each NULL at the end. */
extern const struct event_kind *const ABSENCE_EVENTS[];
extern const struct event_kind *const OFF_DUTY_EVENTS[];

struct off_duty {
    struct config_command base;
    const char *user;    /* in */
    struct utc from;     /* in: from then on; unset, or past: from now on */
    struct utc until;    /* in: until then, at most a year ahead */
    const char *comment; /* in: why, for the overrides; NULL: that the person is off duty */
    bool dry_run;        /* in: only tell */
    json_t
        *covers; /* out: [{"schedule", "layer", "since", "until", "who", "id"}]; "layer" where only
                         that one is changed, "id" of the override unless it is a dry run */
    json_t *
        uncovered; /* out: [{"schedule", "since", "until", "away"}]: there the person stays on call;
                          "away": [{"user", "until"}], who could but is away */
    json_t *named_by; /* out: policies that name the person themselves, whoever is on call */
    char *
        absence; /* out: the name it is kept by, of one that was there too; NULL in a dry run of a new one */
};
/* A dry run answers COMMAND_DONE too, and has written nothing. */
enum command_result off_duty_run(struct ledger_tx *tx, void *arg);
void off_duty_clear(struct off_duty *off_duty);

/* The absence is over, and those overrides are taken back that cover what is left of it, one that holds by being
 * ended now. Where that puts the person on call while they are away by another absence that people made, it is
 * covered anew. */
struct end_absence {
    struct config_command base;
    const char *name;  /* in */
    bool keeps_covers; /* in: the overrides stay */
    char *user;        /* out: whose it was; NULL when refused */
    struct utc
        away_until; /* out: by another absence they are away now, until then; unset: they are back */
    json_t *taken_back; /* out: [{"schedule", "id"}] */
    json_t *covers;     /* out: as of struct off_duty, by which other absences are covered */
    json_t *uncovered;  /* out: as of struct off_duty, within other absences */
};
enum command_result end_absence_run(struct ledger_tx *tx, void *arg);
void end_absence_clear(struct end_absence *end);

#endif
