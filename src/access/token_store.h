/* access/token_store.h - keys on disk: their hashes, whose they are, until when. */
#ifndef ACCESS_TOKEN_STORE_H
#define ACCESS_TOKEN_STORE_H

#include "access/token.h"
#include "db/row.h"

/* A row of table access_key. The texts are borrowed. */
struct access_key {
    int64_t id;
    int owner_kind;    /* enum key_owner */
    const char *owner; /* a name; of a feed "user:ana" or "schedule:primary" */
    unsigned char hash[KEY_HASH_SIZE];
    int scope; /* enum token_scope; 0 for what is no token */
    struct utc created_at;
    struct utc expires_at;   /* unset: never */
    struct utc revoked_at;   /* unset: not */
    struct utc last_used_at; /* to the minute */
};

extern const struct table ACCESS_KEY_TABLE;

/* Is it good at `now`? */
bool access_key_is_live(const struct access_key *key, struct utc now);

/* Sets key->id. A hash that is known already is a constraint error. */
void access_key_insert(struct db *db, struct access_key *key);

/* Oldest first; `owner_kind` 0 and `owner` NULL mean any. The callback's key is valid in the call. */
void access_key_list(struct db *db, int owner_kind, const char *owner,
                     void (*each)(void *self, const struct access_key *key), void *self);

/* Does this owner have a key that is good at `now`? */
NODISCARD bool access_key_exists(struct db *db, int owner_kind, const char *owner, struct utc now);

/* False when nobody ever had a key with this hash. `out->owner` is g_free'd by the caller as
 * *out_owner; NULL on false. */
NODISCARD bool access_key_load(struct db *db, const unsigned char hash[KEY_HASH_SIZE],
                               struct access_key *out, char **out_owner);

/* The owner's keys end at `at`, those that end earlier excepted, and all but `except_id`. */
void access_key_expire(struct db *db, int owner_kind, const char *owner, struct utc at,
                       int64_t except_id);

/* Ends the owner's live keys at once, or only that with `id` when it is not 0; answers how many. */
int64_t access_key_revoke(struct db *db, int owner_kind, const char *owner, int64_t id,
                          struct utc at);

/* A key that was expired or revoked is good again, for its owner. */
void access_key_revive(struct db *db, int64_t id);

/* The same, for another owner: an integration that was renamed brings its key along. */
void access_key_give(struct db *db, int64_t id, int owner_kind, const char *owner);

void access_key_touch(struct db *db, const unsigned char hash[KEY_HASH_SIZE], struct utc used_at);

/* Goes up with every change of a key but for its use: whether keys in memory are old. */
NODISCARD int64_t access_key_version(struct db *db);
void access_key_changed(struct db *db);

#endif
