/* config/config_work.h - the ledger commands that change the configuration.
 *
 * Each plans and writes inside the ledger's transaction, appends an event config.changed, and
 * publishes the new snapshot after the commit. Refused ones wrote nothing; status and fault say why. A command is {.run = X_run, .answer = X_answered or
 * an answer of the caller's that calls it first, .arg = &the_struct}. Inputs are borrowed until the
 * answer; X_clear frees the outputs. */
#ifndef CONFIG_CONFIG_WORK_H
#define CONFIG_CONFIG_WORK_H

#include "config/config.h"
#include "ledger/event.h"

/* What the commands append; NULL at the end. */
extern const struct event_kind *const CONFIG_EVENTS[];
extern const struct event_kind EVENT_CONFIG_CHANGED; /* one of them; see config_in */

/* Replaces nothing: reads the references env:NAME and file:PATH of keys where the file is applied,
 * since the server cannot see that environment. Answers an object
 * {"integration:prod-am": "the key", "heartbeat:backup": …}, or NULL and a fault that names the
 * field. `read_env` answers NULL for an unset name; `read_file` a new text or NULL. All that were found
 * are appended to `faults` (of struct fault; may be NULL). */
struct key_source {
    const char *(*read_env)(void *self, const char *name);
    char *(*read_file)(void *self, const char *path);
    void *self;
};

NODISCARD json_t *config_resolve_keys(const json_t *document, const struct key_source *source,
                                      GArray *faults, struct fault *fault);

/* Publishes what other nodes have changed, before anything is judged by it; and what a commit of ours
 * whose outcome was not known has left. Before the ledger's first batch; the holder must outlive it. */
void config_add_witness(struct config_holder *configs, struct ledger *ledger);

/* The beginning of every command's struct, for publishing. */
struct config_command {
    struct config_holder *configs; /* in */
    struct principal actor;        /* in */
    int status;                    /* out: HTTP-like: 200, 201; 404, 409, 422 with a fault */
    struct fault fault;            /* out */
    struct config *next;           /* between run and answer; NULL: nothing to publish */
};

struct apply_config {
    struct config_command base;
    const json_t *document; /* in: {users, teams, …} */
    const json_t *keys;     /* in: of config_resolve_keys; may be NULL */
    bool dry_run, prune;    /* in */
    GArray *faults;         /* out: struct fault, every mistake of a refused document; or NULL */
    json_t *plan;           /* out: config_plan_json */
    json_t *warnings; /* out: [{"path", "text"}] of what is taken, and yet (config_kind.warn) */
    json_t *minted;   /* out: [{"kind", "name", "key"}], shown once and never stored */
};
/* A dry run answers COMMAND_DONE too, and has written nothing. */
enum command_result apply_config_run(struct ledger_tx *tx, void *arg);
void apply_config_clear(struct apply_config *apply);

/* Creates or replaces one object on behalf of a person or program. One that
 * the file owns is refused with 409. */
struct put_object {
    struct config_command base;
    const struct config_kind *kind; /* in */
    const json_t *spec;             /* in; a name that is absent is made up */
    bool keeps_maker;               /* in: of one that is there already, created_by stays */
    bool
        skips_meaning; /* in: it only ends what was taken once, perhaps of a service that is gone */
    json_t *written;   /* out: record_write of the result */
    json_t *minted;    /* out: as in struct apply_config */
};
enum command_result put_object_run(struct ledger_tx *tx, void *arg);
void put_object_clear(struct put_object *put);

struct delete_object {
    struct config_command base;
    const struct config_kind *kind;
    const char *name;
};
enum command_result delete_object_run(struct ledger_tx *tx, void *arg);

/* The answer of all of them: publishes when committed, frees the snapshot otherwise. `command` is
 * the struct, whose first member is the struct config_command. */
void config_command_answered(void *command, enum command_outcome outcome);

#endif
