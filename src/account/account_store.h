/* account/account_store.h - accounts, their sessions and links on disk. The only SQL about them. */
#ifndef ACCOUNT_ACCOUNT_STORE_H
#define ACCOUNT_ACCOUNT_STORE_H

#include "access/token.h"
#include "account/account.h"
#include "db/row.h"

extern const struct table ACCOUNT_TABLE, SESSION_TABLE, LINK_TABLE;

void account_clear(struct account *account);
void account_put(struct db *db,
                 const struct account *account); /* a new one, or all of an old one */
/* False when there is none, and then `out` is zeroed. */
NODISCARD bool account_load(struct db *db, const char *name, struct account *out);
/* By name. The callback's account is valid in the call. */
void account_list(struct db *db, void (*each)(void *self, const struct account *account),
                  void *self);

/* The texts are borrowed: of one that was read, until the next step. */
struct session {
    int64_t id;
    const char *account;
    unsigned char hash[KEY_HASH_SIZE];
    const char *csrf;
    struct utc made_at, seen_at, checked_at, ends_at;
    const char *agent, *address; /* NULL: it said none */
};

/* One of an account that is not disabled. */
struct session_of {
    struct session session;
    int role;
};

/* Sets the id: a number that none had before, for the record tells of those that are gone. account_changed must follow
 * before the next one. */
void session_insert(struct db *db, struct session *session);
/* All that could be live. */
void session_list_all(struct db *db, void (*each)(void *self, const struct session_of *one),
                      void *self);
/* Of that account, NULL: of all; the newest first, before `before_id` (0: from the newest), at most `limit`. */
void session_list(struct db *db, const char *account, int64_t before_id, int limit,
                  void (*each)(void *self, const struct session *session), void *self);
/* Whose it is, newly allocated; NULL: there is none. */
NODISCARD char *session_owner(struct db *db, int64_t id);
/* By the hash of its text; 0: there is none. */
NODISCARD int64_t session_by_hash(struct db *db, const unsigned char hash[KEY_HASH_SIZE]);
/* Another text from now on, for somebody who has just given their password. */
void session_renew(struct db *db, int64_t id, const unsigned char hash[KEY_HASH_SIZE],
                   struct utc now);
void session_touch(struct db *db, int64_t id, struct utc seen_at);
/* Answer how many are gone. */
int64_t session_end(struct db *db, int64_t id);
int64_t session_end_others(struct db *db, const char *account, int64_t but);
/* All of the account but those `most` that were used last. */
void session_end_least_used(struct db *db, const char *account, int most);
/* Those that nobody has used since, and those that end before `now`. */
void session_end_old(struct db *db, struct utc unused_since, struct utc now);

struct link_row {
    int64_t id;
    int kind;      /* enum account_link */
    char *account; /* NULL: whoever uses it; owned */
    unsigned char hash[KEY_HASH_SIZE];
    struct utc made_at, expires_at;
};

void link_insert(struct db *db, struct link_row *link);
NODISCARD bool link_by_hash(struct db *db, const unsigned char hash[KEY_HASH_SIZE],
                            struct link_row *out);
/* Those of an account; NULL: those of nobody yet. */
void link_end_of(struct db *db, const char *account);
void link_end_old(struct db *db, struct utc now);

/* Goes up with every change of what is kept in memory. */
NODISCARD int64_t account_version(struct db *db);
void account_changed(struct db *db);

#endif
