#include "access/key_command.h"

#include <sodium.h>
#include <string.h>

#include "access/token_store.h"
#include "base/limits.h"
#include "ledger/event.h"

void keys_changed(struct ledger_tx *tx)
{
    access_key_changed(tx->db);
    ledger_mark_stale(tx, STALE_KEYS);
}

/* As KEY_OWNER_NAMES says. */
static const char *const OF_OWNER[] = {"integration", "heartbeat", "token", "feed", NULL};
static const struct event_kind EVENT_KEY_MINTED = {.name = "key.minted", .subjects = OF_OWNER};
static const struct event_kind EVENT_KEY_ROTATED = {.name = "key.rotated", .subjects = OF_OWNER};
static const struct event_kind EVENT_KEY_REVOKED = {.name = "key.revoked", .subjects = OF_OWNER};
static const struct event_kind EVENT_KEY_GIVEN = {.name = "key.given", .subjects = OF_OWNER};

const struct event_kind *const KEY_EVENTS[] = {&EVENT_KEY_MINTED, &EVENT_KEY_ROTATED,
                                               &EVENT_KEY_REVOKED, &EVENT_KEY_GIVEN, NULL};

static void tell(struct ledger_tx *tx, struct principal actor, const struct event_kind *kind,
                 int owner_kind, const char *owner)
{
    event_append(tx, actor, kind, subject_named(enum_to_name(KEY_OWNER_NAMES, owner_kind), owner),
                 NULL);
    keys_changed(tx);
}

/* Draws a key, writes its row; the text goes to `out`. */
static int64_t draw(struct ledger_tx *tx, struct access_key key, bool is_routing,
                    char out[KEY_TEXT_SIZE])
{
    unsigned char bytes[KEY_BYTES];
    random_fill(ledger_random(tx), bytes, sizeof bytes);
    if (is_routing) {
        key_write_routing(bytes, out);
    } else {
        key_write((enum key_owner)key.owner_kind, bytes, out);
    }
    sodium_memzero(bytes, sizeof bytes);
    key_hash(out, key.hash);
    key.created_at = tx->now;
    access_key_insert(tx->db, &key);
    return key.id;
}

static int64_t mint(struct ledger_tx *tx, struct key_mint *mint)
{
    struct access_key key = {.owner_kind = mint->owner_kind, .owner = mint->owner};
    return draw(tx, key, mint->is_routing, mint->text);
}

enum command_result key_mint(struct ledger_tx *tx, void *arg)
{
    struct key_mint *self = arg;
    (void)mint(tx, self);
    tell(tx, self->actor, &EVENT_KEY_MINTED, self->owner_kind, self->owner);
    return COMMAND_DONE;
}

enum command_result key_rotate(struct ledger_tx *tx, void *arg)
{
    struct key_rotate *self = arg;
    int64_t id = mint(tx, &self->mint);
    access_key_expire(tx->db, self->mint.owner_kind, self->mint.owner,
                      utc_add(tx->now, self->overlap), id);
    tell(tx, self->mint.actor, &EVENT_KEY_ROTATED, self->mint.owner_kind, self->mint.owner);
    return COMMAND_DONE;
}

enum command_result key_revoke(struct ledger_tx *tx, void *arg)
{
    struct key_revoke *self = arg;
    self->revoked = access_key_revoke(tx->db, self->owner_kind, self->owner, self->id, tx->now);
    if (self->revoked == 0) {
        return COMMAND_REFUSED;
    }
    tell(tx, self->actor, &EVENT_KEY_REVOKED, self->owner_kind, self->owner);
    return COMMAND_DONE;
}

static bool check_create(struct ledger_tx *tx, struct token_create *self)
{
    self->fault = (struct fault){0};
    glong length = g_utf8_strlen(self->name, -1);
    if (length < 1 || length > LIMIT_NAME) {
        return fault_set(&self->fault, "name", "a token needs a name of 1 to %d characters",
                         LIMIT_NAME);
    }
    if (enum_to_name(TOKEN_SCOPE_NAMES, self->scope) == NULL) {
        return fault_set(&self->fault, "scope", "give read, respond or admin");
    }
    if (utc_is_set(self->expires_at) && !utc_before(tx->now, self->expires_at)) {
        return fault_set(&self->fault, "expires_at", "lies in the past");
    }
    if (access_key_exists(tx->db, KEY_TOKEN, self->name, tx->now)) {
        return fault_set(&self->fault, "name",
                         "there is a token %.*s already; revoke it first, or take another name",
                         LIMIT_NAME, self->name);
    }
    return true;
}

enum command_result token_create(struct ledger_tx *tx, void *arg)
{
    struct token_create *self = arg;
    if (!check_create(tx, self)) {
        return COMMAND_REFUSED;
    }
    struct access_key key = {.owner_kind = KEY_TOKEN,
                             .owner = self->name,
                             .scope = self->scope,
                             .expires_at = self->expires_at};
    self->id = draw(tx, key, false, self->text);
    tell(tx, self->actor, &EVENT_KEY_MINTED, KEY_TOKEN, self->name);
    return COMMAND_DONE;
}

bool key_put(struct ledger_tx *tx, const struct key_given *given, struct fault *fault)
{
    struct access_key key = {
        .owner_kind = given->owner_kind, .owner = given->owner, .created_at = tx->now};
    key_hash(given->text, key.hash);
    struct access_key known;
    g_autofree char *known_owner = NULL;
    bool is_known = access_key_load(tx->db, key.hash, &known, &known_owner);
    if (is_known &&
        (known.owner_kind != key.owner_kind || strcmp(known_owner, given->owner) != 0)) {
        return fault_set(fault, "key", "%s %s has or had the same key; give each its own",
                         enum_to_name(KEY_OWNER_NAMES, known.owner_kind), known_owner);
    }
    if (is_known && access_key_is_live(&known, tx->now) && !utc_is_set(known.expires_at)) {
        return true;
    }
    if (is_known) {
        access_key_revive(tx->db, known.id);
        key.id = known.id;
    } else {
        access_key_insert(tx->db, &key);
    }
    access_key_expire(tx->db, given->owner_kind, given->owner, utc_add(tx->now, given->overlap),
                      key.id);
    tell(tx, given->actor, &EVENT_KEY_GIVEN, given->owner_kind, given->owner);
    return true;
}

void key_drop(struct ledger_tx *tx, int owner_kind, const char *owner, struct principal actor)
{
    if (access_key_revoke(tx->db, owner_kind, owner, 0, tx->now) > 0) {
        tell(tx, actor, &EVENT_KEY_REVOKED, owner_kind, owner);
    }
}
