#include "http/route.h"

#include <string.h>

/* Methods that rows may have, in the order in which Allow names them. */
static const char *const METHODS[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

enum { METHOD_COUNT = 5 };

/* One segment of the tree of paths. */
struct node {
    char *segment;    /* literal text; NULL for a {name} */
    GPtrArray *below; /* of struct node, literals only */
    struct node *any; /* the {name} child */
    const struct route_row *rows[METHOD_COUNT];
    void *contexts[METHOD_COUNT]; /* of their handlers */
};

struct routes {
    struct node *root;
};

static struct node *node_create(const char *segment, size_t size)
{
    struct node *node = g_new0(struct node, 1);
    node->segment = segment == NULL ? NULL : g_strndup(segment, size);
    node->below = g_ptr_array_new();
    return node;
}

static struct node *literal_below(const struct node *node, const char *segment, size_t size)
{
    for (guint i = 0; i < node->below->len; i++) {
        struct node *child = node->below->pdata[i];
        if (strncmp(child->segment, segment, size) == 0 && child->segment[size] == '\0') {
            return child;
        }
    }
    return NULL;
}

static struct node *grow(struct node *node, const char *segment, size_t size)
{
    if (segment[0] == '{') {
        if (node->any == NULL) {
            node->any = node_create(NULL, 0);
        }
        return node->any;
    }
    struct node *child = literal_below(node, segment, size);
    if (child == NULL) {
        child = node_create(segment, size);
        g_ptr_array_add(node->below, child);
    }
    return child;
}

static int method_index(const char *method)
{
    for (int i = 0; i < METHOD_COUNT; i++) {
        if (strcmp(METHODS[i], method) == 0) {
            return i;
        }
    }
    return -1;
}

/* One whose kind nobody said could not be documented. */
static bool have_kinds(const struct field *fields)
{
    bool have = true;
    for (; fields != NULL && fields->name != NULL; fields++) {
        have = have && fields->kind != 0;
    }
    return have;
}

static void add_row(struct routes *routes, const struct route_row *row, void *context)
{
    CHECK(row->path[0] == '/' && (row->permit != NULL) == (row->door == 0));
    CHECK(have_kinds(row->params) && have_kinds(row->headers) && have_kinds(row->names));
    int method = method_index(row->method);
    CHECK(method >= 0);
    struct node *node = routes->root;
    const char *at = row->path;
    while (*at == '/') {
        at++;
        size_t size = strcspn(at, "/");
        node = grow(node, at, size);
        at += size;
    }
    CHECK(node->rows[method] == NULL);
    node->rows[method] = row;
    node->contexts[method] = context;
}

struct routes *routes_create(const struct route_set *sets)
{
    struct routes *routes = g_new0(struct routes, 1);
    routes->root = node_create(NULL, 0);
    for (const struct route_set *set = sets; set->table != NULL; set++) {
        for (size_t i = 0; i < set->table->count; i++) {
            add_row(routes, &set->table->rows[i], set->context);
        }
    }
    return routes;
}

void routes_destroy(struct routes **routes)
{
    if (*routes == NULL) {
        return;
    }
    GPtrArray *rest = g_ptr_array_new();
    g_ptr_array_add(rest, (*routes)->root);
    while (rest->len > 0) {
        struct node *node = g_ptr_array_steal_index_fast(rest, rest->len - 1);
        for (guint i = 0; i < node->below->len; i++) {
            g_ptr_array_add(rest, node->below->pdata[i]);
        }
        if (node->any != NULL) {
            g_ptr_array_add(rest, node->any);
        }
        g_ptr_array_unref(node->below);
        g_free(node->segment);
        g_free(node);
    }
    g_ptr_array_unref(rest);
    g_clear_pointer(routes, g_free);
}

static const struct node *find(const struct routes *routes, const char *path,
                               struct route_match *out)
{
    const struct node *node = routes->root;
    const char *at = path;
    while (node != NULL && *at == '/') {
        at++;
        size_t size = strcspn(at, "/");
        const struct node *child = literal_below(node, at, size);
        if (child == NULL && size > 0 && node->any != NULL && out->param_count < ROUTE_PARAMS_MAX) {
            child = node->any;
            out->params[out->param_count++] = (struct route_param){NULL, at, size};
        }
        node = child;
        at += size;
    }
    return node;
}

/* The names stand in the row's path, in the order of the texts that were found. */
static void name_params(struct route_match *match)
{
    const char *at = match->row->path;
    for (size_t i = 0; i < match->param_count; i++) {
        at = strchr(at, '{');
        CHECK(at != NULL);
        match->params[i].name = ++at;
    }
}

static void write_allow(const struct node *node, struct route_match *out)
{
    for (int i = 0; i < METHOD_COUNT; i++) {
        if (node->rows[i] != NULL) {
            out->is_known_path = true;
            g_strlcat(out->allow, METHODS[i], sizeof out->allow);
            g_strlcat(out->allow, i == 0 ? ", HEAD, " : ", ", sizeof out->allow);
        }
    }
    if (out->is_known_path) {
        g_strlcat(out->allow, "OPTIONS", sizeof out->allow);
    }
}

void routes_match(const struct routes *routes, const char *method, const char *path,
                  struct route_match *out)
{
    memset(out, 0, sizeof *out);
    const struct node *node = find(routes, path, out);
    if (node == NULL) {
        return;
    }
    int index = method_index(strcmp(method, "HEAD") == 0 ? "GET" : method);
    out->row = index < 0 ? NULL : node->rows[index];
    if (out->row == NULL) {
        write_allow(node, out);
        return;
    }
    out->context = node->contexts[index];
    out->is_known_path = true;
    name_params(out);
}
