/* access/key_command.h - the ledger commands that make and end keys.
 *
 * Each takes the struct of its own name as arg and appends an event that names the owner, never the
 * key. The text of a new key is in the answer only: show it once, then wipe it with sodium_memzero.
 * The functions with a struct ledger_tx are for use inside other commands. */
#ifndef ACCESS_KEY_COMMAND_H
#define ACCESS_KEY_COMMAND_H

#include "access/token.h"
#include "ledger/event.h"

/* What they append; NULL at the end. */
extern const struct event_kind *const KEY_EVENTS[];

/* One more key for an integration, a heartbeat or a feed. */
struct key_mint {
    int owner_kind;           /* in: enum key_owner, not KEY_TOKEN */
    const char *owner;        /* in */
    bool is_routing;          /* in: the short form, for senders made for PagerDuty */
    struct principal actor;   /* in */
    char text[KEY_TEXT_SIZE]; /* out */
};
enum command_result key_mint(struct ledger_tx *tx, void *arg);

/* A new key; those of before stay good for `overlap`. */
struct key_rotate {
    struct key_mint mint;
    struct span overlap; /* in: 0: they end now */
};
enum command_result key_rotate(struct ledger_tx *tx, void *arg);

/* Refused with revoked 0 when there is nothing to end. */
struct key_revoke {
    int owner_kind;         /* in */
    const char *owner;      /* in */
    int64_t id;             /* in: 0: all of the owner's */
    struct principal actor; /* in */
    int64_t revoked;        /* out: how many */
};
enum command_result key_revoke(struct ledger_tx *tx, void *arg);

/* Refused with a fault when a live token has the name already, or a field is wrong. */
struct token_create {
    const char *name;         /* in: shows as actor "token:NAME" */
    int scope;                /* in: enum token_scope */
    struct utc expires_at;    /* in: unset: never */
    struct principal actor;   /* in */
    int64_t id;               /* out */
    char text[KEY_TEXT_SIZE]; /* out */
    struct fault fault;       /* out */
};
enum command_result token_create(struct ledger_tx *tx, void *arg);

/* A key that the operator brings along, judged by key_check_given. */
struct key_given {
    int owner_kind;
    const char *owner;
    const char *text;
    struct principal actor;
    struct span overlap; /* how long the owner's keys of before stay good */
};

/* Makes it the owner's key. Asked again with the same one it changes nothing and appends no event.
 * False and a fault when another owner has or had it. */
NODISCARD bool key_put(struct ledger_tx *tx, const struct key_given *given, struct fault *fault);

/* To be called by whatever else writes a row of a key: every node reads the keys again. */
void keys_changed(struct ledger_tx *tx);

/* The owner is gone (deleted integration): all its keys end. Appends an event if there were any. */
void key_drop(struct ledger_tx *tx, int owner_kind, const char *owner, struct principal actor);

#endif
