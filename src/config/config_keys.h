/* config/config_keys.h - what becomes of the keys of items when a plan is
 * applied. Works inside the ledger's transaction; the key itself is never stored. */
#ifndef CONFIG_CONFIG_KEYS_H
#define CONFIG_CONFIG_KEYS_H

#include "config/config_plan.h"
#include "ledger/ledger.h"

enum config_key_act {
    KEY_ACT_KEEP = 1, /* has a good one */
    KEY_ACT_SET,      /* the one that came with the command; the one before stays good for a day */
    KEY_ACT_MINT,     /* a new one, told once */
};

/* Decides for every change of the plan, and adds to its details what a person should know. Writes
 * nothing. `keys` is of config_resolve_keys; may be NULL. The fault's path is in the document. */
NODISCARD bool config_keys_judge(struct ledger_tx *tx, struct config_plan *plan, const json_t *keys,
                                 struct fault *fault);

/* Does what was decided; what was minted is appended to `minted` as {"kind", "name", "key"}. */
void config_keys_apply(struct ledger_tx *tx, const struct config_plan *plan, const json_t *keys,
                       json_t *minted);

/* The owner is gone: its keys end at once. Of a kind without keys: nothing. */
void config_keys_revoke(struct ledger_tx *tx, const struct config_kind *kind, const char *name);

#endif
