/* account/account.h - the people who sign in: what an account is, and what may become of one. Pure.
 *
 * An account belongs to a user of the configuration and has their name. A user without one can be told of alerts as
 * well, but not sign in. */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include "access/role.h"
#include "people/user.h"

#define ACCOUNT_SUBJECT "account"

/* Owns its texts. */
struct account {
    char *name;     /* of the user */
    int role;       /* enum role */
    char *password; /* hashed (account/password.h); NULL: none was set yet */
    bool is_disabled;
    struct utc created_at;
    struct utc password_at;  /* since when it is this one; unset: none */
    struct utc signed_in_at; /* last; unset: never */
};

/* What an address is for that sets a password, once. */
enum account_link { LINK_INVITE = 1, LINK_RESET, LINK_OWNER };
extern const struct enum_name ACCOUNT_LINK_NAMES[]; /* invite reset owner */
NODISCARD struct span account_link_lasts(enum account_link kind);
/* The whole address: the page reads what stands behind #, so that it gets into no log on the way. Newly allocated. */
NODISCARD char *account_link_address(const char *public_url, const char *text);

/* A session ends when it was not used for so long, and at the latest after that. Somebody may stand on call one week in
 * five and must not be asked for a password at three in the morning; what is delicate asks again anyway. */
#define SESSION_IDLE SPAN_D(30)
#define SESSION_LONGEST SPAN_D(90)
/* So long after a password was given its session may do what is delicate (struct permit). */
#define SESSION_CHECKED SPAN_MIN(10)

/* Of one account; a further one ends the one that was used least lately. */
enum { SESSIONS_MAX = 20 };

NODISCARD bool session_is_live(struct utc seen_at, struct utc ends_at, struct utc now);

enum { PASSWORD_CHARACTERS_MIN = 10, PASSWORD_BYTES_MAX = 1024 };

/* Judges one that is to be set. What people must put into it is not prescribed, only that it is long and not their
 * name. `full_name` may be NULL. The fault never holds the password. */
NODISCARD bool account_check_password(const char *password, const char *name, const char *full_name,
                                      struct fault *fault);

/* An account as the two rules below see it. */
struct account_standing {
    const char *name;
    int role;
    bool can_sign_in; /* it is not disabled, has a password, and there is such a user */
    bool is_reached;  /* it is not disabled, and a page would wake them */
};

/* May `name` have that role from now on (0: be disabled)? Not where nobody were left who owns this, or nobody who takes
 * alerts and is reached. A state that is bad already can be left by any step. */
NODISCARD bool account_check_left(const struct account_standing *all, size_t count,
                                  const char *name, int role, struct fault *fault);

/* May somebody of role `by` (of whose hand it is) make or change an account that has, or is to have, these roles? Only
 * owners touch owners. `before` 0: there was none. */
NODISCARD bool account_check_rank(int by, int before, int after, struct fault *fault);

#endif
