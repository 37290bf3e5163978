/* config/test_kinds.h - for tests: two nouns of their own, that nothing else of the program knows. */
#ifndef CONFIG_TEST_KINDS_H
#define CONFIG_TEST_KINDS_H

#include "config/config.h"

struct test_shelf {
    char *name;
    char *label; /* "shelf" when left out */
};

/* Stands on a shelf, may be a match for another gadget, has a key, and may end. */
struct gadget {
    char *name;
    char *shelf;
    char *partner;
    char *key;
    char *created_by;
    struct utc to; /* unset: never */
    int64_t size;
    /* Not in the record: */
    const struct gadget *linked; /* what `partner` names */
    bool is_loaded;              /* the hook that adds to a snapshot was asked */
};

extern const struct config_kind SHELF_KIND, GADGET_KIND;
/* For config_register; the file has shelves before gadgets, whose number is lower. */
extern const struct config_kind *const TEST_KINDS[];

NODISCARD const struct gadget *gadget_find(const struct config *config, const char *name);

/* How many gadgets were told of as written. */
extern int test_gadgets_written;

#endif
