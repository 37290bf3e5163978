/* paging/topic.h - what people are paged about, as far as paging must know: an alert, or whatever else brings a row
 * of operations. Paging reads and writes the noun itself only through that row. */
#ifndef PAGING_TOPIC_H
#define PAGING_TOPIC_H

#include "base/principal.h"
#include "base/subject.h"
#include "channel/channel.h"
#include "config/config.h"
#include "ledger/event.h"

struct pager;
struct errand;
struct topic_kind;

/* How it stands with the subject. What paging has on disk says the same: see enum escalation_state. */
enum standing {
    STANDING_OPEN = 1, /* nobody has it */
    STANDING_TAKEN,    /* somebody has acknowledged or snoozed it */
    STANDING_OVER,
    STANDING_MUTE, /* it never pages anybody */
};

/* A subject as it stands in the transaction that read it. Texts are the noun's own, as long as `own` is there. */
struct topic {
    struct subject subject;
    const struct topic_kind *kind; /* NULL: none was read */
    int standing;
    int severity; /* enum severity */
    int urgency;  /* enum urgency: of its pages */
    /* What it is part of, such as its service; never NULL. The work of one area is done by one node, and the first
     * critical subject of an area is news, which passes the bound on noise. */
    const char *area;
    const char *summary;  /* one line, for people */
    const char *taken_by; /* actor: who has it, or put it to sleep; NULL: nobody ever did */
    const char *ended_by; /* actor; NULL: nobody ever did */
    struct utc snoozed_until;
    bool is_flapping; /* it comes and goes: it is held for a while before anybody is paged */
    bool is_first;    /* it was reported once only: nothing about it can wait to be sent already */
    const char *refusal; /* of one that is over or mute: why nobody can do anything with it */
    void *own;           /* the noun's */
};

/* What the configuration says of it; borrowed of that. */
struct topic_settings {
    const char *
        policy; /* name of the one that its escalation walks; NULL: none, the last resort is all there is */
    struct span ask_after; /* "still on it?" is asked after so long; 0: never */
    bool tells_end;        /* whoever was told of it is told that it is over */
};

/* What holds its paging although it is open; borrowed of the configuration. */
struct topic_hold {
    const char *silence; /* name */
    const char *comment; /* may be NULL */
    struct utc until;
};

/* How somebody answers it. */
struct topic_answer {
    struct principal actor;
    const char *note;         /* may be NULL */
    struct utc snoozed_until; /* unset: it is acknowledged for good */
};

/* The kinds of events that paging writes about it, or looks for. Those of its answers are called WORD.acknowledged,
 * .snoozed, .escalated and .resolved. */
struct topic_events {
    const struct event_kind *acknowledged, *snoozed, *escalated, *silenced, *reopened, *flapping,
        *asked, *resolved;
};

/* What brings subjects that page. Rows are constant; everything runs inside a transaction, `load`, `explain` and
 * `show` also on a connection that only reads. */
struct topic_kind {
    const char *word; /* subject.kind: "alert" */
    struct topic_events events;
    /* False when there is none. May be asked ahead. */
    bool (*load)(struct db *db, int64_t id, struct topic *out);
    void (*clear)(struct topic *topic);
    /* Writes standing, snoozed_until and is_flapping back. */
    void (*save)(struct ledger_tx *tx, struct topic *topic);
    /* It is open or taken, and so answered; both write who did it, append the event and leave the topic as it is
     * then. */
    void (*acknowledge)(struct ledger_tx *tx, struct topic *topic,
                        const struct topic_answer *answer);
    void (*resolve)(struct ledger_tx *tx, struct topic *topic, const struct topic_answer *answer);
    struct topic_settings (*settings)(const struct config *config, const struct topic *topic);
    /* NULL: nothing holds one. */
    bool (*hold)(const struct config *config, const struct topic *topic, struct utc now,
                 struct topic_hold *out);
    /* What a message says of it beside what the topic does; texts are kept by errand_keep. */
    void (*show)(const struct topic *topic, const struct config *config, struct errand *errand,
                 struct message_item *item);
    /* The noun itself as the API shows it, and what messages say of it beside: for explain. */
    json_t *(*write)(const struct topic *topic);
    json_t *(*describe)(const struct topic *topic, const struct config *config);
    /* Reads a row of its table, for the pulse. */
    void (*touch)(struct db *db);
};

/* The kind of that word, as the pager knows it; NULL: none. */
NODISCARD const struct topic_kind *topic_kind_of(const struct pager *pager, const char *word);

/* False, with an empty `out`, when there is no such subject (or after an error: see db_error); `out` is owned on
 * true, and may be cleared in either case. */
NODISCARD bool topic_load(const struct pager *pager, struct db *db, struct subject subject,
                          struct topic *out);
/* The same for who knows its kind. */
NODISCARD bool topic_read(const struct topic_kind *kind, struct db *db, int64_t id,
                          struct topic *out);
void topic_clear(struct topic *topic);

void topic_save(struct ledger_tx *tx, struct topic *topic);
/* Put to sleep: it pages again by itself. */
NODISCARD bool topic_is_snoozed(const struct topic *topic);
/* Was whoever has it asked whether they are still on it, and has not answered? */
NODISCARD bool topic_is_asked(struct db *db, const struct topic *topic);
/* Somebody has it already and nobody asked again: an old message must not take it from them. Nobody is on one that
 * sleeps. */
NODISCARD bool topic_is_taken(struct db *db, const struct topic *topic);
/* Does something hold its paging now? */
NODISCARD bool topic_is_held(const struct config *config, const struct topic *topic, struct utc now,
                             struct topic_hold *out);
/* The reference of `data` is taken over. */
void topic_event(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                 struct subject subject, json_t *data);

#endif
