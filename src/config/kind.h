/* config/kind.h - what the configuration knows of a noun: one row, which stands beside its record.
 *
 * This folder knows no noun: it is handed the rows of all that there are, once, and asks them. A hook
 * that is NULL has nothing to say. Names are unique within a kind. */
#ifndef CONFIG_KIND_H
#define CONFIG_KIND_H

#include "base/record.h"
#include "base/utc.h"

struct config;
struct config_object;
struct db;
struct lint;

/* Tells a person of something that is taken, and yet. `path` says where: "silences.deploy". */
struct config_teller {
    void (*tell)(void *self, const char *path, const char *text);
    void *self;
};

struct config_kind {
    const char *section; /* of the file: "users" */
    const char *noun;    /* of one of it: "user" */
    /* In the database: never another one, and never one that was another's. From 1 to CONFIG_NUMBER_MAX. */
    int number;
    /* Where the section stands in what is exported, told and built, ascending; no two have the same. */
    int place;
    /* Begins with the field "name", as its struct does. */
    const struct record *record;

    /* ---- what is told of it ---- */
    /* The section is no list but one item, whose name is the noun and which nobody writes. */
    bool is_single;
    bool is_ordered; /* which item comes first matters: a plan tells of one that moved */
    bool has_maker;  /* the record's created_by is who made it, as the server knows */
    /* What check_meaning finds is for who writes it: what it named may go later, and nobody is told. */
    bool lapses_quietly;
    /* The field whose faults hang on more than what it names; NULL: none. When something else of the
     * document cannot be read, they prove nothing. */
    const char *far_field;
    /* So long after its end one that people made is forgotten, when they make another; 0: never. */
    int remembered_days;

    /* ---- its keys ---- */
    int key_owner; /* enum key_owner (access/token.h); 0: it has no keys */
    bool (*has_short_key)(
        const json_t *spec); /* is the key to be a short one (key_write_routing)? */

    /* ---- hooks; those without a struct db are pure ---- */
    /* The form that a record is read from, of one with short forms for people. A new reference. What
     * is wrong stays as it is: reading the record says so. */
    json_t *(*in_full)(json_t *value);
    /* Sees to what refers to other items, after the last was added. What leads nowhere is left to
     * `check`. */
    void (*link)(const struct config *config, void *item);
    /* Do its references lead somewhere? Asked whenever something changes. The fault's path is the item's. */
    bool (*check)(const struct config *config, const void *item, struct fault *fault);
    /* Can something come of it? Its conditions name what there is, its times last. Asked of what
     * somebody writes now; what was stored before goes on to hold, and lint tells of it. */
    bool (*check_meaning)(const struct config *config, const void *item, struct fault *fault);
    /* Likewise asked of what is written now only; what was stored before is told of by a finding of the kind's own. */
    bool (*check_written)(const struct config *config, const void *item, struct fault *fault);
    /* Has it ended for good? */
    bool (*is_over)(const void *item, struct utc now);
    /* Of what is exported: leaves out what reading fills in, notes what is not shown. */
    void (*tidy)(const void *item, json_t *written, GPtrArray *notes);
    /* What its writer should know of an item that is taken; `config` is what it becomes part of. */
    void (*warn)(const struct config *config, const void *item, struct utc now,
                 const struct config_teller *teller);
    /* The same of one that is about to be written: `known` is what it replaces, or NULL. */
    void (*warn_before)(const void *item, const void *known, struct utc now,
                        const struct config_teller *teller);
    /* Puts the items into lint->relied_on that this one needs to tell somebody (lint_rely_on). */
    void (*rely)(struct lint *lint, const void *item);
    /* Adds what is to be found about the items of the kind (lint_add). */
    void (*lint)(const struct lint *lint);

    /* ---- hooks with a struct db, inside its transaction ---- */
    /* Adds to a snapshot what stands in tables of its own. */
    void (*load)(struct db *db, const struct config *config);
    /* An item was created or rewritten; `spec` is its text. */
    void (*written)(struct db *db, const struct config_object *object, const char *spec,
                    struct utc now);
    /* Notes what an export leaves out and is no item. */
    void (*note_rest)(struct db *db, GPtrArray *notes);
};

enum { CONFIG_NUMBER_MAX = 999 };

/* Hands over the rows of every kind that there is: an array that ends with NULL and lives for ever.
 * Once, before there is a configuration and before there are threads; the same one again is no harm. */
void config_register(const struct config_kind *const *kinds);
/* What is wrong with such a list, which is then not to be handed over; NULL: nothing. */
NODISCARD const char *config_kinds_wrong(const struct config_kind *const *kinds);

/* How many there are, and each, in the order of their places. */
NODISCARD size_t config_kind_count(void);
NODISCARD const struct config_kind *config_kind_at(size_t i);
/* NULL when no kind has that noun ("user") or section ("users"), or that number. */
NODISCARD const struct config_kind *config_kind_of_text(const char *noun_or_section);
NODISCARD const struct config_kind *config_kind_of_number(int number);
/* How one is called in what people read: "user ana"; what there is one of, "retention". Newly allocated. A kind that
 * is not known is called like the many. */
NODISCARD char *config_called(const char *noun, const char *name);
/* Its place among them, from 0: config_kind_at answers it. */
NODISCARD size_t config_kind_index(const struct config_kind *kind);

/* The items of a section as they stand in a document: a list, of one where the kind is single. A new reference;
 * NULL: there are none. */
NODISCARD json_t *config_section_items(const struct config_kind *kind, const json_t *document);
/* Puts the fault, of the item at that place, within its section. */
void config_fault_within(const struct config_kind *kind, size_t index, struct fault *fault);

/* in_full of the kind, or the same. A new reference. */
NODISCARD json_t *config_in_full(const struct config_kind *kind, json_t *value);

#endif
