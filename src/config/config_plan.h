/* config/config_plan.h - what would applying this file change? Pure: no clock, no I/O, no SQL. */
#ifndef CONFIG_CONFIG_PLAN_H
#define CONFIG_CONFIG_PLAN_H

#include "config/config.h"
#include "config/config_store.h"

enum change_action { CHANGE_CREATED = 1, CHANGE_CHANGED, CHANGE_DELETED, CHANGE_UNCHANGED };
extern const struct enum_name CHANGE_ACTION_NAMES[]; /* created changed deleted unchanged */

struct config_change {
    int action;
    const struct config_kind *kind;
    char *name;
    GPtrArray *details;           /* texts: "time_zone Asia/Jakarta -> Europe/Paris"; no secrets */
    struct config_object *object; /* what to write or delete; owned */
    bool is_moved;                /* stands at another place in the file than before */
    int key_act; /* enum config_key_act (config_keys.h); 0: not judged, or has no key */
};

struct config_plan {
    GPtrArray *changes;  /* of struct config_change, in the file's order; also the unchanged ones */
    GPtrArray *left;     /* texts "team ops": not in the file, and left as they are */
    struct config *next; /* the configuration as it would be, without overrides of shift_override */
};

/* A file is mended in one go: so many of its mistakes are told at once. */
enum { PLAN_FAULTS_MAX = 50 };

struct plan_options {
    bool is_from_file;  /* else `document` holds what a person or program made through the API */
    bool prune;         /* delete what came from a file and is not in this one */
    bool skips_meaning; /* what comes in only ends something: see config_kind.check_meaning */
    /* Delete what people made of this kind and what ended so long before `now` (config_kind.remembered_days);
     * NULL: none. */
    const struct config_kind *forgets;
    struct utc now;
    GArray
        *faults; /* out: struct fault, all that were found: of the entries that cannot be read, then
                          of what the others refer to; NULL: the first will do */
};

/* Judges `document` ({users, teams, …}) against `current` (of config_load_objects). What the file
 * names is created or changed; what it does not name stays, or with `prune` is deleted if it came
 * from a file. NULL and a fault with the path of the first mistake and its remedy. What refers to
 * an entry that could not be read is no mistake of its own. */
NODISCARD struct config_plan *config_plan_make(const json_t *document, const GPtrArray *current,
                                               struct plan_options options, struct fault *fault);
void config_plan_free(struct config_plan *plan);

NODISCARD bool config_plan_changes_anything(const struct config_plan *plan);

/* {"created": 1, "changed": 1, "deleted": 0, "unchanged": 7, "changes": [{action, kind, name,
 * details}], "left": ["team ops"]}; the unchanged are only counted. A new reference. */
NODISCARD json_t *config_plan_json(const struct config_plan *plan);

/* The same for a terminal, from that JSON: "~ user ana: time_zone …" lines and a sum. g_free it. */
NODISCARD char *config_plan_text(const json_t *plan);

#endif
