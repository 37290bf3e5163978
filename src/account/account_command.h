/* account/account_command.h - the ledger commands that change accounts, sessions and links.
 *
 * Each takes the struct of its own name and appends events. Refused ones wrote nothing; status and fault say why. What
 * they were given is borrowed. The text of a session or a link is in the answer only. */
#ifndef ACCOUNT_ACCOUNT_COMMAND_H
#define ACCOUNT_ACCOUNT_COMMAND_H

#include "access/permit.h"
#include "account/account.h"
#include "account/password.h"
#include "config/config.h"
#include "ledger/event.h"

/* "tcn_session_" or "tcn_link_", and 43 characters of 256 random bits. */
enum { ACCOUNT_TEXT_SIZE = 64 };

/* Whoever administers: what is asked of an account. */
struct account_order {
    struct config_holder *configs; /* in */
    struct principal actor;        /* in */
    int authority;                 /* in: enum role of who asks, for account_check_rank */
    const char *name;              /* in: whose account */
    int role;                      /* in: of one that is made, or gets another */
    const char *password;          /* in: its hash, of one that is made; NULL: a link is made */
    int link;                      /* in: enum account_link, of account_make_link */
    char text[ACCOUNT_TEXT_SIZE];  /* out: of the link; "": none was made */
    struct utc expires_at;         /* out: of it */
    int status;                    /* out: like HTTP's */
    struct fault fault;            /* out */
};
enum command_result account_create(struct ledger_tx *tx, struct account_order *order);
enum command_result account_change_role(struct ledger_tx *tx, struct account_order *order);
enum command_result account_disable(struct ledger_tx *tx, struct account_order *order);
enum command_result account_enable(struct ledger_tx *tx, struct account_order *order);
enum command_result account_make_link(struct ledger_tx *tx, struct account_order *order);
/* An address for whoever uses it first to become the owner. Refused with status 0 where somebody is one already who can
 * sign in, and with 404 where there is no user at all. Actor, name and role are not looked at. */
enum command_result account_make_owner_link(struct ledger_tx *tx, struct account_order *order);

/* A browser is signed in. */
struct account_entry {
    const char *name;             /* in */
    const char *password;         /* in: the hash that was found to be right; it must still be it */
    const char *before;           /* in: the session that the browser had until now, or NULL */
    const char *agent, *address;  /* in: or NULL */
    char text[ACCOUNT_TEXT_SIZE]; /* out */
    struct sign_in sign_in;       /* out */
    int status;                   /* out */
    struct fault fault;           /* out */
};
enum command_result account_sign_in(struct ledger_tx *tx, struct account_entry *entry);

/* By an address that was given out. */
struct account_accept {
    struct config_holder *configs; /* in */
    const char *link;              /* in: its text */
    const char *hash;              /* in: of the password that is set */
    struct account_entry entry;    /* in: `name` for a link of nobody; out: all of it */
    char name[256];                /* out: whose account it is */
};
enum command_result account_accept(struct ledger_tx *tx, struct account_accept *accept);
/* Whose password would be set by it? NULL and a fault: it is none, or over. For judging the password before it is
 * hashed. Newly allocated. `name` is who they say they are, or NULL. */
NODISCARD char *account_link_user(struct db *db, const struct config *config, const char *link,
                                  const char *name, struct utc now, struct fault *fault);

/* The session has another text from now on, for its owner gave the password once more; with `hash` also another
 * password, and all other sessions end. False: it is over meanwhile. */
struct account_renewal {
    const char *name;             /* in */
    const char *hash;             /* in: or NULL */
    struct principal actor;       /* in */
    char text[ACCOUNT_TEXT_SIZE]; /* out */
    struct sign_in sign_in;       /* in and out: of the caller */
};

NODISCARD bool account_renew(struct ledger_tx *tx, struct account_renewal *renewal);

/* False: there is none. `is_own`: it is the one that asks. */
NODISCARD bool account_end_session(struct ledger_tx *tx, int64_t session, struct principal actor,
                                   bool is_own);

/* Attempts that came to nothing; `name` NULL: of no account that there is. */
void account_tell_failures(struct ledger_tx *tx, const char *name, int64_t attempts);

#endif
