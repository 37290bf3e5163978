#include "config/config_keys.h"

#include <string.h>

#include "access/key_command.h"
#include "access/token_store.h"
#include "base/json.h"

/* How long a replaced key stays good, so that a sender can be changed without losing an alert. */
static const int64_t GRACE_US = INT64_C(86400) * 1000000;

static bool has_key(const struct config_change *change)
{
    return change->kind->key_owner != 0 && change->action != CHANGE_DELETED;
}

static const char *value_for(const struct config_change *change, const json_t *keys)
{
    g_autofree char *owner = g_strdup_printf("%s:%s", change->kind->noun, change->name);
    return json_text(keys, owner, NULL);
}

static bool deletes(const struct config_plan *plan, int owner_kind, const char *name)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct config_change *change = g_ptr_array_index(plan->changes, i);
        if (change->action == CHANGE_DELETED && change->kind->key_owner == owner_kind &&
            strcmp(change->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_own(const struct access_key *key, const struct config_change *change)
{
    return key->owner_kind == change->kind->key_owner && strcmp(key->owner, change->name) == 0;
}

/* Sets key_act for a value that came with the command. A key that is in use already stays, however easy
 * to guess: senders know it, and what was taken once must not keep a server from starting. */
static bool judge_value(struct ledger_tx *tx, const struct config_plan *plan,
                        struct config_change *change, const char *value, struct fault *fault)
{
    unsigned char hash[KEY_HASH_SIZE];
    g_autofree char *owner = NULL;
    struct access_key key;
    key_hash(value, hash);
    change->key_act = KEY_ACT_SET;
    if (access_key_load(tx->db, hash, &key, &owner) && access_key_is_live(&key, tx->now)) {
        if (is_own(&key, change)) {
            change->key_act = KEY_ACT_KEEP;
            return true;
        }
        if (!deletes(plan, key.owner_kind, key.owner)) {
            return fault_set(fault, "", "is the key of %s %s already; give each a key of its own",
                             enum_to_name(KEY_OWNER_NAMES, key.owner_kind), key.owner);
        }
    }
    return key_check_given(value, fault);
}

static bool judge_change(struct ledger_tx *tx, const struct config_plan *plan,
                         struct config_change *change, const json_t *keys, struct fault *fault)
{
    const char *value = value_for(change, keys);
    const char *reference = json_text(change->object->spec, "key", NULL);
    if (reference != NULL && value != NULL) {
        return judge_value(tx, plan, change, value, fault);
    }
    bool has_one = access_key_exists(tx->db, change->kind->key_owner, change->name, tx->now);
    if (reference != NULL && !has_one) {
        return fault_set(fault, "",
                         "the value of %s did not come with the file; apply it where "
                         "that is set, or leave the key out to have one minted",
                         reference);
    }
    change->key_act = has_one ? KEY_ACT_KEEP : KEY_ACT_MINT;
    return true;
}

static void tell_change(struct ledger_tx *tx, struct config_change *change)
{
    bool has_one = access_key_exists(tx->db, change->kind->key_owner, change->name, tx->now);
    if (change->key_act == KEY_ACT_MINT) {
        g_ptr_array_add(change->details, g_strdup("a key is minted and shown once"));
    } else if (change->key_act == KEY_ACT_SET && has_one) {
        g_ptr_array_add(change->details, g_strdup("new key; the one before stays good for a day"));
    }
    if (change->key_act != KEY_ACT_KEEP && change->action == CHANGE_UNCHANGED) {
        change->action = CHANGE_CHANGED;
    }
}

/* Two entries of one file with one value. */
static bool is_first_use(GHashTable *used, const struct config_change *change, const json_t *keys,
                         struct fault *fault)
{
    const char *value = value_for(change, keys);
    if (value == NULL || json_text(change->object->spec, "key", NULL) == NULL) {
        return true;
    }
    const struct config_change *other = g_hash_table_lookup(used, value);
    if (other != NULL) {
        return fault_set(fault, "", "is the key of %s too; give each a key of its own",
                         other->name);
    }
    (void)g_hash_table_insert(used, g_strdup(value), (void *)(uintptr_t)change);
    return true;
}

bool config_keys_judge(struct ledger_tx *tx, struct config_plan *plan, const json_t *keys,
                       struct fault *fault)
{
    g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < plan->changes->len; i++) {
        struct config_change *change = g_ptr_array_index(plan->changes, i);
        if (!has_key(change)) {
            continue;
        }
        if (!is_first_use(used, change, keys, fault) ||
            !judge_change(tx, plan, change, keys, fault)) {
            fault_within(fault, "key");
            fault_within_index(fault, (size_t)change->object->position);
            fault_within(fault, change->kind->section);
            return false;
        }
        tell_change(tx, change);
    }
    return true;
}

/* ---- doing it ---- */

static int64_t insert_key(struct ledger_tx *tx, const struct config_change *change,
                          const char *value)
{
    struct access_key key = {
        .owner_kind = change->kind->key_owner, .owner = change->name, .created_at = tx->now};
    key_hash(value, key.hash);
    access_key_insert(tx->db, &key);
    return key.id;
}

static void set_key(struct ledger_tx *tx, const struct config_change *change, const char *value)
{
    unsigned char hash[KEY_HASH_SIZE];
    g_autofree char *owner = NULL;
    struct access_key known;
    int64_t id = 0;
    key_hash(value, hash);
    if (access_key_load(tx->db, hash, &known, &owner)) {
        /* It was good once, perhaps under the name that this one had before. */
        access_key_give(tx->db, known.id, change->kind->key_owner, change->name);
        id = known.id;
    } else {
        id = insert_key(tx, change, value);
    }
    struct utc end = utc_add(tx->now, (struct span){GRACE_US});
    access_key_expire(tx->db, change->kind->key_owner, change->name, end, id);
}

static void mint_key(struct ledger_tx *tx, const struct config_change *change, json_t *minted)
{
    unsigned char bytes[KEY_BYTES];
    char text[KEY_TEXT_SIZE];
    const struct config_kind *kind = change->kind;
    random_fill(ledger_random(tx), bytes, sizeof bytes);
    if (kind->has_short_key != NULL && kind->has_short_key(change->object->spec)) {
        key_write_routing(bytes, text);
    } else {
        key_write((enum key_owner)kind->key_owner, bytes, text);
    }
    (void)insert_key(tx, change, text);
    (void)json_array_append_new(minted, json_pack("{s:s, s:s, s:s}", "kind", kind->noun, "name",
                                                  change->name, "key", text));
}

void config_keys_revoke(struct ledger_tx *tx, const struct config_kind *kind, const char *name)
{
    if (kind->key_owner != 0) {
        (void)access_key_revoke(tx->db, kind->key_owner, name, 0, tx->now);
        keys_changed(tx);
    }
}

void config_keys_apply(struct ledger_tx *tx, const struct config_plan *plan, const json_t *keys,
                       json_t *minted)
{
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct config_change *change = g_ptr_array_index(plan->changes, i);
        if (change->action == CHANGE_DELETED) {
            config_keys_revoke(tx, change->kind, change->name);
        }
    }
    for (guint i = 0; i < plan->changes->len; i++) {
        const struct config_change *change = g_ptr_array_index(plan->changes, i);
        if (change->key_act == KEY_ACT_SET) {
            set_key(tx, change, value_for(change, keys));
            keys_changed(tx);
        } else if (change->key_act == KEY_ACT_MINT) {
            mint_key(tx, change, minted);
            keys_changed(tx);
        }
    }
}
