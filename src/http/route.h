/* http/route.h - which row of the tables answers this method and path? Pure. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "http/http.h"

enum { ROUTE_PARAMS_MAX = 4 };

struct routes;

/* One {name} of a path and where its still escaped text stands in the requested one. */
struct route_param {
    const char *name;
    const char *text;
    size_t size;
};

struct route_match {
    const struct route_row *row; /* NULL: no such path, or not by this method */
    void *context;               /* of its handler */
    bool is_known_path;
    char allow[96]; /* "GET, HEAD, OPTIONS" where the path is known */
    struct route_param params[ROUTE_PARAMS_MAX];
    size_t param_count;
};

/* A literal segment is preferred to a {name}, segment by segment, without going back: two rows must
 * not need that. CHECKs that no two rows answer the same and that each has a permit. */
NODISCARD struct routes *routes_create(const struct route_set *sets);
void routes_destroy(struct routes **routes);

/* HEAD is answered by the GET row. `path` is as requested: escaped, without the query. */
void routes_match(const struct routes *routes, const char *method, const char *path,
                  struct route_match *out);

#endif
