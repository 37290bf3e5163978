/* base/feature.h - one row describes a feature: what it brings to the parts of the house that know no feature by name.
 *
 * A feature is a folder with one `const struct feature NAME_FEATURE` (in NAME_feature.c) and its name in the list
 * of the top meson.build, from which the table of all of them is made. Everything else that is needed is
 * read from the row: a lower floor never learns who is there.
 *
 * Lists of pointers end with NULL; a list that is NULL is empty. */
#ifndef BASE_FEATURE_H
#define BASE_FEATURE_H

#include <stddef.h>

struct api_context;
struct cli_table;
struct config_kind;
struct event_kind;
struct route_table;
struct topic_kind;
struct _GResource;

struct feature {
    const char *name; /* the folder's: "alert" */
    /* Its files that travel in the program (GResource), NULL: none. Those under /tocsin/migrations are steps of the
     * schema (db/migrate.h), those under /tocsin/lang/NAME its texts in every language (channel/catalogue.h). They
     * register themselves; named here, they are linked. */
    struct _GResource *(*files)(void);
    /* What is configured (config/kind.h): a list that itself ends with NULL. */
    const struct config_kind *const *kinds;
    /* The kinds of its events (ledger/event.h): lists of them. */
    const struct event_kind *const *const *events;
    /* What is answered over HTTP (http/http.h). */
    const struct route_table *const *routes;
    /* What is typed on the command line (cli/cli.h). In the help a feature of a lower place comes first. */
    const struct cli_table *const *commands;
    int help_place;
    /* What pages people (paging/topic.h). */
    const struct topic_kind *const *topics;
    /* Before the ledger's first batch: makes what its handlers are called with, and adds its duties and subscribers. Of
     * `api` there is all by then but the readers and the queue, which only handlers may use. NULL: its handlers are
     * called with the struct api_context. */
    void *(*open)(struct api_context *api);
    void (*close)(void *self); /* NULL: nothing is to be freed */
};

/* All of them, in the order of the list, which goes from the ground up. Made by the build. */
struct feature_list {
    const struct feature *const *features;
    size_t count;
};

#endif
